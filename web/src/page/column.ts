/** The results of one caller: tabs with totals, notes, hits, and the way to more. */

import type { Hit } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { element } from "../shared/dom.js";
import { counted } from "../shared/moments.js";
import { isAbort } from "../shared/problems.js";
import { totalled } from "../shared/totals.js";
import { Again, said } from "./again.js";
import { type Asked, type Asker, Asking, type Page } from "./asking.js";
import type { Difference, Side } from "./differences.js";
import { focusOn, keeping } from "./focus.js";
import { HitList, type Links } from "./list.js";
import { announce } from "./live.js";
import { notesOf } from "./notes.js";
import { ALL } from "./state.js";
import { type Tab, Tabs } from "./tabs.js";
import { Telling } from "./telling.js";
import { say, spoken } from "./words.js";

// An answer that is there sooner needs no grey shapes; they would only flicker.
const PATIENCE_MS = 160;

/** What a column needs of the page around it. */
export interface Host extends Links {
  pick(tab: string): void;
  rewrite(query: string): void;
  /** What is shown has changed. */
  changed(): void;
}

export class Column {
  readonly root: HTMLElement;
  readonly head = element("div", { class: "column-head" });
  readonly #notes = element("div", { class: "notes" });
  readonly #status: HTMLElement;
  readonly #list: HitList;
  readonly #foot = element("div", { class: "column-foot" });
  readonly #again = new Again();
  readonly #panel: HTMLElement;
  readonly #tabs: Tabs;
  readonly #host: Host;
  readonly #prefix: string;
  #aborter = new AbortController();
  #patience = 0;
  #asking: Asking | null = null;
  #telling: Telling | null = null;
  #declared: Declared = UNDECLARED;
  #meant = false;

