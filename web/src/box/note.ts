/** What stands above the rows when something went wrong or came late, and the way to try again. */

import { element, icon } from "../shared/dom.js";
import type { Told } from "../shared/problems.js";
import type { Words } from "./words.js";

export class Note {
  readonly root = element("div", { class: "note", part: "note", hidden: true });
  #timer: ReturnType<typeof setInterval> | undefined;
  #isError = false;
  readonly #again: () => void;

  /** `again`: asks once more. */
  constructor(again: () => void) {
    this.#again = again;
  }

  get isShown(): boolean {
    return !this.root.hidden;
  }

  get isError(): boolean {
    return this.#isError;
  }

  clear(): void {
    clearInterval(this.#timer);
    this.#isError = false;
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  say(text: string, again: string): void {
    this.clear();
    this.root.replaceChildren(icon("warning"), element("span", {}, text), this.#button(again));
    this.root.hidden = false;
  }

  /** Say what went wrong; where the service says when, count down and try again. */
  fail(told: Told, words: Words): void {
    this.clear();
    this.#isError = true;
    const text = element("span", {}, element("b", {}, told.title), " ", told.text);
    const rest = told.waitS === null ? told.again && this.#button(words.retry) : this.#countdown(told.waitS, words);
    this.root.replaceChildren(icon("warning"), text, rest || "");
    this.root.hidden = false;
  }

  #button(text: string): HTMLElement {
    // The input keeps the focus: Enter there does the same.
    return element("button", { class: "again", type: "button", tabindex: -1, onclick: () => this.#again(), onmousedown: (event: Event) => event.preventDefault() }, text);
  }

  #countdown(seconds: number, words: Words): HTMLElement {
    const ends = Date.now() + seconds * 1000;
    const left = () => Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    const shown = element("span", { class: "wait" }, words.waiting(left()));
    this.#timer = setInterval(() => {
      shown.textContent = words.waiting(left());
      if (left() > 0) return;
      clearInterval(this.#timer);
      this.#again();
    }, 1000);
    return shown;
  }
}
