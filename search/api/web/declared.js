/** What there is for a caller, as the service declares it; the page knows no vertical and no filter by itself. */

import { readVerticals } from "./api.js";
import { spoken } from "./words.js";

const RETRY_MS = 30_000;
const byName = (list) => new Map((list ?? []).map((one) => [one.name, one]));

/** A declared name in the language that is set. */
export function label(labels) {
  return labels?.[spoken()] ?? labels?.en ?? "";
}

class Declared {
  /** @param {object} told an answer of `GET /v1/verticals`; without one, everything goes by its plain name */
  constructor(told = {}) {
    this.verticals = byName(told.verticals);
    this.filters = byName(told.filters);
    this.denied = byName(told.denied);
    const tabs = [...this.verticals.values(), ...this.denied.values()];
    this.tabs = tabs.sort((one, other) => one.tab - other.tab).map((one) => one.name);
  }

  /** What a vertical is called, also one that the caller may not search. */
  nameOf(vertical) {
    return label((this.verticals.get(vertical) ?? this.denied.get(vertical))?.labels) || vertical;
  }

  /** What a value of a filter is called in a vertical. */
  valueName(vertical, filter, value) {
    const values = this.filters.get(filter)?.values ?? [];
    return label(values.find((one) => one.vertical === vertical && one.value === value)?.labels) || value;
  }

  /** The name of the first filter whose values are of a kind, such as people. */
  filterOf(kind) {
    return [...this.filters.values()].find((one) => one.kind === kind)?.name;
  }
}

export const UNDECLARED = new Declared();

const kept = new Map();

/**
 * What is declared for a caller, read once. It never fails: what cannot be read is undeclared, and asked for again by
 * a question some time later.
 * @param {{key: string} | null} caller
 * @returns {Promise<Declared>}
 */
export function declared(caller) {
  const key = caller?.key ?? "";
  if (!kept.has(key)) {
    const later = () => {
      setTimeout(() => kept.delete(key), RETRY_MS);
      return UNDECLARED;
    };
    kept.set(key, readVerticals(caller).then((told) => new Declared(told)).catch(later));
  }
  return kept.get(key);
}
