/** What the page shows, as its address says it. It stands behind the hash, which no server sees. */

export type Sort = "relevance" | "newest" | "oldest";
export const SORTS: readonly Sort[] = ["relevance", "newest", "oldest"];
export const ALL = "all";

/** An entity that is open, and for which column's caller: 0 or 1. */
export interface Opened {
  vertical: string;
  id: string;
  column: 0 | 1;
}

export interface State {
  q: string;
  tab: string;
  sort: Sort;
  /** The values of filters that were picked, by the filter's name. Operators that were typed stand in `q`. */
  picked: Readonly<Record<string, string>>;
  /** The keys of the callers of both columns; null: the first there is; the second null: there is no comparison. */
  who: readonly [string | null, string | null];
  open: Opened | null;
}

export const START: State = { q: "", tab: ALL, sort: "relevance", picked: {}, who: [null, null], open: null };

const PICKED = "f.";

/** Whether anything is asked for. */
export function isAsked(state: State): boolean {
  return state.q !== "" || Object.keys(state.picked).length > 0;
}

/** The hash of a state, with its `#`; an empty text for the start. */
export function hashOf(state: State): string {
  const parts = new URLSearchParams();
  if (state.open) parts.set("open", `${state.open.vertical}/${state.open.id}`);
  if (state.open?.column) parts.set("of", "1");
  if (state.q) parts.set("q", state.q);
  if (isAsked(state) && state.tab !== ALL) parts.set("tab", state.tab);
  if (isAsked(state) && state.sort !== "relevance") parts.set("sort", state.sort);
  for (const name of Object.keys(state.picked).sort()) parts.set(PICKED + name, state.picked[name] ?? "");
  // Who asks belongs to what is asked; the start remembers it by itself.
  const asks = parts.size > 0;
  if (asks && state.who[0]) parts.set("as", state.who[0]);
  if (asks && state.who[1]) parts.set("with", state.who[1]);
  return asks ? `#${parts}` : "";
}

/** The state that a hash stands for. A hash may hold anything. */
export function stateOf(hash: string): State {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const [, vertical, id] = /^([a-z][a-z0-9_-]*)\/(.+)$/.exec(parts.get("open") ?? "") ?? [];
  const picked = [...parts].filter(([name, value]) => name.startsWith(PICKED) && value);
  return {
    q: (parts.get("q") ?? "").trim().slice(0, 1000),
    tab: parts.get("tab") || ALL,
    sort: SORTS.find((sort) => sort === parts.get("sort")) ?? "relevance",
    picked: Object.fromEntries(picked.map(([name, value]) => [name.slice(PICKED.length), value.slice(0, 200)])),
    who: [parts.get("as"), parts.get("with")],
    open: vertical && id ? { vertical, id, column: parts.get("of") === "1" ? 1 : 0 } : null,
  };
}
