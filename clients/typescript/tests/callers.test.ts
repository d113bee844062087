/** What an answer for another caller does, against a server over HTTP. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, type Answer } from "../src/index.js";
import { ANSWER, json, promised, serving } from "./service.js";

test("the first caller is told to nobody, and so is the same one", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  const told: string[] = [];
  const client = new Client({ endpoint: service.url, onCaller: (caller) => told.push(caller) });
  await client.search({});
  await client.search({});
  assert.deepEqual(told, []);
});

test("an answer for another caller aborts itself and all others, tells it, and asking anew works", async (test) => {
  let caller = "one";
  const hanging = promised();
  const service = await serving(test, ({ body }, response) => {
    if (body.includes("hangs")) return hanging.resolve();
    json(response, 200, ANSWER, { "X-Caller": caller });
  });
  const told: string[] = [];
  const anew: Promise<Answer>[] = [];
  const client = new Client({
    endpoint: service.url,
    onCaller: (caller) => {
      told.push(caller);
      anew.push(client.search({ q: "anew" }));
    },
  });
  await client.search({});
  const other = client.search({ q: "hangs" });
  await hanging.promise;
  caller = "two";
  await assert.rejects(client.search({ q: "for another" }), { name: "AbortError" });
  await assert.rejects(other, { name: "AbortError" });
  assert.deepEqual(told, ["two"]);
  assert.equal((await Promise.all(anew)).length, 1);
});

test("an error for another caller counts as well, an answer that names none does not", async (test) => {
  const answers: [number, Record<string, string>][] = [
    [200, { "X-Caller": "one" }],
    [503, {}],
    [403, { "X-Caller": "two" }],
  ];
  let next = 0;
  const service = await serving(test, (_, response) => {
    const [status, headers] = answers[next++] ?? [200, {}];
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(ANSWER));
  });
  const told: string[] = [];
  const client = new Client({ endpoint: service.url, onCaller: (caller) => told.push(caller) });
  await client.search({});
  await assert.rejects(client.search({}), { name: "Problem", status: 503 });
  assert.deepEqual(told, []);
  await assert.rejects(client.search({}), { name: "AbortError" });
  assert.deepEqual(told, ["two"]);
});

test("after forget everything under way is aborted, and the next caller is a first one", async (test) => {
  let caller = "one";
  const arrived = promised();
  const service = await serving(test, ({ body }, response) => {
    if (body.includes("hangs")) return arrived.resolve();
    json(response, 200, ANSWER, { "X-Caller": caller });
  });
  const told: string[] = [];
  const client = new Client({ endpoint: service.url, onCaller: (caller) => told.push(caller) });
  await client.search({});
  const hangs = client.search({ q: "hangs" });
  await arrived.promise;
  client.forget();
  await assert.rejects(hangs, { name: "AbortError" });
  caller = "two";
  await client.search({});
  assert.deepEqual(told, []);
});
