/** The rules for tokens, against a server over HTTP. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";

import { Client, Problem, type GetToken, type Reason } from "../src/index.js";
import { ANSWER, json, promised, refuse, serving, type Service } from "./service.js";

/** Gives t1, t2, …, and remembers the reasons. */
function counting(): { reasons: Reason[]; getToken: GetToken } {
  const reasons: Reason[] = [];
  const getToken: GetToken = async ({ reason }) => `t${reasons.push(reason)}`;
  return { reasons, getToken };
}

function tokens(service: Service): (string | undefined)[] {
  return service.asked.map((asked) => asked.headers.authorization);
}

const problem = (status: number) => (error: unknown) => error instanceof Problem && error.status === status;

test("one token is asked for, for all requests that begin at once and for those after", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  await Promise.all([client.search({ q: "a" }), client.search({ q: "b" }), client.search({ q: "c" })]);
  await client.search({ q: "d" });
  assert.deepEqual(reasons, ["initial"]);
  assert.deepEqual(new Set(tokens(service)), new Set(["Bearer t1"]));
});

test("without getToken no Authorization is sent", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  for (const options of [{}, { getToken: null }]) await new Client({ endpoint: service.url, ...options }).search({});
  assert.deepEqual(tokens(service), [undefined, undefined]);
});

test("a 401 without getToken is told, and nothing is sent twice", async (test) => {
  const service = await serving(test, (_, response) => refuse(response));
  await assert.rejects(new Client({ endpoint: service.url }).search({}), problem(401));
  assert.equal(service.asked.length, 1);
});

test("an expired token is renewed once for all requests under way, each of which is sent once more", async (test) => {
  let valid = "Bearer t1";
  const first = promised();
  let waiting = 0;
  const service = await serving(test, async ({ headers }, response) => {
    if (headers.authorization === valid) return json(response, 200, ANSWER);
    // All three were sent with the old token before any of them is refused.
    if (++waiting === 3) first.resolve();
    await first.promise;
    refuse(response);
  });
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  await client.search({ q: "before" });
  valid = "Bearer t2";
  const answers = await Promise.all([client.search({ q: "a" }), client.search({ q: "b" }), client.search({ q: "c" })]);
  assert.equal(answers.length, 3);
  assert.deepEqual(reasons, ["initial", "expired"]);
  assert.equal(service.asked.length, 1 + 3 + 3);
});

test("a request that is refused late takes the token that was renewed meanwhile", async (test) => {
  let valid = "Bearer t1";
  const late = promised();
  const arrived = promised();
  const service = await serving(test, async ({ headers, body }, response) => {
    if (headers.authorization === valid) return json(response, 200, ANSWER);
    if (body.includes("late")) {
      arrived.resolve();
      await late.promise;
    }
    refuse(response);
  });
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  await client.search({ q: "before" });
  valid = "Bearer t2";
  const slow = client.search({ q: "late" });
  await arrived.promise;
  await client.search({ q: "soon" });
  late.resolve();
  await slow;
  assert.deepEqual(reasons, ["initial", "expired"]);
});

test("a token that was refused when new is asked for again as refused; a second refusal ends it", async (test) => {
  const service = await serving(test, (_, response) => refuse(response));
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  await assert.rejects(client.search({}), problem(401));
  assert.deepEqual(reasons, ["initial", "refused"]);
  assert.deepEqual(tokens(service), ["Bearer t1", "Bearer t2"]);
  // From then on each request costs one token and one try.
  await assert.rejects(client.search({}), problem(401));
  assert.deepEqual(reasons, ["initial", "refused", "refused"]);
  assert.equal(service.asked.length, 3);
});

test("many requests that are refused twice ask for two tokens in all", async (test) => {
  const service = await serving(test, (_, response) => refuse(response));
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  const results = await Promise.allSettled([1, 2, 3, 4].map((limit) => client.search({ limit })));
  assert.ok(results.every((one) => one.status === "rejected" && problem(401)(one.reason)));
  assert.deepEqual(reasons, ["initial", "refused"]);
  assert.ok(service.asked.length <= 8);
});

test("after it was accepted again, a token may expire again", async (test) => {
  let valid = 1;
  const service = await serving(test, ({ headers }, response) =>
    headers.authorization === `Bearer t${valid}` ? json(response, 200, ANSWER) : refuse(response),
  );
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  for (valid = 1; valid <= 4; valid++) await client.search({});
  assert.deepEqual(reasons, ["initial", "expired", "expired", "expired"]);
});

test("a 502 of a proxy does not make a token an accepted one, a 403 of the service does", async (test) => {
  for (const [status, headers, expected] of [
    [502, { "X-Caller": "" }, "refused"],
    [403, { "X-Caller": "one" }, "expired"],
  ] as const) {
    let count = 0;
    const service = await serving(test, (_, response) => {
      count += 1;
      if (count === 2) return refuse(response);
      const said: Record<string, string> = { "Content-Type": "application/json" };
      if (headers["X-Caller"]) said["X-Caller"] = headers["X-Caller"];
      response.writeHead(count === 1 ? status : 200, said).end(JSON.stringify(ANSWER));
    });
    const { reasons, getToken } = counting();
    const client = new Client({ endpoint: service.url, getToken });
    await assert.rejects(client.search({}), problem(status));
    await client.search({});
    assert.deepEqual(reasons, ["initial", expected]);
  }
});

