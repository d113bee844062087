/** What the store's views need of the page around them: who asks, where links lead, and what a click on one does. */

import type { App, Client } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import type { Telling } from "../page/telling.js";
import type { State } from "./state.js";

/** Who asks. Another caller is another asker. */
export interface Asker {
  client: Client;
  declared(): Promise<Declared>;
  telling: Telling;
}

export interface Host {
  /** Where an app's page is. */
  hrefOf(app: App): string;
  /** A click on the link to an app's page; the event's default follows it. */
  opens(app: App, event: MouseEvent): void;
  /** The same for another state of the store, all of it but who asks. */
  hrefTo(state: Partial<State>): string;
  goes(state: Partial<State>, event: MouseEvent): void;
}

// An answer that is there sooner needs no grey shapes; they would only flicker.
export const PATIENCE_MS = 160;

/** What is declared as soon as it is there, or what was known before where it takes longer than somebody notices. */
export async function soonDeclared(asker: Asker, before: Declared): Promise<Declared> {
  const late = new Promise<Declared>((resolve) => setTimeout(() => resolve(before), PATIENCE_MS));
  return Promise.race([asker.declared(), late]);
}
