/** `<office-search-box>`: what hosts see of the search box. */

import type { Client, GetToken } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import type { Entity } from "../shared/hits.js";
import { type Language, knownTimezone } from "../shared/moments.js";
import type { Scope } from "./asking.js";
import { Box } from "./box.js";
import css from "./box.css";
import { Connection } from "./connection.js";
import { isShortcut } from "./typing.js";

const NARROWING = ["verticals", "conversation", "timezone", "history"];
let sheet: CSSStyleSheet | undefined;

export class OfficeSearchBox extends HTMLElement {
  static readonly observedAttributes = ["endpoint", "lang", "theme", "shortcut", "placeholder", ...NARROWING];

  /** The host's own links, before those that entities have of their own; null for one that has none. Only http and https are followed. */
  hrefOf: ((entity: Entity) => string | null) | null = null;

  #getToken: GetToken | null = null;
  readonly #connection = new Connection({ language: () => this.#language, changed: () => this.#reset(), learnt: () => this.#box.draw() });
  readonly #box: Box;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open", delegatesFocus: true });
    sheet ??= makeSheet();
    shadow.adoptedStyleSheets = [sheet];
    this.#box = new Box(surroundings(this, this.#connection, () => this.#language, () => this.#scope));
    shadow.append(this.#box.root);
  }

  /** Gives a token for the user; another function is another identity. Null: a gateway in front says who calls. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null) {
    if (getToken === this.#getToken) return;
    this.#getToken = getToken;
    this.#connect();
  }

  /** What stands in the box. Setting it neither asks nor searches. */
  get value(): string {
    return this.#box.field.value;
  }

  set value(query: string) {
    this.#box.field.value = query;
  }

  /** The client that the box asks with: one token and one caller for whatever a host asks besides. Null: not connected. */
  get client(): Client | null {
    return this.#connection.client;
  }

  /** What there is for the caller; undeclared where it cannot be read, which is tried again some time later. */
  get declared(): Promise<Declared> {
    return this.#connection.declared();
  }

  /** Mean a query, by default what stands in the box: `office-search`, and unless that is cancelled, hits below it. */
  search(query: string = this.value): void {
    this.#box.mean(query, "script");
  }

  close(): void {
    this.#box.close();
  }

  /** Empty the box, in a way that the user can undo. */
  clear(): void {
    this.#box.empty();
  }

  /** Take it that somebody else asks from now on: abort what is under way; forget token, rows, answers and recents. */
  forget(): void {
    this.#connection.forget();
    this.#reset();
  }

  override focus(options?: FocusOptions): void {
    this.#box.field.input.focus(options);
  }

  connectedCallback(): void {
    upgrade(this, "getToken");
    upgrade(this, "value");
    document.addEventListener("keydown", this.#onShortcut);
    addEventListener("online", this.#onOnline);
    this.#box.say();
    if (!this.client) this.#connect();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#onShortcut);
    removeEventListener("online", this.#onOnline);
    this.#box.close();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "endpoint") this.#connect();
    if (NARROWING.includes(name)) this.#box.forget();
    this.#box.say();
  }

  #connect(): void {
    if (!this.isConnected) return;
    try {
      // The service serves this file in `web/`, so that its root is one above.
      this.#connection.connect(this.getAttribute("endpoint") ?? new URL("../", import.meta.url).href, this.#getToken);
    } catch (error) {
      this.#box.raise(error);
    }
  }

  #reset(): void {
    this.#box.forget();
    this.dispatchEvent(new CustomEvent("office-reset", { bubbles: true, composed: true }));
  }

  get #language(): Language {
    const lang = this.getAttribute("lang") || document.documentElement.lang || navigator.language;
    return lang.toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  get #scope(): Scope {
    const verticals = (this.getAttribute("verticals") ?? "").split(",").map((name) => name.trim()).filter(Boolean);
    return { verticals, conversation: this.getAttribute("conversation") ?? "", timezone: knownTimezone(this.getAttribute("timezone")) };
  }

  readonly #onShortcut = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || !isShortcut(event, shortcutsOf(this))) return;
    event.preventDefault();
    this.focus();
    this.#box.field.input.select();
  };

  readonly #onOnline = (): void => this.#box.retry();
}

function surroundings(host: OfficeSearchBox, connection: Connection, language: () => Language, scope: () => Scope): ConstructorParameters<typeof Box>[0] {
  return {
    get client() { return connection.client; },
    get known() { return connection.known; },
    get language() { return language(); },
    get scope() { return scope(); },
    get hasHistory() { return host.getAttribute("history") !== "off"; },
    get placeholder() { return host.getAttribute("placeholder"); },
    get shortcuts() { return shortcutsOf(host); },
    hrefOf: (entity) => host.hrefOf?.(entity) ?? null,
    learn: () => void connection.declared(),
    emit: (name, detail, cancelable = false) => host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable })),
  };
}

/** None by default: a page's keys are its host's. */
function shortcutsOf(host: Element): string[] {
  return (host.getAttribute("shortcut") ?? "").split(/\s+/).filter((name) => name && name !== "off");
}

function makeSheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

/** A property that was set before the element was defined hides the accessor of the same name. */
function upgrade(host: OfficeSearchBox, name: "getToken" | "value"): void {
  if (!Object.hasOwn(host, name)) return;
  const value: unknown = Reflect.get(host, name);
  Reflect.deleteProperty(host, name);
  Reflect.set(host, name, value);
}
