/** Picks a person or a conversation by typing: a combobox whose list comes from the service, each entry one entity. */

import type { Suggestion } from "@office-search/client";
import { element, icon } from "../shared/dom.js";
import { initial, tile } from "../shared/pictures.js";
import { marked, named, plain, text } from "../shared/text.js";
import { announce } from "./live.js";
import { say, tag } from "./words.js";

const PAUSE_MS = 120;
const MOST = 8;

export interface Picking {
  /** The filter's name, and what it is called. */
  filter: string;
  called: string;
  ask(typed: string, signal: AbortSignal): Promise<Suggestion[]>;
  picked(value: string, name: string): void;
}

let made = 0;

export class Picker {
  readonly root: HTMLElement;
  readonly #picking: Picking;
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  #found: Suggestion[] = [];
  #active = -1;
  /** The entry that the user has moved to, which a list that comes late does not take away. */
  #moved: string | null = null;
  #timer = 0;
  #aborter: AbortController | null = null;

  constructor(picking: Picking) {
    this.#picking = picking;
    const id = `picker-${(made += 1)}`;
    this.#list = element("div", { class: "options", role: "listbox", id, hidden: true, "aria-label": picking.called });
    this.#input = element("input", {
      class: "pill pick", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: 100, "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": id, "aria-label": say().pick(picking.called), placeholder: picking.called, "data-focus": `filter-${picking.filter}`,
    });
    this.root = element("div", { class: "picker" }, this.#input, icon("down"), this.#list);
    this.#listen();
  }

  #listen(): void {
    this.#input.addEventListener("input", (event) => (event as InputEvent).isComposing || this.#ask(PAUSE_MS));
    this.#input.addEventListener("compositionend", () => this.#ask(PAUSE_MS));
    this.#input.addEventListener("focus", () => this.#ask(0));
    this.#input.addEventListener("blur", () => this.close());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (option) this.#take(Number(option.dataset["place"]));
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#aborter?.abort();
    this.#found = [];
    this.#activate(-1);
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }

  #ask(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#moved = null;
    this.#timer = window.setTimeout(() => void this.#read(), afterMs);
  }

  async #read(): Promise<void> {
    this.#aborter?.abort();
    const { signal } = (this.#aborter = new AbortController());
    try {
      const found = await this.#picking.ask(this.#input.value.trim(), signal);
      if (!signal.aborted) this.#show(found.filter((one) => one.id).slice(0, MOST));
    } catch {
      // Without suggestions there is still the operator that can be typed into the box.
      if (!signal.aborted) this.close();
    }
  }

  #show(found: Suggestion[]): void {
    this.#found = found;
    const options = found.map((one, place) =>
      element(
        "div",
        { class: "option", role: "option", id: `${this.#list.id}-${place}`, "aria-selected": "false", "data-place": place },
        one.kind === "person" ? initial(plain(one.title)) : tile(one.kind, "group"),
        element("span", { class: "option-text" }, element("span", {}, marked(one.title, tag())), element("small", {}, named(one.detail, tag()))),
      ),
    );
    const nothing = element("div", { class: "option none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, say().noneToPick);
    this.#list.replaceChildren(...(options.length ? options : [nothing]));
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    if (!options.length) announce(say().noneToPick);
    const moved = found.findIndex((one) => one.id === this.#moved);
    this.#activate(moved < 0 && options.length && this.#input.value.trim() ? 0 : moved);
  }

  #activate(place: number): void {
    this.#active = place;
    const options = [...this.#list.querySelectorAll<HTMLElement>("[data-place]")];
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const active = options[place];
    active?.scrollIntoView({ block: "nearest" });
    if (active) this.#input.setAttribute("aria-activedescendant", active.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const { length } = this.#found;
      if (!length) return this.#ask(0);
      this.#activate((this.#active + step + length + (this.#active < 0 && step < 0 ? 1 : 0)) % length);
      this.#moved = this.#found[this.#active]?.id ?? null;
      return;
    }
    if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.#take(this.#active);
    } else if (event.key === "Escape" && (!this.#list.hidden || this.#input.value)) {
      event.stopPropagation();
      if (this.#list.hidden) this.#input.value = "";
      this.close();
    }
  }

  #take(place: number): void {
    const one = this.#found[place];
    if (!one?.id) return;
    this.#input.value = "";
    this.close();
    this.#picking.picked(text(one.id), plain(one.title));
  }
}
