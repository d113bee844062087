/** One app's page: what it is and who uses it, the way to open it or to ask for it, and apps like it. */

import type { App, AppList, AppPage } from "@office-search/client";
import { type Declared, UNDECLARED } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { counted, exactly } from "../shared/moments.js";
import { isAbort } from "../shared/problems.js";
import { named, safeLink, text } from "../shared/text.js";
import { Again } from "../page/again.js";
import { focusOn, keeping } from "../page/focus.js";
import { here } from "../page/hits.js";
import { announce } from "../page/live.js";
import type { Seen } from "../page/telling.js";
import { spoken, tag } from "../page/words.js";
import { bones, cardOf, flagOf, iconOf, nameOf, ratingOf, sortOf } from "./cards.js";
import { type Asker, type Host, PATIENCE_MS, soonDeclared } from "./host.js";
import { Shelf } from "./shelf.js";
import type { State } from "./state.js";
import { problemWords, words } from "./words.js";

const SIMILAR = 6;

export interface AppHost extends Host {
  closes(event: Event): void;
  hrefOfRest(): string;
  /** Whether other apps, or results, are what the page came from. */
  isFromResults(): boolean;
  /** Whether addresses lead nowhere, as those of the made-up company do. */
  isDemo(): boolean;
}

/** What an app's page holds. `similar`: null where it could not be read. */
export interface AppFound {
  page: AppPage;
  similar: AppList | null;
}

export class AppView {
  readonly root = element("section", { class: "app-page", hidden: true });
  readonly #back = element("a", { class: "button back", "data-focus": "app-back" });
  readonly #title = element("h2", { class: "place-title", tabindex: "-1", "data-focus": "app-title" });
  readonly #head = element("header", { class: "app-head" });
  readonly #body = element("div", { class: "app-body" });
  readonly #again = new Again(problemWords);
  readonly #similar = new Shelf("similar", "cards");
  readonly #host: AppHost;
  #asker: Asker | null = null;
  #declared: Declared = UNDECLARED;
  #aborter = new AbortController();
  #id: string | null = null;
  #known: App | null = null;
  #page: AppPage | null = null;
  #list: AppList | null = null;
  #problem: unknown = null;

  constructor(host: AppHost) {
    this.#host = host;
    this.#back.addEventListener("click", (event) => host.closes(event));
    this.root.append(element("div", { class: "app-bar" }, this.#back), element("article", { class: "app-card" }, this.#head, this.#again.root, this.#body), this.#similar.root);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) host.closes(event);
    });
  }

  get found(): AppFound | null {
    return this.#page && { page: this.#page, similar: this.#list };
  }

  /** The name of the app that is shown; an empty text while it is not known. */
  get name(): string {
    const app = this.#page?.app ?? this.#known;
    return app ? nameOf(app) : "";
  }

  get landing(): HTMLElement {
    return this.#title;
  }

