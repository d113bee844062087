/** Messages as they were said, one below the other. */

import type { Said } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import { drawnOrPlain, filesOf } from "../shared/hits.js";
import { exactly } from "../shared/moments.js";
import { initial, pictured } from "../shared/pictures.js";
import { marked, named, text } from "../shared/text.js";
import { here } from "./hits.js";
import { say, tag } from "./words.js";

/** A message as a list entry; `current`: it is the one that was opened. */
export function saidOf(said: Said, declared: Declared, current = false): HTMLLIElement {
  const entry = element("li", { class: current ? "said current" : "said", "aria-current": current ? "true" : null, "data-id": said.id });
  entry.append(
    ...drawnOrPlain(
      () => parts(said, declared, current),
      () => [element("p", { class: "said-text" }, named(said.id))],
    ),
  );
  return entry;
}

function parts(said: Said, declared: Declared, current: boolean): HTMLElement[] {
  const { fields } = said;
  const sender = text(fields["sender_name"]) || text(fields["sender_id"]);
  const at = text(fields["sent_at"]);
  const files = filesOf({ ...said, title: "" }, declared).map((name) => element("span", { class: "file" }, icon("file"), named(name, tag())));
  return [
    pictured(null, [], initial(sender)),
    element(
      "div",
      { class: "said-text" },
      element(
        "p",
        { class: "said-head" },
        element("b", {}, named(sender, tag())),
        element("time", { datetime: at, title: exactly(at, here()) }, sentAt(at)),
        text(fields["edited_at"]) && element("span", {}, say().edited),
        current && element("span", { class: "unseen" }, say().you),
      ),
      element("p", { class: "said-body" }, marked(said.snippet, tag())),
      files.length > 0 && element("p", { class: "files" }, files),
    ),
  ];
}

/** Day and time: within a conversation the minutes count. What is no time stays as it is. */
function sentAt(time: string): string {
  const moment = new Date(time);
  if (Number.isNaN(moment.getTime())) return time;
  const { timezone } = here();
  const year = (of: Date): string => new Intl.DateTimeFormat("en", { timeZone: timezone, year: "numeric" }).format(of);
  const form: Intl.DateTimeFormatOptions = { timeZone: timezone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(tag(), year(moment) === year(new Date()) ? form : { ...form, year: "numeric" }).format(moment);
}
