/** Who asks, and where: the client of one identity at one origin, and what is declared for it. */

import { Client, type GetToken, Problem } from "@office-search/client";
import { Declared, UNDECLARED } from "../shared/declared.js";
import type { Language } from "../shared/moments.js";

const DECLARED_AGAIN_MS = 30_000;

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
   * Ask at an endpoint with tokens of `getToken` from now on. A token is for the origin that the first endpoint was at:
   * whoever can change an attribute cannot lead it elsewhere. Throws a Problem for another origin, and for no URL.
   */
  connect(endpoint: string, getToken: GetToken | null): void {
    this.forget();
    const had = this.client !== null;
    this.client = null;
    const root = URL.canParse(endpoint, document.baseURI) ? new URL(endpoint, document.baseURI) : null;
    this.#origin ??= root?.origin ?? null;
    if (had) this.#host.changed();
    if (!root || root.origin !== this.#origin) {
      throw new Problem({ status: 0, title: "Refused endpoint", detail: "The box is connected with another origin; make a new element for this one." });
    }
    this.client = new Client({ endpoint: root, getToken, language: () => this.#host.language(), onCaller: () => this.#changed() });
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
