/** The hits of a column, as they are told to the service when they come into view, and marked in a comparison. */

import type { Hit } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import type { Page } from "./asking.js";
import type { Difference } from "./differences.js";
import { type Way, entryOf, skeleton } from "./hits.js";
import type { Telling } from "./telling.js";
import { say } from "./words.js";

/** Where the links of hits lead, and what a click on them does. */
export interface Links {
  hrefOf(hit: Hit, column: 0 | 1): string;
  hrefOfWay(way: Way): string;
  opens(hit: Hit, column: 0 | 1, event: MouseEvent): void;
  goes(way: Way, event: MouseEvent): void;
}

/** What a comparison has found: `name`: whose list this is; null: there is no comparison. */
export interface Mark {
  difference: Difference;
  name: string;
}

export class HitList {
  readonly root = element("ol", { class: "hits" });
  readonly #links: Links;
  readonly #index: 0 | 1;
  #mark: Mark | null = null;
  #open: string | null = null;

  constructor(links: Links, index: 0 | 1) {
    this.#links = links;
    this.#index = index;
  }

  get isEmpty(): boolean {
    return this.root.childElementCount === 0;
  }

  /** Whether there are hits, and not only grey shapes. */
  get hasHits(): boolean {
    return this.root.querySelector("[data-id]") !== null;
  }

  draw(pages: readonly Page[], declared: Declared, telling: Telling | null): void {
    this.root.replaceChildren();
    for (const page of pages) this.append(page, declared, telling);
  }

  /** Put a page below what is there; return the link of its first hit. */
  append(page: Page, declared: Declared, telling: Telling | null): HTMLElement | null {
    const before = this.root.childElementCount;
    page.hits.forEach((hit, place) => {
      const seen = { hit, queryId: page.query_id, position: before + place };
      const entry = this.#entry(hit, declared, () => telling?.opened(seen));
      telling?.watch(entry, seen);
      this.#markEntry(entry);
      this.#pointAt(entry);
      this.root.append(entry);
    });
    return this.root.children[before]?.querySelector<HTMLElement>("a.name") ?? null;
  }

  wait(): void {
    this.root.replaceChildren(...skeleton());
  }

  clear(): void {
    this.#mark = null;
    this.root.replaceChildren();
  }

  mark(mark: Mark | null): void {
    this.#mark = mark;
    for (const entry of this.root.querySelectorAll<HTMLElement>("[data-id]")) this.#markEntry(entry);
  }

  /** Show which hit is open beside the list, by vertical and id; null: none. */
  point(id: string | null): void {
    this.#open = id;
    for (const entry of this.root.querySelectorAll<HTMLElement>("[data-id]")) this.#pointAt(entry);
  }

  #pointAt(entry: HTMLElement): void {
    const isOpen = entry.dataset["id"] === this.#open;
    entry.classList.toggle("open", isOpen);
    const link = entry.querySelector("a.name");
    if (isOpen) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }

  #markEntry(entry: HTMLElement): void {
    entry.querySelector(".flag-only")?.remove();
    const { difference, name = "" } = this.#mark ?? {};
    const isOnly = difference?.only.has(entry.dataset["id"] ?? "") ?? false;
    entry.classList.toggle("only", isOnly);
    if (!isOnly) return;
    const words = say();
    const called = difference?.sure && name ? words.onlyOne(name) : words.onlyHere;
    entry.querySelector(".title")?.append(element("span", { class: "flag flag-only" }, icon("only"), called));
  }

  #entry(hit: Hit, declared: Declared, opened: () => void): HTMLLIElement {
    const links = this.#links;
    return entryOf(hit, {
      declared,
      href: links.hrefOf(hit, this.#index),
      hrefOf: (way) => links.hrefOfWay(way),
      opens: (event) => {
        opened();
        links.opens(hit, this.#index, event);
      },
      goes: (way, event) => links.goes(way, event),
      focus: `column-${this.#index}-hit-${hit.vertical}/${hit.id}`,
    });
  }
}
