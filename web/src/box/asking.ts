/** One question at a time: asked after a pause, late answers dropped, a short memory of the caller's own answers. */

import type { Answer, Client, Suggestions } from "@office-search/client";

/** How long typing has to rest. A person types a letter every 100 to 300 ms. */
const PAUSE_MS = 80;
const KEPT_MS = 30_000;
const MOST_KEPT = 50;
const MOST_SUGGESTED = 10;
// Of all kinds; a box that is for some of them shows those among more.
const MOST_ASKED = 20;
const MOST_HITS = 10;

export interface Scope {
  verticals: readonly string[];
  conversation: string;
  timezone: string;
}

export type Found = { of: "suggest"; answer: Suggestions } | { of: "search"; answer: Answer };

/** What is asked for; `told` and `failed` are called for the last question alone, and never after `stop`. */
export interface Hearer {
  told(query: string, found: Found): void;
  failed(query: string, error: unknown): void;
}

export class Asking {
  readonly #hearer: Hearer;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();
  #kept = new Map<string, { found: Found; at: number }>();

  constructor(hearer: Hearer) {
    this.#hearer = hearer;
  }

  /** Ask for suggestions when typing rests; at once for what is kept. In one conversation it is searched, instead. */
  whenResting(client: Client, query: string, scope: Scope): void {
    this.stop();
    const kept = this.#kept.get(keyOf(query, scope));
    if (kept && Date.now() - kept.at < KEPT_MS) return this.#hearer.told(query, kept.found);
    this.#timer = setTimeout(() => void this.#suggest(client, query, scope), query ? PAUSE_MS : 0);
  }

  /** Search at once. */
  search(client: Client, query: string, scope: Scope): void {
    this.stop();
    void this.#ask(query, (signal) => searched(client, query, scope, signal));
  }

  /** Forget the question under way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#aborter.abort();
  }

  /** Forget also what earlier ones were answered. */
  forget(): void {
    this.stop();
    this.#kept.clear();
  }

  async #suggest(client: Client, query: string, scope: Scope): Promise<void> {
    const isSearched = Boolean(scope.conversation && query);
    const found = await this.#ask(query, (signal) =>
      isSearched ? searched(client, query, scope, signal) : suggested(client, query, scope, signal),
    );
    if (!found || found.answer.partial) return;
    this.#kept.set(keyOf(query, scope), { found, at: Date.now() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #ask(query: string, question: (signal: AbortSignal) => Promise<Found>): Promise<Found | null> {
    const { signal } = (this.#aborter = new AbortController());
    try {
      const found = await question(signal);
      if (signal.aborted) return null;
      this.#hearer.told(query, found);
      return found;
    } catch (error) {
      if (!signal.aborted) this.#hearer.failed(query, error);
      return null;
    }
  }
}

function keyOf(query: string, scope: Scope): string {
  return JSON.stringify([query, scope.verticals, scope.conversation, scope.timezone]);
}

async function suggested(client: Client, query: string, { verticals }: Scope, signal: AbortSignal): Promise<Found> {
  const limit = verticals.length ? MOST_ASKED : MOST_SUGGESTED;
  const answer = await client.suggest({ q: query, limit }, { signal });
  const asked = answer.suggestions.filter((one) => !one.vertical || !verticals.length || verticals.includes(one.vertical));
  return { of: "suggest", answer: { ...answer, suggestions: asked.slice(0, MOST_SUGGESTED) } };
}

async function searched(client: Client, query: string, scope: Scope, signal: AbortSignal): Promise<Found> {
  const verticals = scope.verticals.length ? { verticals: scope.verticals.join(",") } : {};
  const conversation = scope.conversation ? { conversation: scope.conversation } : {};
  const question = { q: query, limit: MOST_HITS, timezone: scope.timezone, ...verticals, ...conversation };
  return { of: "search", answer: await client.search(question, { signal }) };
}
