/** What happens between a key and a row: asking, showing, meaning, opening. */

import { type Client, type Click, Problem } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { element } from "../shared/dom.js";
import { type Entity, linkOf } from "../shared/hits.js";
import { type Language, counted } from "../shared/moments.js";
import { told as toldOf } from "../shared/problems.js";
import { safeLink } from "../shared/text.js";
import { Asking, type Found, type Scope } from "./asking.js";
import type { OpenDetail, SearchDetail, Source } from "./details.js";
import { Field } from "./field.js";
import { Note } from "./note.js";
import { Popup } from "./popup.js";
import { type Group, type Option, found, suggested } from "./rows.js";
import { keyName } from "./typing.js";
import { wordsOf } from "./words.js";

/** What a box takes from the element around it, as it is at the moment. */
export interface Surroundings {
  readonly client: Client | null;
  readonly known: Declared;
  readonly language: Language;
  readonly scope: Scope;
  readonly hasHistory: boolean;
  readonly placeholder: string | null;
  readonly shortcuts: readonly string[];
  hrefOf(entity: Entity): string | null;
  /** Read what is declared, if it is not known. */
  learn(): void;
  /** Tell the host; returns whether nobody has cancelled it. */
  emit(name: string, detail: object, cancelable?: boolean): boolean;
}

type Modified = Pick<MouseEvent, "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

export class Box {
  readonly field = new Field({
    typed: () => this.#typed(),
    pressed: (event) => this.#pressed(event),
    clicked: () => { if (!this.#isOpen) this.#ask(); },
    cleared: () => this.empty(),
    left: () => this.close(),
  });
  readonly #note = new Note(() => this.#askAnew());
  readonly #popup = new Popup({
    chosen: (option, event) => this.#choose(option, event, event),
    openedAside: (option) => this.#tell(option),
    removed: (option) => void this.#remove(option),
    moved: () => this.#pointAtActive(),
  });
  readonly #none = element("slot", { name: "empty" });
  readonly #keys = element("slot", { name: "footer" });
  readonly #empty = element("div", { class: "empty", part: "empty", hidden: true }, this.#none);
  readonly #foot = element("div", { class: "foot", part: "footer" }, this.#keys);
  readonly #panel = element("div", { class: "popup", part: "popup", hidden: true }, this.#note.root, this.#popup.list, this.#empty, this.#foot);
  // One region for good: one that comes with its text is not read out.
  readonly #status = element("div", { class: "unseen", role: "status", "aria-live": "polite" });
  readonly root = element("div", { class: "root", part: "box", role: "search" }, this.field.root, this.#panel, this.#status);
  readonly #asking = new Asking({ told: (query, answer) => this.#show(query, answer), failed: (query, error) => this.#fail(query, error) });
  readonly #around: Surroundings;

  #groups: Group[] = [];
  /** What the rows answer, trimmed; null while nothing has been asked. */
  #asked: string | null = null;
  /** Whether it was searched for, and not only typed. */
  #isMeant = false;
  /** Whether what is typed has been asked once more for another caller: callers that take turns do not go round. */
  #isAskedAnew = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#panel.addEventListener("mousedown", (event) => {
      // The focus stays in the input; what a host puts into a slot is the host's.
      if (!event.composedPath().some((node) => node === this.#none || node === this.#keys)) event.preventDefault();
    });
  }

  // --- Asking -----------------------------------------------------------------------------------------------------

