/** What hosts see of the search box; importing the module defines `<office-search-box>`. */

export type Reason = "initial" | "expired" | "refused";
export type GetToken = (ask: { reason: Reason; signal: AbortSignal }) => Promise<string>;
export type Source = "enter" | "row" | "recent" | "script" | "suggestion" | "hit";

export interface Entity {
  vertical: string;
  id: string;
  /** HTML-escaped; `<em>` is the only markup. */
  title: string;
  fields: Record<string, unknown>;
}

export interface SearchDetail {
  query: string;
  source: Source;
  verticals: readonly string[];
  conversation: string;
  timezone: string;
}

export interface OpenDetail {
  vertical: string;
  id: string;
  hit: Entity;
  query: string;
  /** From 0, among all rows that were shown. */
  position: number;
  source: Source;
  queryId: string;
  modifiers: { ctrl: boolean; meta: boolean; shift: boolean; alt: boolean };
}

export interface ErrorDetail {
  /** HTTP status; 0: no answer. */
  status: number;
  /** The problem's type, as the service's documentation lists them. */
  type: string;
  title: string;
  text: string;
  requestId: string | null;
}

export class OfficeSearchBox extends HTMLElement {
  getToken: GetToken | null;
  hrefOf: ((entity: Entity) => string | null) | null;
  value: string;
  search(query?: string): void;
  clear(): void;
  close(): void;
  forget(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "office-search-box": OfficeSearchBox;
  }
  interface HTMLElementEventMap {
    "office-search": CustomEvent<SearchDetail>;
    "office-open": CustomEvent<OpenDetail>;
    "office-clear": CustomEvent<object>;
    "office-error": CustomEvent<ErrorDetail>;
    "office-reset": CustomEvent<object>;
  }
}
