/** The line that is typed into: search as one types, never while an input method composes. */

import { Composition } from "../box/typing.js";
import { element, icon } from "../shared/dom.js";
import { words } from "./words.js";

// Typing has to rest so long; a person types a letter every 100 to 300 ms.
const PAUSE_MS = 120;
const LONGEST_QUERY = 1000;

export interface FieldActs {
  /** Typing rests at another text. */
  typed(query: string): void;
  /** Enter. */
  meant(query: string): void;
  /** To what stands below. */
  down(): void;
}

export class Field {
  readonly #input = element("input", {
    type: "text", role: "searchbox", maxlength: LONGEST_QUERY, autocomplete: "off", autocapitalize: "off",
    spellcheck: "false", enterkeyhint: "search", "data-focus": "field",
  });
  readonly #clear = element("button", { type: "button", class: "looking-clear", hidden: true, onclick: () => this.#empty() }, icon("close"));
  readonly root = element("div", { class: "looking-field" }, icon("search"), this.#input, this.#clear);
  readonly #acts: FieldActs;
  readonly #composition: Composition;
  #timer = 0;

  constructor(acts: FieldActs) {
    this.#acts = acts;
    this.#composition = new Composition(this.#input, () => clearTimeout(this.#timer), () => this.#typed());
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => { if (!this.#composition.owns(event)) this.#pressed(event); });
    // The focus stays in the input.
    this.#clear.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get value(): string {
    return this.#input.value;
  }

  /** Setting it asks nothing, and drops what waits to be asked. */
  set value(query: string) {
    clearTimeout(this.#timer);
    if (this.#input.value.trim() !== query) this.#input.value = query;
    this.#draw();
  }

  focus(): void {
    this.#input.focus();
  }

  select(): void {
    this.#input.select();
  }

  say(): void {
    this.#input.placeholder = words().looking;
    this.#input.setAttribute("aria-label", words().label);
    this.#clear.setAttribute("aria-label", words().clear);
  }

  #typed(): void {
    this.#draw();
    clearTimeout(this.#timer);
    // What an input method still works on is not yet what is meant.
    if (this.#composition.active) return;
    this.#timer = window.setTimeout(() => this.#acts.typed(this.value.trim()), PAUSE_MS);
  }

  #pressed(event: KeyboardEvent): void {
    const acts: Record<string, () => void> = {
      Enter: () => {
        clearTimeout(this.#timer);
        this.#acts.meant(this.value.trim());
      },
      Escape: () => this.#empty(),
      ArrowDown: () => this.#acts.down(),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey ? undefined : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** As typing does: the browser's own undo brings the text back. */
  #empty(): void {
    if (!this.value) return;
    const input = this.#input;
    input.focus();
    input.select();
    if (!document.execCommand("delete") || input.value) input.value = "";
    this.#typed();
  }

  #draw(): void {
    this.#clear.hidden = this.value === "";
  }
}
