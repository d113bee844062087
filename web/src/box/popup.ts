/** The list below the input: options in groups, one of them active, still while a pointer is pressed on it. */

import type { Declared } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { drawnOrPlain, lineOf, pictureOf } from "../shared/hits.js";
import type { Place } from "../shared/moments.js";
import { initial, pictured, tile } from "../shared/pictures.js";
import { marked, named, plain, upright } from "../shared/text.js";
import type { Group, Option } from "./rows.js";
import type { Words } from "./words.js";

export interface Look {
  declared: Declared;
  place: Place;
  words: Words;
  /** Where an option leads, to be followed by the browser; null where the host alone can open it. */
  hrefOf(option: Option): string | null;
}

export interface Acts {
  chosen(option: Option, event: MouseEvent): void;
  /** Left to the browser, which opens it elsewhere. */
  openedAside(option: Option): void;
  removed(option: Option): void;
  moved(): void;
}

export class Popup {
  readonly list: HTMLElement = element("div", { class: "list", part: "list", role: "listbox", id: "list" });
  #options: { option: Option; row: HTMLElement }[] = [];
  #active = -1;
  #pressed = false;
  #waiting: (() => void) | null = null;
  readonly #acts: Acts;

  constructor(acts: Acts) {
    this.#acts = acts;
    this.#listen();
  }

  get active(): Option | null {
    return this.#options[this.#active]?.option ?? null;
  }

  get activeRow(): HTMLElement | null {
    return this.#options[this.#active]?.row ?? null;
  }

  get count(): number {
    return this.#options.length;
  }

  /** The place of an option among all, from 0. */
  positionOf(option: Option): number {
    return this.#options.findIndex((one) => one.option === option);
  }

  /** Show these groups; when a pointer is pressed on the list, as soon as it is not. The active one stays, if it is there. */
  draw(groups: readonly Group[], look: Look): void {
    const drawing = () => this.#draw(groups, look);
    if (this.#pressed) this.#waiting = drawing;
    else drawing();
  }

  /** Make the next, or the one before, active; round at the ends. */
  move(step: 1 | -1): void {
    const { length } = this.#options;
    if (!length) return;
    const from = this.#active < 0 && step < 0 ? length : this.#active;
    this.#activate((from + step + length) % length);
    this.activeRow?.scrollIntoView({ block: "nearest" });
  }

  /** Make none active. */
  leave(): void {
    this.#activate(-1);
  }

  #draw(groups: readonly Group[], look: Look): void {
    const active = this.active && keyOf(this.active);
    this.#options = [];
    const drawn = groups.map((group, index) => this.#group(group, index, look));
    this.list.replaceChildren(...drawn);
    this.#active = -1;
    this.#activate(active ? this.#options.findIndex((one) => keyOf(one.option) === active) : -1);
  }

  #group(group: Group, index: number, look: Look): HTMLElement {
    const id = `group-${index}`;
    const name = element("div", { class: "group-name", part: "group", id, role: "presentation" }, look.words.groups[group.name] ?? group.name);
    const rows = group.options.map((option) => {
      const row = rowOf(option, look, `option-${this.#options.length}`);
      this.#options.push({ option, row });
      return row;
    });
    return element("div", { class: `group group-${group.name}`, role: "group", "aria-labelledby": id }, name, rows);
  }

