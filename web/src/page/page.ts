/** The page: the search box, and what it does when something is searched, opened, picked, or gone back to. */

import type { Problem } from "@office-search/client";
import { OfficeSearchBox, type OpenDetail, type SearchDetail } from "../box/index.js";
import { at } from "../shared/dom.js";
import { type Entity, linkOf } from "../shared/hits.js";
import { Again } from "./again.js";
import { Callers } from "./callers.js";
import { drawForPage } from "./drawings.js";
import { fallBackTo, focusOn } from "./focus.js";
import type { Way } from "./hits.js";
import { isPlain, walk } from "./links.js";
import { speakThrough } from "./live.js";
import { remember } from "./memory.js";
import { type Found, type Showing, Stage } from "./stage.js";
import { ALL, START, type State, hashOf, isAsked, stateOf } from "./state.js";
import { among, becoming, goingOn, opening, picking } from "./steps.js";
import { type Addresses, type Kept, Visits } from "./visits.js";

const ADDRESSES: Addresses<State> = { name: "search", hashOf, stateOf, isPlace: (state) => state.open !== null };

class Page {
  #state: State = stateOf(location.hash);
  readonly #labels = new Map<string, string>();
  readonly #callers = new Callers();
  readonly #box = new OfficeSearchBox();
  readonly #banner = new Again();
  readonly #stage: Stage;
  readonly #visits: Visits<State, Found>;
  /** Whether the box is told of another caller by the page itself, which then shows what is due. */
  #isSwitching = false;

  constructor() {
    this.#furnish();
    this.#stage = new Stage(this.#box, this.#callers, this.#state, {
      ask: (query) => this.#ask(query),
      tab: (tab) => this.#go({ ...this.#state, tab, open: null }),
      sort: (sort) => this.#go({ ...this.#state, sort, open: null }),
      pick: (changes, called) => this.#pick(changes, called),
      opens: (entity, column, event) => this.#opens(entity, column, event),
      goes: (way, event) => this.#goes(way, event),
      closes: (event) => this.#closes(event),
      become: (column, key) => this.#become(column, key),
      compare: () => this.#compare(),
      restyled: () => this.#stage.redraw(),
      astray: () => this.#astray(),
      hrefOf: (entity, column) => this.#hrefOf(entity, column),
      nameOf: (filter, value) => this.#labels.get(`${filter}:${value}`) ?? this.#stage.calledByHits(filter, value) ?? value,
    }, () => this.#reset(1));
    this.#visits = new Visits(ADDRESSES, () => this.#kept(), () => Object.fromEntries(this.#labels), (state, kept) => this.#moved(state, kept));
    for (const [name, called] of Object.entries(this.#visits.names)) this.#labels.set(name, called);
    fallBackTo(() => this.#stage.landing);
    this.#listen();
  }

  /** Show what the address says, once it is known who may ask. */
  async begin(): Promise<void> {
    const { pages, scroll } = this.#visits.left;
    try {
      await this.#callers.read();
    } catch (error) {
      return this.#banner.show(error as Problem, () => void this.begin());
    }
    this.#banner.clear();
    this.#state = among(this.#callers, this.#state);
    this.#visits.replace(this.#state);
    // Somebody may have begun to type before the callers were there.
    if (this.#state.q) this.#box.value = this.#state.q;
    await this.#show({ pages });
    if (scroll) window.scrollTo(0, scroll);
  }

  #furnish(): void {
    this.#box.setAttribute("endpoint", "./");
    this.#box.setAttribute("shortcut", "/ mod+k");
    this.#box.dataset["focus"] = "box";
    this.#box.hrefOf = (entity) => this.#hrefOf(entity, 0);
    at("box").append(this.#box);
    at("banner").append(this.#banner.root);
    speakThrough(at("live"));
  }

  #listen(): void {
    this.#box.addEventListener("office-search", (event) => this.#onSearch(event as CustomEvent<SearchDetail>));
    this.#box.addEventListener("office-open", (event) => this.#onOpen(event as CustomEvent<OpenDetail>));
    this.#box.addEventListener("office-reset", () => this.#reset(0));
    at("results").addEventListener("keydown", (event) => walk(event, () => this.#box.focus()));
    at("home").addEventListener("click", (event) => this.#home(event));
    at("skip").addEventListener("click", (event) => {
      event.preventDefault();
      focusOn(null);
    });
    this.#stage.redraw();
    if (!this.#state.open) this.#box.focus();
  }

  async #show(showing: Showing = {}): Promise<void> {
    this.#isSwitching = true;
    const shown = this.#stage.show(this.#state, showing);
    this.#isSwitching = false;
    await shown;
  }

  /** One step further in the history. What is shown already is only shown once more. */
  #go(state: State, showing: Showing = {}): void {
    const isPlace = state.open !== null;
    this.#visits.push(state);
    this.#state = state;
    void this.#show(showing);
    if (!isPlace) window.scrollTo(0, 0);
  }

  /** Back or Forward. */
  #moved(state: State, kept: Kept<Found> | null): void {
    this.#state = among(this.#callers, state);
    this.#box.value = this.#state.q;
    this.#box.close();
    const shown = this.#show({ kept });
    if (kept) {
      window.scrollTo(0, kept.scroll);
      // What has to be asked anew is not yet as long as it was.
      void shown.then(() => !kept.found[0] && window.scrollTo(0, kept.scroll));
    }
    if (this.#state.open) return;
    const held = kept?.focus ? document.querySelector<HTMLElement>(`[data-focus="${CSS.escape(kept.focus)}"]`) : null;
    if (held?.checkVisibility()) held.focus({ preventScroll: true });
    else if (!document.activeElement?.checkVisibility() || document.activeElement === document.body) focusOn(null);
  }

  #kept(): Kept<Found> {
    const held = document.activeElement;
    const { found } = this.#stage;
    return { found, pages: Math.max(1, ...found.map((one) => one?.length ?? 1)), scroll: window.scrollY, focus: (held instanceof HTMLElement && held.dataset["focus"]) || null };
  }

  // What the user does

  #ask(query: string): void {
    this.#box.value = query;
    this.#box.close();
    this.#box.focus();
    this.#go({ ...this.#state, q: query.trim(), open: null }, { meant: true });
  }

  #onSearch(event: CustomEvent<SearchDetail>): void {
    event.preventDefault();
    this.#box.close();
    const { query } = event.detail;
    const again = query === this.#state.q && !this.#state.open;
    this.#go({ ...this.#state, q: query, open: null }, { meant: true, anew: again });
  }

  #onOpen(event: CustomEvent<OpenDetail>): void {
    const { hit, modifiers } = event.detail;
    if (Object.values(modifiers).some(Boolean)) return;
    if (!this.#callers.list.length && linkOf(hit, this.#stage.declared)) return;
    event.preventDefault();
    this.#stage.know(hit);
    this.#go(opening(this.#state, hit, 0));
  }

  #pick(changes: Record<string, string | null>, called?: string): void {
    for (const [filter, value] of Object.entries(changes)) if (value && called) this.#labels.set(`${filter}:${value}`, called);
    this.#go(picking(this.#state, changes));
  }

  #opens(entity: Entity, column: 0 | 1, event: MouseEvent): void {
    // A link of the entity's own, or one that is to open elsewhere, is the browser's.
    if (!isPlain(event) || this.#ownLink(entity)) return;
    event.preventDefault();
    this.#go(opening(this.#state, entity, column));
  }

  #goes(way: Way, event: MouseEvent): void {
    if (!isPlain(event)) return;
    event.preventDefault();
    this.#labels.set(`${way.filter}:${way.value}`, way.called);
    this.#box.value = "";
    this.#go(goingOn(this.#state, way, this.#stage.declared));
    this.#box.focus();
    this.#box.close();
  }

