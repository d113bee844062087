/** The three views of the store: its front, what was found, and one app's page; one of them is shown. */

import type { App, Apps } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { type AppFound, type AppHost, AppView } from "./app.js";
import { Front, type FrontFound } from "./front.js";
import type { Asker } from "./host.js";
import { Results, type ResultsHost } from "./results.js";
import { type State, isAsked } from "./state.js";

/** What the view that is shown has found; the others have nothing to keep. */
export interface Found {
  front: FrontFound | null;
  results: Apps[] | null;
  app: AppFound | null;
}

/**
 * `found`: what its entry of the history kept; `pages`: how many to load; `typed`: it is still typed; `known`: what is
 * known of the app that is opened.
 */
export interface Showing {
  found?: Found | null;
  pages?: number;
  typed?: boolean;
  known?: App | null;
}

export class Views {
  readonly front: Front;
  readonly results: Results;
  readonly app: AppView;

  constructor(host: ResultsHost & AppHost) {
    this.front = new Front(host);
    this.results = new Results(host);
    this.app = new AppView(host);
  }

  get roots(): HTMLElement[] {
    return this.#all.map((view) => view.root);
  }

  get #all(): (Front | Results | AppView)[] {
    return [this.front, this.results, this.app];
  }

  /** The one that a state is shown in. */
  of(state: State): Front | Results | AppView {
    if (state.app !== null) return this.app;
    return isAsked(state) ? this.results : this.front;
  }

  /** Let the view of a state be seen; the others drop what they have under way. */
  turnTo(state: State): void {
    for (const view of this.#all) {
      const isShown = view === this.of(state);
      if (!isShown && !view.root.hidden) view.leave();
      view.root.hidden = !isShown;
    }
  }

  /** Show a state. Resolves when everything that it asks for is there, or failed. */
  async show(asker: Asker, state: State, { found = null, pages = 1, typed = false, known = null }: Showing): Promise<void> {
    if (state.app === null) {
      if (isAsked(state)) return this.results.show(asker, state, { known: found?.results ?? null, pages, typed });
      return this.front.show(asker, found?.front ?? null);
    }
    const shown = this.app.show(asker, state.app, known, found?.app ?? null);
    // Whoever comes back to it comes to what had the focus there.
    if (!found) this.app.enter();
    return shown;
  }

  /** Draw everything once more: in another language, or with what is declared from now on. */
  redraw(declared?: Declared): void {
    for (const view of this.#all) view.redraw(declared);
  }

  /** What is shown was for somebody else: nothing of it stays. */
  forget(): void {
    for (const view of this.#all) view.forget();
  }

  found(state: State): Found {
    const view = this.of(state);
    return {
      front: view === this.front ? this.front.found : null,
      results: view === this.results ? this.results.pages : null,
      app: view === this.app ? this.app.found : null,
    };
  }

  /** Where the focus goes when what held it is gone; null: nowhere in the view. */
  landing(state: State): HTMLElement | null {
    const view = this.of(state);
    const landing = view === this.front ? null : (view as Results | AppView).landing;
    return landing?.checkVisibility() ? landing : null;
  }
}
