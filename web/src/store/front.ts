/** The store's front: what may help the caller, what is on the rise, what is new, and what kinds of apps there are. */

import { type App, type Apps, type Client, Problem, type Recommended } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { counted } from "../shared/moments.js";
import { isAbort } from "../shared/problems.js";
import { named } from "../shared/text.js";
import { Again, said } from "../page/again.js";
import { focusOn, keeping } from "../page/focus.js";
import { here } from "../page/hits.js";
import { announce } from "../page/live.js";
import { spoken, tag } from "../page/words.js";
import { type Around, bones, cardOf, nameOf, publishedOf, rowOf, useOf } from "./cards.js";
import { Dismissing } from "./dismissing.js";
import { type Asker, type Host, PATIENCE_MS, soonDeclared } from "./host.js";
import { Shelf } from "./shelf.js";
import type { Sort } from "./state.js";
import { problemWords, words } from "./words.js";

/** What the shelves hold. Absent: not there, for the reason in `errors`. */
export interface FrontFound {
  recommended?: Recommended;
  trending?: Apps;
  fresh?: Apps;
}

type Name = keyof FrontFound;
const NAMES: readonly Name[] = ["recommended", "trending", "fresh"];
const SHOWN = 9;
// Some more, which stand in for those that are dismissed.
const ASKED = 15;
const LISTED = 5;
// Of grey shapes in place of categories.
const KINDS = 8;
const SCOPE_MISSING = "urn:office-search:problem:scope-missing";

const READING: Record<Name, (client: Client, signal: AbortSignal) => Promise<FrontFound>> = {
  recommended: async (client, signal) => ({ recommended: await client.recommended({ limit: ASKED }, { signal }) }),
  trending: async (client, signal) => ({ trending: await client.apps({ sort: "trending", limit: LISTED }, { signal }) }),
  fresh: async (client, signal) => ({ fresh: await client.apps({ sort: "new", limit: LISTED }, { signal }) }),
};

export class Front {
  readonly root = element("div", { class: "front", hidden: true });
  readonly #kinds = element("nav", { class: "categories", hidden: true });
  readonly #again = new Again(problemWords);
  readonly #shelves: Record<Name, Shelf> = { recommended: new Shelf("recommended", "cards"), trending: new Shelf("trending", "rows"), fresh: new Shelf("fresh", "rows") };
  readonly #dismissing = new Dismissing();
  readonly #host: Host;
  #asker: Asker | null = null;
  #declared: Declared = UNDECLARED;
  #aborter = new AbortController();
  #found: FrontFound = {};
  #errors: Partial<Record<Name, unknown>> = {};

