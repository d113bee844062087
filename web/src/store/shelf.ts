/** A shelf of the store's front: a title, apps, and what is said where they are missing. */

import { type Child, element } from "../shared/dom.js";
import { Again } from "../page/again.js";
import { problemWords } from "./words.js";

export type Form = "cards" | "rows";

export class Shelf {
  readonly list: HTMLOListElement;
  readonly #title = element("h2", { class: "shelf-title" });
  readonly #more = element("div", { class: "shelf-more" });
  readonly #again = new Again(problemWords);
  readonly root = element("section", { class: "shelf-part", hidden: true });

  /** `name`: begins its ids. */
  constructor(name: string, form: Form) {
    this.#title.id = `shelf-${name}`;
    this.list = element("ol", { class: `hits ${form}` });
    this.root.setAttribute("aria-labelledby", this.#title.id);
    this.root.append(element("div", { class: "shelf-head" }, this.#title, this.#more), this.list, this.#again.root);
  }

  /** Show entries under a title; `more`: a link that stands beside it. */
  show(title: string, entries: readonly HTMLElement[], more: Child = null): void {
    this.#head(title, more);
    this.list.replaceChildren(...entries);
  }

  /** Say a sentence in place of entries. */
  say(title: string, sentence: string): void {
    this.#head(title, null);
    this.list.replaceChildren();
    this.#again.root.replaceChildren(element("p", { class: "shelf-none" }, sentence));
  }

  /** Say what went wrong; `retry` asks for this shelf alone. */
  fail(title: string, error: unknown, retry: () => void): void {
    this.#head(title, null);
    this.list.replaceChildren();
    this.#again.show(error, retry, true);
  }

  hide(): void {
    this.#again.clear();
    this.list.replaceChildren();
    this.root.hidden = true;
  }

  #head(title: string, more: Child): void {
    this.#again.clear();
    this.root.hidden = false;
    this.#title.textContent = title;
    this.#more.replaceChildren(...(more ? [more] : []));
  }
}
