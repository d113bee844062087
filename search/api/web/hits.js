/** One hit as the page shows it: what it is, what was found in it, and whose it is. */

import { element, icon, marked, plain } from "./dom.js";
import { exactly, say, when } from "./words.js";

const TINTS = 6;

/** A round picture for a person: the last character of a Chinese name, the first letter of any other. */
export function avatar(name) {
  const letter = /[\u3400-\u9fff]/.test(name) ? [...name].at(-1) : ([...name][0] ?? "?").toUpperCase();
  const tint = [...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % TINTS;
  return element("span", { class: `avatar tint-${tint}`, "aria-hidden": "true" }, letter);
}

function kindOf(hit) {
  const { fields } = hit;
  if (hit.vertical === "messages") return "messages";
  if (hit.vertical === "contacts") return fields.kind === "conversation" ? fields.conversation_kind ?? "group" : fields.kind;
  return fields.kind ?? "doc";
}

/** The kind in words; a doc's may be one that we have no word for. */
function kindName(hit) {
  const words = say();
  const kind = kindOf(hit);
  if (hit.vertical === "docs") return words.docKinds[kind] ?? kind;
  if (hit.vertical === "apps") return words.appKinds[kind] ?? kind;
  return words[kind] ?? kind;
}

function picture(hit) {
  if (hit.vertical === "contacts" && hit.fields.kind === "user") return avatar(plain(hit.title));
  const kind = kindOf(hit);
  return element("span", { class: `tile tile-${hit.vertical} tile-${kind}` }, icon(kind));
}

function moment(time, text = when(time)) {
  return element("time", { datetime: time, title: exactly(time) }, text);
}

function flag(text, kind = "") {
  return element("span", { class: `flag ${kind}` }, text);
}

/** What stands below a hit: short facts, in the order in which one wants to know them. */
function meta(hit) {
  const { fields } = hit;
  const words = say();
  const facts = {
    messages: () => [fields.sender_name ?? fields.sender_id, moment(fields.sent_at), fields.edited_at && words.edited],
    contacts: () => [kindName(hit), ...(fields.department_names ?? [])],
    docs: () => [kindName(hit), fields.owner_name, fields.updated_at && moment(fields.updated_at, words.updated(when(fields.updated_at)))],
    apps: () => [kindName(hit), fields.category, ...(fields.tags ?? []).slice(0, 3)],
  }[hit.vertical];
  const shown = (facts ? facts() : [kindName(hit)]).filter(Boolean);
  return element("span", { class: "meta" }, shown.map((fact) => element("span", {}, fact)));
}

function flags(hit) {
  const words = say();
  const { fields } = hit;
  return [
    fields.status === "disabled" && flag(words.disabled, "flag-warn"),
    fields.archived && flag(words.archived),
    fields.public && flag(words.public, "flag-open"),
  ];
}

function attachments(hit) {
  if (hit.vertical !== "messages" || !hit.fields.attachments) return null;
  const names = hit.fields.attachments.map((file) => element("span", { class: "file" }, icon("file"), file.name));
  return element("span", { class: "files" }, names);
}

/** The rows of the opened hit: label → text or node. */
function details(hit) {
  const { fields } = hit;
  const words = say().facts;
  const size = new Intl.NumberFormat(undefined, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
  const rows = {
    messages: [
      [words.sender, fields.sender_name ?? fields.sender_id],
      [words.sent, fields.sent_at && exactly(fields.sent_at)],
      [words.attachments, fields.attachments?.map((file) => (file.size ? `${file.name} (${size.format(file.size / 1000)})` : file.name)).join("\n")],
      [words.links, fields.links?.join("\n")],
    ],
    contacts: [
      [words.english, fields.english_name],
      [words.title, fields.title],
      [words.department, fields.department_names?.join(" · ")],
      [words.number, fields.employee_no],
      [words.email, fields.email],
      [words.phone, fields.phone],
    ],
    docs: [
      [words.owner, fields.owner_name],
      [words.created, fields.created_at && exactly(fields.created_at)],
      [words.updated, fields.updated_at && exactly(fields.updated_at)],
      [words.address, fields.url],
    ],
    apps: [
      [words.tags, fields.tags?.join(" · ")],
      [words.developer, fields.developer],
      [words.published, fields.published_at && exactly(fields.published_at)],
      [words.address, fields.url],
    ],
  };
  return [...(rows[hit.vertical] ?? []), [words.id, hit.id]].filter(([, value]) => value);
}

/** Operators that go on from a hit: a person's messages, a conversation's messages. */
function onward(hit) {
  const quoted = (name) => (/\s/.test(name) ? `"${name}"` : name);
  const words = say();
  const title = plain(hit.title ?? "");
  const kind = kindOf(hit);
  const steps = [];
  const sender = hit.vertical === "messages" ? hit.fields.sender_name : kind === "user" && title;
  if (sender) steps.push([words.searchFrom, `from:${quoted(sender)} `]);
  const room = hit.vertical === "messages" || (hit.vertical === "contacts" && hit.fields.kind === "conversation");
  if (room && title) steps.push([words.searchIn, `in:${quoted(title)} `]);
  return steps;
}

/**
 * A hit as a list entry: a button that opens its details.
 * @param {object} hit @param {(query: string) => void} go what a further step does
 */
export function entry(hit, go) {
  const title = hit.title ? marked(hit.title) : say().untitled;
  const more = element("div", { class: "details", hidden: true });
  const button = element(
    "button",
    { type: "button", class: "hit", "aria-expanded": "false", "data-id": `${hit.vertical}/${hit.id}` },
    picture(hit),
    element(
      "span",
      { class: "hit-text" },
      element("span", { class: "title" }, element("span", { class: "name" }, title), flags(hit)),
      hit.snippet && element("span", { class: "snippet" }, marked(hit.snippet)),
      attachments(hit),
      meta(hit),
    ),
  );
  button.addEventListener("click", () => {
    if (!more.hasChildNodes()) more.append(...opened(hit, go));
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
  });
  return element("li", { class: "entry" }, button, more);
}

function opened(hit, go) {
  const facts = details(hit).flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]);
  const steps = onward(hit).map(([label, query]) =>
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
