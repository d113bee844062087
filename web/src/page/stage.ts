/** Shows a state: the columns, the place, the filters and the start, each for whoever asks. */

import type { Hit } from "@office-search/client";
import type { OfficeSearchBox } from "../box/index.js";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { at } from "../shared/dom.js";
import type { Entity } from "../shared/hits.js";
import { counted } from "../shared/moments.js";
import { initial } from "../shared/pictures.js";
import { plain } from "../shared/text.js";
import { Askers } from "./askers.js";
import { type Asker, PAGES_COMPARED, type Page } from "./asking.js";
import type { Callers } from "./callers.js";
import { Column, idOf } from "./column.js";
import { differencesOf } from "./differences.js";
import { Filters } from "./filters.js";
import { keeping } from "./focus.js";
import { Frame } from "./frame.js";
import { type Way, waysOf } from "./hits.js";
import { announce } from "./live.js";
import { PlaceView } from "./place.js";
import { Start } from "./start.js";
import { ALL, type Sort, type State, hashOf, isAsked } from "./state.js";
import { goingOn } from "./steps.js";
import type { Kept } from "./visits.js";
import { say, spoken } from "./words.js";

/** What the user does on the stage. */
export interface Steps {
  ask(query: string): void;
  tab(tab: string): void;
  sort(sort: Sort): void;
  pick(changes: Record<string, string | null>, called?: string): void;
  opens(entity: Entity, column: 0 | 1, event: MouseEvent): void;
  goes(way: Way, event: MouseEvent): void;
  closes(event: Event): void;
  become(column: 0 | 1, key: string): void;
  compare(): void;
  restyled(): void;
  /** There is no such tab. */
  astray(): void;
  /** Where an entity's link leads. */
  hrefOf(entity: Entity, column: 0 | 1): string;
  nameOf(filter: string, value: string): string;
}

/** What both columns have found. */
export type Found = (Page[] | null)[];

/**
 * `meant`: the user has just asked it; `kept`: what its entry of the history kept; `pages`: how many to load;
 * `anew`: ask again what is shown already.
 */
export interface Showing {
  meant?: boolean;
  anew?: boolean;
  kept?: Kept<Found> | null;
  pages?: number;
}

export class Stage {
  readonly frame: Frame;
  readonly place: PlaceView;
  readonly columns: readonly [Column, Column];
  readonly #askers: Askers;
  readonly #start: Start;
  readonly #filters: Filters;
  readonly #callers: Callers;
  readonly #box: OfficeSearchBox;
  readonly #steps: Steps;
  /** By vertical and id: what hits have told of what may be opened. */
  readonly #known = new Map<string, Entity>();
  #state: State;
  #declared: Declared = UNDECLARED;

