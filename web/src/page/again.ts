/** Tells what went wrong in the place where something was to be, and tries again: by a button, by itself, or both. */

import { Problem } from "@office-search/client";
import { countdown } from "../shared/countdown.js";
import { type Child, element, icon } from "../shared/dom.js";
import { type OwnWords, type Told, told } from "../shared/problems.js";
import { announce } from "./live.js";
import { say, spoken } from "./words.js";

/** A drawing with a sentence below it, in the middle of where something else is missing. */
export function said(drawing: string, title: string, text: string, ...more: Child[]): HTMLElement {
  return element("div", { class: "state" }, icon(drawing), element("p", { class: "state-title" }, title), text && element("p", {}, text), ...more);
}

export class Again {
  readonly root = element("div", { class: "again" });
  #stop: () => void = () => undefined;
  #waiting: AbortController | null = null;
  readonly #own: () => OwnWords;

  /** `own`: what the page says in other words, in the language that is set. */
  constructor(own: () => OwnWords = () => ({})) {
    this.#own = own;
  }

  /** Show a problem; `retry` is called when the user or the moment wants it. `small`: in a line, below what is there. */
  show(error: unknown, retry: () => void, small = false): void {
    this.clear();
    const words = say();
    const what = told(error, spoken(), this.#own());
    const wait = element("span", { class: "wait" });
    const button = what.again && element("button", { type: "button", class: "button", "data-focus": "again", onclick: () => this.#go(retry) }, words.retry);
    const id = error instanceof Problem && error.requestId && what.again ? words.requestId(error.requestId) : "";
    const more = [wait, button, element("small", { class: "request-id" }, id)];
    this.root.replaceChildren(small ? line(what, more) : said(drawingOf(error), what.title, what.text, ...more));
    announce(`${what.title} ${what.text}`);
    this.#arm(error, what, wait, retry);
  }

  clear(): void {
    this.#stop();
    this.#waiting?.abort();
    this.#waiting = null;
    this.root.replaceChildren();
  }

  #arm(error: unknown, what: Told, wait: HTMLElement, retry: () => void): void {
    if (what.waitS !== null) {
      this.#stop = countdown(what.waitS, (left) => (wait.textContent = say().retryIn(left)), () => this.#go(retry));
      return;
    }
    if (!(error instanceof Problem) || error.status !== 0) return;
    // Offline, or nothing answered: a connection that comes back is reason enough.
    if (navigator.onLine === false) wait.textContent = say().retryOnline;
    this.#waiting = new AbortController();
    window.addEventListener("online", () => this.#go(retry), { signal: this.#waiting.signal, once: true });
  }

  #go(retry: () => void): void {
    this.#stop();
    this.#waiting?.abort();
    retry();
  }
}

function line(what: Told, more: Child[]): HTMLElement {
  return element("p", { class: "note note-warn" }, icon("warning"), element("span", {}, `${what.title} — ${what.text}`), ...more);
}

function drawingOf(error: unknown): string {
  const status = error instanceof Problem ? error.status : -1;
  return { 0: "offline", 401: "lock", 403: "lock", 404: "search", 429: "recent" }[status] ?? "warning";
}
