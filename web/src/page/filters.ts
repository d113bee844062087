/** The row of filters below the box: who, where, when, what kind, and in which order; made from what is declared. */

import type { Filter } from "@office-search/client";
import { type Declared, UNDECLARED, label } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import { named } from "../shared/text.js";
import { announce } from "./live.js";
import { Picker } from "./picker.js";
import { ALL, SORTS, type Sort, type State } from "./state.js";
import type { Asker } from "./asking.js";
import { say, spoken, tag } from "./words.js";

type Asked = Pick<State, "tab" | "sort" | "picked">;
type Preset = keyof ReturnType<typeof say>["presets"];

const PRESETS: readonly Preset[] = ["today", "7d", "30d", "thisyear"];
const CUSTOM: Preset = "custom";
// The filter that presets of time are values of; without one there are dates alone.
const SINCE = "after";
const MOST = 8;

export interface Filtering {
  asker(): Asker;
  /** What a picked value is called. */
  nameOf(filter: string, value: string): string;
  /** Change what is picked; null takes a filter away. `called`: the value's name. */
  pick(changes: Record<string, string | null>, called?: string): void;
  sort(sort: Sort): void;
}

export class Filters {
  readonly root = element("div", { class: "filters", role: "group" });
  readonly #filtering: Filtering;
  #declared: Declared = UNDECLARED;
  #asked: Asked = { tab: ALL, sort: "relevance", picked: {} };
  #drawn = "";
  #isCustom = false;

  constructor(filtering: Filtering) {
    this.#filtering = filtering;
  }