  /** Show an app's page: what is `found` of it, else ask; `known`: what a card has told of it already. */
  async show(asker: Asker, id: string, known: App | null, found: AppFound | null): Promise<void> {
    const isSame = this.#asker === asker && this.#id === id && !found;
    this.leave();
    if (!isSame) this.forget();
    this.#asker = asker;
    this.#id = id;
    this.#known ??= known;
    if (found) {
      this.#page = found.page;
      this.#list = found.similar;
      this.#draw();
      // What could not be read may be there by now.
      if (!found.similar) await this.#readSimilar();
      return;
    }
    this.#draw();
    await Promise.all([this.#read(), this.#readSimilar()]);
  }

  leave(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.root.removeAttribute("aria-busy");
  }

  forget(): void {
    this.leave();
    this.#asker = this.#id = this.#known = this.#page = this.#list = this.#problem = null;
    this.#again.clear();
    this.#similar.hide();
    for (const part of [this.#title, this.#head, this.#body]) part.replaceChildren();
  }

  redraw(declared?: Declared): void {
    if (declared) this.#declared = declared;
    if (this.#id) this.#draw();
  }

  async #read(): Promise<void> {
    const { signal } = this.#aborter;
    const asker = this.#asker;
    const id = this.#id;
    if (!asker || !id) return;
    keeping(() => this.#again.clear(), () => this.#title);
    this.root.setAttribute("aria-busy", "true");
    const patience = window.setTimeout(() => { if (!this.#page) this.#body.replaceChildren(element("ul", { class: "bare" }, bones(1, "found"))); }, PATIENCE_MS);
    try {
      const [page, declared] = await Promise.all([asker.client.app(id, { signal }), soonDeclared(asker, this.#declared)]);
      if (signal.aborted) return;
      this.#page = page;
      this.#declared = declared;
      this.root.removeAttribute("aria-busy");
      this.#draw();
      announce(this.name);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#fail(error);
    } finally {
      clearTimeout(patience);
    }
  }

  async #readSimilar(): Promise<void> {
    const { signal } = this.#aborter;
    if (!this.#asker || !this.#id) return;
    this.#problem = null;
    try {
      const list = await this.#asker.client.similar(this.#id, { limit: SIMILAR }, { signal });
      if (signal.aborted) return;
      this.#list = list;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.#problem = error;
    }
    // It stands below the page, and has nothing to say while that is not there.
    if (this.#page) keeping(() => this.#drawSimilar(), () => this.#title);
  }

  // Drawing

  #fail(error: unknown): void {
    this.root.removeAttribute("aria-busy");
    keeping(() => {
      this.#similar.hide();
      this.#body.replaceChildren();
      this.#again.show(error, () => void Promise.all([this.#read(), this.#readSimilar()]));
    }, () => this.#title);
  }

  #draw(): void {
    keeping(() => {
      this.#back.replaceChildren(icon("back"), this.#host.isFromResults() ? words().backToResults : words().back);
      this.#back.href = this.#host.hrefOfRest();
      const app = this.#page?.app ?? this.#known;
      if (app) this.#drawHead(app);
      else this.#head.replaceChildren(this.#title);
      if (!this.#page) return;
      this.#drawBody(this.#page);
      this.#drawSimilar();
    }, () => this.#title);
  }

  #drawHead(app: App): void {
    this.#title.replaceChildren(named(nameOf(app), tag()));
    const described = element("div", { class: "card-words" }, element("div", { class: "title" }, this.#title, flagOf(app)), element("p", { class: "meta" }, sortOf(app), ratingOf(app)));
    this.#head.replaceChildren(iconOf(app, this.#declared), described, this.#way(app));
  }

  /** How one comes to use it: a link that opens it, one that asks for it, or a sentence. */
  #way(app: App): HTMLElement {
    const { fields } = app;
    const isAsked = app.access === "request";
    const address = safeLink(isAsked ? fields?.["request_url"] : fields?.["url"]);
    const note = element("p", { class: "way-note" });
    if (!address) {
      note.textContent = isAsked ? words().askWhom : words().unlinked;
      return element("div", { class: "app-way" }, note);
    }
    const said = isAsked ? words().ask : words().open;
    const link = element("a", { class: "button button-main", href: address, target: "_blank", rel: "noopener noreferrer", "data-focus": "app-open" }, icon(isAsked ? "lock" : "link"), said, element("span", { class: "unseen" }, words().newTab));
    link.addEventListener("click", (event) => {
      if (!isAsked && this.#page) this.#asker?.telling.opened(seenOf(app, this.#page.query_id, 1));
      if (!this.#host.isDemo()) return;
      event.preventDefault();
      note.textContent = words().demo;
      announce(words().demo);
    });
    return element("div", { class: "app-way" }, link, note);
  }

  #drawBody({ app, description }: AppPage): void {
    const { department, tenant } = app.use ?? {};
    const uses = [tenant && words().usedBy(counted(tenant, spoken())), department && words().usedInDepartment(counted(department, spoken()))];
    this.#body.replaceChildren(
      ...uses.filter((one): one is string => Boolean(one)).map((one) => element("p", { class: "use" }, icon("people"), one)),
      element("h3", { class: "place-part" }, words().about),
      element("div", { class: "text" }, named(description, tag())),
      element("dl", { class: "facts" }, this.#facts(app)),
    );
  }

  #facts(app: App): HTMLElement[] {
    const { facets, tags, published } = words();
    const link = (state: Partial<State>, said: string): HTMLElement => element("a", { class: "way", href: this.#host.hrefTo(state), onclick: (event: MouseEvent) => this.#host.goes(state, event) }, named(said, tag()));
    const field = (name: string): string => text(app.fields?.[name]);
    const labels = [app.fields?.["tags"] ?? []].flat().map(text).filter(Boolean);
    const rows: [string, Child[]][] = [
      [facets.category, field("category") ? [link({ chosen: { category: field("category") } }, field("category"))] : []],
      [facets.developer, field("developer") ? [link({ chosen: { developer: field("developer") } }, field("developer"))] : []],
      [tags, labels.map((label) => link({ q: label }, label))],
      [published, field("published_at") ? [element("time", { datetime: field("published_at") }, exactly(field("published_at"), here()))] : []],
    ];
    return rows.filter(([, told]) => told.length).flatMap(([name, told]) => [element("dt", {}, name), element("dd", {}, told)]);
  }

  #drawSimilar(): void {
    const { similar, noneSimilar } = words();
    const list = this.#list;
    if (this.#problem) return this.#similar.fail(similar, this.#problem, () => void this.#readSimilar());
    if (!list) return this.#similar.show(similar, bones(3, "card"));
    if (!list.apps.length) return this.#similar.say(similar, noneSimilar);
    this.#similar.show(similar, list.apps.map((app, place) => this.#card(app, list.query_id, place + 1)));
  }

  #card(app: App, queryId: string, position: number): HTMLElement {
    const seen = seenOf(app, queryId, position);
    const card = cardOf(app, {
      declared: this.#declared,
      href: this.#host.hrefOf(app),
      focus: `similar-${app.id}`,
      opens: (event) => {
        this.#asker?.telling.clicked(seen);
        this.#host.opens(app, event);
      },
    });
    this.#asker?.telling.watch(card, seen);
    return card;
  }

  /** The name of what is open takes the focus. */
  enter(): void {
    focusOn(this.#title);
  }
}

function seenOf(app: App, queryId: string, position: number): Seen {
  return { hit: { vertical: "apps", id: app.id }, queryId, position };
}
