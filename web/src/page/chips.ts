/** The conditions that the service understood from the query, as chips that can be taken away. */

import { type Declared, label } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import { named, text } from "../shared/text.js";
import { say, spoken, tag } from "./words.js";

const literal = (said: string): string => said.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The query without one condition; unchanged when it does not stand in the query. `names`: every name that its operator
 * may be written by.
 */
export function without(query: string, name: string, names: readonly string[], value: string): string {
  const said = literal(value);
  const patterns: Record<string, string> = {
    phrases: `["“”「」『』＂]${said}["“”「」『』＂]`,
    excluded: `[-－−]["“＂]?${said}["”＂]?`,
  };
  const minus = name.startsWith("-") ? "[-－−]" : "";
  const pattern = patterns[name] ?? `${minus}(?:${names.map(literal).join("|")})\\s*[:：]\\s*["“＂]?${said}["”＂]?`;
  return query.replace(new RegExp(`(^|\\s)${pattern}(?=\\s|$)`, "iu"), " ").replace(/\s+/g, " ").trim();
}

/**
 * A row of chips, or null when there are no conditions. `picked`: the values that the filters' pickers show already;
 * `rewrite`: asks the query without a condition.
 */
export function chipsOf(
  filters: Record<string, unknown>,
  query: string,
  picked: Readonly<Record<string, string>>,
  declared: Declared,
  rewrite: (query: string) => void,
): HTMLElement | null {
  const made = Object.entries(filters).flatMap(([name, values]) => {
    const typed = [values].flat().map(text).filter(Boolean);
    // The answer tells a picked value behind what was typed.
    const own = picked[name];
    const last = own === undefined ? -1 : typed.lastIndexOf(own);
    return typed.filter((_, place) => place !== last).map((value) => chip(name, value, query, declared, rewrite));
  });
  return made.length ? element("div", { class: "chips" }, made) : null;
}

function chip(name: string, value: string, query: string, declared: Declared, rewrite: (query: string) => void): HTMLElement {
  const words = say();
  const bare = name.replace(/^-/, "");
  const filter = declared.filters.get(bare);
  const called = label(filter?.labels, spoken()) || (words.conditions[bare] ?? bare);
  const said = name === bare ? called : `${words.not} ${called}`;
  const shorter = without(query, name, filter?.names ?? [bare], value);
  const remove = element(
    "button",
    { type: "button", class: "chip-remove", "aria-label": words.remove(`${said} ${value}`), onclick: () => rewrite(shorter) },
    icon("close"),
  );
  return element("span", { class: "chip" }, element("b", {}, said), " ", named(value, tag()), shorter !== query && remove);
}
