/** A hit's facts, as its vertical declares them: what each says in the line below the hit, and in the opened hit. */

import { label } from "./declared.js";
import { element } from "./dom.js";
import { exactly, when } from "./words.js";

// Of a list, such as tags, the line has room for the first ones.
const MOST_IN_LINE = 3;

/** What a hit holds of a fact; an empty list where it holds nothing. */
export function valuesOf(fact, hit) {
  const found = hit.fields[fact.field] ?? hit.fields[fact.otherwise] ?? [];
  return [found].flat().filter((value) => value !== null && value !== "");
}

function texts(fact, hit, declared) {
  const plain = valuesOf(fact, hit).filter((value) => typeof value !== "object");
  return plain.map((value) => (fact.filter ? declared.valueName(hit.vertical, fact.filter, value) : String(value)));
}

/** Whether the closed hit tells a fact as well as the opened one. */
export function isInLine(fact) {
  return Boolean(fact.line);
}

/** What stands in the line: one element a value. */
export function lineOf(fact, hit, declared) {
  const say = (text) => (fact.line ? label(fact.line).replace("{}", () => text) : text);
  const found = texts(fact, hit, declared).slice(0, MOST_IN_LINE);
  if (fact.form !== "time") return found.map((text) => element("span", {}, say(text)));
  return found.map((time) => element("span", {}, element("time", { datetime: time, title: exactly(time) }, say(when(time)))));
}

/** What stands in the opened hit; an empty text where there is nothing to tell. */
export function rowOf(fact, hit, declared) {
  if (fact.form === "files") return valuesOf(fact, hit).map(fileAndSize).join("\n");
  const found = texts(fact, hit, declared);
  if (fact.form === "time") return found.map(exactly).join("\n");
  return found.join(fact.form === "address" ? "\n" : " · ");
}

function fileAndSize(file) {
  const size = new Intl.NumberFormat(undefined, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
  return file.size ? `${file.name} (${size.format(file.size / 1000)})` : file.name;
}
