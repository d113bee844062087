/** Who asks in which column: in the first one with the box's own client, in the second one with another. */

import { Client, type GetToken } from "@office-search/client";
import type { OfficeSearchBox } from "../box/index.js";
import { Declared, UNDECLARED } from "../shared/declared.js";
import type { Asker } from "./asking.js";
import type { Callers } from "./callers.js";
import { spoken } from "./words.js";

export class Askers {
  readonly #box: OfficeSearchBox;
  readonly #callers: Callers;
  readonly #changed: () => void;
  readonly #tokens = new Map<string, GetToken>();
  #other: Asker | null = null;

  /** `changed`: the second column is answered as somebody else. */
  constructor(box: OfficeSearchBox, callers: Callers, changed: () => void) {
    this.#box = box;
    this.#callers = callers;
    this.#changed = changed;
  }

  /** The tokens of one of the demo's people; null where a gateway says who calls. */
  tokensOf(key: string | null): GetToken | null {
    if (!key) return null;
    const known = this.#tokens.get(key) ?? this.#callers.tokensOf(key);
    this.#tokens.set(key, known);
    return known;
  }

  /** The first column's; null while the box is not connected. */
  first(key: string | null): Asker | null {
    const { client } = this.#box;
    return client && { key, name: this.#callers.find(key)?.name ?? null, client, declared: this.#box.declared };
  }

  second(key: string): Asker {
    if (this.#other?.key === key) return this.#other;
    this.forget();
    const client = new Client({ endpoint: "./", getToken: this.tokensOf(key), language: () => spoken(), onCaller: () => this.#changed() });
    const declared = client.verticals().then((told) => new Declared(told)).catch(() => UNDECLARED);
    return (this.#other = { key, name: this.#callers.find(key)?.name ?? null, client, declared });
  }

  /** Drop the second column's client and what it has under way. */
  forget(): void {
    this.#other?.client.forget();
    this.#other = null;
  }
}