  /** Draw for a question; what has not changed stays as it is, also what is typed there. */
  draw(declared: Declared, asked: Asked): void {
    const names = Object.entries(asked.picked).map(([filter, value]) => this.#filtering.nameOf(filter, value));
    const looks = JSON.stringify([spoken(), asked.tab, asked.sort, asked.picked, names, this.#isCustom]);
    if (looks === this.#drawn && declared === this.#declared) return;
    this.#declared = declared;
    this.#asked = asked;
    this.#drawn = looks;
    this.root.setAttribute("aria-label", say().filters);
    this.root.replaceChildren(...this.#pills());
  }

  #pills(): HTMLElement[] {
    const { picked } = this.#asked;
    const shown = this.#shown();
    const dates = shown.filter((filter) => filter.kind === "date");
    const pills = shown.flatMap((filter) => {
      if (filter.kind === "date") return filter === dates[0] ? this.#time(dates) : [];
      if (filter.kind === "value") return [this.#values(filter)];
      return [picked[filter.name] === undefined ? this.#picker(filter) : this.#taken(filter)];
    });
    const reset = Object.keys(picked).length > 0 && element("button", { type: "button", class: "link reset", "data-focus": "filters-reset", onclick: () => this.#reset() }, say().resetFilters);
    return [...pills, this.#sorts(), ...(reset ? [reset] : [])];
  }

  /** The filters that concern the tab, and those that are picked in any case. */
  #shown(): Filter[] {
    const { tab, picked } = this.#asked;
    const of = this.#declared.verticals.get(tab);
    return [...this.#declared.filters.values()].filter((filter) => tab === ALL || !of || of.filters.includes(filter.name) || filter.name in picked);
  }

  #picker(filter: Filter): HTMLElement {
    const called = label(filter.labels, spoken());
    const ask = async (typed: string, signal: AbortSignal) => {
      const { suggestions } = await this.#filtering.asker().client.suggest({ q: `${filter.name}:${typed}`, limit: MOST }, { signal });
      return suggestions;
    };
    return new Picker({ filter: filter.name, called, ask, picked: (value, name) => this.#filtering.pick({ [filter.name]: value }, name) }).root;
  }

  /** A picked person or conversation; the whole pill takes it away. */
  #taken(filter: Filter): HTMLElement {
    const value = this.#asked.picked[filter.name] ?? "";
    const called = label(filter.labels, spoken());
    const name = this.#filtering.nameOf(filter.name, value);
    return element(
      "button",
      { type: "button", class: "pill taken", "data-focus": `filter-${filter.name}`, "aria-label": say().take(`${called} ${name}`), onclick: () => this.#filtering.pick({ [filter.name]: null }) },
      element("b", {}, called),
      " ",
      element("span", { class: "pill-value" }, named(name, tag())),
      icon("close"),
    );
  }

  #values(filter: Filter): HTMLElement {
    const value = this.#asked.picked[filter.name] ?? "";
    const called = label(filter.labels, spoken());
    const option = (of: string, said: string): HTMLOptionElement => element("option", { value: of, selected: of === value }, said);
    const groups = [...this.#declared.verticals.values()].map((vertical) => {
      const values = filter.values.filter((one) => one.vertical === vertical.name);
      return { vertical, options: values.map((one) => option(one.value, label(one.labels, spoken()) || one.value)) };
    });
    const some = groups.filter(({ vertical, options }) => options.length && (this.#asked.tab === ALL || this.#asked.tab === vertical.name));
    const listed = some.length === 1 ? (some[0]?.options ?? []) : some.map(({ vertical, options }) => element("optgroup", { label: this.#declared.nameOf(vertical.name, spoken()) }, options));
    const known = listed.some((one) => one.querySelector("option[selected]") !== null || one.matches("option[selected]"));
    const odd = value && !known ? [option(value, this.#declared.valueName("", filter.name, value, spoken()))] : [];
    return this.#select(`filter-${filter.name}`, called, value !== "", [option("", called), ...odd, ...listed], (next) => this.#filtering.pick({ [filter.name]: next || null }));
  }

  #time(dates: Filter[]): HTMLElement[] {
    const { picked } = this.#asked;
    const words = say();
    const since = dates.find((filter) => filter.name === SINCE);
    const given = dates.filter((filter) => picked[filter.name]);
    const value = since ? (picked[SINCE] ?? "") : "";
    const preset = PRESETS.find((one) => one === value && given.length === 1);
    const custom = this.#isCustom || (given.length > 0 && !preset);
    const option = (of: string, said: string, selected: boolean): HTMLOptionElement => element("option", { value: of, selected }, said);
    const choices = since ? PRESETS.map((one) => option(one, words.presets[one], one === preset && !custom)) : [];
    const options = [option("", words.time, !custom && !preset), ...choices, option(CUSTOM, words.presets[CUSTOM], custom)];
    const select = this.#select("filter-time", words.time, custom || Boolean(preset), options, (next) => this.#pickTime(next, dates));
    return [select, ...(custom ? dates.map((filter) => this.#date(filter)) : [])];
  }

  #pickTime(next: string, dates: Filter[]): void {
    this.#isCustom = next === CUSTOM;
    const none = Object.fromEntries(dates.map((filter) => [filter.name, null]));
    if (this.#isCustom) this.draw(this.#declared, this.#asked);
    else this.#filtering.pick(next ? { ...none, [SINCE]: next } : none);
    this.root.querySelector<HTMLElement>(this.#isCustom ? "input[type=date]" : "[data-focus=filter-time]")?.focus();
  }

  #date(filter: Filter): HTMLElement {
    const value = this.#asked.picked[filter.name] ?? "";
    const input = element("input", { type: "date", class: "pill date", value, max: "9999-12-31", "data-focus": `filter-${filter.name}`, onchange: () => this.#filtering.pick({ [filter.name]: input.value || null }) });
    return element("label", { class: "dated" }, element("span", {}, label(filter.labels, spoken())), input);
  }

  #sorts(): HTMLElement {
    const words = say();
    const options = SORTS.map((sort) => element("option", { value: sort, selected: sort === this.#asked.sort }, words.sorts[sort]));
    const select = this.#select("sort", words.sort, this.#asked.sort !== "relevance", options, (next) => this.#filtering.sort(next as Sort));
    select.classList.add("sort");
    return select;
  }

  #select(focus: string, called: string, isSet: boolean, options: HTMLElement[], changed: (value: string) => void): HTMLElement {
    const select = element("select", { class: "pill", "data-focus": focus, "aria-label": called, onchange: () => changed(select.value) }, options);
    return element("span", { class: isSet ? "pick-one set" : "pick-one" }, select, icon("down"));
  }

  #reset(): void {
    this.#isCustom = false;
    this.#filtering.pick(Object.fromEntries(Object.keys(this.#asked.picked).map((name) => [name, null])));
    announce(say().resetFilters);
  }
}
