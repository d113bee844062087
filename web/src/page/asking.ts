/** One question for one caller: its pages so far, its totals by tab, and how both are asked for. */

import type { Answer, Client, Hit, Question } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { ownTimezone } from "../shared/moments.js";
import { type Total, together } from "../shared/totals.js";
import { ALL, type State } from "./state.js";

export const LIMIT = 20;
// Two lists can only be compared as far as they are loaded.
const LIMIT_COMPARED = 50;
export const PAGES_COMPARED = 2;

export type Page = Answer;
export type Asked = Pick<State, "q" | "tab" | "sort" | "picked">;

/** Who asks. `name`: null where this is no demo. */
export interface Asker {
  key: string | null;
  name: string | null;
  client: Client;
  declared: Promise<Declared>;
}

const NONE: Total = { total: 0, relation: "eq" };

export class Asking {
  readonly asker: Asker;
  readonly asked: Asked;
  pages: Page[];
  sections: Record<string, Total> = {};
  denied: string[] = [];
  readonly #limit: number;

  /** `before`: what was asked last in the same place, whose totals may still hold; `pages`: what is known already. */
  constructor(asker: Asker, asked: Asked, compared: boolean, before: Asking | null, pages: Page[] | null = null) {
    this.asker = asker;
    this.asked = asked;
    this.pages = pages ?? [];
    this.#limit = limitOf(compared);
    if (before && before.asker.key === asker.key && before.asker.client === asker.client && sameWords(before.asked, asked)) {
      this.sections = before.sections;
      this.denied = before.denied;
    }
    for (const page of this.pages) this.#count(page);
  }

  get hits(): Hit[] {
    return this.pages.flatMap((page) => page.hits);
  }

  get cursor(): string | null {
    const last = this.pages.at(-1);
    return last?.hits.length ? last.cursor : null;
  }

  /** Whether it is what this asker asks, in a comparison or not; then there is nothing to ask anew. */
  is(asker: Asker, asked: Asked, compared: boolean): boolean {
    const same = sameWords(this.asked, asked) && this.asked.tab === asked.tab && this.asked.sort === asked.sort;
    return same && this.#limit === limitOf(compared) && this.asker.client === asker.client && this.asker.key === asker.key;
  }

  /** The total of a tab; null where it is not known. */
  total(tab: string): Total | null {
    const found = Object.values(this.sections);
    if (tab !== ALL) return this.sections[tab] ?? (found.length ? NONE : null);
    if (!found.length) return this.pages.length ? NONE : null;
    return together(found);
  }

  /** Ask for the first page, and for the other tabs' totals where its answer does not tell them. */
  async first(signal: AbortSignal): Promise<Page> {
    const overview = this.#overview(signal);
    try {
      const page = await this.#page(null, signal);
      this.#count(await overview);
      this.#count(page);
      this.pages = [page];
      return page;
    } catch (error) {
      this.#count(await overview);
      throw error;
    }
  }

  /** Ask for the page after the last. */
  async next(signal: AbortSignal): Promise<Page> {
    const page = await this.#page(this.cursor, signal);
    this.#count(page);
    this.pages = [...this.pages, page];
    return page;
  }

  async #page(cursor: string | null, signal: AbortSignal): Promise<Page> {
    const verticals = this.asked.tab === ALL ? null : this.asked.tab;
    return this.asker.client.search({ ...(await this.#question()), verticals, limit: this.#limit, cursor }, { signal });
  }

  async #overview(signal: AbortSignal): Promise<Page | null> {
    if (this.asked.tab === ALL || Object.keys(this.sections).length > 1) return null;
    return this.asker.client.search({ ...(await this.#question()), limit: 1 }, { signal }).catch(() => null);
  }

  async #question(): Promise<Question> {
    const { q, sort, picked } = this.asked;
    const names = Object.keys(picked);
    const { filters } = names.length ? await this.asker.declared.catch(() => UNDECLARED) : UNDECLARED;
    const values = Object.fromEntries(names.map((name) => [filters.get(name)?.parameter ?? name, picked[name]]));
    return { q, sort, timezone: ownTimezone(), ...values };
  }

  #count(page: Page | null): void {
    if (!page) return;
    this.sections = { ...this.sections, ...page.sections };
    if (page.denied.length) this.denied = page.denied;
  }
}

function limitOf(compared: boolean): number {
  return compared ? LIMIT_COMPARED : LIMIT;
}

function sameWords(one: Asked, other: Asked): boolean {
  const names = Object.keys({ ...one.picked, ...other.picked });
  return one.q === other.q && names.every((name) => one.picked[name] === other.picked[name]);
}
