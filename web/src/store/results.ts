/** The apps that were found, with what was understood of the question, and the way to more. */

import type { App, Apps } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { element } from "../shared/dom.js";
import { counted } from "../shared/moments.js";
import { isAbort } from "../shared/problems.js";
import { text } from "../shared/text.js";
import { totalled } from "../shared/totals.js";
import { Again, said } from "../page/again.js";
import { focusOn, keeping } from "../page/focus.js";
import { announce } from "../page/live.js";
import { say, spoken } from "../page/words.js";
import { bones, entryOf } from "./cards.js";
import { type Asker, type Host, PATIENCE_MS, soonDeclared } from "./host.js";
import { Listing } from "./listing.js";
import type { State } from "./state.js";
import { problemWords, words } from "./words.js";

// What passes by while somebody types is not seen.
const SEEN_MS = 1000;

export interface ResultsHost extends Host {
  rewrite(query: string): void;
  /** Take all choices away. */
  widen(): void;
  /** Where the search page asks the same. */
  hrefElsewhere(query: string): string;
  /** An answer is shown, with its counts. */
  answered(facets: Apps["facets"]): void;
}

/** `known`: the pages that its entry of the history kept; `pages`: how many to load; `typed`: it is still typed. */
export interface Showing {
  known?: Apps[] | null;
  pages?: number;
  typed?: boolean;
}

export class Results {
  readonly root = element("section", { class: "column", hidden: true });
  readonly #notes = element("div", { class: "notes" });
  readonly #status = element("p", { class: "status", tabindex: "-1", "data-focus": "results-status" });
  readonly #list = element("ol", { class: "hits" });
  readonly #again = new Again(problemWords);
  readonly #foot = element("div", { class: "column-foot" });
  readonly #host: ResultsHost;
  #asker: Asker | null = null;
  #declared: Declared = UNDECLARED;
  #listing: Listing | null = null;
  #aborter = new AbortController();
  #watching = 0;
  /** The question is meant: it may become a recent search. */
  #isMeant = false;

