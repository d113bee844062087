/** The tabs of a column: they stay the elements that they are, so that the focus stays as well. */

import { type Child, element, icon } from "../shared/dom.js";

/** `count`: what stands beside the name; null: nothing is known yet. */
export interface Tab {
  name: string;
  label: string;
  count: string | null;
  locked: string | null;
}

export class Tabs {
  readonly root = element("div", { class: "tabs", role: "tablist" });
  readonly #buttons = new Map<string, HTMLButtonElement>();
  readonly #pick: (tab: string) => void;
  readonly #prefix: string;
  readonly #panel: HTMLElement;

  /** `panel`: what they control; `prefix`: begins their ids. */
  constructor(prefix: string, panel: HTMLElement, pick: (tab: string) => void) {
    this.#prefix = prefix;
    this.#panel = panel;
    this.#pick = pick;
    this.root.addEventListener("keydown", (event) => this.#walk(event));
  }

  draw(label: string, tabs: Tab[], current: string): void {
    this.root.setAttribute("aria-label", label);
    const names = tabs.map((tab) => tab.name);
    for (const [name, button] of this.#buttons) if (!names.includes(name)) this.#forget(name, button);
    tabs.forEach((tab, place) => {
      const button = this.#button(tab.name);
      if (this.root.children[place] !== button) this.root.insertBefore(button, this.root.children[place] ?? null);
      this.#fill(button, tab, tab.name === current);
    });
    this.#panel.setAttribute("aria-labelledby", this.#button(current).id);
  }

  #forget(name: string, button: HTMLButtonElement): void {
    button.remove();
    this.#buttons.delete(name);
  }

  #button(name: string): HTMLButtonElement {
    const known = this.#buttons.get(name);
    if (known) return known;
    const id = `${this.#prefix}-tab-${name}`;
    const made = element("button", { type: "button", role: "tab", class: "tab", id, "data-focus": id, "aria-controls": this.#panel.id, onclick: () => this.#pick(name) });
    this.#buttons.set(name, made);
    return made;
  }

  #fill(button: HTMLButtonElement, tab: Tab, selected: boolean): void {
    const beside: Child = tab.locked ? icon("lock") : tab.count;
    button.setAttribute("aria-selected", String(selected));
    button.tabIndex = selected ? 0 : -1;
    button.title = tab.locked ?? "";
    const count = element("span", { class: "count" }, beside, tab.locked && element("span", { class: "unseen" }, tab.locked));
    button.replaceChildren(element("span", { class: "tab-name" }, tab.label), count);
  }

  /** Arrows move among the tabs; Enter and Space choose, so that passing by asks nothing. */
  #walk(event: KeyboardEvent): void {
    const all = [...this.#buttons.values()].sort((one, other) => (one.compareDocumentPosition(other) & 4 ? -1 : 1));
    const at = all.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  }
}
