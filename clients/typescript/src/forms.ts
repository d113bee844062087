/** Whether an answer has the form that callers may rely on: its frame, not what a vertical puts into `fields`. */

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const textOrNull: Check = (value) => value === null || typeof value === "string";
const bool: Check = (value) => typeof value === "boolean";
const number: Check = (value) => typeof value === "number";
const object: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const each =
  (check: Check): Check =>
  (value) =>
    object(value) && Object.values(value as object).every(check);
const shape =
  (members: Record<string, Check>): Check =>
  (value) =>
    object(value) && Object.entries(members).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const labels = shape({ zh: text, en: text });
const tab = shape({ name: text, labels });
const fact = shape({ field: text, labels, form: text });
// Of an app only its id counts, as of a hit.
const listed = list(shape({ id: text }));
const said = shape({ vertical: text, id: text, snippet: text, fields: object });

export const answer = shape({
  // Of a hit only its name counts: one that is odd otherwise must not lose the others.
  hits: list(shape({ vertical: text, id: text })),
  sections: each(shape({ total: number, relation: text })),
  query: shape({ text, filters: object, corrected: textOrNull }),
  denied: list(text),
  failed: list(text),
  partial: bool,
  cursor: textOrNull,
  query_id: text,
});

export const suggestions = shape({
  suggestions: list(
    shape({ kind: text, vertical: textOrNull, id: textOrNull, title: text, text: textOrNull, token: textOrNull }),
  ),
  failed: list(text),
  partial: bool,
  query_id: text,
});

export const verticals = shape({
  verticals: list(shape({ name: text, labels, icon: text, filters: list(text), facts: list(fact) })),
  denied: list(tab),
  filters: list(shape({ name: text, names: list(text), parameter: text, labels, kind: text, values: list(object) })),
});

export const surroundings = shape({
  message: said,
  before: list(said),
  after: list(said),
  has_more_before: bool,
  has_more_after: bool,
  title: text,
});

export const recent = shape({ recent: list(shape({ id: text, text, at: text })) });

export const apps = shape({
  apps: listed,
  total: shape({ value: number, relation: text }),
  facets: each(list(shape({ value: text, count: number }))),
  query: shape({ text, corrected: textOrNull }),
  cursor: textOrNull,
  query_id: text,
});

export const appPage = shape({ app: shape({ id: text }), description: text, query_id: text });

export const appList = shape({ apps: listed, query_id: text });
