/** What is sent, and what becomes of answers, against a server over HTTP. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Client, Problem, type Click } from "../src/index.js";
import { ANSWER, json, promised, serving } from "./service.js";

const SUGGESTIONS = { suggestions: [], failed: [], partial: false, query_id: "q-2", took_ms: 1 };
const SAID = { vertical: "messages", id: "m-1", snippet: "…", fields: {} };
const AROUND = { message: SAID, before: [], after: [], has_more_before: false, has_more_after: false, title: "群" };

const APP = { id: "a-7", title: "<em>报销</em>助手" };
const LIST = { apps: [APP], query_id: "q-3" };
const APPS = {
  ...LIST, total: { value: 1, relation: "eq" }, facets: { category: [{ value: "财务", count: 1 }] },
  query: { text: "报销", filters: {}, corrected: null }, cursor: null,
};

async function rejected(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(() => null).catch((error: unknown) => error);
  assert.ok(error instanceof Problem, String(error));
  return error;
}

test("each call goes where the document has it, below the endpoint's own path", async (test) => {
  const bodies: Record<string, unknown> = {
    "POST /here/v1/search": ANSWER,
    "POST /here/v1/suggest": SUGGESTIONS,
    "GET /here/v1/verticals": { verticals: [], denied: [], filters: [] },
    "GET /here/v1/messages/m%2F1/context?before=3": AROUND,
    "GET /here/v1/apps?q=%E6%8A%A5%E9%94%80&sort=new&mine=true": APPS,
    "GET /here/v1/apps": APPS,
    "GET /here/v1/apps/a%2F7": { app: APP, description: "写在一起", query_id: "q-4" },
    "GET /here/v1/apps/a-7/similar?limit=2": LIST,
    "GET /here/v1/apps/recommended": LIST,
    "GET /here/v1/recent": { recent: [{ id: "r", text: "搜索", at: "2026-03-02T09:20:31Z" }] },
    "DELETE /here/v1/recent": null,
    "DELETE /here/v1/recent/r%3F1": null,
    "POST /here/v1/clicks": null,
  };
  const service = await serving(test, ({ method, url }, response) => {
    const body = bodies[`${method} ${url}`];
    if (body === null) response.writeHead(204).end();
    else json(response, body === undefined ? 404 : 200, body ?? {});
  });
  const client = new Client({ endpoint: `${service.url}/here?x=1#y`, language: () => "en" });
  assert.equal((await client.search({ q: "搜索", from: "张三" })).hits[0]?.id, "m-1");
  assert.equal((await client.suggest({ q: "搜" })).query_id, "q-2");
  assert.deepEqual((await client.verticals()).filters, []);
  assert.equal((await client.context("m/1", { before: 3 })).title, "群");
  assert.equal((await client.apps({ q: "报销", category: null, sort: "new", mine: true })).facets["category"]?.[0]?.count, 1);
  assert.equal((await client.apps()).total.value, 1);
  assert.equal((await client.app("a/7")).description, "写在一起");
  assert.equal((await client.similar("a-7", { limit: 2 })).apps[0]?.id, "a-7");
  assert.equal((await client.recommended()).query_id, "q-3");
  assert.equal((await client.recent()).recent[0]?.text, "搜索");
  await client.removeRecent();
  await client.removeRecent("r?1");
  await client.clicks([{ query_id: "q-1", action: "submit" }]);
  assert.deepEqual(service.asked.map(({ method, url }) => `${method} ${url}`).sort(), Object.keys(bodies).sort());
  assert.deepEqual(JSON.parse(service.asked[0]?.body ?? ""), { q: "搜索", from: "张三" });
  assert.ok(service.asked.every(({ headers }) => headers["accept-language"] === "en" && !headers.cookie));
  assert.ok(service.asked.every(({ headers }) => !headers.referer && headers["cache-control"] === "no-cache"));
});

test("an id of dots alone is asked of nobody", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, {}));
  const client = new Client({ endpoint: service.url });
  for (const id of ["", ".", ".."]) {
    assert.equal((await rejected(client.context(id))).status, 404);
    assert.equal((await rejected(client.removeRecent(id))).status, 404);
    assert.equal((await rejected(client.app(id))).status, 404);
    assert.equal((await rejected(client.similar(id))).status, 404);
  }
  assert.equal(service.asked.length, 0);
});

test("an endpoint that is no http or https URL, or holds a password, is refused at once", () => {
  for (const endpoint of ["", "/v1", "ftp://search.example/", "https://me:word@search.example/", "javascript:0"]) {
    assert.throws(() => new Client({ endpoint }), TypeError);
  }
});

test("a problem's members are told", async (test) => {
  const body = { type: "https://p.example/slow", title: "Too Many Requests", status: 429, detail: "Wait 7 s." };
  const service = await serving(test, (_, response) =>
    json(response, 429, body, { "Content-Type": "application/problem+json", "Retry-After": "7", "X-Request-Id": "r-1" }),
  );
  const { status, type, title, detail, retryAfterS, requestId, message } = await rejected(
    new Client({ endpoint: service.url }).search({}),
  );
  assert.deepEqual([status, type, title, detail], [429, body.type, body.title, body.detail]);
  assert.deepEqual([retryAfterS, requestId, message], [7, "r-1", "Wait 7 s."]);
  assert.equal(service.asked.length, 1);
});

test("Retry-After is seconds or a date; anything else is nothing", async (test) => {
  let after = "";
  const service = await serving(test, (_, response) => json(response, 503, {}, { "Retry-After": after }));
  const client = new Client({ endpoint: service.url });
  const wait = async (value: string) => {
    after = value;
    return (await rejected(client.search({}))).retryAfterS;
  };
  assert.equal(await wait("0"), 0);
  const soon = await wait(new Date(Date.now() + 60_000).toUTCString());
  assert.ok(soon !== null && soon >= 50 && soon <= 60, String(soon));
  assert.equal(await wait("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  for (const odd of ["soon", "-1", "1.5", "2 hours", "9999999999"]) assert.equal(await wait(odd), null, odd);
});

test("an error that is no problem in JSON keeps its status, and nothing of its body", async (test) => {
  const bodies: [string, string][] = [
    ["text/html", "<h1>Bad Gateway</h1>"],
    ["application/json", "{half"],
    ["application/json", "[]"],
    ["application/problem+json", '{"title": 7, "detail": {}}'],
    ["application/json", "null"],
  ];
  let next = 0;
  const service = await serving(test, (_, response) => {
    const [type, body] = bodies[next++] ?? ["", ""];
    response.writeHead(502, { "Content-Type": type }).end(body);
  });
  const client = new Client({ endpoint: service.url });
  for (const _ of bodies) {
    const { status, title, detail, type } = await rejected(client.search({}));
    assert.deepEqual([status, title, detail, type], [502, "Status 502", "", "about:blank"]);
  }
});

test("an answer that came whole and is of no use is a Problem of its status", async (test) => {
  const wrong: unknown[] = [
    "<html>sign in</html>",
    "",
    "null",
    "[]",
    {},
    { ...ANSWER, hits: null },
    { ...ANSWER, hits: [{ ...ANSWER.hits[0], id: 7 }] },
    { ...ANSWER, sections: [] },
    { ...ANSWER, cursor: 7 },
    { ...ANSWER, query: {} },
  ];
  let next = 0;
  const service = await serving(test, (_, response) => {
    const body = wrong[next++];
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  const client = new Client({ endpoint: service.url });
  for (const body of wrong) {
    const { status, title } = await rejected(client.search({}));
    assert.deepEqual([status, title], [200, "Unexpected answer"], JSON.stringify(body));
  }
});

test("a hit that is odd in all but its name does not lose the others", async (test) => {
  const odd = { ...ANSWER, hits: [{ ...ANSWER.hits[0], fields: null, title: 7 }, ANSWER.hits[0]] };
  const service = await serving(test, (_, response) => json(response, 200, odd));
  assert.equal((await new Client({ endpoint: service.url }).search({})).hits.length, 2);
});

test("members that a later version adds do no harm", async (test) => {
  const later = { ...ANSWER, more: 1, hits: [{ ...ANSWER.hits[0], why: ["name"] }] };
  const service = await serving(test, (_, response) => json(response, 200, later));
  assert.equal((await new Client({ endpoint: service.url }).search({})).hits.length, 1);
});

test("no answer, and half of one, are Problems with status 0", async (test) => {
  const broken = await serving(test, (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "1000" });
    response.write('{"hits":[');
    globalThis.setImmediate(() => response.destroy());
  });
  const silent = await serving(test, (_, response) => void response.destroy());
  for (const endpoint of [broken.url, silent.url, "http://127.0.0.1:1"]) {
    assert.equal((await rejected(new Client({ endpoint }).search({}))).status, 0, endpoint);
  }
});

test("an abort is passed on as it is: before, while waiting, and in the middle of an answer", async (test) => {
  const waits = promised();
  const half = promised();
  const fetched = fetch;
  test.mock.method(globalThis, "fetch", async (...asked: Parameters<typeof fetch>) => {
    const response = await fetched(...asked);
    half.resolve();
    return response;
  });
  const service = await serving(test, ({ body }, response) => {
    if (body.includes("half")) {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.write('{"hits":[');
    } else waits.resolve();
  });
  const client = new Client({ endpoint: service.url });
  await assert.rejects(client.search({}, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(service.asked.length, 0);
  for (const [q, arrived] of [["waits", waits], ["half", half]] as const) {
    const controller = new AbortController();
    const work = client.search({ q }, { signal: controller.signal });
    await arrived.promise;
    // By then whoever got the head of an answer reads on.
    await setImmediate();
    controller.abort();
    await assert.rejects(work, { name: "AbortError" });
  }
  await assert.rejects(client.search({}, { signal: AbortSignal.timeout(1) }), { name: "TimeoutError" });
});

test("pages follow the cursor to the end, and stop when nobody asks for more", async (test) => {
  const service = await serving(test, ({ body }, response) => {
    const { cursor = null } = JSON.parse(body) as { cursor?: string | null };
    const next = { null: "c1", c1: "c2", c2: null }[String(cursor)] ?? null;
    json(response, 200, { ...ANSWER, query_id: String(cursor), cursor: next });
  });
  const client = new Client({ endpoint: service.url });
  const seen: string[] = [];
  for await (const page of client.pages({ q: "搜索" })) seen.push(page.query_id);
  assert.deepEqual(seen, ["null", "c1", "c2"]);
  for await (const page of client.pages({ cursor: "c1" })) {
    assert.equal(page.query_id, "c1");
    break;
  }
  assert.equal(service.asked.length, 4);
});

test("telling clicks goes out in portions, with nothing to tell not at all, and never rejects", async (test) => {
  let status = 204;
  const service = await serving(test, (_, response) => {
    response.writeHead(status).end();
  });
  const client = new Client({ endpoint: service.url });
  const click: Click = { query_id: "q-1", action: "open", vertical: "docs", id: "f-1", position: 0 };
  await client.clicks([]);
  await client.clicks(Array<Click>(120).fill(click), { keepalive: true });
  assert.deepEqual(service.asked.map(({ body }) => (JSON.parse(body) as unknown[]).length), [50, 50, 20]);
  status = 500;
  await client.clicks([click]);
  await new Client({ endpoint: "http://127.0.0.1:1" }).clicks([click]);
  await new Client({ endpoint: service.url, getToken: () => Promise.reject(new Error()) }).clicks([click]);
});
