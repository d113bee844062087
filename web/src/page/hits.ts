/** One hit as the page shows it: what it is, what was found in it, whose it is, and a link that opens it. */

import type { Hit } from "@office-search/client";
import { type Declared, valuesOf } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { type Entity, drawnOrPlain, filesOf, lineOf, pictureOf } from "../shared/hits.js";
import { type Place, ownTimezone } from "../shared/moments.js";
import { initial, tile } from "../shared/pictures.js";
import { marked, named, plain, text } from "../shared/text.js";
import { say, spoken, tag } from "./words.js";

// Kinds of which clients know more than their names: people have a face, and conversations are searched in.
const PERSON = "user";
const CONVERSATION = "conversation";
// Within which a second click on a text selects a word of it.
const DOUBLE_CLICK_MS = 220;

/** A search that goes on from an entity. `picked`: a filter, its value, and what that is called. */
export interface Way {
  said: string;
  filter: string;
  value: string;
  called: string;
}

/** What a row needs besides its hit. */
export interface Around {
  declared: Declared;
  /** Where the hit's link leads. */
  href: string;
  /** Where a further search's link leads. */
  hrefOf(way: Way): string;
  /** A plain click on the hit's link; the event's default follows it. */
  opens(event: MouseEvent): void;
  goes(way: Way, event: MouseEvent): void;
  /** By what the row's link is found again when it is drawn anew. */
  focus: string;
}

/** The language and zone in which the page tells things. */
export function here(): Place {
  return { language: spoken(), timezone: ownTimezone() };
}

export function isPerson(entity: Entity, declared: Declared): boolean {
  return text(entity.fields?.["kind"]) === PERSON || declared.kindOf(entity) === PERSON;
}

export function isConversation(entity: Entity): boolean {
  return text(entity.fields?.["kind"]) === CONVERSATION;
}

/** Searches that go on from an entity: to what its person said, and to what was said in its conversation. */
export function waysOf(entity: Entity, declared: Declared): Way[] {
  const of = (kind: string): string | undefined => [...declared.filters.values()].find((one) => one.kind === kind)?.name;
  const [by, within] = [of("person"), of("conversation")];
  const ways: Way[] = [];
  const person = isPerson(entity, declared) ? { id: entity.id, name: plain(entity.title) } : authorOf(entity, declared, by);
  if (by && person) ways.push({ said: say().fromThem, filter: by, value: person.id, called: person.name });
  const room = roomOf(entity, declared);
  if (within && room) ways.push({ said: say().withinIt, filter: within, value: room.id, called: room.name });
  return ways;
}

/** Whoever the filter for people finds an entity by: the fact that says so, and the id that stands in for its name. */
function authorOf(entity: Entity, declared: Declared, filter: string | undefined): { id: string; name: string } | null {
  const fact = declared.verticals.get(entity.vertical)?.facts.find((one) => one.filter && one.filter === filter);
  if (!fact) return null;
  const name = text(valuesOf(fact, entity)[0]);
  const id = fact.otherwise ? text(entity.fields?.[fact.otherwise]) : "";
  return id || name ? { id: id || name, name: name || id } : null;
}

function roomOf(entity: Entity, declared: Declared): { id: string; name: string } | null {
  const name = plain(entity.title);
  if (isConversation(entity)) return { id: entity.id, name: name || entity.id };
  if (declared.verticals.get(entity.vertical)?.title !== "conversation") return null;
  const id = text(entity.fields?.["conversation_id"]) || name;
  return id ? { id, name: name || id } : null;
}

/** The picture before an entity: of what was said in a conversation it is whoever said it. */
export function faceOf(entity: Entity, declared: Declared): HTMLElement {
  const by = [...declared.filters.values()].find((one) => one.kind === "person")?.name;
  const isSaid = declared.verticals.get(entity.vertical)?.title === "conversation";
  const author = isSaid ? authorOf(entity, declared, by) : null;
  return author ? initial(author.name) : pictureOf(entity, declared);
}

function flag(said: string, kind = ""): HTMLElement {
  return element("span", { class: `flag ${kind}`.trim() }, said);
}

