/** The calls of searchers, under the rules for tokens, callers and aborted requests. */

import * as forms from "./forms.js";
import { Problem } from "./problem.js";
import { Tokens, unlessAborted, type Token } from "./tokens.js";
import type {
  Abortable,
  Answer,
  AppList,
  AppPage,
  Apps,
  AppsQuestion,
  Click,
  Options,
  Question,
  Recent,
  Recommended,
  SuggestQuestion,
  Suggestions,
  Surroundings,
  Verticals,
} from "./types.js";

/** A search's own deadline is far below; what is longer hangs. */
const TIMEOUT_MS = 15_000;
/** The most that one `POST /v1/clicks` takes. */
const MOST_CLICKS = 50;

interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  keepalive?: boolean;
}

/**
 * Asks one service as one caller.
 *
 * Calls reject with a `Problem`, or with the reason of the signal that aborted them. A 401 leads to one renewal of the
 * token, shared by all requests under way, and each is sent once more; nothing else is sent twice. The token goes to the
 * endpoint's origin alone, and no redirect is followed.
 */
export class Client {
  readonly #root: URL;
  readonly #tokens: Tokens | null;
  readonly #timeoutMs: number;
  readonly #language: (() => "zh" | "en") | undefined;
  readonly #onCaller: ((caller: string) => void) | undefined;
  readonly #underWay = new Set<AbortController>();
  #caller: string | null = null;

  /** Throws a TypeError for an endpoint that is no http or https URL. */
  constructor(options: Options) {
    this.#root = root(options.endpoint);
    this.#tokens = options.getToken ? new Tokens(options.getToken) : null;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#language = options.language;
    this.#onCaller = options.onCaller;
  }

  /** Return one page of hits. Sent as a POST, so that queries stay out of logs. */
  search(question: Question, options?: Abortable): Promise<Answer> {
    return this.#json({ method: "POST", path: "v1/search", body: question }, forms.answer, options);
  }

  /** Return what the caller may mean by what is typed so far, or want next. */
  suggest(question: SuggestQuestion, options?: Abortable): Promise<Suggestions> {
    return this.#json({ method: "POST", path: "v1/suggest", body: question }, forms.suggestions, options);
  }

  /** Return what the caller may search, for tabs, icons and filters. */
  verticals(options?: Abortable): Promise<Verticals> {
    return this.#json(got("v1/verticals"), forms.verticals, options);
  }

  /** Return a message with up to 20 before and after it; by default 5 each. A Problem 404 if the caller may not see it. */
  async context(
    id: string,
    around: { before?: number; after?: number } = {},
    options?: Abortable,
  ): Promise<Surroundings> {
    return this.#json(got(`v1/messages/${segment(id)}/context`, around), forms.surroundings, options);
  }

  /** Return one page of the app store's apps, with counts of what each choice would leave. */
  apps(question: AppsQuestion = {}, options?: Abortable): Promise<Apps> {
    return this.#json(got("v1/apps", question), forms.apps, options);
  }

  /** Return one app's page. A Problem 404 if the caller may not find it. */
  async app(id: string, options?: Abortable): Promise<AppPage> {
    return this.#json(got(`v1/apps/${segment(id)}`), forms.appPage, options);
  }

  /** Return apps like one app, best first; by default 8. A Problem 404 if the caller may not find it. */
  async similar(id: string, most: { limit?: number } = {}, options?: Abortable): Promise<AppList> {
    return this.#json(got(`v1/apps/${segment(id)}/similar`, most), forms.appList, options);
  }

  /** Return apps that may help the caller, each with its reason, best first; by default 10. */
  recommended(most: { limit?: number } = {}, options?: Abortable): Promise<Recommended> {
    return this.#json(got("v1/apps/recommended", most), forms.appList, options);
  }

  /**
   * Tell what was seen and opened, of any number. Never rejects, as telling is best effort.
   *
   * `keepalive`: let it go out also when the page is left.
   */
  async clicks(events: readonly Click[], options: { keepalive?: boolean } = {}): Promise<void> {
    const keepalive = options.keepalive ?? false;
    try {
      for (let start = 0; start < events.length; start += MOST_CLICKS) {
        const body = events.slice(start, start + MOST_CLICKS);
        await this.#send({ method: "POST", path: "v1/clicks", body, keepalive }, nothing);
      }
    } catch {
      // Whoever opens a hit must not notice.
    }
  }

  /** Return the caller's own recent searches, newest first. */
  recent(options?: Abortable): Promise<Recent> {
    return this.#json(got("v1/recent"), forms.recent, options);
  }

  /** Remove one recent search, or all of them without an id. */
  async removeRecent(id?: string, options?: Abortable): Promise<void> {
    const path = id === undefined ? "v1/recent" : `v1/recent/${segment(id)}`;
    return this.#send({ method: "DELETE", path }, nothing, options);
  }

  /** Yield the pages of an answer, from the question's own cursor to the last. */
  async *pages(question: Question, options?: Abortable): AsyncGenerator<Answer, void, undefined> {
    let cursor: string | null | undefined = question.cursor;
    do {
      const answer: Answer = await this.search({ ...question, cursor: cursor ?? null }, options);
      yield answer;
      cursor = answer.cursor;
    } while (cursor);
  }

