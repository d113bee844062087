/** A list of results for one caller: tabs with totals, notes, hits, and the way to more. */

import { Refused, search } from "./api.js";
import { declared, UNDECLARED } from "./declared.js";
import { element, icon, marked } from "./dom.js";
import { entry, skeleton } from "./hits.js";
import { chips } from "./filters.js";
import { say, total } from "./words.js";

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
    this.declared = UNDECLARED;
    this.hits = [];
    this.cursor = null;
    this.sections = {};
    this.denied = [];
    // Draws once more what the column shows now; null while that is an earlier question's.
    this.redraw = null;
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
    if (this.caller !== caller) this.declared = UNDECLARED;
    Object.assign(this, { caller, question, redraw: null });
    this.stop();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    this.root.setAttribute("aria-busy", "true");
    const patience = setTimeout(() => this.#show(() => this.#wait()), PATIENCE_MS);
    const learnt = declared(caller).then((found) => this.caller === caller && this.#learn(found));
    const overview = this.#overview(signal);
    try {
      const answer = await this.#ask(signal, null);
      this.#count(await overview);
      // Names that are about to come need not replace plain ones.
      await Promise.race([learnt, pause(PATIENCE_MS)]);
      if (signal.aborted) return;
      this.#count(answer);
      Object.assign(this, { hits: answer.hits, cursor: answer.cursor });
      this.#show(() => this.#draw(answer));
    } catch (error) {
      this.#count(await overview);
      if (!signal.aborted) this.#show(() => this.#fail(error));
    } finally {
      clearTimeout(patience);
      if (!signal.aborted) this.root.removeAttribute("aria-busy");
    }
  }

  #show(draw) {
    this.redraw = draw;
    draw();
  }

  /** Use what is declared from now on. Hits that are there already stay as open, and as focused, as they are. */
  #learn(found) {
    if (found === this.declared) return;
    this.declared = found;
    if (!this.redraw) return;
    const opened = [...this.list.querySelectorAll('.hit[aria-expanded="true"]')].map((button) => button.dataset.id);
    const focused = this.list.contains(document.activeElement) && document.activeElement.dataset.id;
    this.redraw();
    for (const button of this.list.querySelectorAll(".hit")) {
      if (opened.includes(button.dataset.id)) button.click();
      if (button.dataset.id === focused) button.focus({ preventScroll: true });
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
    this.status.textContent = this.hits.length ? say().found(total(shown), answer.took_ms) : "";
    this.list.replaceChildren(...this.#entries(this.hits));
    if (!this.hits.length && !answer.partial) this.#say("search", say().none, say().noneHint);
    else this.#drawMore();
    this.page.changed();
  }

  #entries(hits) {
    return hits.map((hit) => entry(hit, this.declared, this.page.go));
  }

  /** All that is declared, locked ones too, and besides what an answer or the address names. */
  #names() {
    return [...new Set(["all", ...this.declared.tabs, ...Object.keys(this.sections), ...this.denied, this.question.tab])];
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
    const names = this.#names();
    const buttons = names.map((tab) => this.#tab(tab, known));
    this.tabs.replaceChildren(...buttons);
    const current = buttons[names.indexOf(this.question.tab)];
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
      tab === "all" ? say().all : this.declared.nameOf(tab),
      count && element("span", { class: "count" }, count),
    );
  }

  #walkTabs(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.#names();
    this.page.pick(names[(names.indexOf(this.question.tab) + step + names.length) % names.length]);
  }

  #drawNotes(answer) {
    const words = say();
    const names = (verticals) => verticals.map((name) => this.declared.nameOf(name)).join(words.comma);
    const notes = [];
    if (answer.query.corrected) {
      const again = element("button", { type: "button", class: "link", onclick: () => this.page.rewrite(answer.query.corrected) }, answer.query.corrected);
      notes.push(element("p", { class: "note" }, words.didYouMean, " ", again));
    }
    const filters = chips(answer.query.filters, this.question.q, this.declared, this.page.rewrite);
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

  #drawMore() {
    if (!this.cursor) return this.foot.replaceChildren();
    const more = element("button", { type: "button", class: "more", onclick: () => this.#more(more) }, say().more);
    return this.foot.replaceChildren(more);
  }

  /** The next page goes below; the focus follows to its first hit for whoever uses the keyboard. */
  async #more(button) {
    const { signal } = this.aborter;
    button.disabled = true;
    try {
      const answer = await this.#ask(signal, this.cursor);
      if (signal.aborted) return;
      const entries = this.#entries(answer.hits);
      this.hits = [...this.hits, ...answer.hits];
      this.cursor = answer.hits.length ? answer.cursor : null;
      this.list.append(...entries);
      entries[0]?.querySelector(".hit").focus({ preventScroll: true });
      this.#drawMore();
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

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