/** What marks an entity: that it is disabled, archived, public, or to be asked for. */
export function flagsOf(entity: Entity, declared: Declared): Child[] {
  const words = say();
  const { fields } = entity;
  return [
    isPerson(entity, declared) && fields?.["status"] === "disabled" && flag(words.disabled, "flag-warn"),
    fields?.["archived"] === true && flag(words.archived),
    fields?.["public"] === true && flag(words.public, "flag-open"),
    fields?.["access"] === "request" && flag(words.request),
  ];
}

export function titleOf(entity: Entity): HTMLElement {
  return plain(entity.title) ? marked(entity.title, tag()) : element("span", { class: "untitled" }, say().untitled);
}

/** A hit as a list entry; a plain one where it is of a form that cannot be drawn. */
export function entryOf(hit: Hit, around: Around): HTMLLIElement {
  const row = drawnOrPlain(
    () => drawnRow(hit, around),
    () => element("article", { class: "hit" }, tile("general"), element("div", { class: "hit-text" }, link(around, named(hit.id)))),
  );
  row.addEventListener("click", (event) => followRow(row, event));
  return element("li", { class: "entry", "data-id": `${hit.vertical}/${hit.id}` }, row);
}

function drawnRow(hit: Hit, around: Around): HTMLElement {
  const { declared } = around;
  const files = filesOf(hit, declared).map((name) => element("span", { class: "file" }, icon("file"), named(name, tag())));
  return element(
    "article",
    { class: "hit" },
    faceOf(hit, declared),
    element(
      "div",
      { class: "hit-text" },
      element("h2", { class: "title" }, link(around, titleOf(hit)), flagsOf(hit, declared)),
      plain(hit.snippet) && element("p", { class: "snippet" }, marked(hit.snippet, tag())),
      files.length > 0 && element("p", { class: "files" }, files),
      element("p", { class: "meta" }, metaOf(hit, around)),
    ),
  );
}

function metaOf(hit: Hit, around: Around): HTMLElement[] {
  const { declared } = around;
  const told = lineOf(hit, declared, here());
  if (hit.fields?.["edited_at"]) told.push(element("span", {}, say().edited));
  // Of a message or a doc its place tells the ways on; people and conversations are looked up for them.
  const ways = isPerson(hit, declared) || isConversation(hit) ? waysOf(hit, declared) : [];
  return [...told, ...ways.map((way) => element("span", {}, wayLink(way, around, "way")))];
}

function link(around: Around, title: Child): HTMLAnchorElement {
  return element("a", { class: "name", href: around.href, "data-focus": around.focus, onclick: (event: MouseEvent) => around.opens(event) }, title);
}

export function wayLink(way: Way, around: Pick<Around, "hrefOf" | "goes">, kind: string): HTMLAnchorElement {
  return element("a", { class: kind, href: around.hrefOf(way), onclick: (event: MouseEvent) => around.goes(way, event) }, way.said);
}

let following = 0;

/** A click beside the link follows it too, but for one that selects text: by dragging, or by a second click. */
function followRow(row: HTMLElement, event: MouseEvent): void {
  clearTimeout(following);
  if (event.detail > 1 || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if ((event.target as Element).closest("a, button") || isSelecting(row)) return;
  following = window.setTimeout(() => {
    const link = row.querySelector<HTMLAnchorElement>("a.name");
    if (!link?.isConnected || isSelecting(row)) return;
    link.focus({ preventScroll: true });
    link.click();
  }, DOUBLE_CLICK_MS);
}

function isSelecting(row: HTMLElement): boolean {
  const selected = window.getSelection();
  return selected !== null && !selected.isCollapsed && selected.containsNode(row, true);
}

/** Grey shapes where hits will be. */
export function skeleton(count = 5): HTMLLIElement[] {
  const bar = (width: string): HTMLElement => element("span", { class: `bone bone-${width}` });
  const one = (): HTMLLIElement =>
    element("li", { class: "entry bones", "aria-hidden": "true" }, bar("tile"), element("span", { class: "hit-text" }, bar("short"), bar("long"), bar("mid")));
  return Array.from({ length: count }, one);
}