  constructor(host: ResultsHost) {
    this.#host = host;
    this.root.append(this.#notes, this.#status, this.#list, this.#again.root, this.#foot);
  }

  get pages(): Apps[] | null {
    return this.#listing?.pages.length ? this.#listing.pages : null;
  }

  get landing(): HTMLElement {
    return this.#status;
  }

  /** Show a question: what is known of it, else ask. Late answers to earlier ones are dropped. */
  async show(asker: Asker, state: State, { known = null, pages = 1, typed = false }: Showing = {}): Promise<void> {
    const isSame = this.#asker === asker && this.#listing?.is(asker.client, state);
    if (isSame && (known ? known === this.pages : this.pages || this.root.hasAttribute("aria-busy"))) return;
    this.leave();
    if (asker !== this.#asker) this.forget();
    this.#asker = asker;
    this.#isMeant = false;
    const { q, chosen, sort, mine } = state;
    this.#listing = new Listing(asker.client, { q, chosen, sort, mine }, known ?? []);
    if (known) return this.#draw(false);
    await this.#ask(pages, typed);
  }

  /** What is shown, or asked, is meant. */
  meant(): void {
    const [first] = this.pages ?? [];
    if (first) this.#asker?.telling.meant(first.query_id);
    else this.#isMeant = true;
  }

  /** Another view is shown, or another question: what is under way is dropped. */
  leave(): void {
    this.#aborter.abort();
    clearTimeout(this.#watching);
    this.root.removeAttribute("aria-busy");
  }

  /** What was shown was for somebody else. */
  forget(): void {
    this.leave();
    this.#asker = null;
    this.#listing = null;
    this.#declared = UNDECLARED;
    this.#again.clear();
    for (const part of [this.#notes, this.#status, this.#list, this.#foot]) part.replaceChildren();
  }

  redraw(declared?: Declared): void {
    if (declared) this.#declared = declared;
    if (this.pages) this.#draw(false);
  }

  async #ask(pages: number, typed: boolean): Promise<void> {
    const listing = this.#listing;
    const asker = this.#asker;
    if (!listing || !asker) return;
    this.leave();
    const { signal } = (this.#aborter = new AbortController());
    this.root.setAttribute("aria-busy", "true");
    const patience = window.setTimeout(() => this.#wait(), PATIENCE_MS);
    signal.addEventListener("abort", () => clearTimeout(patience));
    try {
      const first = await listing.first(signal);
      while (listing.cursor && listing.pages.length < pages) await listing.next(signal);
      const declared = await soonDeclared(asker, this.#declared);
      if (signal.aborted) return;
      this.#declared = declared;
      if (this.#isMeant) asker.telling.meant(first.query_id);
      this.#settle(patience, () => this.#draw(typed));
      announce(listing.apps.length ? words().found(told(first)) : `${this.#none[0]} · ${words().found("0")}`);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#settle(patience, () => this.#fail(error));
    }
  }

  #settle(patience: number, draw: () => void): void {
    clearTimeout(patience);
    this.root.removeAttribute("aria-busy");
    draw();
  }

  // Drawing

  /** Old rows stay, dimmed; grey shapes come only where there are none. */
  #wait(): void {
    keeping(() => this.#again.clear(), () => this.#status);
    if (this.#list.childElementCount) return;
    this.#status.textContent = say().loading;
    this.#list.replaceChildren(...bones(5, "found"));
    this.#foot.replaceChildren();
  }

  #draw(typed: boolean): void {
    const listing = this.#listing;
    const [first] = listing?.pages ?? [];
    if (!listing || !first) return;
    keeping(() => {
      this.#again.clear();
      this.root.setAttribute("aria-label", words().results);
      this.#notes.replaceChildren(...this.#correction(first));
      this.#status.textContent = listing.apps.length ? words().found(told(first)) : "";
      this.#list.replaceChildren();
      for (const page of listing.pages) this.#append(page);
      this.#drawFoot();
    }, () => this.#status);
    this.#host.answered(first.facets);
    this.#watching = window.setTimeout(() => this.#watch(), typed ? SEEN_MS : 0);
  }

  #correction(page: Apps): HTMLElement[] {
    const corrected = text(page.query.corrected);
    if (!corrected) return [];
    const again = element("button", { type: "button", class: "link", "data-focus": "corrected", onclick: () => this.#host.rewrite(corrected) }, corrected);
    return [element("p", { class: "note" }, element("span", {}, say().didYouMean), again)];
  }

  /** Put a page below what is there; return the link of its first app. */
  #append(page: Apps): HTMLElement | null {
    const before = this.#list.childElementCount;
    page.apps.forEach((app, place) => this.#list.append(this.#entry(app, page, before + place + 1)));
    return this.#list.children[before]?.querySelector<HTMLElement>("a.name") ?? null;
  }

  #entry(app: App, page: Apps, position: number): HTMLElement {
    const seen = seenOf(app, page, position);
    return entryOf(app, {
      declared: this.#declared,
      href: this.#host.hrefOf(app),
      focus: `found-${app.id}`,
      opens: (event) => {
        this.#asker?.telling.clicked(seen);
        this.#host.opens(app, event);
      },
    });
  }

  #watch(): void {
    const telling = this.#asker?.telling;
    const entries = [...this.#list.children];
    let place = 0;
    for (const page of this.pages ?? []) {
      for (const app of page.apps) {
        const entry = entries[place];
        place += 1;
        if (entry) telling?.watch(entry, seenOf(app, page, place));
      }
    }
  }

  #drawFoot(): void {
    const listing = this.#listing;
    if (!listing) return;
    if (!listing.apps.length) {
      const [title, hint] = this.#none;
      return this.#foot.replaceChildren(said("store", title, hint, ...this.#waysOn(listing)));
    }
    if (listing.cursor) {
      const more = element("button", { type: "button", class: "button more", "data-focus": "results-more", onclick: () => void this.#more(more) }, say().more);
      return this.#foot.replaceChildren(more);
    }
    this.#foot.replaceChildren(...(listing.pages.length > 1 ? [element("p", { class: "end" }, say().end)] : []));
  }

  get #none(): [title: string, hint: string] {
    const asked = this.#listing?.asked;
    const isOwn = asked?.mine && !asked.q && !Object.keys(asked.chosen).length;
    return isOwn ? [words().noneMine, words().noneMineHint] : [words().none, words().noneHint];
  }

  #waysOn({ asked }: Listing): HTMLElement[] {
    const wider = element("button", { type: "button", class: "button", "data-focus": "widen", onclick: () => this.#host.widen() }, say().resetFilters);
    const elsewhere = element("a", { class: "button", href: this.#host.hrefElsewhere(asked.q) }, words().elsewhere(asked.q));
    return [...(Object.keys(asked.chosen).length || asked.mine ? [wider] : []), ...(asked.q ? [elsewhere] : [])];
  }

  /** The next page goes below; the focus follows to its first app, and nothing above moves. */
  async #more(button?: HTMLButtonElement): Promise<void> {
    const listing = this.#listing;
    if (!listing?.cursor || button?.getAttribute("aria-disabled")) return;
    const { signal } = this.#aborter.signal.aborted ? (this.#aborter = new AbortController()) : this.#aborter;
    button?.setAttribute("aria-disabled", "true");
    if (button) button.textContent = say().moreLoading;
    try {
      const page = await listing.next(signal);
      if (signal.aborted || listing !== this.#listing) return;
      const held = this.#foot.contains(document.activeElement) || this.#again.root.contains(document.activeElement);
      const first = this.#append(page);
      if (held) focusOn(first ?? this.#status);
      this.#again.clear();
      this.#drawFoot();
      this.#watch();
      announce(say().loaded(counted(page.apps.length, spoken())));
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      keeping(() => {
        this.#foot.replaceChildren();
        this.#again.show(error, () => void this.#more(), true);
      }, () => this.#again.root.querySelector("button") ?? this.#status);
    }
  }

  #fail(error: unknown): void {
    const held = this.root.contains(document.activeElement);
    for (const part of [this.#notes, this.#status, this.#list, this.#foot]) part.replaceChildren();
    this.#again.show(error, () => void this.#ask(1, false));
    if (held) focusOn(this.#again.root.querySelector("button") ?? this.#status);
  }
}

function seenOf(app: App, page: Apps, position: number): { hit: { vertical: string; id: string }; queryId: string; position: number } {
  return { hit: { vertical: "apps", id: app.id }, queryId: page.query_id, position };
}

/** The total as text. */
function told({ total: { value: total, relation } }: Apps): string {
  return totalled({ total, relation }, spoken());
}
