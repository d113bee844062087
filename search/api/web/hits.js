/** One hit as the page shows it: what it is, what was found in it, and whose it is. */

import { label } from "./declared.js";
import { drawn, element, icon, marked, plain } from "./dom.js";
import { isInLine, lineOf, rowOf, valuesOf } from "./facts.js";
import { say } from "./words.js";

const TINTS = 6;
// Kinds of which the page knows more than their names: people have a face, and conversations are searched in.
const PERSON = "user";
const CONVERSATION = "conversation";

/** A round picture for a person: the last character of a Chinese name, the first letter of any other. */
export function avatar(name) {
  const letter = /[\u3400-\u9fff]/.test(name) ? [...name].at(-1) : ([...name][0] ?? "?").toUpperCase();
  const tint = [...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % TINTS;
  return element("span", { class: `avatar tint-${tint}`, "aria-hidden": "true" }, letter);
}

/** The value that says what kind of thing a hit is, such as a sheet; none where its vertical has but one kind. */
function kindOf(hit, declared) {
  const vertical = declared.verticals.get(hit.vertical);
  if (!vertical) return hit.fields.kind;
  return vertical.kind ? valuesOf(vertical.kind, hit)[0] : undefined;
}

function picture(hit, declared) {
  const kind = kindOf(hit, declared);
  if (kind === PERSON) return avatar(plain(hit.title ?? ""));
  const drawing = drawn(kind, declared.verticals.get(hit.vertical)?.icon);
  return element("span", { class: `tile tile-${drawing}` }, icon(drawing));
}

function flag(text, kind = "") {
  return element("span", { class: `flag ${kind}` }, text);
}

/** What stands below a hit: short facts, its kind first. */
function meta(hit, declared) {
  const vertical = declared.verticals.get(hit.vertical);
  const facts = vertical ? [vertical.kind, ...vertical.facts.filter(isInLine)] : [];
  const told = facts.filter((fact) => fact && fact.form !== "files").flatMap((fact) => lineOf(fact, hit, declared));
  if (!vertical) told.push(element("span", {}, declared.nameOf(hit.vertical)));
  if (hit.fields.edited_at) told.push(element("span", {}, say().edited));
  return element("span", { class: "meta" }, told);
}

function flags(hit, declared) {
  const words = say();
  const { fields } = hit;
  return [
    kindOf(hit, declared) === PERSON && fields.status === "disabled" && flag(words.disabled, "flag-warn"),
    fields.archived && flag(words.archived),
    fields.public && flag(words.public, "flag-open"),
  ];
}

function files(hit, declared) {
  const facts = declared.verticals.get(hit.vertical)?.facts ?? [];
  const found = facts.filter((fact) => fact.form === "files" && isInLine(fact)).flatMap((fact) => valuesOf(fact, hit));
  if (!found.length) return null;
  return element("span", { class: "files" }, found.map((file) => element("span", { class: "file" }, icon("file"), file.name)));
}

/** The rows of the opened hit: label → text. */
function details(hit, declared) {
  const facts = declared.verticals.get(hit.vertical)?.facts ?? [];
  const rows = facts.map((fact) => [label(fact.labels), rowOf(fact, hit, declared)]);
  return [...rows, [say().id, hit.id]].filter(([, value]) => value);
}

/** Queries that go on from a hit: to what a person said, and to what was said in a conversation. */
function onward(hit, declared) {
  const quoted = (name) => (/\s/.test(name) ? `"${name}"` : name);
  const words = say();
  const vertical = declared.verticals.get(hit.vertical);
  const title = plain(hit.title ?? "");
  const [by, within] = [declared.filterOf("person"), declared.filterOf("conversation")];
  const author = vertical?.facts.find((fact) => fact.filter && fact.filter === by);
  const person = kindOf(hit, declared) === PERSON ? title : author && hit.fields[author.field];
  const isRoom = vertical?.title === "conversation" || hit.fields.kind === CONVERSATION;
  return [
    ...(by && person ? [[words.searchFrom, `${by}:${quoted(person)} `]] : []),
    ...(within && isRoom && title ? [[words.searchIn, `${within}:${quoted(title)} `]] : []),
  ];
}

/**
 * A hit as a list entry: a button that opens its details.
 * @param {object} hit @param {object} declared what there is for its caller
 * @param {(query: string) => void} go what a further step does
 */
export function entry(hit, declared, go) {
  const title = hit.title ? marked(hit.title) : say().untitled;
  const more = element("div", { class: "details", hidden: true });
  const button = element(
    "button",
    { type: "button", class: "hit", "aria-expanded": "false", "data-id": `${hit.vertical}/${hit.id}` },
    picture(hit, declared),
    element(
      "span",
      { class: "hit-text" },
      element("span", { class: "title" }, element("span", { class: "name" }, title), flags(hit, declared)),
      hit.snippet && element("span", { class: "snippet" }, marked(hit.snippet)),
      files(hit, declared),
      meta(hit, declared),
    ),
  );
  button.addEventListener("click", () => {
    if (!more.hasChildNodes()) more.append(...opened(hit, declared, go));
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
  });
  return element("li", { class: "entry" }, button, more);
}

function opened(hit, declared, go) {
  const facts = details(hit, declared).flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]);
  const steps = onward(hit, declared).map(([label, query]) =>
    element("button", { type: "button", class: "step", onclick: () => go(query) }, label),
  );
  return [element("dl", {}, facts), steps.length ? element("div", { class: "steps" }, steps) : ""];
}

/** Grey shapes where hits will be. */
export function skeleton(count = 5) {
  const bar = (width) => element("span", { class: `bone bone-${width}` });
  const one = () => element("li", { class: "entry bones", "aria-hidden": "true" }, bar("tile"), element("span", { class: "hit-text" }, bar("short"), bar("long"), bar("mid")));
  return Array.from({ length: count }, one);
}