  /** Close the place: back to the results that it was opened from. */
  #closes(event: Event): void {
    if (event instanceof MouseEvent && !isPlain(event)) return;
    event.preventDefault();
    const depth = this.#visits.depth;
    if (depth) return history.go(-depth);
    this.#go({ ...this.#state, open: null });
    focusOn(null);
  }

  #become(column: 0 | 1, key: string): void {
    if (column === 0) remember("caller", key);
    this.#go(becoming(this.#state, column, key));
  }

  #compare(): void {
    const [me, other] = this.#state.who;
    if (other !== null) return this.#go({ ...this.#state, who: [me, null], open: null });
    const beside = this.#callers.list.find((one) => one.key !== me);
    if (!beside) return;
    // Without a question there is nothing to compare: one that shows the difference, then.
    const q = isAsked(this.#state) ? this.#state.q : (this.#callers.find(me)?.examples.at(-1) ?? "");
    this.#box.value = q;
    this.#go({ ...this.#state, q, who: [me, beside.key], open: null });
  }

  /** Leave a tab that is not there, in the same entry of the history. */
  #astray(): void {
    this.#state = { ...this.#state, tab: ALL };
    this.#visits.replace(this.#state);
    void this.#show();
  }

  #home(event: MouseEvent): void {
    if (!isPlain(event)) return;
    event.preventDefault();
    this.#box.value = "";
    this.#go({ ...START, tab: ALL, who: [this.#state.who[0], null] });
    this.#box.focus();
    this.#box.close();
  }

  /** Somebody else is answered from now on: nothing of what was shown stays, and what is due is asked anew. */
  #reset(column: 0 | 1): void {
    this.#visits.forget();
    this.#stage.forget(column);
    if (!this.#isSwitching) void this.#show();
  }

  #ownLink(entity: Entity): string | null {
    return this.#callers.list.length ? null : linkOf(entity, this.#stage.declared);
  }

  #hrefOf(entity: Entity, column: 0 | 1): string {
    return this.#ownLink(entity) ?? hashOf(opening(this.#state, entity, column));
  }
}

drawForPage();
await new Page().begin();