  #activate(index: number): void {
    this.activeRow?.setAttribute("aria-selected", "false");
    this.#active = index;
    this.activeRow?.setAttribute("aria-selected", "true");
    this.#acts.moved();
  }

  #at(event: Event): number {
    const row = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    return this.#options.findIndex((one) => one.row === row);
  }

  #listen(): void {
    const { list } = this;
    // The focus stays in the input, whatever is pressed here.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("dragstart", (event) => event.preventDefault());
    list.addEventListener("pointerdown", () => {
      this.#pressed = true;
      const release = () => {
        removeEventListener("pointerup", release, true);
        removeEventListener("pointercancel", release, true);
        // After the click, which comes with what was pressed.
        setTimeout(() => this.#release());
      };
      addEventListener("pointerup", release, true);
      addEventListener("pointercancel", release, true);
    });
    list.addEventListener("pointermove", (event) => {
      const index = this.#at(event);
      if (index >= 0 && index !== this.#active) this.#activate(index);
    });
    list.addEventListener("click", (event) => this.#click(event));
    list.addEventListener("auxclick", (event) => {
      const option = this.#options[this.#at(event)]?.option;
      if (option && event.button === 1) this.#acts.openedAside(option);
    });
  }

  #release(): void {
    this.#pressed = false;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  #click(event: MouseEvent): void {
    const found = this.#options[this.#at(event)];
    if (!found) return;
    const { option, row } = found;
    if (event.target instanceof Element && event.target.closest(".remove")) {
      event.preventDefault();
      return this.#acts.removed(option);
    }
    const isAside = row.hasAttribute("href") && (event.ctrlKey || event.metaKey || event.shiftKey);
    if (isAside) this.#acts.openedAside(option);
    else this.#acts.chosen(option, event);
  }
}

/** Names an option among those of one list. */
function keyOf(option: Option): string {
  return `${option.kind}/${option.entity?.vertical ?? ""}/${option.entity?.id ?? ""}/${option.text}`;
}

function rowOf(option: Option, look: Look, id: string): HTMLElement {
  const href = look.hrefOf(option);
  const attributes = { class: `option option-${option.kind}`, part: "option", id, role: "option", "aria-selected": "false" };
  const content = drawnOrPlain(() => contentOf(option, look), () => [named(plain(option.entity?.title ?? option.text))]);
  if (!href) return element("div", attributes, content);
  return element("a", { ...attributes, href, tabindex: -1, rel: "noreferrer" }, content);
}

function contentOf(option: Option, look: Look): Child[] {
  const { words, place } = look;
  if (option.kind === "search") return [icon("search"), element("span", { class: "option-text" }, words.searchFor(upright(option.text)))];
  const { entity } = option;
  const called = plain(entity?.title).trim() ? marked(entity?.title, place.language) : words.untitled;
  const title = element("span", { class: "title" }, called, flagsOf(option, words));
  const body = element("span", { class: "option-text" }, title, detailsOf(option, look));
  const remove = option.isOwn && element("span", { class: "remove", title: `${words.remove} (${words.removeKey})`, "aria-hidden": "true" }, icon("close"));
  return [picture(option, look), body, remove];
}

function picture(option: Option, look: Look): Node {
  const { entity, kind } = option;
  if (kind === "query") return icon(option.isOwn ? "recent" : "search");
  if (option.hit) return pictureOf(option.hit, look.declared);
  const vertical = look.declared.verticals.get(entity?.vertical ?? "");
  const otherwise = kind === "person" ? initial(plain(entity?.title)) : tile(entity?.fields?.["kind"] as string, kind, vertical?.icon);
  return pictured(vertical?.picture ? entity?.fields?.[vertical.picture] : null, look.declared.pictureHosts, otherwise);
}

function detailsOf(option: Option, look: Look): Child[] {
  if (!option.hit) return [option.detail ? element("span", { class: "detail" }, named(option.detail, look.place.language)) : null];
  const { hit } = option;
  const snippet = hit.snippet ? element("span", { class: "snippet" }, marked(hit.snippet, look.place.language)) : null;
  return [snippet, element("span", { class: "detail" }, lineOf(hit, look.declared, look.place))];
}

function flagsOf(option: Option, words: Words): Child[] {
  const fields = option.entity?.fields ?? {};
  const flags = [fields["status"] === "disabled" && words.disabled, fields["archived"] === true && words.archived];
  return flags.map((flag) => flag && element("span", { class: "flag" }, flag));
}
