/** What stands above a list of hits: a correction, the conditions understood, and what is missing from it. */

import type { Declared } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import { text } from "../shared/text.js";
import type { Asking, Page } from "./asking.js";
import { chipsOf } from "./chips.js";
import { ALL } from "./state.js";
import { say, spoken } from "./words.js";

export interface NoteSteps {
  rewrite(query: string): void;
  retry(): void;
}

/** The notes of an answer, the most useful first. */
export function notesOf(asking: Asking, answer: Page, declared: Declared, steps: NoteSteps): HTMLElement[] {
  const { asked } = asking;
  const chips = chipsOf(answer.query.filters, asked.q, asked.picked, declared, steps.rewrite);
  const notes = [correction(answer, steps), chips, denial(asking, declared), lateness(asking, declared, steps)];
  return notes.filter((note): note is HTMLElement => note !== null);
}

function correction(answer: Page, steps: NoteSteps): HTMLElement | null {
  const corrected = text(answer.query.corrected);
  if (!corrected) return null;
  const again = element("button", { type: "button", class: "link", "data-focus": "corrected", onclick: () => steps.rewrite(corrected) }, corrected);
  return element("p", { class: "note" }, element("span", {}, say().didYouMean), again);
}

function denial({ denied, asked }: Asking, declared: Declared): HTMLElement | null {
  if (!denied.length || asked.tab !== ALL) return null;
  return element("p", { class: "note note-denied" }, icon("lock"), element("span", {}, say().denied(namesOf(denied, declared))));
}

function lateness({ pages }: Asking, declared: Declared, steps: NoteSteps): HTMLElement | null {
  const words = say();
  const failed = [...new Set(pages.flatMap((page) => page.failed))];
  if (!failed.length && !pages.some((page) => page.partial)) return null;
  const retry = element("button", { type: "button", class: "link", "data-focus": "retry", onclick: steps.retry }, words.retry);
  return element("p", { class: "note note-warn" }, icon("warning"), element("span", {}, failed.length ? words.failed(namesOf(failed, declared)) : words.partial), retry);
}

function namesOf(verticals: readonly string[], declared: Declared): string {
  return verticals.map((name) => declared.nameOf(name, spoken())).join(say().comma);
}
