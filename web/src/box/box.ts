/** What happens between a key and a row: asking, showing, meaning, opening. */

import { type Client, type Click, Problem } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { element } from "../shared/dom.js";
import { type Entity, drawnOrPlain, linkOf } from "../shared/hits.js";
import { type Language, localeOf } from "../shared/moments.js";
import { told as toldOf } from "../shared/problems.js";
import { safeLink } from "../shared/text.js";
import { together, totalled } from "../shared/totals.js";
import type { OpenDetail, SearchDetail, Source } from "../../types/office-search-box.js";
import { Asking, type Found, type Scope } from "./asking.js";
import { refused } from "./connection.js";
import { Field } from "./field.js";
import { Panel } from "./panel.js";
import { type Group, type Option, countOf, found, suggested } from "./rows.js";
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
    composing: () => this.#asking.stop(),
    pressed: (event) => this.#pressed(event),
    clicked: () => { if (!this.#panel.isOpen) this.#ask(); },
    cleared: () => this.empty(true),
    left: () => this.#leave(),
  });
  readonly #panel = new Panel(this.field, {
    chosen: (option, event) => this.#choose(option, event, event),
    openedAside: (option) => this.#tell(option),
    removed: (option) => void this.#remove(option),
  }, () => this.#askAnew());
  readonly root = element("div", { class: "root", part: "box", role: "search" }, this.field.root, this.#panel.root, this.#panel.status);
  readonly #asking = new Asking({ told: (query, answer) => this.#show(query, answer), failed: (query, error) => this.#fail(query, error) });
  readonly #around: Surroundings;

  #groups: Group[] = [];
  /** What the rows answer, trimmed; null while nothing has been asked. */
  #asked: string | null = null;
  /** Whether it was searched for, and not only typed. */
  #isMeant = false;
  /** Whether the rows are hits. */
  #isFound = false;
  /** What is searched for at the moment; null: nothing. */
  #searching: string | null = null;
  /** Whether what is typed has been asked once more for another caller: callers that take turns do not go round. */
  #isAskedAnew = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  // --- Asking -----------------------------------------------------------------------------------------------------

  #typed(): void {
    this.#isAskedAnew = false;
    this.#panel.leave();
    this.#ask();
  }

  #ask(): void {
    const { client, scope } = this.#around;
    const query = this.field.value.trim();
    if (query === this.#searching) return this.#wait();
    if (query === this.#asked && !this.#panel.note.isError) {
      this.#asking.stop();
      this.#panel.settle();
      return this.#panel.open(true);
    }
    this.#searching = null;
    this.#isMeant = false;
    if (!client) return this.#refuse();
    // In one conversation there is nothing to offer before something is typed.
    if (scope.conversation && !query) return this.close();
    this.#wait();
    this.#asking.whenResting(client, query, scope);
  }

  /** Ask once more what failed, or came in part. */
  #askAnew(): void {
    const { client, scope } = this.#around;
    this.#panel.note.clear();
    this.#asked = null;
    if (!this.#isMeant || !client) return this.#ask();
    this.#search(client, this.field.value.trim(), scope);
  }

  #search(client: Client, query: string, scope: Scope): void {
    this.#isMeant = true;
    this.#searching = query;
    this.#wait();
    this.#asking.search(client, query, scope);
  }

  /** Say that there is nobody to ask. */
  #refuse(): void {
    const { language } = this.#around;
    this.#panel.note.fail(toldOf(refused("The endpoint was refused."), language), wordsOf(language));
    this.#panel.open(this.field.hasFocus);
  }

  /** Ask again what failed, as the network is back. */
  retry(): void {
    if (this.#panel.note.isError) this.#askAnew();
  }

  #wait(): void {
    this.#around.learn();
    this.#panel.wait(wordsOf(this.#around.language));
  }

  #show(query: string, { of, answer }: Found): void {
    const { hasHistory, client, language } = this.#around;
    const words = wordsOf(language);
    const groups = of === "search" ? found(answer.hits, answer.query_id) : suggested(answer.suggestions, answer.query_id, query);
    this.#groups = hasHistory ? groups : groups.filter((group) => group.name !== "recent");
    this.#asked = query;
    if (answer.partial) this.#panel.note.late(words);
    else this.#panel.note.answered();
    this.#isFound = of === "search";
    if (of === "search" && this.#isMeant && hasHistory) void client?.clicks([{ query_id: answer.query_id, action: "submit" }]);
    this.#answered(of === "search" ? words.found(totalled(together(Object.values(answer.sections)), language)) : words.count(countOf(this.#groups)));
  }

  /** What was there stays; above it stands what went wrong. */
  #fail(query: string, error: unknown): void {
    const { language } = this.#around;
    const told = toldOf(error, language);
    this.#asked = query;
    this.#panel.note.fail(told, wordsOf(language));
    this.#answered(`${told.title} ${told.text}`);
    this.raise(error);
  }

  #answered(said: string): void {
    this.#searching = null;
    this.#panel.settle();
    this.draw();
    this.#panel.open(this.field.hasFocus);
    if (this.field.hasFocus) this.#panel.status.textContent = said;
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
    this.#searching = null;
    this.#panel.note.clear();
    this.#panel.status.textContent = "";
    const { isAwaited } = this.#panel;
    this.draw();
    this.#panel.open(false);
    if (!isAwaited || !this.field.hasFocus || this.#isAskedAnew) return;
    this.#isAskedAnew = true;
    this.#ask();
  }

  /** Close, and forget the question under way and what was to be tried again. */
  close(): void {
    this.#asking.stop();
    this.#searching = null;
    if (this.#panel.note.isError) this.#asked = null;
    this.#panel.note.clear();
    this.#panel.open(false);
  }

  /** Close as the focus goes elsewhere; hits that are under way still come, to be there when it is back. */
  #leave(): void {
    if (this.#searching === null) this.close();
    else this.#panel.open(false);
  }

  /** Empty the field; `byUser`: by a key or a button, so that it can be undone and the focus stays. */
  empty(byUser: boolean): void {
    const had = this.field.value !== "";
    if (byUser) this.field.write("");
    else this.field.value = "";
    this.close();
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
    const { client, scope } = this.#around;
    const detail: SearchDetail = { query, source, ...scope };
    if (!this.#around.emit("office-search", detail, true)) return;
    // Hits are shown below what is typed into: a host that asks for them means the box.
    if (!this.field.hasFocus) this.field.input.focus();
    if (client) this.#search(client, query, scope);
    else this.#refuse();
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
    const position = this.#panel.positionOf(option);
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
    // What is opened of an answer would make its question a recent search.
    if (!entity?.id || !queryId || !this.#around.hasHistory) return;
    const click: Click = { query_id: queryId, action: "open", vertical: entity.vertical, id: entity.id, position: this.#panel.positionOf(option) };
    void this.#around.client?.clicks([click], { keepalive: true });
  }

  #hrefOf({ entity, text }: Option): string | null {
    if (!entity?.id || text) return null;
    const own = drawnOrPlain(() => this.#around.hrefOf(entity), () => null);
    return safeLink(own, document.baseURI) ?? linkOf(entity, this.#around.known);
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
    const { active, isOpen } = this.#panel;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !hasModifier) {
      event.preventDefault();
      if (isOpen) this.#panel.move(event.key === "ArrowDown" ? 1 : -1);
      else this.#ask();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active) this.#choose(active, event);
      else this.mean(this.field.value, "enter");
    } else if (event.key === "Escape" && (isOpen || this.field.value)) {
      // What the key does here, it does not do to a dialog around.
      event.preventDefault();
      event.stopPropagation();
      if (isOpen) this.close();
      else this.empty(true);
    } else if (event.key === "Delete" && event.shiftKey && active?.isOwn) {
      event.preventDefault();
      void this.#remove(active);
    }
  }

  // --- Drawing ----------------------------------------------------------------------------------------------------

  /** Show the rows in the language, and with the names, that there are now. */
  draw(): void {
    const { known: declared, language, scope } = this.#around;
    const place = { language, timezone: scope.timezone };
    const words = wordsOf(language);
    const none = !this.#asked || this.#panel.note.isError ? null : this.#isFound ? words.noneFound : words.none;
    this.#panel.draw(this.#groups, { declared, place, words, hrefOf: (option) => this.#hrefOf(option) }, none);
  }

  /** Say everything in the language that is set. */
  say(): void {
    const { language, placeholder, shortcuts } = this.#around;
    const words = wordsOf(language);
    this.root.lang = localeOf(language);
    this.field.say(words, placeholder, keyName(shortcuts));
    this.#panel.say(words);
    this.draw();
  }
}

/** Follow a link as a click on it would, apart from the list, for which that would be one more choice. */
function follow(href: string, { ctrlKey, metaKey, shiftKey }: Modified): void {
  element("a", { href, rel: "noreferrer" }).dispatchEvent(new MouseEvent("click", { ctrlKey, metaKey, shiftKey, cancelable: true }));
}
