/** The row of choices below the line: category, kind and developer with counts, the caller's own, and the order. */

import type { Apps } from "@office-search/client";
import { element, icon } from "../shared/dom.js";
import { counted } from "../shared/moments.js";
import { say, spoken } from "../page/words.js";
import { FACETS, type Facet, SORTS, START, type Sort, type State, choosing } from "./state.js";
import { kindName, words } from "./words.js";

type Counts = Apps["facets"];

export class Facets {
  readonly root = element("div", { class: "filters", role: "group", hidden: true });
  readonly #go: (state: State) => void;
  #drawn = "";

  /** `go`: another choice. */
  constructor(go: (state: State) => void) {
    this.#go = go;
  }

  /** Draw for a state, with the counts of the last answer; what has not changed stays as it is. */
  draw(state: State, counts: Counts): void {
    const looks = JSON.stringify([spoken(), state.chosen, state.sort, state.mine, state.who, counts]);
    // What a choice leads to begins with the query as it is now.
    this.#state = state;
    if (looks === this.#drawn) return;
    this.#drawn = looks;
    this.root.setAttribute("aria-label", say().filters);
    const isNarrowed = Object.keys(state.chosen).length > 0 || state.mine;
    this.root.replaceChildren(
      ...FACETS.map((facet) => this.#select(facet, counts[facet] ?? [])),
      this.#mine(),
      ...(isNarrowed ? [this.#reset()] : []),
      ...(state.mine ? [] : [this.#sorts()]),
    );
  }

  #state: State = START;

  #select(facet: Facet, counts: readonly { value: string; count: number }[]): HTMLElement {
    const chosen = this.#state.chosen[facet] ?? "";
    const called = words().facets[facet];
    const name = (value: string): string => (facet === "kind" ? kindName(value) : value);
    const option = (value: string, said: string): HTMLOptionElement => element("option", { value, selected: value === chosen }, said);
    const known = counts.map(({ value, count }) => option(value, `${name(value)} (${counted(count, spoken())})`));
    const odd = chosen && !counts.some(({ value }) => value === chosen) ? [option(chosen, name(chosen))] : [];
    return pick(`facet-${facet}`, called, chosen !== "", [option("", called), ...odd, ...known], (value) => this.#go(choosing(this.#state, facet, value || null)));
  }

  #mine(): HTMLElement {
    const { mine } = this.#state;
    return element("button", { type: "button", class: mine ? "pill toggle taken" : "pill toggle", "aria-pressed": String(mine), "data-focus": "mine", onclick: () => this.#go({ ...this.#state, mine: !mine, sort: "relevance" }) }, words().mine);
  }

  #reset(): HTMLElement {
    return element("button", { type: "button", class: "link reset", "data-focus": "facets-reset", onclick: () => this.#go({ ...this.#state, chosen: {}, mine: false }) }, say().resetFilters);
  }

  #sorts(): HTMLElement {
    const { sort } = this.#state;
    const options = SORTS.map((one) => element("option", { value: one, selected: one === sort }, words().sorts[one]));
    const made = pick("sort", say().sort, sort !== "relevance", options, (next) => this.#go({ ...this.#state, sort: next as Sort }));
    made.classList.add("sort");
    return made;
  }
}

function pick(focus: string, called: string, isSet: boolean, options: HTMLElement[], changed: (value: string) => void): HTMLElement {
  const select = element("select", { class: "pill", "data-focus": focus, "aria-label": called, onchange: () => changed(select.value) }, options);
  return element("span", { class: isSet ? "pick-one set" : "pick-one" }, select, icon("down"));
}
