/** What stands around the question: who asks, language, appearance, and the way into a comparison. */

import { element, icon } from "../shared/dom.js";
import { initial } from "../shared/pictures.js";
import type { Caller } from "./callers.js";
import { keeping } from "./focus.js";
import { recall, remember } from "./memory.js";
import { say, speak, spoken, tag } from "./words.js";

const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** The other page: where it is, its drawing, and what it is called. */
export interface Beside {
  href: string;
  drawing: string;
  called(): string;
}

/** `compare`: absent on a page that compares nothing. */
export interface FrameHost {
  beside: Beside;

  become(key: string): void;
  compare?(): void;
  /** Language or appearance has changed. */
  restyled(): void;
}

export class Frame {
  readonly #tools: HTMLElement;
  readonly #cards: HTMLElement;
  readonly #host: FrameHost;
  readonly #compare = element("button", { type: "button", class: "tool", "data-focus": "compare", hidden: true, onclick: () => this.#host.compare?.() });
  readonly #beside = element("a", { class: "tool", "data-focus": "beside" });
  readonly #language = element("button", { type: "button", class: "tool tool-language", "data-focus": "language", onclick: () => this.#translate() });
  readonly #theme = element("button", { type: "button", class: "tool tool-icon", "data-focus": "theme", onclick: () => this.#repaint() });
  readonly #caller = element("div", { class: "tool-caller", hidden: true });
  theme: Theme = THEMES.find((one) => one === recall("theme")) ?? "auto";

  constructor(tools: HTMLElement, cards: HTMLElement, host: FrameHost) {
    this.#tools = tools;
    this.#cards = cards;
    this.#host = host;
    speak(recall("language") ?? navigator.language);
    this.#beside.href = host.beside.href;
    tools.append(this.#caller, this.#compare, this.#beside, this.#language, this.#theme);
  }

  /** Draw words and appearance. */
  draw(comparing: boolean): void {
    const words = say();
    document.documentElement.lang = tag();
    document.documentElement.dataset["theme"] = this.theme;
    for (const node of document.querySelectorAll<HTMLElement>("[data-say]")) node.textContent = words[node.dataset["say"] as "headline"];
    this.#tools.setAttribute("aria-label", words.tools);
    this.#language.textContent = words.language;
    this.#language.dataset["short"] = words.languageShort;
    this.#language.lang = tag(spoken() === "zh" ? "en" : "zh");
    this.#theme.replaceChildren(icon(this.theme));
    this.#theme.setAttribute("aria-label", words.themes[this.theme]);
    this.#theme.title = words.themes[this.theme];
    const { drawing, called } = this.#host.beside;
    this.#beside.replaceChildren(icon(drawing), element("span", {}, called()));
    this.#beside.setAttribute("aria-label", called());
    const label = comparing ? words.compareOff : words.compare;
    this.#compare.replaceChildren(icon("compare"), element("span", {}, label));
    this.#compare.setAttribute("aria-label", label);
    this.#compare.setAttribute("aria-pressed", String(comparing));
  }

  /** Draw who there is: cards at the start, and one choice in the bar while something is asked. */
  drawCallers(callers: readonly Caller[], me: Caller | null, asked: boolean, comparing: boolean): void {
    this.#compare.hidden = callers.length < 2 || !this.#host.compare;
    this.#caller.hidden = !me || !asked || comparing;
    keeping(() => {
      this.#caller.replaceChildren(...(me ? [initial(me.name), this.select(callers, me, "caller", (key) => this.#host.become(key))] : []));
      this.#cards.replaceChildren(...(me && !asked ? [this.#fieldset(callers, me)] : []));
    }, () => document.querySelector<HTMLElement>("[data-focus=caller]"));
  }

  select(callers: readonly Caller[], chosen: Caller, focus: string, become: (key: string) => void, label = say().searchAs): HTMLElement {
    const options = callers.map((one) => element("option", { value: one.key, selected: one === chosen }, `${one.name} — ${one.role[spoken()]}`));
    const select = element("select", { "aria-label": label, "data-focus": focus, onchange: () => become(select.value) }, options);
    return select;
  }

  #fieldset(callers: readonly Caller[], me: Caller): HTMLElement {
    const cards = callers.map((one) => {
      const radio = element("input", { type: "radio", name: "caller", value: one.key, checked: one === me, "data-focus": `caller-${one.key}`, onchange: () => this.#host.become(one.key) });
      const said = element("span", { class: "caller-text" }, element("b", {}, one.name), element("small", {}, one.role[spoken()]));
      return element("label", { class: "caller" }, radio, initial(one.name), said);
    });
    return element("fieldset", { class: "callers" }, element("legend", {}, say().searchAs), element("div", { class: "callers-row" }, cards));
  }

  #translate(): void {
    speak(spoken() === "zh" ? "en" : "zh");
    remember("language", spoken());
    this.#host.restyled();
  }

  #repaint(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? "auto";
    remember("theme", this.theme);
    this.#host.restyled();
  }
}