  constructor(box: OfficeSearchBox, callers: Callers, state: State, steps: Steps, changed: () => void) {
    this.#box = box;
    this.#callers = callers;
    this.#state = state;
    this.#steps = steps;
    this.#askers = new Askers(box, callers, changed);
    this.#start = new Start((query) => steps.ask(query));
    this.frame = new Frame(at("tools"), at("callers"), { beside: { href: "store.html", drawing: "store", called: () => say().store }, become: (key) => steps.become(0, key), compare: () => steps.compare(), restyled: () => steps.restyled() });
    const hrefOfWay = (way: Way): string => hashOf(goingOn(this.#state, way, this.#declared));
    const goes = (way: Way, event: MouseEvent): void => steps.goes(way, event);
    const ofColumn = (index: 0 | 1): Column => new Column({
      hrefOfWay, goes,
      pick: (tab) => steps.tab(tab),
      rewrite: (query) => steps.ask(query),
      hrefOf: (hit, column) => steps.hrefOf(hit, column),
      opens: (hit, column, event) => steps.opens(hit, column, event),
      changed: () => {
        // Hits tell what picked values are called.
        keeping(() => this.#filters.draw(this.#declared, this.#state));
        this.#compared();
      },
    }, index);
    this.columns = [ofColumn(0), ofColumn(1)];
    this.place = new PlaceView({
      whole: (of, signal) => callers.entity(this.#state.who[of.column], of.vertical, of.id, signal),
      hrefOf: hrefOfWay, goes,
      close: (event) => steps.closes(event),
      hrefOfResults: () => hashOf({ ...this.#state, open: null }) || "./",
    });
    this.#filters = new Filters({
      asker: () => this.#asker(0) as Asker,
      nameOf: (filter, value) => steps.nameOf(filter, value),
      pick: (changes, called) => steps.pick(changes, called),
      sort: (sort) => steps.sort(sort),
    });
    at("start").append(this.#start.root);
    at("filters").append(this.#filters.root);
    at("place").append(this.place.root);
  }

  get declared(): Declared {
    return this.#declared;
  }

  /** Keep what is known of an entity, for its place. */
  know(entity: Entity): void {
    this.#known.set(idOf(entity), entity);
  }

  /** Show a state. Resolves when everything that it asks for is there, or failed. */
  async show(state: State, { meant = false, anew = false, kept = null, pages = 1 }: Showing = {}): Promise<void> {
    this.#state = state;
    this.#box.getToken = this.#askers.tokensOf(state.who[0]);
    this.#dress();
    this.#drawHeads();
    const asked = isAsked(state);
    const shown = this.#columnsOf(state);
    const asking = shown.map(async (column, index) => {
      const asker = this.#asker(index as 0 | 1);
      const compared = shown.length > 1;
      const options = { compared, meant: meant && index === 0, anew, known: kept?.found[index] ?? null, pages: compared ? Math.max(pages, PAGES_COMPARED) : pages };
      if (asked && asker) await column.show(asker, state, options);
    });
    if (!asked) this.columns.forEach((column) => column.clear());
    if (shown.length === 1) this.columns[1].clear();
    void this.#learn();
    this.#drawPlace();
    this.#compared();
    await Promise.all(asking);
  }

  /** What is shown was for somebody else: nothing of it stays. */
  forget(column: 0 | 1): void {
    this.columns[column].clear();
    this.place.close();
    this.#known.clear();
    if (column) this.#askers.forget();
    else {
      this.#start.forget();
      this.#declared = UNDECLARED;
    }
  }

  /** Draw everything once more, in the language that is set. */
  redraw(): void {
    this.#dress();
    this.#drawHeads();
    for (const column of this.columns) column.redraw();
    this.place.redraw();
    this.#compared();
  }

  /** What a filter's value is called by the hits that are shown; null where none of them tells. */
  calledByHits(filter: string, value: string): string | null {
    for (const hit of this.columns[0].hits) {
      const way = waysOf(hit, this.#declared).find((one) => one.filter === filter && one.value === value);
      if (way) return way.called;
    }
    return null;
  }

  get found(): Found {
    return this.columns.map((column) => column.pages);
  }

  #columnsOf(state: State): Column[] {
    return state.who[1] === null ? [this.columns[0]] : [...this.columns];
  }

  #asker(index: 0 | 1): Asker | null {
    const key = this.#state.who[index];
    return index ? key && this.#askers.second(key) || null : this.#askers.first(key);
  }

  /** What stands around the results, as the state wants it. */
  #dress(): void {
    const state = this.#state;
    const asked = isAsked(state);
    const comparing = state.who[1] !== null;
    const me = this.#callers.find(state.who[0]);
    const { classList } = document.body;
    classList.toggle("searching", asked || state.open !== null);
    classList.toggle("comparing", comparing && asked);
    classList.toggle("placed", state.open !== null);
    keeping(() => {
      this.frame.draw(comparing);
      this.frame.drawCallers(this.#callers.list, me, asked || state.open !== null, comparing && asked);
      this.#box.setAttribute("theme", this.frame.theme);
      this.#box.setAttribute("placeholder", say().placeholder);
      this.#start.root.hidden = asked || state.open !== null;
      this.#start.draw(me?.examples ?? []);
      this.#filters.root.hidden = !asked;
      this.#filters.draw(this.#declared, state);
      at("results").hidden = !asked;
    });
    const columns = this.#columnsOf(state).map((column) => column.root);
    if (at("results").childElementCount !== columns.length) at("results").replaceChildren(...columns);
    document.title = asked && state.q ? `${state.q} · Office Search` : "Office Search";
  }

  /** What is declared draws the filters; at the start it says whom recent searches are read for. */
  async #learn(): Promise<void> {
    const asker = this.#asker(0);
    if (!asker) return;
    if (!isAsked(this.#state) && !this.#state.open) void this.#start.read(asker.client);
    const declared = await asker.declared.catch(() => UNDECLARED);
    if (asker.client !== this.#box.client || declared === this.#declared) return;
    this.#declared = declared;
    keeping(() => this.#filters.draw(declared, this.#state));
    const { tab } = this.#state;
    // An old address may name what is no longer there.
    if (declared.tabs.length && tab !== ALL && !declared.tabs.includes(tab)) this.#steps.astray();
  }

  #drawPlace(): void {
    const { open } = this.#state;
    const asker = open && this.#asker(open.column);
    this.columns.forEach((column, index) => column.point(open?.column === index ? idOf(open) : null));
    if (!open || !asker) return this.place.close();
    const hits: readonly Hit[] = this.columns[open.column].hits;
    const known = hits.find((hit) => idOf(hit) === idOf(open)) ?? this.#known.get(idOf(open)) ?? null;
    this.place.open(open, asker, known);
    if (known) document.title = `${plain(known.title)} · Office Search`;
  }

  #drawHeads(): void {
    this.columns.forEach((column, index) => {
      const who = this.#callers.find(this.#state.who[index as 0 | 1]);
      column.root.setAttribute("aria-label", who ? `${say().results} · ${who.name}` : say().results);
      keeping(() => {
        if (this.#state.who[1] === null || !who) return column.head.replaceChildren();
        const select = this.frame.select(this.#callers.list, who, `caller-of-${index}`, (key) => this.#steps.become(index as 0 | 1, key), say().columnCaller);
        column.head.replaceChildren(initial(who.name), select);
      });
    });
  }

  /** In a comparison, what only one finds is marked, and how much that is stands above. */
  #compared(): void {
    const line = at("differences");
    const [one, other] = this.columns;
    const names = this.#state.who.map((key) => this.#callers.find(key)?.name ?? "") as [string, string];
    const ready = this.#state.who[1] !== null && isAsked(this.#state) && one.pages && other.pages && !one.isBusy && !other.isBusy;
    if (!ready) {
      line.hidden = this.#state.who[1] === null || !isAsked(this.#state);
      line.textContent = say().loading;
      for (const column of this.columns) column.mark(null);
      return;
    }
    const { both, sides } = differencesOf(one.side, other.side);
    one.mark(sides[0]);
    other.mark(sides[1]);
    const [only, others] = sides.map((side) => side.only.size) as [number, number];
    const count = (number: number): string => counted(number, spoken());
    const told = only || others ? say().differs(count(both), names[0], count(only), names[1], count(others)) : say().same(count(both));
    line.hidden = false;
    line.textContent = told + (sides.every((side) => side.sure) ? "" : say().soFar);
    announce(line.textContent);
  }

  /** Where the focus goes when what held it is gone. */
  get landing(): HTMLElement {
    if (this.place.isOpen) return this.place.landing;
    return isAsked(this.#state) && this.columns[0].landing.checkVisibility() ? this.columns[0].landing : this.#box;
  }
}
