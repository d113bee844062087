/** What the element's events tell a host. */

import type { Entity } from "../shared/hits.js";
import type { Scope } from "./asking.js";

/** Where a search or an opened row came from. */
export type Source = "enter" | "row" | "recent" | "script" | "suggestion" | "hit";

/** Of `office-search`. */
export interface SearchDetail extends Scope {
  query: string;
  source: Source;
}

/** Of `office-open`. */
export interface OpenDetail {
  vertical: string;
  id: string;
  /** What is known of it: of a hit all that the service answered, of a suggestion its title and fields. */
  hit: Entity;
  query: string;
  /** From 0, among all rows that were shown. */
  position: number;
  source: Source;
  queryId: string;
  modifiers: { ctrl: boolean; meta: boolean; shift: boolean; alt: boolean };
}

/** Of `office-error`, in the user's language. */
export interface ErrorDetail {
  /** HTTP status; 0: no answer. */
  status: number;
  /** The problem's type, as the service's documentation lists them. */
  type: string;
  title: string;
  text: string;
  requestId: string | null;
}
