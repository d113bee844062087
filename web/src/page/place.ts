/** The place of an entity that is open: a message in its conversation, a doc with its text, a person, a group, an app. */

import type { Client, Hit, Said, Surroundings } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { type Entity, lineOf, linkOf, pictureOf } from "../shared/hits.js";
import { counted } from "../shared/moments.js";
import { isAbort, told } from "../shared/problems.js";
import { named, plain, text } from "../shared/text.js";
import { Again } from "./again.js";
import type { Asker } from "./asking.js";
import type { Whole } from "./callers.js";
import { factsOf } from "./facts.js";
import { focusOn, keeping } from "./focus.js";
import { type Way, flagsOf, here, isConversation, wayLink, waysOf } from "./hits.js";
import { announce } from "./live.js";
import type { Opened } from "./state.js";
import { saidOf } from "./thread.js";
import { say, spoken, tag } from "./words.js";

const AROUND = 8;
const MORE = 20;
const LATEST = 20;

export interface PlaceHost {
  /** The whole of an entity. Rejects with a Problem. */
  whole(of: Opened, signal: AbortSignal): Promise<Whole>;
  hrefOf(way: Way): string;
  goes(way: Way, event: MouseEvent): void;
  close(event: Event): void;
  hrefOfResults(): string;
}

export class PlaceView {
  readonly root = element("section", { class: "place", hidden: true });
  readonly #host: PlaceHost;
  readonly #again = new Again();
  readonly #back = element("a", { class: "button back", "data-focus": "place-back" });
  readonly #link = element("a", { class: "button", target: "_blank", rel: "noopener noreferrer", hidden: true });
  readonly #title = element("h2", { class: "place-title", tabindex: "-1", "data-focus": "place-title" });
  readonly #head = element("div", { class: "place-head" });
  readonly #body = element("div", { class: "place-body" });
  readonly #ways = element("nav", { class: "ways", hidden: true });
  readonly #scroll = element("div", { class: "place-scroll", tabindex: "0", role: "region" }, this.#again.root, this.#body, this.#ways);
  #aborter = new AbortController();
  #opened: Opened | null = null;
  #asker: Asker | null = null;
  #declared: Declared = UNDECLARED;
  #redraw: () => void = () => undefined;

