/** One app as the store shows it: its icon, its name as a link, what it does, and who uses it. */

import type { App, AppReason } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { type Child, element, icon } from "../shared/dom.js";
import { drawnOrPlain } from "../shared/hits.js";
import { type Place, counted, when } from "../shared/moments.js";
import { pictured, tile } from "../shared/pictures.js";
import { marked, named, plain, text } from "../shared/text.js";
import { spoken, tag } from "../page/words.js";
import { kindName, words } from "./words.js";

const TINTS = 6;
const PICTURE = "icon_url";

/** What a card needs besides its app. `focus`: by what its link is found again when it is drawn anew. */
export interface Around {
  declared: Declared;
  href: string;
  opens(event: MouseEvent): void;
  focus: string;
}

const REASONS: Record<AppReason["kind"], string> = {
  department_use: "people",
  similar_to: "together",
  used_together: "together",
  popular: "people",
  new: "sparkle",
};

/** Its own icon from a host that the service lists, else a drawing of what kind it is, tinted by its category. */
export function iconOf(app: App, declared: Declared): HTMLElement {
  const category = text(app.fields?.["category"]);
  const tint = [...category].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973, 0) % TINTS;
  const drawing = tile(text(app.fields?.["kind"]), "mini_program");
  drawing.classList.add("app-icon", `tint-${tint}`);
  return pictured(app.fields?.[PICTURE], declared.pictureHosts, drawing);
}

export function nameOf(app: Pick<App, "id" | "title">): string {
  return plain(app.title) || app.id;
}

/** How many use it, of the caller's department where that may be told, else of the company. */
export function useOf(app: App): string | null {
  const { department, tenant } = app.use ?? {};
  if (department) return words().usedInDepartment(counted(department, spoken()));
  return tenant ? words().usedBy(counted(tenant, spoken())) : null;
}

/** Its mean rating, with words for who does not see the star. */
export function ratingOf(app: App): HTMLElement | null {
  if (typeof app.rating !== "number") return null;
  const mean = app.rating.toFixed(1);
  const seen = element("span", { "aria-hidden": "true" }, icon("star"), words().rating(mean));
  return element("span", { class: "rating" }, seen, element("span", { class: "unseen" }, words().ratingAloud(mean)));
}

/** Why it is shown, as the service says it. */
export function reasonOf(app: App): HTMLElement | null {
  const { reason } = app;
  if (!text(reason?.text) || !reason) return null;
  const drawing = REASONS[reason.kind] ?? "sparkle";
  return element("p", { class: `why why-${reason.kind}` }, icon(drawing), named(reason.text, tag()));
}

export function flagOf(app: App): Child {
  return app.access === "request" && element("span", { class: "flag" }, icon("lock"), words().request);
}

/** Its category and kind, as one line. */
export function sortOf(app: App): HTMLElement[] {
  const said = [text(app.fields?.["category"]), kindName(text(app.fields?.["kind"]))].filter(Boolean);
  return said.map((one) => element("span", {}, named(one, tag())));
}

/** A card of a shelf. `dismiss`: takes it away, on shelves from which it may go. */
export function cardOf(app: App, around: Around, dismiss: (() => void) | null = null): HTMLLIElement {
  const more = dismiss && element("button", { type: "button", class: "dismiss", "aria-label": words().dismiss(nameOf(app)), title: words().dismiss(nameOf(app)), onclick: dismiss }, icon("close"));
  const card = drawnOrPlain(
    () => element(
      "article",
      { class: "card" },
      element("div", { class: "card-head" }, iconOf(app, around.declared), element("div", { class: "card-words" }, heading(app, around), element("p", { class: "meta" }, sortOf(app)))),
      plain(app.snippet) && element("p", { class: "card-text" }, marked(app.snippet, tag())),
      reasonOf(app) ?? foot(app),
      more,
    ),
    () => element("article", { class: "card" }, heading({ ...app, title: app.id }, around)),
  );
  return element("li", { "data-id": app.id }, card);
}

/** A row of a short list. `told`: what it says below the name beside its category. */
export function rowOf(app: App, around: Around, told: Child): HTMLLIElement {
  const row = drawnOrPlain(
    () => element("article", { class: "row" }, iconOf(app, around.declared), element("div", { class: "card-words" }, heading(app, around), element("p", { class: "meta" }, sortOf(app).slice(0, 1), told && element("span", {}, told)))),
    () => element("article", { class: "row" }, heading({ ...app, title: app.id }, around)),
  );
  return element("li", { "data-id": app.id }, row);
}

/** One of the apps that were found. */
export function entryOf(app: App, around: Around): HTMLLIElement {
  const use = useOf(app);
  const entry = drawnOrPlain(
    () => element(
      "article",
      { class: "found" },
      iconOf(app, around.declared),
      element(
        "div",
        { class: "card-words" },
        heading(app, around, "h2"),
        plain(app.snippet) && element("p", { class: "snippet" }, marked(app.snippet, tag())),
        element("p", { class: "meta" }, sortOf(app), use && element("span", {}, use), ratingOf(app)),
      ),
    ),
    () => element("article", { class: "found" }, heading({ ...app, title: app.id }, around, "h2")),
  );
  return element("li", { class: "entry", "data-id": app.id }, entry);
}

/** When it was published, as people say it. */
export function publishedOf(app: App, place: Place): HTMLElement | null {
  const at = text(app.fields?.["published_at"]);
  return at ? element("time", { datetime: at }, when(at, place)) : null;
}

function heading(app: App, around: Around, level: "h2" | "h3" = "h3"): HTMLElement {
  const link = element("a", { class: "name", href: around.href, "data-focus": around.focus, onclick: (event: MouseEvent) => around.opens(event) }, plain(app.title) ? marked(app.title, tag()) : named(app.id));
  return element(level, { class: "title" }, link, flagOf(app));
}

function foot(app: App): HTMLElement {
  const use = useOf(app);
  return element("p", { class: "meta" }, use && element("span", {}, use), ratingOf(app));
}

/** Grey shapes where cards will be. */
export function bones(count: number, kind: "card" | "row" | "found"): HTMLLIElement[] {
  const bar = (width: string): HTMLElement => element("span", { class: `bone bone-${width}` });
  const one = (): HTMLLIElement => element("li", { class: "bones-of", "aria-hidden": "true" }, element("div", { class: `${kind} boned` }, bar("tile"), element("div", { class: "card-words" }, bar("short"), bar("long"))));
  return Array.from({ length: count }, one);
}
