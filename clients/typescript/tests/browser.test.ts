/** What only a browser heeds: how each request is made, and against what an endpoint is resolved. */

import assert from "node:assert/strict";
import { test, type Mock } from "node:test";

import { Client } from "../src/index.js";
import { ANSWER } from "./service.js";

type Fetch = typeof fetch;

/** What was given to `fetch` in the last call. */
function last(fetching: Mock<Fetch>): { url: string; init: RequestInit } {
  const [input, init] = fetching.mock.calls.at(-1)?.arguments ?? [];
  return { url: String(input), init: init ?? {} };
}

function answering(): Promise<Response> {
  return Promise.resolve(Response.json(ANSWER));
}

test("each request keeps out of caches, sends no referrer, follows no redirect", async (test) => {
  const fetching = test.mock.method(globalThis, "fetch", answering);
  const client = new Client({ endpoint: "https://search.example/", getToken: async () => "t" });
  await client.search({ q: "搜索" });
  const { url, init } = last(fetching);
  assert.equal(url, "https://search.example/v1/search");
  assert.deepEqual(
    [init.cache, init.referrerPolicy, init.redirect, init.credentials, init.keepalive],
    ["no-store", "no-referrer", "error", "omit", false],
  );
  await client.clicks([{ query_id: "q-1", action: "submit" }], { keepalive: true });
  assert.equal(last(fetching).init.keepalive, true);
});

test("a browser's own credentials go along only to the page's own origin, and never beside a token", async (test) => {
  const fetching = test.mock.method(globalThis, "fetch", answering);
  const page = { origin: "https://office.example" };
  Object.defineProperty(globalThis, "location", { value: page, configurable: true });
  test.after(() => Reflect.deleteProperty(globalThis, "location"));
  const sent = async (endpoint: string, getToken: (() => Promise<string>) | null) => {
    await new Client({ endpoint, getToken }).search({});
    return last(fetching).init.credentials;
  };
  assert.equal(await sent("https://office.example/search/", null), "same-origin");
  assert.equal(await sent("https://office.example/search/", async () => "t"), "omit");
  assert.equal(await sent("https://search.example/", null), "omit");
  assert.equal(await sent("https://office.example:8443/", null), "omit");
});

test("an endpoint is resolved once, against the document", async (test) => {
  const fetching = test.mock.method(globalThis, "fetch", answering);
  const document = { baseURI: "https://office.example/pages/one" };
  Object.defineProperty(globalThis, "document", { value: document, configurable: true });
  test.after(() => Reflect.deleteProperty(globalThis, "document"));
  const client = new Client({ endpoint: "../search" });
  document.baseURI = "https://elsewhere.example/";
  await client.search({});
  assert.equal(last(fetching).url, "https://office.example/search/v1/search");
});
