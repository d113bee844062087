/** The page's history: what was meant is an entry, what was only typed is none; Back brings everything back. */

import { read, write } from "./memory.js";

/** How a page writes its states into addresses. `name`: of the page, in what its tab remembers. */
export interface Addresses<State> {
  name: string;
  hashOf(state: State): string;
  stateOf(hash: string): State;
  /** Whether a state shows one thing, which other states lead to. */
  isPlace(state: State): boolean;
}

/**
 * What an entry keeps in memory. `pages`: how many were loaded, as only that outlives a reload; `focus`: the
 * `data-focus` of what held the focus.
 */
export interface Kept<Found> {
  found: Found;
  pages: number;
  scroll: number;
  focus: string | null;
}

/** What an entry keeps across a reload. `labels`: what picked values are called, by filter and value. */
interface Noted {
  entry: string;
  /** How many steps the results lie back from an open place; 0: they are not there, or there is no place. */
  depth: number;
  labels: Record<string, string>;
}

/** How an entry was left: scroll position in px, and how many pages were loaded. */
interface Left {
  entry: string;
  scroll: number;
  pages: number;
}

// The history's own state is not kept when it is changed while a page is left.
const LEFT = "office-search.left.";

export class Visits<State, Found> {
  readonly #addresses: Addresses<State>;
  readonly #kept = new Map<string, Kept<Found>>();
  readonly #keep: () => Kept<Found>;
  readonly #labels: () => Record<string, string>;
  #entry = "";

  /** `keep`: what the page shows at the moment; `labels`: names of picked values; `moved`: Back or Forward was used. */
  constructor(
    addresses: Addresses<State>,
    keep: () => Kept<Found>,
    labels: () => Record<string, string>,
    moved: (state: State, kept: Kept<Found> | null) => void,
  ) {
    this.#addresses = addresses;
    this.#keep = keep;
    this.#labels = labels;
    history.scrollRestoration = "manual";
    this.#enter(noted()?.entry ?? made());
    window.addEventListener("popstate", () => {
      // The page still shows the entry that is left.
      this.#kept.set(this.#entry, this.#keep());
      this.#enter(noted()?.entry ?? made());
      moved(addresses.stateOf(location.hash), this.#kept.get(this.#entry) ?? null);
    });
    window.addEventListener("pagehide", () => this.#leave());
  }

  /** A new entry for a state; none where it is the one that is shown. */
  push(state: State): void {
    const address = this.#addresses.hashOf(state);
    if (address === location.hash) return this.#note();
    this.#kept.set(this.#entry, this.#keep());
    this.#note();
    const depth = this.#addresses.isPlace(state) ? this.#deeper() : 0;
    this.#entry = made();
    history.pushState({ entry: this.#entry, depth, labels: this.#labels() } satisfies Noted, "", address || location.pathname);
  }

  /** From results their place is one step further; from a place that was come to otherwise, there are no results. */
  #deeper(): number {
    const { isPlace, stateOf } = this.#addresses;
    return isPlace(stateOf(location.hash)) && !this.depth ? 0 : this.depth + 1;
  }

  get depth(): number {
    return noted()?.depth ?? 0;
  }

  /** The same entry with another address, such as a caller that was not named in it. */
  replace(state: State): void {
    history.replaceState(history.state, "", this.#addresses.hashOf(state) || location.pathname);
    this.#note();
  }

  /** What was shown to one caller is nothing for another. */
  forget(): void {
    this.#kept.clear();
  }

  /** The names of picked values, as they were before a reload. */
  get names(): Readonly<Record<string, string>> {
    return noted()?.labels ?? {};
  }

  /** How this entry was left before a reload. */
  get left(): Left {
    const left = read(LEFT + this.#addresses.name) as Left | null;
    return left?.entry === this.#entry ? left : { entry: this.#entry, scroll: 0, pages: 1 };
  }

  #enter(entry: string): void {
    this.#entry = entry;
    if (noted()?.entry !== entry) history.replaceState({ entry, depth: 0, labels: {} } satisfies Noted, "");
  }

  #note(): void {
    history.replaceState({ entry: this.#entry, depth: this.depth, labels: this.#labels() } satisfies Noted, "");
  }

  #leave(): void {
    const { pages, scroll } = this.#keep();
    write(LEFT + this.#addresses.name, { entry: this.#entry, scroll, pages } satisfies Left);
  }
}

function noted(): Noted | null {
  const state = history.state as Noted | null;
  return typeof state?.entry === "string" ? state : null;
}

let count = 0;
function made(): string {
  return `${Date.now().toString(36)}-${(count += 1)}`;
}
