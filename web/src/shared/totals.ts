/** How many hits there are, by vertical and together: a number, or at least that many. */

import type { Section } from "@office-search/client";
import { type Language, counted } from "./moments.js";

export type Total = Pick<Section, "total" | "relation">;

/** All of these together: a lower bound where one of them is. */
export function together(totals: readonly Total[]): Total {
  const relation = totals.some((one) => one.relation === "gte") ? "gte" : "eq";
  return { total: totals.reduce((sum, one) => sum + one.total, 0), relation };
}

/** A total as text: a lower bound gets a plus sign. */
export function totalled({ total, relation }: Total, language: Language): string {
  return relation === "gte" ? `${counted(total, language)}+` : counted(total, language);
}
