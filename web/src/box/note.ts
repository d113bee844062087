/** What stands above the rows: that they are awaited, came in part, or what went wrong and when it is tried again. */

import { countdown } from "../shared/countdown.js";
import { element, icon } from "../shared/dom.js";
import type { Told } from "../shared/problems.js";
import type { Words } from "./words.js";

// Each time that a service wants to be left alone, it is left alone for longer.
const MOST_DOUBLINGS = 5;

export class Note {
  readonly root = element("div", { class: "note", part: "note", hidden: true });
  #stop: () => void = () => undefined;
  #isError = false;
  #failures = 0;
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

  /** Say nothing, and try nothing again. */
  clear(): void {
    this.#stop();
    this.#isError = false;
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  /** Note that an answer came. */
  answered(): void {
    this.#failures = 0;
    this.clear();
  }

  wait(text: string): void {
    this.clear();
    this.#show("note note-wait", element("span", {}, text));
  }

  /** Say that an answer came in part. */
  late(words: Words): void {
    this.answered();
    this.#show("note", icon("warning"), element("span", {}, words.late), this.#button(words.retry));
  }

  /** Say what went wrong; where the service says when, count down and try again. */
  fail(told: Told, words: Words): void {
    this.clear();
    this.#isError = true;
    const id = told.requestId ? element("small", {}, ` ${words.requestId(told.requestId)}`) : "";
    const text = element("span", {}, element("b", {}, told.title), " ", told.text, id);
    const waitS = told.waitS === null ? null : told.waitS * 2 ** Math.min(this.#failures, MOST_DOUBLINGS);
    this.#failures += 1;
    const wait = waitS === null ? null : this.#countdown(waitS, words);
    this.#show("note", icon("warning"), text, wait, told.again ? this.#button(words.retry) : null);
  }

  #show(kind: string, ...children: (Node | string | null)[]): void {
    this.root.className = kind;
    this.root.replaceChildren(...children.filter((child) => child !== null));
    this.root.hidden = false;
  }

  #button(text: string): HTMLElement {
    // The input keeps the focus: Enter there does the same.
    const keep = (event: Event): void => event.preventDefault();
    return element("button", { class: "again", type: "button", tabindex: -1, onclick: () => this.#again(), onmousedown: keep }, text);
  }

  #countdown(seconds: number, words: Words): HTMLElement {
    const shown = element("span", { class: "wait" });
    this.#stop = countdown(seconds, (left) => (shown.textContent = words.waiting(left)), this.#again);
    return shown;
  }
}