test("forget drops the token, and what is still given for the one before", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  const slow = promised<string>();
  const signals: AbortSignal[] = [];
  const reasons: Reason[] = [];
  const client = new Client({
    endpoint: service.url,
    getToken: ({ reason, signal }) => {
      reasons.push(reason);
      signals.push(signal);
      return reasons.length === 1 ? slow.promise : Promise.resolve("of-another");
    },
  });
  const before = client.search({});
  client.forget();
  await assert.rejects(before, { name: "AbortError" });
  assert.equal(signals[0]?.aborted, true);
  slow.resolve("of-the-first");
  await setImmediate();
  await client.search({});
  assert.deepEqual(reasons, ["initial", "initial"]);
  assert.deepEqual(tokens(service), ["Bearer of-another"]);
});

test("after forget the next token is a first one again, whatever became of those before", async (test) => {
  let valid = "Bearer t1";
  const service = await serving(test, ({ headers }, response) =>
    headers.authorization === valid ? json(response, 200, ANSWER) : refuse(response),
  );
  const { reasons, getToken } = counting();
  const client = new Client({ endpoint: service.url, getToken });
  await client.search({});
  valid = "Bearer t2";
  await client.search({});
  client.forget();
  valid = "Bearer t3";
  await client.search({});
  assert.deepEqual(reasons, ["initial", "expired", "initial"]);
});

test("a getToken that hangs holds nobody whose signal aborts, and is told when nobody waits", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  let asked = 0;
  let told: AbortSignal | undefined;
  const getToken: GetToken = ({ signal }) => {
    told = signal;
    return ++asked === 1 ? new Promise(() => {}) : Promise.resolve("second");
  };
  const client = new Client({ endpoint: service.url, getToken });
  const [one, two] = [new AbortController(), new AbortController()];
  const first = client.search({}, { signal: one.signal });
  const second = client.suggest({}, { signal: two.signal });
  one.abort();
  await assert.rejects(first, { name: "AbortError" });
  assert.equal(told?.aborted, false);
  two.abort(new Error("enough"));
  await assert.rejects(second, { message: "enough" });
  assert.equal(told?.aborted, true);
  await client.search({});
  assert.deepEqual(tokens(service), ["Bearer second"]);
});

test("a getToken that throws, or gives what is no token, is a Problem without its words", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  const faulty: (() => unknown)[] = [
    () => Promise.reject(new Error("SECRET")),
    () => {
      throw new Error("SECRET");
    },
    () => Promise.resolve(""),
    () => Promise.resolve("SECRET\nX-Other: 1"),
    () => Promise.resolve("SECRET 秘密"),
    () => Promise.resolve(undefined),
    () => "SECRET\u0000",
  ];
  for (const getToken of faulty) {
    const client = new Client({ endpoint: service.url, getToken: getToken as GetToken });
    const error: unknown = await client.search({}).catch((error: unknown) => error);
    assert.ok(error instanceof Problem);
    assert.equal(error.status, 401);
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /SECRET/);
  }
  assert.equal(service.asked.length, 0);
});

test("after a getToken that failed, the next request asks again", async (test) => {
  const service = await serving(test, (_, response) => json(response, 200, ANSWER));
  let asked = 0;
  const client = new Client({
    endpoint: service.url,
    getToken: async () => {
      if (++asked === 1) throw new Error("no network");
      return "second";
    },
  });
  await assert.rejects(client.search({}), problem(401));
  await client.search({});
  assert.deepEqual(tokens(service), ["Bearer second"]);
});

test("the token is in the header alone: not in the URL, the body, an error or what the client shows", async (test) => {
  const service = await serving(test, ({ url }, response) => json(response, url.includes("suggest") ? 500 : 200, ANSWER));
  const client = new Client({ endpoint: service.url, getToken: async () => "SECRET" });
  await client.search({ q: "搜索" });
  const error: unknown = await client.suggest({ q: "搜" }).catch((error: unknown) => error);
  const gone = new Client({ endpoint: "http://127.0.0.1:1", getToken: async () => "SECRET" });
  const unanswered: unknown = await gone.search({}).catch((error: unknown) => error);
  for (const shown of [client, error, unanswered, service.asked.map(({ url, body }) => url + body)]) {
    assert.doesNotMatch(inspect(shown, { depth: 9, showHidden: true }), /SECRET/);
    assert.doesNotMatch(JSON.stringify(shown) ?? "", /SECRET/);
  }
  assert.deepEqual(Object.keys(client), []);
});

test("no redirect is followed, so the token goes nowhere else", async (test) => {
  const elsewhere = await serving(test, (_, response) => json(response, 200, ANSWER));
  const service = await serving(test, (_, response) => {
    response.writeHead(307, { Location: `${elsewhere.url}/v1/search` }).end();
  });
  const client = new Client({ endpoint: service.url, getToken: async () => "SECRET" });
  await assert.rejects(client.search({}), problem(0));
  assert.equal(elsewhere.asked.length, 0);
});
