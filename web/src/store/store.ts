/** The app store: what is shown, and what it does when something is typed, chosen, opened, or gone back to. */

import type { App, Apps, Problem } from "@office-search/client";
import { Connection } from "../box/connection.js";
import { isShortcut } from "../box/typing.js";
import { at } from "../shared/dom.js";
import { Again } from "../page/again.js";
import { Callers } from "../page/callers.js";
import { drawForPage } from "../page/drawings.js";
import { fallBackTo, focusOn, keeping } from "../page/focus.js";
import { Frame } from "../page/frame.js";
import { isPlain, walk } from "../page/links.js";
import { speakThrough } from "../page/live.js";
import { remember } from "../page/memory.js";
import { Telling } from "../page/telling.js";
import { type Kept, Visits } from "../page/visits.js";
import { spoken } from "../page/words.js";
import { drawForStore } from "./drawings.js";
import { Facets } from "./facets.js";
import { Field } from "./field.js";
import type { Asker } from "./host.js";
import { ADDRESSES, START, type State, hashOf, isAsked, stateOf } from "./state.js";
import { type Found, type Showing, Views } from "./views.js";
import { problemWords, words } from "./words.js";

const SHORTCUTS = ["/", "mod+k"];

class Store {
  #state: State = stateOf(location.hash);
  readonly #callers = new Callers();
  readonly #connection = new Connection({ language: () => spoken(), changed: () => this.#reset(), learnt: () => this.#views.redraw(this.#connection.known) });
  readonly #banner = new Again(problemWords);
  readonly #field = new Field({ typed: (query) => this.#typed(query), meant: (query) => this.#meant(query), down: () => this.#enter() });
  readonly #facets = new Facets((state) => this.#go(state));
  readonly #frame: Frame;
  readonly #views: Views;
  readonly #visits: Visits<State, Found>;
  #asker: Asker | null = null;
  /** Whose client it is; undefined before the first. */
  #connected: string | null | undefined;
  #isSwitching = false;
  /** The entry of the history is one of typing, which more of it changes. */
  #isTyping = false;
  #counts: Apps["facets"] = {};
  #language = spoken();

