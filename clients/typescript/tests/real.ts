/** Asks the real service, with the tokens that it is given, and prints what came; run by the suite of the service. */

import { Client, Problem, type Reason } from "../src/index.js";

interface Given {
  endpoint: string;
  tokens: string[];
  topic: string;
  message: string;
}

const { endpoint, tokens, topic, message } = JSON.parse(process.argv[2] ?? "") as Given;
const reasons: Reason[] = [];
const client = new Client({
  endpoint,
  getToken: async ({ reason }) => tokens[reasons.push(reason) - 1] ?? "",
  language: () => "en",
});

const pages: string[][] = [];
let queryId = "";
for await (const answer of client.pages({ q: topic, limit: 10 })) {
  pages.push(answer.hits.map((hit) => hit.id));
  queryId = answer.query_id;
}
const suggested = await client.suggest({ q: topic });
const { verticals } = await client.verticals();
const around = await client.context(message, { before: 1, after: 0 });
await client.clicks([{ query_id: queryId, action: "submit" }]);
const recent = await client.recent();
await client.removeRecent("not-there");
const missing: unknown = await client.context("not-there").catch((error: unknown) => error);

console.log(
  JSON.stringify({
    reasons,
    pages,
    suggested: suggested.suggestions.map((one) => one.kind),
    verticals: verticals.map((one) => one.name),
    around: around.message.id,
    recent: recent.recent.map((one) => one.text),
    missing: missing instanceof Problem ? [missing.status, missing.title, Boolean(missing.requestId)] : String(missing),
  }),
);
