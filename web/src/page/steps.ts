/** From one state to the next: what opening, going on from a hit and choosing another caller make of it. */

import type { Declared } from "../shared/declared.js";
import type { Entity } from "../shared/hits.js";
import type { Callers } from "./callers.js";
import type { Way } from "./hits.js";
import { ALL, type State } from "./state.js";

/** An entity is open, beside or before the results that it was found in. */
export function opening(state: State, entity: Pick<Entity, "vertical" | "id">, column: 0 | 1): State {
  return { ...state, open: { vertical: entity.vertical, id: entity.id, column } };
}

/** A search that goes on from an entity: its value alone is picked, in what is said in conversations. */
export function goingOn(state: State, way: Way, declared: Declared): State {
  const messages = [...declared.verticals.values()].find((one) => one.title === "conversation" && one.filters.includes(way.filter));
  return { ...state, q: "", tab: messages?.name ?? ALL, sort: "relevance", picked: { [way.filter]: way.value }, open: null };
}

/** With other picked values; null takes one away. */
export function picking(state: State, changes: Readonly<Record<string, string | null>>): State {
  const picked = Object.entries({ ...state.picked, ...changes }).filter(([, value]) => value !== null);
  return { ...state, picked: Object.fromEntries(picked) as Record<string, string>, open: null };
}

/** The same with callers that there are: who was chosen last, or the first, for one that is not named. */
export function among(callers: Callers, state: State): State {
  const [one, other] = state.who;
  const me = callers.chosen(one);
  const beside = other === null ? null : callers.find(other);
  return { ...state, who: [me?.key ?? null, me && beside ? beside.key : null] };
}

/** Another one asks in a column. */
export function becoming(state: State, column: 0 | 1, key: string): State {
  return { ...state, who: column ? [state.who[0], key] : [key, state.who[1]], open: null };
}