  constructor(host: PlaceHost) {
    this.#host = host;
    this.#back.addEventListener("click", (event) => host.close(event));
    this.root.append(element("div", { class: "place-bar" }, this.#back, this.#link), this.#head, this.#scroll);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) host.close(event);
    });
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  get landing(): HTMLElement {
    return this.#title;
  }

  /** Show an entity as an asker sees it; `known`: what a hit has told of it already. */
  open(opened: Opened, asker: Asker, known: Entity | null): void {
    const same = this.#opened && this.#opened.id === opened.id && this.#opened.vertical === opened.vertical && this.#asker?.client === asker.client;
    if (same && this.isOpen) return;
    this.close();
    this.#opened = opened;
    this.#asker = asker;
    this.root.hidden = false;
    this.#scroll.scrollTop = 0;
    void this.#read(opened, asker, known);
  }

  close(): void {
    this.#aborter.abort();
    this.#again.clear();
    this.#opened = null;
    this.#redraw = () => undefined;
    this.root.hidden = true;
    for (const part of [this.#head, this.#body, this.#ways]) part.replaceChildren();
  }

  redraw(): void {
    this.#drawFrame();
    keeping(() => this.#redraw(), () => this.#title);
  }

  #drawFrame(): void {
    const words = say();
    this.root.setAttribute("aria-label", words.opened);
    this.#scroll.setAttribute("aria-label", plain(this.#title.textContent) || words.opened);
    this.#ways.setAttribute("aria-label", words.ways);
    this.#back.replaceChildren(icon("back"), words.back);
    this.#back.href = this.#host.hrefOfResults();
    this.#link.replaceChildren(icon("link"), words.openLink);
  }

  async #read(opened: Opened, asker: Asker, known: Entity | null): Promise<void> {
    const { signal } = (this.#aborter = new AbortController());
    this.#drawFrame();
    this.#again.clear();
    this.#drawHead(known);
    this.#body.replaceChildren(element("p", { class: "status" }, say().opening));
    focusOn(this.#title);
    this.#declared = await asker.declared.catch(() => UNDECLARED);
    if (signal.aborted) return;
    keeping(() => this.#drawHead(known));
    try {
      await this.#fill(opened, asker.client, known, signal);
      this.#drawFrame();
      announce(plain(this.#title.textContent));
      document.title = `${plain(this.#title.textContent)} · Office Search`;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      keeping(() => {
        this.#body.replaceChildren();
        if (!known) this.#title.replaceChildren(told(error, spoken()).title);
        this.#again.show(error, () => void this.#read(opened, asker, known));
      }, () => this.#title);
    }
  }

  async #fill(opened: Opened, client: Client, known: Entity | null, signal: AbortSignal): Promise<void> {
    if (this.#declared.verticals.get(opened.vertical)?.title === "conversation") {
      const found = await client.context(opened.id, { before: AROUND, after: AROUND }, { signal });
      return this.#showThread(found, client);
    }
    const whole = await this.#host.whole(opened, signal).catch((error: unknown) => {
      if (!known || isAbort(error) || (error as { status?: number }).status !== 404) throw error;
      // Where the service has no places, what the hit told is what there is.
      return { ...known, text: "", by: null };
    });
    if (signal.aborted) return;
    const latest = isConversation(whole) ? await this.#latest(whole, client, signal) : null;
    this.#show(() => this.#drawWhole(whole, latest));
  }

  #show(draw: () => void): void {
    this.#redraw = draw;
    keeping(draw, () => this.#title);
  }

  #drawHead(entity: Entity | null): void {
    const declared = this.#declared;
    const link = entity && linkOf(entity, declared);
    this.#link.hidden = !link;
    if (link) this.#link.href = link;
    this.#title.replaceChildren(entity ? named(plain(entity.title) || say().untitled, tag()) : say().opening);
    const flags = entity ? flagsOf(entity, declared) : [];
    // Of what was said in a conversation, the place is the conversation.
    const isSaid = entity !== null && declared.verticals.get(entity.vertical)?.title === "conversation";
    const line = isSaid ? [element("span", {}, say().conversation)] : entity ? lineOf(entity, declared, here()) : [];
    const words = element("div", { class: "place-words" }, element("div", { class: "title" }, this.#title, flags), element("p", { class: "meta" }, line));
    this.#head.replaceChildren(...(entity ? [pictureOf(entity, declared)] : []), words);
    this.#drawWays(entity);
  }

  #drawWays(entity: Entity | null): void {
    const ways = entity ? waysOf(entity, this.#declared) : [];
    this.#ways.hidden = !ways.length;
    this.#ways.replaceChildren(...ways.map((way) => wayLink(way, this.#host, "button")));
  }

  // A message in its conversation

  #showThread(found: Surroundings, client: Client): void {
    const list = element("ol", { class: "thread" });
    const entity: Hit = { ...found.message, title: found.title, score: 1 };
    const said = [...found.before, found.message, ...found.after];
    const [earlier, later] = [this.#further("before", list, client), this.#further("after", list, client)];
    earlier.hidden = !found.has_more_before;
    later.hidden = !found.has_more_after;
    this.#show(() => {
      const all = [...this.#saidIn(list), ...said].filter((one, place, every) => every.findIndex((other) => other.id === one.id) === place);
      all.sort((one, other) => order(one).localeCompare(order(other)));
      this.#drawHead(entity);
      for (const [button, words] of [[earlier, say().earlier], [later, say().later]] as const) button.textContent = words;
      list.replaceChildren(...all.map((one) => this.#saidEntry(one, one.id === found.message.id)));
      this.#body.replaceChildren(earlier, list, later);
    });
    this.#centre(list.querySelector(".current"));
  }

  /** Bring what was opened into the middle, without moving the results beside it. */
  #centre(entry: Element | null): void {
    if (!entry) return;
    const scroller = this.#scroller;
    const [inner, outer] = [entry.getBoundingClientRect(), this.#scroll.getBoundingClientRect()];
    const top = scroller === this.#scroll ? outer.top : 0;
    const height = scroller === this.#scroll ? outer.height : window.innerHeight;
    scroller.scrollTop += inner.top - top - (height - inner.height) / 2;
  }

  /** What scrolls: the place itself where it stands beside the results, else the page. */
  get #scroller(): Element {
    return getComputedStyle(this.#scroll).overflowY === "auto" ? this.#scroll : document.documentElement;
  }

  readonly #sayings = new WeakMap<Element, Said>();

  #saidEntry(said: Said, current: boolean): HTMLLIElement {
    const entry = saidOf(said, this.#declared, current);
    this.#sayings.set(entry, said);
    return entry;
  }

  #saidIn(list: HTMLElement): Said[] {
    return [...list.children].flatMap((entry) => this.#sayings.get(entry) ?? []);
  }

  #further(side: "before" | "after", list: HTMLElement, client: Client): HTMLButtonElement {
    const button = element("button", { type: "button", class: "button further", "data-focus": `place-${side}` });
    const ask = async (): Promise<void> => {
      const { signal } = this.#aborter;
      const edge = side === "before" ? list.firstElementChild : list.lastElementChild;
      const said = edge && this.#sayings.get(edge);
      if (!said || button.getAttribute("aria-disabled")) return;
      button.setAttribute("aria-disabled", "true");
      try {
        const found = await client.context(said.id, { [side]: MORE }, { signal });
        if (!signal.aborted) this.#extend(side, list, button, found);
      } catch (error) {
        if (!signal.aborted && !isAbort(error)) this.#again.show(error, () => void ask(), true);
      } finally {
        button.removeAttribute("aria-disabled");
      }
    };
    button.addEventListener("click", () => void ask());
    return button;
  }

  /** Put messages before or after those that are there, which stay where they are on the screen. */
  #extend(side: "before" | "after", list: HTMLElement, button: HTMLElement, found: Surroundings): void {
    this.#again.clear();
    const entries = found[side].map((one) => this.#saidEntry(one, false));
    const scroller = this.#scroller;
    const before = scroller.scrollHeight;
    const top = scroller.scrollTop;
    if (side === "before") list.prepend(...entries);
    else list.append(...entries);
    const more = side === "before" ? found.has_more_before : found.has_more_after;
    const held = button === document.activeElement;
    button.hidden = !more;
    if (side === "before") scroller.scrollTop = top + scroller.scrollHeight - before;
    if (held && !more) {
      const [entry] = side === "before" ? entries : entries.slice(-1);
      entry?.setAttribute("tabindex", "-1");
      focusOn(entry ?? this.#title);
    }
    announce(say().loaded(counted(entries.length, spoken())));
  }

  // Anything else

  async #latest(whole: Whole, client: Client, signal: AbortSignal): Promise<Hit[]> {
    const messages = [...this.#declared.verticals.values()].find((one) => one.title === "conversation");
    if (!messages) return [];
    const within = [...this.#declared.filters.values()].find((one) => one.kind === "conversation");
    const question = { verticals: messages.name, [within?.parameter ?? "conversation"]: whole.id, sort: "newest" as const, limit: LATEST };
    const answer = await client.search(question, { signal });
    return answer.hits.reverse();
  }

  #drawWhole(whole: Whole, latest: Hit[] | null): void {
    const words = say();
    this.#drawHead(whole);
    const facts = factsOf(whole, this.#declared);
    const parts: Child[] = [
      // An id alone is nothing to read before what was said.
      (facts.length > 2 || !latest) && element("dl", { class: "facts" }, facts),
      text(whole.text) && element("div", { class: "text" }, named(plain(whole.text), tag())),
    ];
    if (latest) {
      parts.push(element("h3", { class: "place-part" }, words.latest));
      parts.push(latest.length ? element("ol", { class: "thread" }, latest.map((one) => saidOf(one, this.#declared))) : element("p", { class: "status" }, words.noMessages));
    }
    this.#body.replaceChildren(...parts.filter((part): part is HTMLElement => part instanceof HTMLElement));
  }
}

/** Messages stand in the order in which they were sent, at one time by id. */
function order(said: Said): string {
  return `${text(said.fields["sent_at"])} ${said.id}`;
}