  /**
   * Take it that somebody else asks from now on: abort everything under way, drop the token and what `X-Caller` was.
   *
   * The next request asks for a token with the reason `initial`; `onCaller` is not called for its answer.
   */
  forget(): void {
    this.#caller = null;
    this.#tokens?.forget();
    this.#abortAll();
  }

  #json<Body>(call: Call, fits: (value: unknown) => boolean, options?: Abortable): Promise<Body> {
    return this.#send(call, (response) => read<Body>(response, fits), options);
  }

  /** Send a call as one of those under way; `take` reads what a good answer holds. */
  async #send<Result>(
    call: Call,
    take: (response: Response) => Promise<Result>,
    options: Abortable = {},
  ): Promise<Result> {
    const { signal } = options;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const late = setTimeout(() => controller.abort(Problem.unanswered("No answer came in time.")), this.#timeoutMs);
    this.#underWay.add(controller);
    try {
      const response = await this.#answered(call, controller.signal);
      if (!response.ok) throw Problem.of(response, await unbroken(response.text()));
      const result = await take(response);
      controller.signal.throwIfAborted();
      return result;
    } catch (error) {
      // Whoever aborted it is told so, whatever became of the request meanwhile.
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearTimeout(late);
      this.#underWay.delete(controller);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Return the answer to a call, which is sent once more with another token after a 401. */
  async #answered(call: Call, signal: AbortSignal): Promise<Response> {
    const first = await this.#fetch(call, signal);
    if (!first.again) return first.response;
    await first.response.body?.cancel();
    return (await this.#fetch(call, signal)).response;
  }

  async #fetch(call: Call, signal: AbortSignal): Promise<{ response: Response; again: boolean }> {
    const token = (await this.#tokens?.current(signal)) ?? null;
    const request = fetch(new URL(call.path, this.#root), this.#request(call, token, signal));
    const response = await unlessAborted(unbroken(request), signal);
    const again = this.#heed(token, response);
    this.#compare(response);
    return { response, again };
  }

  #request(call: Call, token: Token | null, signal: AbortSignal): RequestInit {
    const headers = new Headers({ Accept: "application/json, application/problem+json" });
    if (token) headers.set("Authorization", token.header);
    if (this.#language) headers.set("Accept-Language", this.#language());
    if (call.body !== undefined) headers.set("Content-Type", "application/json");
    return {
      method: call.method,
      headers,
      signal,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      keepalive: call.keepalive ?? false,
      cache: "no-store",
      credentials: this.#tokens || this.#root.origin !== globalThis.location?.origin ? "omit" : "same-origin",
      redirect: "error",
      referrerPolicy: "no-referrer",
    };
  }

  /** Learn from an answer what its token is worth; tell whether to send once more. */
  #heed(token: Token | null, response: Response): boolean {
    if (!token) return false;
    if (response.status === 401) return this.#tokens?.refused(token) ?? false;
    // An error may come from a proxy that did not look at the token; `X-Caller` shows that the service has.
    if (response.ok || response.headers.has("X-Caller")) this.#tokens?.accepted(token);
    return false;
  }

  /** Compare whom an answer is for; throw an AbortError, as everything under way is aborted, if that has changed. */
  #compare(response: Response): void {
    const caller = response.headers.get("X-Caller");
    if (caller === null || caller === this.#caller) return;
    const known = this.#caller;
    this.#caller = caller;
    if (known === null) return;
    this.#abortAll();
    this.#tell(caller);
    throw aborted();
  }

  #tell(caller: string): void {
    try {
      this.#onCaller?.(caller);
    } catch (error) {
      // The page's own mistake, which goes where those of its event listeners go.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #abortAll(): void {
    const all = [...this.#underWay];
    this.#underWay.clear();
    for (const controller of all) controller.abort(aborted());
  }
}

function aborted(): DOMException {
  return new DOMException("Another caller asks now than when this was sent.", "AbortError");
}

function root(endpoint: string | URL): URL {
  const url = new URL(endpoint, globalThis.document?.baseURI);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new TypeError("The endpoint must be an http or https URL without a user's name or password.");
  }
  url.search = url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** Return the call that asks for a path; what is undefined or null is not asked. */
function got(path: string, asked: object = {}): Call {
  const said = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(said.map(([name, value]) => [name, String(value)]));
  return { method: "GET", path: query.size ? `${path}?${query}` : path };
}

/** Escape an id for a path. Throws a Problem for one that would be another path, as dots are. */
function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) {
    throw new Problem({ status: 404, title: "Not Found", detail: "There is nothing with such an id." });
  }
  return encodeURIComponent(id);
}

/** Wait for what the network gives; a failure becomes a Problem, without the browser's words, which may hold a URL. */
async function unbroken<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch {
    throw Problem.unanswered("No whole answer came from the service; is it reachable from here?");
  }
}

async function read<Body>(response: Response, fits: (value: unknown) => boolean): Promise<Body> {
  const body = await unbroken(response.text());
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  if (!fits(value)) throw Problem.misshapen(response);
  return value as Body;
}

async function nothing(response: Response): Promise<void> {
  await response.body?.cancel();
}