  #typed(): void {
    this.#isAskedAnew = false;
    this.#popup.leave();
    this.#ask();
  }

  #ask(): void {
    const { client, scope } = this.#around;
    const query = this.field.value.trim();
    if (query === this.#asked && !this.#isMeant && !this.#note.isError) {
      this.#asking.stop();
      this.#panel.removeAttribute("aria-busy");
      return this.#open(true);
    }
    if (!client) return;
    this.#isMeant = false;
    this.#wait();
    this.#asking.whenResting(client, query, scope);
  }

  /** Ask once more what failed, or came in part. */
  #askAnew(): void {
    const { client, scope } = this.#around;
    this.#note.clear();
    this.#asked = null;
    if (!this.#isMeant || !client) return this.#ask();
    this.#wait();
    this.#asking.search(client, this.field.value.trim(), scope);
  }

  /** Ask again what failed, as the network is back. */
  retry(): void {
    if (this.#note.isError) this.#askAnew();
  }

  #wait(): void {
    this.#around.learn();
    this.#panel.setAttribute("aria-busy", "true");
    if (this.#groups.length) this.#open(this.field.hasFocus);
  }

  #show(query: string, { of, answer }: Found): void {
    const { scope, hasHistory, client, language } = this.#around;
    const words = wordsOf(language);
    const groups = of === "search" ? found(answer.hits, answer.query_id) : suggested(answer.suggestions, answer.query_id, query, scope.verticals);
    this.#groups = hasHistory ? groups : groups.filter((group) => group.name !== "recent");
    this.#asked = query;
    if (answer.partial) this.#note.say(words.late, words.retry);
    else this.#note.clear();
    if (of === "search" && this.#isMeant && hasHistory) void client?.clicks([{ query_id: answer.query_id, action: "submit" }]);
    this.#answered(of === "search" ? words.found(totalOf(answer.sections, language)) : words.count(countOf(this.#groups)));
  }

  /** What was there stays; above it stands what went wrong. */
  #fail(query: string, error: unknown): void {
    const { language } = this.#around;
    const told = toldOf(error, language);
    this.#asked = query;
    this.#note.fail(told, wordsOf(language));
    this.#answered(`${told.title} ${told.text}`);
    this.raise(error);
  }

  #answered(said: string): void {
    this.#panel.removeAttribute("aria-busy");
    this.draw();
    this.#open(this.field.hasFocus);
    if (this.field.hasFocus) this.#status.textContent = said;
  }

  /** Tell the host of an error, in the user's language. */
  raise(error: unknown): void {
    const { title, text } = toldOf(error, this.#around.language);
    const isProblem = error instanceof Problem;
    const { status, type, requestId } = isProblem ? error : { status: 0, type: "about:blank", requestId: null };
    this.#around.emit("office-error", { status, type, title, text, requestId });
  }

  /** Drop all rows and answers, and what is under way. */
  forget(): void {
    this.#asking.forget();
    this.#groups = [];
    this.#asked = null;
    this.#isMeant = false;
    this.#note.clear();
    this.#status.textContent = "";
    const isAwaited = this.#isOpen || this.#panel.hasAttribute("aria-busy");
    this.draw();
    this.#open(false);
    if (!isAwaited || !this.field.hasFocus || this.#isAskedAnew) return;
    this.#isAskedAnew = true;
    this.#ask();
  }

  /** Close, and forget the question under way. */
  close(): void {
    this.#asking.stop();
    this.#open(false);
  }

  /** Empty the field; the user can undo it. */
  empty(): void {
    const had = this.field.value !== "";
    this.field.write("");
    this.close();
    this.#note.clear();
    this.#groups = [];
    this.#asked = null;
    this.draw();
    if (had) this.#around.emit("office-clear", {});
  }

  // --- Meaning and opening ----------------------------------------------------------------------------------------

  /** Mean a query: tell the host, and unless it takes it over, show hits. */
  mean(written: string, source: Source): void {
    const query = written.trim();
    if (!query) return;
    if (this.field.value !== written) this.field.value = written;
    this.close();
    this.#note.clear();
    const { client, scope } = this.#around;
    const detail: SearchDetail = { query, source, ...scope };
    if (!this.#around.emit("office-search", detail, true) || !client) return;
    this.#isMeant = true;
    this.#wait();
    this.#asking.search(client, query, scope);
  }

  #choose(option: Option, how: Modified, click?: MouseEvent): void {
    if (!option.text) return this.#openEntity(option, how, click);
    click?.preventDefault();
    if (option.isMeant) return this.mean(option.text, option.isOwn ? "recent" : option.kind === "search" ? "row" : "suggestion");
    // An operator's value: there is more to type behind it.
    this.field.write(option.text);
    this.#typed();
  }

  #openEntity(option: Option, how: Modified, click?: MouseEvent): void {
    const { entity, hit, queryId } = option;
    if (!entity) return;
    const modifiers = { ctrl: how.ctrlKey, meta: how.metaKey, shift: how.shiftKey, alt: how.altKey };
    const position = this.#popup.positionOf(option);
    const query = this.field.value.trim();
    const source = hit ? "hit" : "suggestion";
    const detail: OpenDetail = { vertical: entity.vertical, id: entity.id, hit: hit ?? entity, query, position, source, queryId, modifiers };
    const link = this.#hrefOf(option);
    this.#tell(option);
    const goesOn = this.#around.emit("office-open", detail, true);
    this.close();
    if (!goesOn) click?.preventDefault();
    // A click on a link goes on by itself; from the keyboard the same link is followed.
    else if (link && !click) follow(link, how);
  }

  /** Tell the service what was opened. */
  #tell(option: Option): void {
    const { entity, queryId } = option;
    if (!entity?.id || !queryId) return;
    const click: Click = { query_id: queryId, action: "open", vertical: entity.vertical, id: entity.id, position: this.#popup.positionOf(option) };
    void this.#around.client?.clicks([click], { keepalive: true });
  }

  #hrefOf({ entity, text }: Option): string | null {
    if (!entity?.id || text) return null;
    return safeLink(this.#around.hrefOf(entity), document.baseURI) ?? linkOf(entity, this.#around.known);
  }

  async #remove(option: Option): Promise<void> {
    const { client, language } = this.#around;
    if (!client || !option.isOwn) return;
    try {
      const { recent } = await client.recent();
      await Promise.all(recent.filter((one) => one.text === option.text).map((one) => client.removeRecent(one.id)));
      if (client !== this.#around.client) return;
      const kept = this.#groups.map((group) => ({ ...group, options: group.options.filter((one) => one !== option) }));
      this.#groups = kept.filter((group) => group.options.length);
      this.#asking.forget();
      this.#answered(wordsOf(language).removed);
    } catch (error) {
      if (client === this.#around.client) this.#fail(this.field.value.trim(), error);
    }
  }

  // --- Keys -------------------------------------------------------------------------------------------------------

  #pressed(event: KeyboardEvent): void {
    const hasModifier = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    const active = this.#isOpen ? this.#popup.active : null;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !hasModifier) {
      event.preventDefault();
      if (this.#isOpen) this.#popup.move(event.key === "ArrowDown" ? 1 : -1);
      else this.#ask();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active) this.#choose(active, event);
      else this.mean(this.field.value, "enter");
    } else if (event.key === "Escape" && (this.#isOpen || this.field.value)) {
      // What the key does here, it does not do to a dialog around.
      event.preventDefault();
      event.stopPropagation();
      if (this.#isOpen) this.close();
      else this.empty();
    } else if (event.key === "Delete" && event.shiftKey && active?.isOwn) {
      event.preventDefault();
      void this.#remove(active);
    }
  }

  // --- Drawing ----------------------------------------------------------------------------------------------------

  get #isOpen(): boolean {
    return !this.#panel.hidden;
  }

  #open(wanted: boolean): void {
    const isOpen = wanted && (this.#popup.count > 0 || !this.#empty.hidden || this.#note.isShown);
    this.#panel.hidden = !isOpen;
    if (!isOpen) {
      this.#panel.removeAttribute("aria-busy");
      this.#popup.leave();
    }
    this.#pointAtActive();
  }

  #pointAtActive(): void {
    this.field.pointAt(this.#popup.activeRow, this.#isOpen);
  }

  /** Show the rows in the language, and with the names, that there are now. */
  draw(): void {
    const { known: declared, language, scope } = this.#around;
    const place = { language, timezone: scope.timezone };
    this.#popup.draw(this.#groups, { declared, place, words: wordsOf(language), hrefOf: (option) => this.#hrefOf(option) });
    const isNothing = Boolean(this.#asked) && !this.#note.isError && countOf(this.#groups) === 0;
    this.#empty.hidden = !isNothing;
    this.#pointAtActive();
  }

  /** Say everything in the language that is set. */
  say(): void {
    const { language, placeholder, shortcuts } = this.#around;
    const words = wordsOf(language);
    this.root.lang = language === "zh" ? "zh-CN" : "en";
    this.field.say(words, placeholder, keyName(shortcuts));
    this.#popup.list.setAttribute("aria-label", words.list);
    this.#none.replaceChildren(words.none);
    const keys = [["↑↓", words.keys.move], ["↵", words.keys.open], ["Esc", words.keys.close]];
    this.#keys.replaceChildren(...keys.map(([key, does]) => element("span", {}, element("kbd", {}, key), ` ${does}`)));
    this.draw();
  }
}

/** How many rows there are but for the one that searches everything. */
function countOf(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + (group.name === "search" ? 0 : group.options.length), 0);
}

function totalOf(sections: Record<string, { total: number; relation: string }>, language: Language): string {
  const all = Object.values(sections);
  const sum = counted(all.reduce((total, one) => total + one.total, 0), language);
  return all.some((one) => one.relation === "gte") ? `${sum}+` : sum;
}

/** Follow a link as a click on it would, apart from the list, for which that would be one more choice. */
function follow(href: string, { ctrlKey, metaKey, shiftKey }: Modified): void {
  element("a", { href, rel: "noreferrer" }).dispatchEvent(new MouseEvent("click", { ctrlKey, metaKey, shiftKey, cancelable: true }));
}
