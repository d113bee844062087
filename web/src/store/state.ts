/** What the store shows, as its address says it. It stands behind the hash, which no server sees. */

import type { Addresses } from "../page/visits.js";

export type Sort = "relevance" | "popular" | "trending" | "new";
export const SORTS: readonly Sort[] = ["relevance", "popular", "trending", "new"];

/** By what apps are told apart, as the service counts them. */
export type Facet = "category" | "kind" | "developer";
export const FACETS: readonly Facet[] = ["category", "kind", "developer"];

export interface State {
  q: string;
  chosen: Readonly<Partial<Record<Facet, string>>>;
  sort: Sort;
  /** The caller's own apps alone. */
  mine: boolean;
  /** The id of the app that is open; null: none. */
  app: string | null;
  /** The key of the demo's caller; null where this is no demo. */
  who: string | null;
}

export const START: State = { q: "", chosen: {}, sort: "relevance", mine: false, app: null, who: null };

const LONGEST_QUERY = 1000;
const LONGEST_VALUE = 200;

/** Whether anything is asked for; nothing is the store's front. */
export function isAsked(state: State): boolean {
  return state.q !== "" || Object.keys(state.chosen).length > 0 || state.sort !== "relevance" || state.mine;
}

/** The hash of a state, with its `#`; an empty text for the front. */
export function hashOf(state: State): string {
  const parts = new URLSearchParams();
  if (state.app) parts.set("app", state.app);
  if (state.q) parts.set("q", state.q);
  for (const facet of FACETS) if (state.chosen[facet]) parts.set(facet, state.chosen[facet]);
  if (state.sort !== "relevance") parts.set("sort", state.sort);
  if (state.mine) parts.set("mine", "1");
  // Who asks belongs to what is asked; the front remembers it by itself.
  const asks = parts.size > 0;
  if (asks && state.who) parts.set("as", state.who);
  return asks ? `#${parts}` : "";
}

/** The state that a hash stands for. A hash may hold anything. */
export function stateOf(hash: string): State {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const chosen = FACETS.map((facet) => [facet, (parts.get(facet) ?? "").slice(0, LONGEST_VALUE)]).filter(([, value]) => value);
  return {
    q: (parts.get("q") ?? "").trim().slice(0, LONGEST_QUERY),
    chosen: Object.fromEntries(chosen) as State["chosen"],
    sort: SORTS.find((sort) => sort === parts.get("sort")) ?? "relevance",
    mine: parts.get("mine") === "1",
    app: parts.get("app") || null,
    who: parts.get("as"),
  };
}

export const ADDRESSES: Addresses<State> = { name: "store", hashOf, stateOf, isPlace: (state) => state.app !== null };

/** The state with another choice of a facet; null takes it away. */
export function choosing(state: State, facet: Facet, value: string | null): State {
  const chosen = Object.entries({ ...state.chosen, [facet]: value }).filter(([, one]) => one);
  return { ...state, chosen: Object.fromEntries(chosen) as State["chosen"], app: null };
}
