/** Who asks, and where: the client of one identity at one origin, and what is declared for it. */

import { Client, type GetToken, Problem } from "@office-search/client";
import { Declared, UNDECLARED } from "../shared/declared.js";
import type { Language } from "../shared/moments.js";
import { REFUSED } from "../shared/problems.js";

const DECLARED_AGAIN_MS = 30_000;

/** The problem of a box that has nobody to ask. */
export function refused(detail: string): Problem {
  return new Problem({ status: 0, type: REFUSED, title: "Refused endpoint", detail });
}

export interface Connected {
  language(): Language;
  /** Somebody else is answered from now on: whatever is shown was for another. */
  changed(): void;
  /** What is declared has been read. */
  learnt(): void;
}

export class Connection {
  /** Null: not connected, or with an endpoint that is refused. */
  client: Client | null = null;
  /** What is known to be declared; nothing while it is being read. */
  known = UNDECLARED;
  #origin: string | null = null;
  #declared: Promise<Declared> | null = null;
  readonly #host: Connected;

  constructor(host: Connected) {
    this.#host = host;
  }

  /**
   * Ask at an endpoint with tokens of `getToken` from now on; without an endpoint, where the service that serves this file
   * is. A token is for the origin of the first endpoint that was given, or that was asked: whoever can change an attribute
   * cannot lead it elsewhere. Throws a Problem of the type REFUSED for another origin, and for no URL.
   */
  connect(endpoint: string | null, getToken: GetToken | null): void {
    this.drop();
    // The service serves this file in `web/`, so that its root is one above.
    const address = endpoint ?? new URL("../", import.meta.url).href;
    const root = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
    if (!root || (this.#origin !== null && root.origin !== this.#origin)) {
      const detail = root ? `Tokens of this element are for ${this.#origin}; make a new element for another origin.` : "The endpoint is no URL.";
      throw refused(detail);
    }
    if (endpoint !== null) this.#origin = root.origin;
    const given = getToken && ((ask: Parameters<GetToken>[0]) => {
      this.#origin ??= root.origin;
      return getToken(ask);
    });
    this.client = new Client({ endpoint: root, getToken: given, language: () => this.#host.language(), onCaller: () => this.#changed() });
  }

  /** Be connected with nothing; whatever was shown was for another identity. */
  drop(): void {
    const had = this.client !== null;
    this.forget();
    this.client = null;
    if (had) this.#host.changed();
  }

  /** Take it that somebody else asks from now on. */
  forget(): void {
    this.client?.forget();
    this.#declared = null;
    this.known = UNDECLARED;
  }

  /** What is declared, read once. It never fails: what cannot be read is undeclared, and read again some time later. */
  declared(): Promise<Declared> {
    this.#declared ??= this.#read();
    return this.#declared;
  }

  #changed(): void {
    this.#declared = null;
    this.known = UNDECLARED;
    this.#host.changed();
  }

  async #read(): Promise<Declared> {
    const { client } = this;
    if (!client) return UNDECLARED;
    let mine: Promise<Declared> | null = null;
    try {
      const told = client.verticals();
      mine = this.#declared;
      const declared = new Declared(await told);
      if (client !== this.client) return declared;
      this.known = declared;
      this.#host.learnt();
      return declared;
    } catch {
      setTimeout(() => { if (this.#declared === mine) this.#declared = null; }, DECLARED_AGAIN_MS);
      return UNDECLARED;
    }
  }
}
