/**
 * Apps that the caller wants no more. A card makes place for a quiet one with a way back, and the service is told as
 * soon as the focus has left that: nothing runs out while somebody reads, and nothing moves under a pointer.
 */

import type { App } from "@office-search/client";
import { element, icon } from "../shared/dom.js";
import type { Seen, Telling } from "../page/telling.js";
import { nameOf } from "./cards.js";
import { words } from "./words.js";

interface Going {
  app: App;
  seen: Seen;
  telling: Telling;
}

export class Dismissing {
  readonly #gone = new Set<string>();
  #going: Going | null = null;

  constructor() {
    // Whoever leaves the page does not come back to the way back.
    window.addEventListener("pagehide", () => this.settle());
  }

  /** Whether an app is not to be shown: it is gone, as nobody has brought it back. */
  has(id: string): boolean {
    return this.#gone.has(id) && this.#going?.app.id !== id;
  }

  /** The quiet card in place of an app; null where it has not just been dismissed. `back`: it is to be shown again. */
  cardOf(app: App, back: () => void): HTMLLIElement | null {
    if (this.#going?.app.id !== app.id) return null;
    const undo = element("button", { type: "button", class: "link", "data-focus": `undo-${app.id}`, onclick: () => this.#bringBack(back) }, words().undo);
    const card = element("li", { class: "gone", "data-id": app.id }, element("p", {}, icon("close"), element("span", {}, words().dismissed(nameOf(app)))), undo);
    // A window that is left is no step further.
    undo.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== undo) this.#leave(app.id, undo); }));
    return card;
  }

  /** Take an app away; what was taken away before is told. */
  dismiss(app: App, seen: Seen, telling: Telling): void {
    this.settle();
    this.#gone.add(app.id);
    this.#going = { app, seen, telling };
  }

  /** Tell what was taken away; from now on it cannot be brought back. */
  settle(): void {
    this.#going?.telling.dismissed(this.#going.seen);
    this.#going = null;
  }

  /** Somebody else asks: what was taken away was another's. */
  forget(): void {
    this.settle();
    this.#gone.clear();
  }

  #leave(id: string, undo: HTMLElement): void {
    // Drawn anew it is another button, which has the focus.
    if (this.#going?.app.id !== id || (document.activeElement as HTMLElement | null)?.dataset["focus"] === undo.dataset["focus"]) return;
    this.settle();
    undo.remove();
  }

  #bringBack(back: () => void): void {
    if (this.#going) this.#gone.delete(this.#going.app.id);
    this.#going = null;
    back();
  }
}
