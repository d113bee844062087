/** Messages as they were said, one below the other. */

import type { Said } from "@office-search/client";
import type { Declared } from "../shared/declared.js";
import { element, icon } from "../shared/dom.js";
import { drawnOrPlain, filesOf } from "../shared/hits.js";
import { dayAndTime, exactly } from "../shared/moments.js";
import { initial } from "../shared/pictures.js";
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
    initial(sender),
    element(
      "div",
      { class: "said-text" },
      element(
        "p",
        { class: "said-head" },
        element("b", {}, named(sender, tag())),
        element("time", { datetime: at, title: exactly(at, here()) }, dayAndTime(at, here())),
        text(fields["edited_at"]) && element("span", {}, say().edited),
        current && element("span", { class: "unseen" }, say().you),
      ),
      element("p", { class: "said-body" }, marked(said.snippet, tag())),
      files.length > 0 && element("p", { class: "files" }, files),
    ),
  ];
}
