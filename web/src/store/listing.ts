/** One question to the store: its pages so far, and how they are asked for. */

import type { App, Apps, AppsQuestion, Client } from "@office-search/client";
import type { State } from "./state.js";

const LIMIT = 20;

export type Asked = Pick<State, "q" | "chosen" | "sort" | "mine">;

export class Listing {
  readonly client: Client;
  readonly asked: Asked;
  pages: Apps[];

  /** `pages`: what is known already. */
  constructor(client: Client, asked: Asked, pages: Apps[] = []) {
    this.client = client;
    this.asked = asked;
    this.pages = pages;
  }

  get apps(): App[] {
    return this.pages.flatMap((page) => page.apps);
  }

  get cursor(): string | null {
    const last = this.pages.at(-1);
    return last?.apps.length ? last.cursor : null;
  }

  /** Whether it is what this client asks; then there is nothing to ask anew. */
  is(client: Client, asked: Asked): boolean {
    return this.client === client && wording(this.asked) === wording(asked);
  }

  /** Ask for the first page. */
  async first(signal: AbortSignal): Promise<Apps> {
    const page = await this.client.apps(questionOf(this.asked), { signal });
    this.pages = [page];
    return page;
  }

  /** Ask for the page after the last. */
  async next(signal: AbortSignal): Promise<Apps> {
    const page = await this.client.apps({ ...questionOf(this.asked), cursor: this.cursor }, { signal });
    this.pages = [...this.pages, page];
    return page;
  }
}

function questionOf({ q, chosen, sort, mine }: Asked): AppsQuestion {
  return { ...chosen, ...(q ? { q } : {}), ...(sort === "relevance" ? {} : { sort }), ...(mine ? { mine } : {}), limit: LIMIT };
}

function wording(asked: Asked): string {
  return JSON.stringify(questionOf(asked));
}
