/** A list of results for one caller: tabs with totals, notes, hits, and the way to more. */

import { Refused, search } from "./api.js";
import { element, icon, marked } from "./dom.js";
import { entry, skeleton } from "./hits.js";
import { chips } from "./filters.js";
import { say, total } from "./words.js";

const TABS = ["all", "messages", "contacts", "docs", "apps"];
const LIMIT = 20;
// An answer that is there sooner needs no grey shapes; they would only flicker.
const PATIENCE_MS = 160;
let made = 0;

export class Column {
  /** @param {{go: (q: string) => void, pick: (tab: string) => void, rewrite: (q: string) => void, changed: () => void}} page */
  constructor(page) {
    this.page = page;
    this.caller = null;
    this.question = { q: "", tab: "all" };
    this.hits = [];
    this.sections = {};
    this.denied = [];
    this.prefix = `column-${(made += 1)}`;
    this.head = element("div", { class: "column-head" });
    this.tabs = element("div", { class: "tabs", role: "tablist" });
    this.notes = element("div", { class: "notes" });
    this.status = element("p", { class: "status", role: "status" });
    this.list = element("ol", { class: "hits" });
    this.foot = element("div", { class: "column-foot" });
    this.panel = element("div", { class: "panel", role: "tabpanel", id: `${this.prefix}-panel` }, this.notes, this.status, this.list, this.foot);
    this.root = element("section", { class: "column" }, this.head, this.tabs, this.panel);
    this.tabs.addEventListener("keydown", (event) => this.#walkTabs(event));
  }

  /** Ask anew. What an earlier question still brings is dropped. */
  async run(caller, question) {
    const sameWords = this.caller === caller && this.question.q === question.q;
    if (!sameWords) Object.assign(this, { sections: {}, denied: [] });
    Object.assign(this, { caller, question });
    this.stop();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    this.root.setAttribute("aria-busy", "true");
    const patience = setTimeout(() => this.#wait(), PATIENCE_MS);
    const overview = this.#overview(signal);
    try {
      const answer = await this.#ask(signal, null);
      this.#count(await overview);
      if (signal.aborted) return;
      this.#count(answer);
      this.hits = answer.hits;
      this.#draw(answer);
    } catch (error) {
      this.#count(await overview);
      if (!signal.aborted) this.#fail(error);
    } finally {
      clearTimeout(patience);
      if (!signal.aborted) this.root.removeAttribute("aria-busy");
    }
  }

  stop() {
    this.aborter?.abort();
  }

  /** Mark the hits that the other column has too. */
  markShared(ids) {
    for (const button of this.list.querySelectorAll(".hit")) {
      button.querySelector(".flag-both")?.remove();
      if (!ids.has(button.dataset.id)) continue;
      const flag = element("span", { class: "flag flag-both", title: say().seenByBoth }, icon("both"), say().seenByBoth);
      button.querySelector(".title").append(flag);
    }
  }

  ids() {
    return new Set(this.hits.map((hit) => `${hit.vertical}/${hit.id}`));
  }

  #ask(signal, cursor) {
    const verticals = this.question.tab === "all" ? "" : this.question.tab;
    return search(this.caller, { q: this.question.q, verticals, limit: LIMIT, cursor }, signal);
  }

  /** The other tabs' totals, where the answer to come will not tell them. */
  async #overview(signal) {
    if (this.question.tab === "all" || Object.keys(this.sections).length > 1) return null;
    return search(this.caller, { q: this.question.q, limit: 1 }, signal).catch(() => null);
  }

