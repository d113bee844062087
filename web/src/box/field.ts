/** The line that is typed into: the input, the button that empties it, and the key that leads to it. */

import { element, icon } from "../shared/dom.js";
import { Composition } from "./typing.js";
import type { Words } from "./words.js";

const LONGEST_QUERY = 1000;

export interface FieldActs {
  /** The text is another one, by the user's hand. */
  typed(): void;
  /** An input method begins to work on the text. */
  composing(): void;
  /** A key that is no input method's. */
  pressed(event: KeyboardEvent): void;
  clicked(): void;
  cleared(): void;
  left(): void;
}

export class Field {
  readonly input = element("input", {
    part: "input", type: "text", role: "combobox", maxlength: LONGEST_QUERY, autocomplete: "off", autocapitalize: "off",
    spellcheck: "false", enterkeyhint: "search", "aria-autocomplete": "list", "aria-haspopup": "listbox",
    "aria-expanded": "false", "aria-controls": "list",
  });
  readonly #clear = element("button", { class: "clear", part: "clear", type: "button", hidden: true }, icon("close"));
  readonly #key = element("kbd", { class: "key", part: "key", "aria-hidden": "true", hidden: true });
  readonly root = element("div", { class: "field", part: "field" }, icon("search"), this.input, this.#clear, this.#key);
  readonly #composition: Composition;

  constructor(acts: FieldActs) {
    const { input } = this;
    const typed = () => {
      this.draw();
      // What an input method still works on is not yet what is meant.
      if (!this.#composition.active) acts.typed();
    };
    this.#composition = new Composition(input, () => acts.composing(), typed);
    input.addEventListener("input", typed);
    input.addEventListener("keydown", (event) => { if (!this.#composition.owns(event)) acts.pressed(event); });
    input.addEventListener("click", () => { if (!this.#composition.active) acts.clicked(); });
    input.addEventListener("blur", () => acts.left());
    // The focus stays in the input.
    this.#clear.addEventListener("mousedown", (event) => event.preventDefault());
    this.#clear.addEventListener("click", () => acts.cleared());
  }

  get value(): string {
    return this.input.value;
  }

  set value(text: string) {
    this.input.value = text;
    this.draw();
  }

  get hasFocus(): boolean {
    return (this.input.getRootNode() as Document | ShadowRoot).activeElement === this.input;
  }

  /** Put a text in as typing does: the browser's own undo brings the one before back. */
  write(text: string): void {
    const { input } = this;
    input.focus();
    input.select();
    const isDone = text ? document.execCommand("insertText", false, text) : input.value === "" || document.execCommand("delete");
    if (!isDone || input.value !== text) input.value = text;
    this.draw();
  }

  /** Point assistive technology at the active row. */
  pointAt(row: HTMLElement | null, isOpen: boolean): void {
    this.input.setAttribute("aria-expanded", String(isOpen));
    if (row && isOpen) this.input.setAttribute("aria-activedescendant", row.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  say(words: Words, placeholder: string | null, key: string): void {
    this.input.placeholder = placeholder ?? words.placeholder;
    this.input.setAttribute("aria-label", words.label);
    this.#clear.setAttribute("aria-label", words.clear);
    this.#key.textContent = key;
    this.draw();
  }

  draw(): void {
    this.#clear.hidden = this.value === "";
    this.#key.hidden = this.value !== "" || !this.#key.textContent;
  }
}
