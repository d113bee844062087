/** The conditions that the service understood from the query, as chips that can be taken away. */

import { label } from "./declared.js";
import { element, icon } from "./dom.js";
import { say } from "./words.js";

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The query without one condition; unchanged when it does not stand in the query.
 * @param {string[]} names every name that its operator may be written by
 */
export function without(query, name, names, value) {
  const text = literal(value);
  const patterns = {
    phrases: `["“”「」『』]${text}["“”「」『』]`,
    excluded: `[-－]["“]?${text}["”]?`,
  };
  const minus = name.startsWith("-") ? "[-－]" : "";
  const pattern = patterns[name] ?? `${minus}(?:${names.map(literal).join("|")})\\s*[:：]\\s*["“]?${text}["”]?`;
  return query.replace(new RegExp(`(^|\\s)${pattern}(?=\\s|$)`, "iu"), " ").replace(/\s+/g, " ").trim();
}

/** A row of chips, or null when there are no conditions. */
export function chips(filters, query, declared, rewrite) {
  const made = Object.entries(filters ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => chip(name, String(value), query, declared, rewrite)),
  );
  return made.length ? element("div", { class: "chips" }, made) : null;
}

function chip(name, value, query, declared, rewrite) {
  const words = say();
  const bare = name.replace(/^-/, "");
  const filter = declared.filters.get(bare);
  const called = label(filter?.labels) || (words.conditions[bare] ?? bare);
  const text = name === bare ? called : `${words.not} ${called}`;
  const shorter = without(query, name, filter?.names ?? [bare], value);
  const remove = element(
    "button",
    { type: "button", class: "chip-remove", "aria-label": words.remove(`${text} ${value}`), onclick: () => rewrite(shorter) },
    icon("close"),
  );
  return element("span", { class: "chip" }, element("b", {}, text), ` ${value}`, shorter !== query && remove);
}
