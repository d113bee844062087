/** The parts of a hit that a row shows, in the element and on the page alike. */

import type { Fact, Hit } from "@office-search/client";
import { type Declared, label, valuesOf } from "./declared.js";
import { type Child, element } from "./dom.js";
import { type Place, exactly, when } from "./moments.js";
import { initial, pictured, tile } from "./pictures.js";
import { named, plain, safeLink, text, upright } from "./text.js";

// Of a list, such as tags, the line has room for the first ones.
const MOST_IN_LINE = 3;
// The one kind of which clients know more than its name: people have a face.
const PERSON = "user";

/** What is drawn of an entity; `vertical` and `id` name it. */
export type Entity = Pick<Hit, "vertical" | "id" | "title" | "fields">;

/** The picture before a hit. */
export function pictureOf(hit: Entity, declared: Declared): HTMLElement {
  const kind = declared.kindOf(hit);
  const vertical = declared.verticals.get(hit.vertical);
  const otherwise = kind === PERSON ? initial(plain(hit.title)) : tile(kind, vertical?.icon);
  const address = vertical?.picture ? hit.fields?.[vertical.picture] : null;
  return pictured(address, declared.pictureHosts, otherwise);
}

/** Where a hit's own link leads; null where its vertical has none, or it is none to follow. */
export function linkOf(hit: Entity, declared: Declared): string | null {
  const field = declared.verticals.get(hit.vertical)?.link;
  return field ? safeLink(hit.fields?.[field]) : null;
}

/** The texts of a fact, lists in full; values from a list of the filter's by their names. */
export function textsOf(fact: Fact, hit: Entity, declared: Declared, place: Place): string[] {
  const found = valuesOf(fact, hit).filter((value) => typeof value !== "object").map(upright);
  const { filter } = fact;
  return filter ? found.map((value) => declared.valueName(hit.vertical, filter, value, place.language)) : found;
}

/** The line below a hit: its kind first, then the facts that are told there. */
export function lineOf(hit: Entity, declared: Declared, place: Place): HTMLElement[] {
  const vertical = declared.verticals.get(hit.vertical);
  if (!vertical) return [element("span", {}, declared.nameOf(hit.vertical, place.language))];
  const facts = [vertical.kind, ...vertical.facts.filter((fact) => fact.line)];
  return facts.filter((fact) => fact !== null && fact.form !== "files").flatMap((fact) => told(fact as Fact, hit, declared, place));
}

function told(fact: Fact, hit: Entity, declared: Declared, place: Place): HTMLElement[] {
  const around = fact.line ? label(fact.line, place.language) : "{}";
  const say = (inner: Child): HTMLElement => {
    const [before = "", after = ""] = around.split("{}");
    return element("span", {}, before, inner, after);
  };
  const found = textsOf(fact, hit, declared, place).slice(0, MOST_IN_LINE);
  if (fact.form !== "time") return found.map((one) => say(named(one, place.language)));
  return found.map((time) => say(element("time", { datetime: time, title: exactly(time, place) }, when(time, place))));
}

/** The names of the files that come with a hit. */
export function filesOf(hit: Entity, declared: Declared): string[] {
  const facts = declared.verticals.get(hit.vertical)?.facts ?? [];
  const files = facts.filter((fact) => fact.form === "files" && fact.line).flatMap((fact) => valuesOf(fact, hit));
  return files.map((file) => upright((file as { name?: unknown } | null)?.name)).filter(Boolean);
}

/** A row of `drawing`; a plain one where an entity is of a form that cannot be drawn, so that the others still come. */
export function drawnOrPlain<Row>(drawing: () => Row, otherwise: () => Row): Row {
  try {
    return drawing();
  } catch (error) {
    console.warn("office-search: a row could not be drawn in full", error instanceof Error ? error.message : text(error));
    return otherwise();
  }
}
