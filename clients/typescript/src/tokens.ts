/** The caller's token: asked for once for all who wait, renewed once for all who were refused, kept nowhere else. */

import { Problem } from "./problem.js";
import type { GetToken, Reason } from "./types.js";

/** One token that was given. Told apart by identity, as a page may give the same text twice. */
export class Token {
  readonly #text: string;
  accepted = false;

  constructor(text: string) {
    this.#text = text;
  }

  get header(): string {
    return `Bearer ${this.#text}`;
  }
}

interface Asking {
  token: Promise<Token>;
  controller: AbortController;
  waiting: number;
}

/** What a header can carry; anything else would come back in the text of an error. */
const SENDABLE = /^[\x21-\x7e]+$/;
/** So many in a row, and another one is not asked for by itself. */
const MOST_REFUSALS = 2;

export class Tokens {
  readonly #getToken: GetToken;
  #token: Token | null = null;
  #asking: Asking | null = null;
  #reason: Reason = "initial";
  #refusals = 0;

  constructor(getToken: GetToken) {
    this.#getToken = getToken;
  }

  /** Return the token, asking for one if there is none. Rejects with a Problem, or with the reason of `signal`. */
  async current(signal: AbortSignal): Promise<Token> {
    if (this.#token) return this.#token;
    const asking = (this.#asking ??= this.#ask());
    asking.waiting += 1;
    try {
      return await unlessAborted(asking.token, signal);
    } finally {
      asking.waiting -= 1;
      if (!asking.waiting && this.#asking === asking) this.#drop();
    }
  }

  accepted(token: Token): void {
    token.accepted = true;
    if (token === this.#token) this.#refusals = 0;
  }

  /** Note a 401, and tell whether asking once more may help. */
  refused(token: Token): boolean {
    if (token === this.#token) {
      this.#token = null;
      this.#reason = token.accepted ? "expired" : "refused";
      this.#refusals += 1;
    }
    return this.#refusals < MOST_REFUSALS;
  }

  forget(): void {
    this.#drop();
    this.#token = null;
    this.#reason = "initial";
    this.#refusals = 0;
  }

  #ask(): Asking {
    const controller = new AbortController();
    const token = this.#given(controller.signal).then((given) => {
      // One that comes after `forget`, or when nobody waits any more, may be for somebody else.
      if (this.#asking?.controller === controller) {
        this.#token = given;
        this.#asking = null;
      }
      return given;
    });
    // Those who wait are told of a failure; that nobody may wait by then is none of its own.
    token.catch(() => {});
    return { token, controller, waiting: 0 };
  }

  async #given(signal: AbortSignal): Promise<Token> {
    let text: unknown;
    try {
      text = await this.#getToken({ reason: this.#reason, signal });
    } catch {
      // What the page threw may quote a token.
      throw untold("getToken failed, so the service was not asked.");
    }
    if (typeof text !== "string" || !SENDABLE.test(text)) {
      throw untold("getToken gave nothing that can be sent as a token.");
    }
    return new Token(text);
  }

  #drop(): void {
    const asking = this.#asking;
    this.#asking = null;
    asking?.controller.abort();
  }
}

function untold(detail: string): Problem {
  return new Problem({ status: 401, title: "No token", detail });
}

/** Wait for `work`, but no longer than until `signal` aborts; rejects with its reason then. */
export function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
