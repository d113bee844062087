/** Who one may be in the demo, with their tokens; where this is no demo, whoever the gateway names. */

import { type GetToken, Problem } from "@office-search/client";
import { recall } from "./memory.js";

/** One of the demo's people. `role`: what they are, by language. */
export interface Caller {
  key: string;
  name: string;
  role: { zh: string; en: string };
  examples: string[];
}

interface Told {
  tenant: string;
  user: string;
  name: string;
  role: { zh: string; en: string };
  examples: string[];
  token: string;
}

/** An entity as one may see it now. `text`: all of it, escaped; `by`: whose it is. */
export interface Whole {
  vertical: string;
  id: string;
  title: string;
  text: string;
  by: string | null;
  fields: Record<string, unknown>;
}

const OPTIONS: RequestInit = { credentials: "same-origin", cache: "no-store", redirect: "error" };

export class Callers {
  readonly #tokens = new Map<string, string>();
  #reading: Promise<Caller[]> | null = null;
  /** Empty until they are read, and where this is no demo. */
  list: readonly Caller[] = [];

  /** Read who there is. An empty list where this is no demo; rejects with a Problem where nothing answers. */
  read(): Promise<Caller[]> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<Caller[]> {
    const response = await fetch("demo/callers", OPTIONS).catch(() => {
      throw problem(0);
    });
    if (response.status === 404) return [];
    if (!response.ok) throw await Problem.of(response, await response.text());
    const told = (await response.json()) as Told[];
    const callers = told.map(({ token, tenant, user, ...caller }) => {
      const key = `${tenant}/${user}`;
      this.#tokens.set(key, token);
      return { ...caller, key };
    });
    this.list = callers;
    return callers;
  }

  find(key: string | null): Caller | null {
    return this.list.find((caller) => caller.key === key) ?? null;
  }

  /** The one of this key, else who was chosen last, else the first; null where this is no demo. */
  chosen(key: string | null): Caller | null {
    return this.find(key) ?? this.find(recall("caller")) ?? this.list[0] ?? null;
  }

  /** A source of tokens for one of them, which reads them anew where a token has run out. */
  tokensOf(key: string): GetToken {
    return async ({ reason }) => {
      if (reason !== "initial" || !this.#tokens.has(key)) await this.read();
      return this.#tokens.get(key) ?? "";
    };
  }

  /** What one of them may see of an entity now. Raises a Problem, 404 also where this is no demo. */
  async entity(key: string | null, vertical: string, id: string, signal: AbortSignal): Promise<Whole> {
    if (!key) throw problem(404);
    const ask = () => {
      const headers = { Authorization: `Bearer ${this.#tokens.get(key) ?? ""}` };
      const address = `demo/entity/${encodeURIComponent(vertical)}/${encodeURIComponent(id)}`;
      return fetch(address, { ...OPTIONS, headers, signal });
    };
    const response = await answered(ask, () => this.read());
    if (!response.ok) throw await Problem.of(response, await response.text());
    return (await response.json()) as Whole;
  }
}

async function answered(ask: () => Promise<Response>, renew: () => Promise<unknown>): Promise<Response> {
  try {
    const first = await ask();
    if (first.status !== 401) return first;
    await renew();
    return await ask();
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw problem(0);
  }
}

function problem(status: number): Problem {
  return new Problem({ status, title: "", detail: "" });
}