  constructor() {
    this.#views = new Views({
      hrefOf: (app) => hashOf({ ...this.#state, app: app.id }),
      opens: (app, event) => this.#opens(app, event),
      hrefTo: (state) => hashOf({ ...START, ...state, who: this.#state.who }),
      goes: (state, event) => this.#goes(state, event),
      rewrite: (query) => this.#go({ ...this.#state, q: query }),
      widen: () => this.#go({ ...this.#state, chosen: {}, mine: false }),
      hrefElsewhere: (query) => `./#${new URLSearchParams({ q: query, ...(this.#state.who ? { as: this.#state.who } : {}) })}`,
      answered: (counts) => {
        this.#counts = counts;
        keeping(() => this.#facets.draw(this.#state, counts));
      },
      closes: (event) => this.#closes(event),
      hrefOfRest: () => hashOf({ ...this.#state, app: null }) || "store.html",
      isFromResults: () => isAsked(this.#state),
      isDemo: () => this.#callers.list.length > 0,
    });
    this.#frame = new Frame(at("tools"), document.createElement("div"), {
      beside: { href: "./", drawing: "search", called: () => words().searchPage },
      become: (key) => this.#become(key),
      restyled: () => this.#restyle(),
    });
    this.#visits = new Visits(ADDRESSES, () => this.#kept(), () => ({}), (state, kept) => this.#moved(state, kept));
    fallBackTo(() => this.#landing);
    this.#furnish();
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
    this.#state = this.#asked(this.#state);
    this.#visits.replace(this.#state);
    // Somebody may have begun to type before the callers were there.
    if (this.#state.q) this.#field.value = this.#state.q;
    await this.#show({ pages });
    if (scroll) window.scrollTo(0, scroll);
  }

  #furnish(): void {
    at("field").append(this.#field.root);
    at("facets").append(this.#facets.root);
    at("banner").append(this.#banner.root);
    at("shelf").append(...this.#views.roots);
    speakThrough(at("live"));
    at("shelf").addEventListener("keydown", (event) => walk(event, () => this.#field.focus()));
    at("home").addEventListener("click", (event) => this.#home(event));
    at("skip").addEventListener("click", (event) => {
      event.preventDefault();
      this.#enter();
    });
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || !isShortcut(event, SHORTCUTS)) return;
      event.preventDefault();
      this.#field.focus();
      this.#field.select();
    });
    this.#dress();
    if (!this.#state.app) this.#field.focus();
  }

  /** A state whose caller there is. */
  #asked(state: State): State {
    return { ...state, who: this.#callers.chosen(state.who)?.key ?? null };
  }

  // Showing

  async #show(showing: Showing = {}): Promise<void> {
    this.#connect();
    this.#dress();
    const state = this.#state;
    if (!this.#asker) return;
    await this.#views.show(this.#asker, state, showing);
    if (this.#state === state) this.#name();
  }

  /** Ask as whom the state names. */
  #connect(): void {
    const { who } = this.#state;
    if (this.#connected === who) return;
    this.#connected = who;
    this.#isSwitching = true;
    this.#connection.connect("./", who ? this.#callers.tokensOf(who) : null);
    this.#isSwitching = false;
    this.#renew();
  }

  /** Another client, or another caller behind it, asks from now on. */
  #renew(): void {
    const { client } = this.#connection;
    this.#asker?.telling.stop();
    this.#asker = client && { client, declared: () => this.#connection.declared(), telling: new Telling(client) };
  }

  /** What stands around the views, as the state wants it. */
  #dress(): void {
    const state = this.#state;
    const asked = isAsked(state);
    document.body.classList.toggle("searching", asked || state.app !== null);
    keeping(() => {
      this.#frame.draw(false);
      this.#frame.drawCallers(this.#callers.list, this.#callers.find(state.who), true, false);
      this.#field.say();
      for (const node of document.querySelectorAll<HTMLElement>("[data-store]")) node.textContent = words()[node.dataset["store"] as "headline"];
      this.#facets.draw(state, this.#counts);
      this.#facets.root.hidden = !asked || state.app !== null;
      this.#views.turnTo(state);
    });
    this.#name();
  }

  #name(): void {
    const { app, q } = this.#state;
    const what = app ? this.#views.app.name : q;
    document.title = what ? `${what} · ${words().brand}` : words().brand;
  }

  /** Language or appearance has changed; reasons come in the language that they were asked for in. */
  #restyle(): void {
    const isTranslated = this.#language !== spoken();
    this.#language = spoken();
    this.#dress();
    this.#views.redraw();
    if (!isTranslated) return;
    this.#visits.forget();
    void this.#show();
  }

  /** Somebody else is answered from now on: nothing of what was shown stays, and what is due is asked anew. */
  #reset(): void {
    this.#visits?.forget();
    this.#counts = {};
    this.#views.forget();
    if (this.#isSwitching) return;
    this.#renew();
    void this.#show();
  }

  #kept(): Kept<Found> {
    const held = document.activeElement;
    const found = this.#views.found(this.#state);
    return { found, pages: found.results?.length ?? 1, scroll: window.scrollY, focus: (held instanceof HTMLElement && held.dataset["focus"]) || null };
  }

  /** Where the focus goes when what held it is gone. */
  get #landing(): HTMLElement {
    return this.#views.landing(this.#state) ?? (at("field").querySelector("input") as HTMLElement);
  }

  // What the user does

  /** One step further in the history. */
  #go(state: State, known: App | null = null): void {
    this.#isTyping = false;
    this.#visits.push(state);
    this.#state = state;
    this.#field.value = state.q;
    void this.#show({ known });
    window.scrollTo(0, 0);
  }

  /** Typing is one entry of the history, however long it takes. */
  #typed(query: string): void {
    if (query === this.#state.q && !this.#state.app) return;
    const state = { ...this.#state, q: query, app: null };
    if (this.#isTyping) this.#visits.replace(state);
    else this.#visits.push(state);
    this.#isTyping = true;
    this.#state = state;
    void this.#show({ typed: true });
  }

  #meant(query: string): void {
    this.#typed(query);
    this.#isTyping = false;
    if (query) this.#views.results.meant();
  }

  #enter(): void {
    const names = at("shelf").querySelectorAll<HTMLElement>("a.name");
    focusOn([...names].find((name) => name.checkVisibility()));
  }

  #opens(app: App, event: MouseEvent): void {
    if (!isPlain(event)) return;
    event.preventDefault();
    this.#go({ ...this.#state, app: app.id }, app);
  }

  #goes(state: Partial<State>, event: MouseEvent): void {
    if (!isPlain(event)) return;
    event.preventDefault();
    this.#go({ ...START, ...state, who: this.#state.who });
    this.#field.focus();
  }

  /** Close an app's page: back to what it was opened from. */
  #closes(event: Event): void {
    if (event instanceof MouseEvent && !isPlain(event)) return;
    event.preventDefault();
    const { depth } = this.#visits;
    if (depth) return history.go(-depth);
    this.#go({ ...this.#state, app: null });
    focusOn(null);
  }

  #become(key: string): void {
    remember("caller", key);
    this.#go({ ...this.#state, who: key });
  }

  #home(event: MouseEvent): void {
    if (!isPlain(event)) return;
    event.preventDefault();
    this.#go({ ...START, who: this.#state.who });
    this.#field.focus();
  }

  /** Back or Forward. */
  #moved(state: State, kept: Kept<Found> | null): void {
    this.#isTyping = false;
    this.#state = this.#asked(state);
    this.#field.value = this.#state.q;
    const shown = this.#show({ found: kept?.found ?? null });
    if (kept) {
      window.scrollTo(0, kept.scroll);
      // What has to be asked anew is not yet as long as it was.
      void shown.then(() => Object.values(kept.found).every((one) => one === null) && window.scrollTo(0, kept.scroll));
    }
    const held = kept?.focus ? document.querySelector<HTMLElement>(`[data-focus="${CSS.escape(kept.focus)}"]`) : null;
    if (held?.checkVisibility()) held.focus({ preventScroll: true });
    else if (!document.activeElement?.checkVisibility() || document.activeElement === document.body) focusOn(null);
  }
}

drawForPage();
drawForStore();
await new Store().begin();
