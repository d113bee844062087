/** The start: what one may try, and what one searched for lately. */

import type { Client, RecentSearch } from "@office-search/client";
import { element, icon } from "../shared/dom.js";
import { named } from "../shared/text.js";
import { keeping } from "./focus.js";
import { say, tag } from "./words.js";

const MOST = 6;

export class Start {
  readonly root = element("div", { class: "start" });
  readonly #examples = element("div", { class: "group-row" });
  readonly #recent = element("div", { class: "group-row" });
  readonly #ask: (query: string) => void;
  #client: Client | null = null;
  #found: RecentSearch[] = [];

  constructor(ask: (query: string) => void) {
    this.#ask = ask;
    this.root.append(this.#recent, this.#examples);
  }

  draw(examples: readonly string[]): void {
    const made = examples.map((query) => element("button", { type: "button", class: "example", "data-focus": `example-${query}`, onclick: () => this.#ask(query) }, named(query, tag())));
    this.#examples.replaceChildren(...(made.length ? [element("h2", { class: "group-label" }, say().tryThese), element("div", { class: "group-list" }, made)] : []));
    this.#drawRecent();
  }

  /** Read what a client's caller searched for lately. Without it the start is the start all the same. */
  async read(client: Client): Promise<void> {
    if (this.#client !== client) this.forget();
    this.#client = client;
    try {
      const { recent } = await client.recent();
      if (client !== this.#client) return;
      this.#found = recent.slice(0, MOST);
    } catch {
      this.#found = [];
    }
    this.#drawRecent();
  }

  forget(): void {
    this.#client = null;
    this.#found = [];
    this.#drawRecent();
  }

  #drawRecent(): void {
    keeping(() => {
      const chips = this.#found.map((one) =>
        element(
          "span",
          { class: "example own" },
          element("button", { type: "button", class: "own-text", "data-focus": `recent-${one.id}`, onclick: () => this.#ask(one.text) }, icon("recent"), named(one.text, tag())),
          element("button", { type: "button", class: "own-remove", "aria-label": say().removeRecent(one.text), onclick: () => this.#remove(one) }, icon("close")),
        ),
      );
      const all = element("button", { type: "button", class: "link", onclick: () => this.#remove(null) }, say().clearRecent);
      this.#recent.replaceChildren(...(chips.length ? [element("h2", { class: "group-label" }, say().recent), element("div", { class: "group-list" }, chips, all)] : []));
    }, () => this.root.querySelector<HTMLElement>(".own-text, .example"));
  }

  #remove(one: RecentSearch | null): void {
    const client = this.#client;
    this.#found = one ? this.#found.filter((other) => other !== one) : [];
    this.#drawRecent();
    client?.removeRecent(one?.id).catch(() => void (client === this.#client && this.read(client)));
  }
}