  #count(answer) {
    if (!answer) return;
    this.sections = { ...this.sections, ...answer.sections };
    if (answer.denied.length) this.denied = answer.denied;
  }

  #wait() {
    this.#drawTabs();
    this.status.textContent = say().loading;
    this.notes.replaceChildren();
    this.list.replaceChildren(...skeleton());
    this.foot.replaceChildren();
  }

  #draw(answer) {
    this.#drawTabs();
    this.#drawNotes(answer);
    const shown = this.#total(this.question.tab);
    this.status.textContent = answer.hits.length ? say().found(total(shown), answer.took_ms) : "";
    this.list.replaceChildren(...answer.hits.map((hit) => entry(hit, this.page.go)));
    if (!answer.hits.length && !answer.partial) this.#say("search", say().none, say().noneHint);
    else this.#drawMore(answer.cursor);
    this.page.changed();
  }

  #total(tab) {
    if (tab !== "all") return this.sections[tab] ?? { total: 0, relation: "eq" };
    const found = Object.values(this.sections);
    const relation = found.some((section) => section.relation === "gte") ? "gte" : "eq";
    return { total: found.reduce((sum, section) => sum + section.total, 0), relation };
  }

  #drawTabs() {
    const known = Object.keys(this.sections).length > 0;
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.setAttribute("aria-label", say().kinds);
    const buttons = TABS.map((tab) => this.#tab(tab, known));
    this.tabs.replaceChildren(...buttons);
    const current = buttons[TABS.indexOf(this.question.tab)];
    this.panel.setAttribute("aria-labelledby", current.id);
    if (focused) current.focus();
  }

  #tab(tab, known) {
    const selected = this.question.tab === tab;
    const denied = this.denied.includes(tab);
    const attributes = { type: "button", role: "tab", class: "tab", id: `${this.prefix}-${tab}`, "aria-selected": String(selected) };
    const count = denied ? icon("lock") : known && total(this.#total(tab));
    return element(
      "button",
      { ...attributes, "aria-controls": this.panel.id, tabindex: selected ? 0 : -1, title: denied && say().deniedTab, onclick: () => this.page.pick(tab) },
      say()[tab],
      count && element("span", { class: "count" }, count),
    );
  }

  #walkTabs(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.page.pick(TABS[(TABS.indexOf(this.question.tab) + step + TABS.length) % TABS.length]);
  }

  #drawNotes(answer) {
    const words = say();
    const names = (verticals) => verticals.map((name) => words[name] ?? name).join(spokenComma());
    const notes = [];
    if (answer.query.corrected) {
      const again = element("button", { type: "button", class: "link", onclick: () => this.page.rewrite(answer.query.corrected) }, answer.query.corrected);
      notes.push(element("p", { class: "note" }, words.didYouMean, " ", again));
    }
    const filters = chips(answer.query.filters, this.question.q, this.page.rewrite);
    if (filters) notes.push(filters);
    if (this.denied.length && this.question.tab === "all") {
      notes.push(element("p", { class: "note note-denied" }, icon("lock"), words.denied(names(this.denied))));
    }
    if (answer.partial || answer.failed.length) {
      notes.push(element("p", { class: "note note-warn" }, icon("warning"), words.failed(names(answer.failed)), " ", this.#retry()));
    }
    this.notes.replaceChildren(...notes);
  }

  #retry() {
    return element("button", { type: "button", class: "link", onclick: () => this.run(this.caller, this.question) }, say().retry);
  }

  #drawMore(cursor) {
    if (!cursor) return this.foot.replaceChildren();
    const more = element("button", { type: "button", class: "more", onclick: () => this.#more(cursor, more) }, say().more);
    return this.foot.replaceChildren(more);
  }

  /** The next page goes below; the focus follows to its first hit for whoever uses the keyboard. */
  async #more(cursor, button) {
    const { signal } = this.aborter;
    button.disabled = true;
    try {
      const answer = await this.#ask(signal, cursor);
      if (signal.aborted) return;
      const entries = answer.hits.map((hit) => entry(hit, this.page.go));
      this.hits = [...this.hits, ...answer.hits];
      this.list.append(...entries);
      entries[0]?.querySelector(".hit").focus({ preventScroll: true });
      this.#drawMore(answer.hits.length ? answer.cursor : null);
      this.page.changed();
    } catch (error) {
      if (!signal.aborted) this.#fail(error, true);
    }
  }

  #fail(error, keep = false) {
    const words = say();
    if (!keep) {
      this.hits = [];
      this.list.replaceChildren();
      this.notes.replaceChildren();
      this.#drawTabs();
    }
    this.status.textContent = "";
    const isDenied = error instanceof Refused && error.status === 403 && this.question.tab !== "all";
    if (isDenied) this.#say("lock", words.deniedTab, words.deniedHint);
    else this.#say("warning", words.errorTitle, (error instanceof Refused && error.detail) || words.offline, this.#retry());
    this.page.changed();
  }

  #say(drawing, title, text, ...more) {
    this.foot.replaceChildren(
      element("div", { class: "empty", role: "status" }, icon(drawing), element("p", { class: "empty-title" }, title), element("p", {}, marked(text)), ...more),
    );
  }
}

function spokenComma() {
  return say().all === "All" ? ", " : "、";
}
