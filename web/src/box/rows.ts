/** What the popup offers: suggestions and hits as options in groups, in the order in which they are drawn. Pure. */

import type { Hit, Suggestion } from "@office-search/client";
import type { Entity } from "../shared/hits.js";
import { text, upright } from "../shared/text.js";

export interface Option {
  kind: string;
  /** What an entity is; null for a query. */
  entity: Entity | null;
  /** A hit as the service answered it; null for whatever is none. */
  hit: Hit | null;
  detail: string;
  /** The whole query that it stands for; an empty text for an entity that is opened. */
  text: string;
  /** Whether `text` is searched for when it is chosen; else it goes into the box, to be typed on. */
  isMeant: boolean;
  /** Whether it is a search of the caller's own, which they may remove. */
  isOwn: boolean;
  queryId: string;
}

export interface Group {
  name: string;
  options: Option[];
}

/** Suggestions in groups of a kind, groups in the order of their best; `query`: what is typed, trimmed. */
export function suggested(suggestions: readonly Suggestion[], queryId: string, query: string): Group[] {
  const groups = new Map<string, Option[]>();
  for (const one of suggestions) {
    const option = optionOf(one, queryId, query);
    if (!option) continue;
    const name = query ? text(one.kind) : option.isOwn ? "recent" : "likely";
    groups.set(name, [...(groups.get(name) ?? []), option]);
  }
  const found = [...groups].map(([name, options]) => ({ name, options }));
  return query ? [...found, { name: "search", options: [searching(query)] }] : found;
}

function optionOf(one: Suggestion, queryId: string, query: string): Option | null {
  const whole = text(one.text);
  if (one.vertical && one.id) {
    const entity = { vertical: one.vertical, id: one.id, title: text(one.title), fields: one.fields ?? {} };
    return { kind: text(one.kind), entity, hit: null, detail: upright(one.detail), text: whole, isMeant: false, isOwn: false, queryId };
  }
  if (!whole) return null;
  const entity = { vertical: "", id: "", title: text(one.title) || escaped(whole), fields: {} };
  const isOperator = Boolean(one.token);
  return { kind: "query", entity, hit: null, detail: upright(one.token), text: whole, isMeant: !isOperator, isOwn: !isOperator && !query, queryId };
}

/** The hits of an answer, best first. */
export function found(hits: readonly Hit[], queryId: string): Group[] {
  const options = hits.map((hit): Option => ({ kind: "hit", entity: hit, hit, detail: "", text: "", isMeant: false, isOwn: false, queryId }));
  return options.length ? [{ name: "hits", options }] : [];
}

/** The option to search everything for what is typed. */
function searching(query: string): Option {
  return { kind: "search", entity: null, hit: null, detail: "", text: query, isMeant: true, isOwn: false, queryId: "" };
}

function escaped(plain: string): string {
  const marks: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return plain.replace(/[&<>]/g, (mark) => marks[mark] ?? mark);
}

/** How many rows there are but for the one that searches everything. */
export function countOf(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + (group.name === "search" ? 0 : group.options.length), 0);
}
