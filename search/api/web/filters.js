/** The conditions that the service understood from the query, as chips that can be taken away. */

import { element, icon } from "./dom.js";
import { say } from "./words.js";

// As the contract names them, in both languages.
const NAMES = {
  from: ["from", "发送人"],
  in: ["in", "群聊"],
  type: ["type", "类型"],
  before: ["before", "早于"],
  after: ["after", "晚于"],
  has: ["has", "包含"],
};

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The query without one condition; unchanged when it does not stand in the query. */
export function without(query, name, value) {
  const bare = name.replace(/^-/, "");
  const text = literal(value);
  const patterns = {
    phrases: `["“”「」『』]${text}["“”「」『』]`,
    excluded: `[-－]["“]?${text}["”]?`,
  };
  const names = (NAMES[bare] ?? [bare]).map(literal).join("|");
  const minus = name.startsWith("-") ? "[-－]" : "";
  const pattern = patterns[name] ?? `${minus}(?:${names})\\s*[:：]\\s*["“]?${text}["”]?`;
  return query.replace(new RegExp(`(^|\\s)${pattern}(?=\\s|$)`, "iu"), " ").replace(/\s+/g, " ").trim();
}

/** A row of chips, or null when there are no conditions. */
export function chips(filters, query, rewrite) {
  const made = Object.entries(filters ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => chip(name, String(value), query, rewrite)),
  );
  return made.length ? element("div", { class: "chips" }, made) : null;
}

function chip(name, value, query, rewrite) {
  const words = say();
  const isNot = name.startsWith("-");
  const label = `${isNot ? `${words.not} ` : ""}${words.filters[name.replace(/^-/, "")] ?? name}`;
  const shorter = without(query, name, value);
  const remove = element(
    "button",
    { type: "button", class: "chip-remove", "aria-label": words.remove(`${label} ${value}`), onclick: () => rewrite(shorter) },
    icon("close"),
  );
  return element("span", { class: "chip" }, element("b", {}, label), ` ${value}`, shorter !== query && remove);
}
