/** What is known of an entity, as its vertical declares it: a name and a text each. */

import { type Declared, label, valuesOf } from "../shared/declared.js";
import { element } from "../shared/dom.js";
import { textsOf } from "../shared/hits.js";
import { exactly, sized } from "../shared/moments.js";
import { named, text } from "../shared/text.js";
import type { Whole } from "./callers.js";
import { here } from "./hits.js";
import { say, spoken, tag } from "./words.js";

/** The terms and descriptions of an entity's facts: whose it is, what is declared, and its id. */
export function factsOf(whole: Whole, declared: Declared): HTMLElement[] {
  const rows: [string, HTMLElement][] = [];
  if (text(whole.by)) rows.push([say().owner, named(whole.by, tag())]);
  for (const fact of declared.verticals.get(whole.vertical)?.facts ?? []) {
    const told = fact.form === "files" ? valuesOf(fact, whole).map(fileAndSize) : textsOf(fact, whole, declared, here());
    const shown = fact.form === "time" ? told.map((time) => exactly(time, here())) : told;
    const joined = shown.join(fact.form === "address" || fact.form === "files" ? "\n" : " · ");
    if (joined) rows.push([label(fact.labels, spoken()), named(joined, tag())]);
  }
  rows.push([say().id, named(whole.id)]);
  return rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

function fileAndSize(file: unknown): string {
  const { name, size } = (file ?? {}) as { name?: unknown; size?: unknown };
  const told = sized(size, spoken());
  return told ? `${text(name)} (${told})` : text(name);
}