  constructor(host: Host) {
    this.#host = host;
    const { recommended, trending, fresh } = this.#shelves;
    this.root.append(this.#kinds, this.#again.root, recommended.root, element("div", { class: "beside" }, trending.root, fresh.root));
  }

  /** What is shown; null while nothing is. */
  get found(): FrontFound | null {
    return this.#isThere ? this.#found : null;
  }

  get #isThere(): boolean {
    return Object.keys(this.#found).length > 0;
  }

  /** Show what is `known`, else ask. What is there for the same asker stays until the answers come. */
  async show(asker: Asker, known: FrontFound | null): Promise<void> {
    if (asker !== this.#asker) this.forget();
    this.#asker = asker;
    if (!known) return this.#ask(NAMES);
    this.#aborter.abort();
    this.#found = known;
    this.#errors = {};
    this.#draw();
  }

  /** Another view is shown. */
  leave(): void {
    this.#aborter.abort();
    this.#dismissing.settle();
  }

  /** What was shown was for somebody else. */
  forget(): void {
    this.#aborter.abort();
    this.#dismissing.forget();
    this.#asker = null;
    this.#declared = UNDECLARED;
    this.#found = {};
    this.#errors = {};
    this.#again.clear();
    this.#kinds.hidden = true;
    for (const name of NAMES) this.#shelves[name].hide();
  }

  /** Use what is declared from now on, or another language. */
  redraw(declared?: Declared): void {
    if (declared) this.#declared = declared;
    if (this.#isThere) this.#draw();
  }

  async #ask(names: readonly Name[]): Promise<void> {
    const asker = this.#asker;
    if (!asker) return;
    this.#aborter.abort();
    const { signal } = (this.#aborter = new AbortController());
    this.root.setAttribute("aria-busy", "true");
    const patience = window.setTimeout(() => this.#wait(), PATIENCE_MS);
    const [asked, declared] = await Promise.all([
      Promise.allSettled(names.map((name) => READING[name](asker.client, signal))),
      soonDeclared(asker, this.#declared),
    ]);
    clearTimeout(patience);
    const failed = asked.map((one) => (one.status === "rejected" ? (one.reason as unknown) : null));
    if (signal.aborted || failed.some(isAbort)) return;
    this.root.removeAttribute("aria-busy");
    this.#declared = declared;
    asked.forEach((one, place) => this.#take(names[place] as Name, one));
    if (NAMES.every((name) => name in this.#errors)) this.#fail();
    else this.#draw();
  }

  #take(name: Name, asked: PromiseSettledResult<FrontFound>): void {
    delete this.#errors[name];
    if (asked.status === "fulfilled") this.#found = { ...this.#found, ...asked.value };
    else {
      delete this.#found[name];
      this.#errors[name] = asked.reason;
    }
  }

  // Drawing

  #wait(): void {
    keeping(() => this.#again.clear());
    if (this.#isThere) return;
    const { recommended, trending, fresh } = this.#shelves;
    recommended.show(words().recommended, bones(SHOWN, "card"));
    this.#kinds.hidden = false;
    this.#kinds.replaceChildren(...Array.from({ length: KINDS }, () => element("span", { class: "bone category-bone", "aria-hidden": "true" })));
    trending.show(words().trending, bones(LISTED, "row"));
    fresh.show(words().fresh, bones(LISTED, "row"));
  }

  /** Nothing came at all: one sentence says why. */
  #fail(): void {
    keeping(() => {
      this.#kinds.hidden = true;
      for (const name of NAMES) this.#shelves[name].hide();
      this.#again.show(this.#errors.fresh, () => void this.#ask(NAMES));
    });
  }

  #draw(): void {
    keeping(() => {
      this.#again.clear();
      this.#drawCategories();
      if (this.#found.fresh?.total.value === 0) return this.#drawEmpty();
      this.#drawRecommended();
      this.#drawList("trending", words().trending, "trending", (app) => useOf(app));
      this.#drawList("fresh", words().fresh, "new", (app) => publishedOf(app, here()));
    });
  }

  #drawEmpty(): void {
    for (const name of NAMES) this.#shelves[name].hide();
    this.#again.root.replaceChildren(said("store", words().empty, words().emptyHint));
  }

  #drawCategories(): void {
    const { fresh } = this.#found;
    const { facets, everything, mine } = words();
    const link = (state: Parameters<Host["goes"]>[0], called: Child, count: number | null): HTMLElement =>
      element("a", { class: "example category", href: this.#host.hrefTo(state), "data-focus": `category-${JSON.stringify(state)}`, onclick: (event: MouseEvent) => this.#host.goes(state, event) },
        called, count !== null && element("span", { class: "count" }, counted(count, spoken())));
    this.#kinds.hidden = !fresh?.total.value;
    this.#kinds.setAttribute("aria-label", facets.category);
    this.#kinds.replaceChildren(...(fresh ? [
      link({ sort: "popular" }, everything, fresh.total.value),
      ...(fresh.facets["category"] ?? []).map(({ value, count }) => link({ chosen: { category: value } }, named(value, tag()), count)),
      link({ mine: true }, mine, null),
    ] : []));
  }

  #drawRecommended(): void {
    const shelf = this.#shelves.recommended;
    const error = this.#errors.recommended;
    const { recommended } = this.#found;
    if (error instanceof Problem && error.type === SCOPE_MISSING) return shelf.hide();
    if (!recommended) return shelf.fail(words().recommended, error, () => void this.#ask(["recommended"]));
    const shown = recommended.apps.filter((app) => !this.#dismissing.has(app.id)).slice(0, SHOWN);
    if (!shown.length) return shelf.say(words().recommended, words().noneRecommended);
    shelf.show(words().recommended, shown.map((app, place) => this.#card(app, recommended.query_id, place + 1)));
  }

  #card(app: App, queryId: string, position: number): HTMLElement {
    const gone = this.#dismissing.cardOf(app, () => this.#bringBack(app));
    if (gone) return gone;
    const seen = { hit: { vertical: "apps", id: app.id }, queryId, position };
    const card = cardOf(app, this.#around(app, "recommended", seen), () => this.#dismiss(app, seen));
    this.#asker?.telling.watch(card, seen);
    return card;
  }

  /** A short list in an order of its own. Of apps that nobody may be told the use of, none is on the rise. */
  #drawList(name: "trending" | "fresh", title: string, sort: Sort, told: (app: App) => Child): void {
    const shelf = this.#shelves[name];
    const found = this.#found[name];
    if (!found) return shelf.fail(title, this.#errors[name], () => void this.#ask([name]));
    if (!found.apps.length || (name === "trending" && !found.apps.some(useOf))) return shelf.hide();
    const more = element("a", { class: "more-link", href: this.#host.hrefTo({ sort }), "aria-label": words().allOf(title), "data-focus": `all-${name}`, onclick: (event: MouseEvent) => this.#host.goes({ sort }, event) }, words().all, icon("forward"));
    shelf.show(title, found.apps.map((app, place) => {
      const seen = { hit: { vertical: "apps", id: app.id }, queryId: found.query_id, position: place };
      const row = rowOf(app, this.#around(app, name, seen), told(app));
      this.#asker?.telling.watch(row, seen);
      return row;
    }), more);
  }

  #around(app: App, shelf: Name, seen: Parameters<Asker["telling"]["clicked"]>[0]): Around {
    return {
      declared: this.#declared,
      href: this.#host.hrefOf(app),
      focus: `${shelf}-${app.id}`,
      opens: (event) => {
        this.#asker?.telling.clicked(seen);
        this.#host.opens(app, event);
      },
    };
  }

  // What the user does

  #dismiss(app: App, seen: Parameters<Asker["telling"]["clicked"]>[0]): void {
    if (!this.#asker) return;
    this.#dismissing.dismiss(app, seen, this.#asker.telling);
    this.#drawRecommended();
    focusOn(this.root.querySelector<HTMLElement>(`[data-focus="${CSS.escape(`undo-${app.id}`)}"]`));
    announce(words().dismissed(nameOf(app)));
  }

  #bringBack(app: App): void {
    this.#drawRecommended();
    focusOn(this.root.querySelector<HTMLElement>(`[data-focus="${CSS.escape(`recommended-${app.id}`)}"]`));
    announce(words().undone(nameOf(app)));
  }
}
