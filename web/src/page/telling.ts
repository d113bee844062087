/** Tells the service what was seen and opened of its answers, for ranking; nobody waits for it. */

import type { Click, Client, Hit } from "@office-search/client";

const GATHER_MS = 1500;

/** A hit or an app in an answer; `position` counts from 0 in the list as shown. */
export interface Seen {
  hit: Pick<Hit, "vertical" | "id">;
  queryId: string;
  position: number;
}

export class Telling {
  readonly #client: Client;
  readonly #told = new Set<string>();
  #gathered: Click[] = [];
  #timer = 0;
  readonly #rows = new WeakMap<Element, Seen>();
  readonly #observer: IntersectionObserver;

  constructor(client: Client) {
    this.#client = client;
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), { threshold: 0.5 });
  }

  /** The question was meant: it may become a recent search. */
  meant(queryId: string): void {
    this.#gather({ query_id: queryId, action: "submit" });
  }

  /** Tell of a row once it comes into view. */
  watch(row: Element, seen: Seen): void {
    this.#rows.set(row, seen);
    this.#observer.observe(row);
  }

  /** Tell at once, also where the page is left for it. */
  opened(seen: Seen): void {
    this.#gather(clickOf(seen, "open"));
    this.flush(true);
  }

  /** Its own page is shown, from which it may be opened. */
  clicked(seen: Seen): void {
    this.#gather(clickOf(seen, "click"));
    this.flush(true);
  }

  /** They want it no more. */
  dismissed(seen: Seen): void {
    this.#gather(clickOf(seen, "dismiss"));
    this.flush(true);
  }

  flush(keepalive = false): void {
    clearTimeout(this.#timer);
    const events = this.#gathered;
    this.#gathered = [];
    if (events.length) void this.#client.clicks(events, { keepalive });
  }

  stop(): void {
    this.#observer.disconnect();
    this.flush(true);
  }

  #look(entries: IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      const seen = isIntersecting ? this.#rows.get(target) : undefined;
      if (!seen) continue;
      this.#observer.unobserve(target);
      this.#gather(clickOf(seen, "impression"));
    }
  }

  #gather(click: Click): void {
    const name = [click.query_id, click.action, click.vertical, click.id].join(" ");
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#gathered.push(click);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.flush(), GATHER_MS);
  }
}

function clickOf({ hit, queryId, position }: Seen, action: "impression" | "click" | "open" | "dismiss"): Click {
  return { query_id: queryId, action, vertical: hit.vertical, id: hit.id, position };
}
