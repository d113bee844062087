/** What there is for a caller, as the service declares it; the client knows no vertical and no filter by itself. */

import type { Fact, Filter, Hit, Vertical, Verticals } from "@office-search/client";
import type { Language } from "./moments.js";
import { text } from "./text.js";

export interface Labels {
  zh: string;
  en: string;
}

/** A declared name in a language. */
export function label(labels: Labels | null | undefined, language: Language): string {
  return text(labels?.[language]) || text(labels?.en);
}

/** What a hit holds of a fact; an empty list where it holds nothing. */
export function valuesOf(fact: Fact, hit: Pick<Hit, "fields">): unknown[] {
  const fields = (hit.fields ?? {}) as Record<string, unknown>;
  const found = fields[fact.field] ?? (fact.otherwise ? fields[fact.otherwise] : undefined) ?? [];
  return [found].flat().filter((value) => value !== null && value !== "");
}

export class Declared {
  readonly verticals: ReadonlyMap<string, Vertical>;
  readonly filters: ReadonlyMap<string, Filter>;
  readonly pictureHosts: readonly string[];
  /** The names of all verticals, also of those that the caller may not search, in the order of their tabs. */
  readonly tabs: readonly string[];
  readonly #denied: ReadonlyMap<string, { labels: Labels }>;

  /** Without an answer of the service everything goes by its plain name. */
  constructor(told?: Verticals) {
    const verticals = told?.verticals ?? [];
    const denied = told?.denied ?? [];
    this.verticals = new Map(verticals.map((one) => [one.name, one]));
    this.filters = new Map((told?.filters ?? []).map((one) => [one.name, one]));
    this.pictureHosts = told?.picture_hosts ?? [];
    this.#denied = new Map(denied.map((one) => [one.name, one]));
    this.tabs = [...verticals, ...denied].sort((one, other) => one.tab - other.tab).map((one) => one.name);
  }

  isDenied(vertical: string): boolean {
    return this.#denied.has(vertical);
  }

  /** What a vertical is called, also one that the caller may not search. */
  nameOf(vertical: string, language: Language): string {
    return label((this.verticals.get(vertical) ?? this.#denied.get(vertical))?.labels, language) || vertical;
  }

  /** What a value of a filter is called in a vertical. */
  valueName(vertical: string, filter: string, value: string, language: Language): string {
    const values = this.filters.get(filter)?.values ?? [];
    const found = values.find((one) => one.value === value && (one.vertical === vertical || !vertical));
    return label(found?.labels, language) || value;
  }

  /** What kind of thing a hit is, such as a sheet; an empty text where its vertical has but one kind. */
  kindOf(hit: Pick<Hit, "vertical" | "fields">): string {
    const vertical = this.verticals.get(hit.vertical);
    if (!vertical) return text(hit.fields?.["kind"]);
    return vertical.kind ? text(valuesOf(vertical.kind, hit)[0]) : "";
  }
}

export const UNDECLARED = new Declared();
