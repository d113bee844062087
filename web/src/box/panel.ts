/** What opens below the field: a note, rows, or a word that there are none; and the keys that work there. */

import { element } from "../shared/dom.js";
import type { Field } from "./field.js";
import { Note } from "./note.js";
import { type Acts, type Look, Popup } from "./popup.js";
import { type Group, type Option, countOf } from "./rows.js";
import type { Words } from "./words.js";

// An answer that is there sooner needs no word of waiting; it would only flicker.
const PATIENCE_MS = 400;

export class Panel {
  readonly note: Note;
  readonly #popup: Popup;
  readonly #none = element("slot", { name: "empty" });
  readonly #keys = element("slot", { name: "footer" });
  readonly #empty = element("div", { class: "empty", part: "empty", hidden: true }, this.#none);
  readonly #foot = element("div", { class: "foot", part: "footer" }, this.#keys);
  // One region for good: one that comes with its text is not read out.
  readonly status = element("div", { class: "unseen", role: "status", "aria-live": "polite" });
  readonly root: HTMLElement;
  readonly #field: Field;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** `again`: asks once more what went wrong, or came in part. */
  constructor(field: Field, acts: Omit<Acts, "moved">, again: () => void) {
    this.#field = field;
    this.note = new Note(again);
    this.#popup = new Popup({ ...acts, moved: () => this.#pointAtActive() });
    this.root = element("div", { class: "popup", part: "popup", hidden: true }, this.note.root, this.#popup.list, this.#empty, this.#foot);
    this.root.addEventListener("mousedown", (event) => {
      // The focus stays in the input; what a host puts into a slot is the host's.
      if (!event.composedPath().some((node) => node === this.#none || node === this.#keys)) event.preventDefault();
    });
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  /** Whether it is open, or waits for what it is to show. */
  get isAwaited(): boolean {
    return this.isOpen || this.root.hasAttribute("aria-busy");
  }

  /** The row that Enter opens; null: none. */
  get active(): Option | null {
    return this.isOpen ? this.#popup.active : null;
  }

  positionOf(option: Option): number {
    return this.#popup.positionOf(option);
  }

  /** Open if there is something to show, or close. Closing ends what is waited for, and what was to be tried again. */
  open(isWanted: boolean): void {
    const isOpen = isWanted && (this.#popup.count > 0 || !this.#empty.hidden || this.note.isShown);
    this.root.hidden = !isOpen;
    if (!isWanted) this.settle();
    if (!isOpen) this.#popup.leave();
    this.#pointAtActive();
  }

  /** Wait for an answer: what is there stays, dimmed; where nothing is, it is said after a while. */
  wait(words: Words): void {
    this.root.setAttribute("aria-busy", "true");
    clearTimeout(this.#patience);
    if (this.#popup.count) return this.open(this.#field.hasFocus);
    this.#patience = setTimeout(() => {
      this.note.wait(words.loading);
      this.open(this.#field.hasFocus);
    }, PATIENCE_MS);
  }

  /** Wait no more. */
  settle(): void {
    clearTimeout(this.#patience);
    this.root.removeAttribute("aria-busy");
  }

  move(step: 1 | -1): void {
    this.#popup.move(step);
  }

  leave(): void {
    this.#popup.leave();
  }

  /** Show rows; `none`: what is said where there are none, but for the one that searches everything; null: nothing. */
  draw(groups: readonly Group[], look: Look, none: string | null): void {
    this.#popup.draw(groups, look);
    this.#empty.hidden = none === null || countOf(groups) > 0;
    if (none !== null) this.#none.replaceChildren(none);
    this.#pointAtActive();
  }

  say(words: Words): void {
    this.#popup.list.setAttribute("aria-label", words.list);
    const keys = [["↑↓", words.keys.move], ["↵", words.keys.open], ["Esc", words.keys.close]];
    this.#keys.replaceChildren(...keys.map(([key, does]) => element("span", {}, element("kbd", {}, key), ` ${does}`)));
  }

  #pointAtActive(): void {
    this.#field.pointAt(this.#popup.activeRow, this.isOpen);
  }
}