  constructor(host: Host, index: 0 | 1) {
    this.#host = host;
    this.#list = new HitList(host, index);
    this.#prefix = `column-${index}`;
    this.#status = element("p", { class: "status", tabindex: "-1", "data-focus": `${this.#prefix}-status` });
    this.#panel = element("div", { class: "panel", role: "tabpanel", id: `${this.#prefix}-panel` }, this.#notes, this.#status, this.#list.root, this.#again.root, this.#foot);
    this.#tabs = new Tabs(this.#prefix, this.#panel, (tab) => host.pick(tab));
    this.root = element("section", { class: "column" }, this.head, this.#tabs.root, this.#panel);
  }

  /** The pages that are shown; null while none are. */
  get pages(): Page[] | null {
    return this.#asking?.pages.length ? this.#asking.pages : null;
  }

  get side(): Side {
    const last = this.pages?.at(-1);
    return { ids: this.#asking?.hits.map(idOf) ?? [], whole: last !== undefined && !this.#asking?.cursor && !this.pages?.some((page) => page.partial) };
  }

  get hits(): readonly Hit[] {
    return this.#asking?.hits ?? [];
  }

  get isBusy(): boolean {
    return this.root.hasAttribute("aria-busy");
  }

  /** A place that the focus may go to when what had it is gone. */
  get landing(): HTMLElement {
    return this.#status;
  }

  /**
   * Show a question: what is `known` of it, else ask anew. `meant`: the user has just asked it, so that it may become a
   * recent search; `pages`: how many to load. What an earlier question still brings is dropped.
   */
  async show(asker: Asker, asked: Asked, options: { compared: boolean; meant: boolean; anew: boolean; known: Page[] | null; pages: number }): Promise<void> {
    const isSame = this.#asking?.is(asker, asked, options.compared) ?? false;
    if (isSame && !options.anew && (options.known ? this.pages === options.known : this.pages || this.isBusy)) return;
    this.stop();
    const sameCaller = this.#asking?.asker.client === asker.client && this.#asking.asker.key === asker.key;
    if (!sameCaller) this.clear();
    this.#meant = options.meant;
    this.#list.mark(null);
    this.#telling ??= new Telling(asker.client);
    this.#asking = new Asking(asker, asked, options.compared, this.#asking, options.known);
    void asker.declared.then((declared) => this.#learn(declared, asker));
    if (options.known) return this.#draw();
    await this.#ask(options.pages);
  }

  async #ask(pages: number): Promise<void> {
    const asking = this.#asking;
    if (!asking) return;
    this.stop();
    const { signal } = (this.#aborter = new AbortController());
    this.root.setAttribute("aria-busy", "true");
    this.#drawTabs();
    this.#patience = window.setTimeout(() => this.#wait(), PATIENCE_MS);
    try {
      const first = await asking.first(signal);
      // Names that are about to come need not replace plain ones.
      await Promise.race([asking.asker.declared.then((declared) => (this.#declared = declared)), pause(PATIENCE_MS)]);
      while (asking.cursor && asking.pages.length < pages) await asking.next(signal);
      if (signal.aborted) return;
      if (this.#meant) this.#telling?.meant(first.query_id);
      this.#settle(() => this.#draw());
      this.#announceTotal();
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#settle(() => this.#fail(error));
    }
  }

  #settle(draw: () => void): void {
    clearTimeout(this.#patience);
    this.root.removeAttribute("aria-busy");
    draw();
    this.#host.changed();
  }

  /** Use what is declared from now on; hits that are there already stay as focused as they are. */
  #learn(declared: Declared, asker: Asker): void {
    if (declared === this.#declared || this.#asking?.asker.client !== asker.client) return;
    this.#declared = declared;
    if (this.pages) this.#draw();
    else this.#drawTabs();
  }

  /** Drop what is under way. */
  stop(): void {
    this.#aborter.abort();
    clearTimeout(this.#patience);
    this.root.removeAttribute("aria-busy");
  }

  /** Show nothing; what was shown was for another caller. */
  clear(): void {
    this.stop();
    this.#telling?.stop();
    this.#telling = null;
    this.#asking = null;
    this.#declared = UNDECLARED;
    this.#again.clear();
    this.#list.clear();
    this.root.classList.remove("stale");
    for (const part of [this.#notes, this.#status, this.#foot]) part.replaceChildren();
  }

  /** Mark what the other column has not; null: there is no comparison. */
  mark(difference: Difference | null): void {
    this.#list.mark(difference && { difference, name: this.#asking?.asker.name ?? "" });
  }

  /** Show which hit is open; null: none. */
  point(id: string | null): void {
    this.#list.point(id);
  }

  // Drawing

  redraw(): void {
    if (this.pages) this.#draw();
    else if (this.#asking) this.#drawTabs();
  }

  /** Old rows stay, dimmed; grey shapes come only where there are none. */
  #wait(): void {
    keeping(() => this.#again.clear(), () => this.#status);
    if (!this.#list.isEmpty) return;
    this.#status.textContent = say().loading;
    this.#list.wait();
    this.#foot.replaceChildren();
  }

  #draw(): void {
    const asking = this.#asking;
    const last = asking?.pages.at(-1);
    if (!asking || !last) return;
    keeping(() => {
      this.#again.clear();
      this.root.classList.remove("stale");
      this.#list.root.after(this.#again.root);
      this.#drawTabs();
      this.#notes.replaceChildren(...notesOf(asking, last, this.#declared, {
        rewrite: (query) => this.#host.rewrite(query),
        retry: () => void this.#ask(asking.pages.length),
      }));
      const total = asking.total(asking.asked.tab);
      this.#status.textContent = asking.hits.length && total ? say().found(totalled(total, spoken()), last.took_ms) : "";
      this.#list.draw(asking.pages, this.#declared, this.#telling);
      this.#drawFoot();
    }, () => this.#status);
  }

  #drawTabs(): void {
    const asking = this.#asking;
    if (!asking) return;
    const words = say();
    const names = [...new Set([ALL, ...this.#declared.tabs, ...Object.keys(asking.sections), ...asking.denied, asking.asked.tab])];
    const tabs = names.map((name): Tab => {
      const total = asking.total(name);
      const locked = asking.denied.includes(name) ? words.deniedTab : null;
      return { name, label: name === ALL ? words.all : this.#declared.nameOf(name, spoken()), count: total && totalled(total, spoken()), locked };
    });
    this.#tabs.draw(words.kinds, tabs, asking.asked.tab);
  }

  #drawFoot(): void {
    const asking = this.#asking;
    const words = say();
    if (!asking) return;
    if (!asking.hits.length) {
      const locked = asking.denied.includes(asking.asked.tab);
      if (locked) return this.#foot.replaceChildren(said("lock", words.deniedTab, words.deniedHint));
      return this.#foot.replaceChildren(...(asking.pages.some((page) => page.partial) ? [] : [said("ghost", words.none, words.noneHint)]));
    }
    if (asking.cursor) {
      const more = element("button", { type: "button", class: "button more", "data-focus": `${this.#prefix}-more`, onclick: () => void this.#more(more) }, words.more);
      return this.#foot.replaceChildren(more);
    }
    this.#foot.replaceChildren(...(asking.pages.length > 1 ? [element("p", { class: "end" }, words.end)] : []));
  }

  /** The next page goes below; the focus follows to its first hit, and nothing above moves. */
  async #more(button?: HTMLButtonElement): Promise<void> {
    const asking = this.#asking;
    if (!asking?.cursor || button?.getAttribute("aria-disabled")) return;
    const { signal } = this.#aborter.signal.aborted ? (this.#aborter = new AbortController()) : this.#aborter;
    button?.setAttribute("aria-disabled", "true");
    if (button) button.textContent = say().moreLoading;
    try {
      const page = await asking.next(signal);
      if (signal.aborted || asking !== this.#asking) return;
      const held = this.#foot.contains(document.activeElement) || this.#again.root.contains(document.activeElement);
      const first = this.#list.append(page, this.#declared, this.#telling);
      if (held) focusOn(first ?? this.#status);
      this.#again.clear();
      this.#drawFoot();
      announce(say().loaded(counted(page.hits.length, spoken())));
      this.#host.changed();
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      keeping(() => {
        this.#drawFoot();
        this.#foot.replaceChildren();
        this.#again.show(error, () => void this.#more(), true);
      }, () => this.#again.root.querySelector("button") ?? this.#status);
    }
  }

  #fail(error: unknown): void {
    const held = this.#panel.contains(document.activeElement);
    // What was there stays, dimmed, below what went wrong: it answers an earlier question.
    const { hasHits } = this.#list;
    if (!hasHits) this.#list.clear();
    this.root.classList.toggle("stale", hasHits);
    this.#list.root.before(this.#again.root);
    for (const part of [this.#notes, this.#status, this.#foot]) part.replaceChildren();
    this.#drawTabs();
    this.#again.show(error, () => void this.#ask(1), hasHits);
    if (held) focusOn(this.#again.root.querySelector("button") ?? this.#status);
  }

  #announceTotal(): void {
    const total = this.#asking?.total(this.#asking.asked.tab);
    const words = say();
    if (total) announce(total.total ? words.foundAloud(totalled(total, spoken())) : `${words.none} · ${words.foundAloud("0")}`);
  }
}

export function idOf(hit: Pick<Hit, "vertical" | "id">): string {
  return `${hit.vertical}/${hit.id}`;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
