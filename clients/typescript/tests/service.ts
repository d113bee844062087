/** A tiny service over HTTP that answers as a test tells it to, and remembers what it was asked. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Answering = (asked: Asked, response: ServerResponse) => void | Promise<void>;

export interface Service {
  url: string;
  asked: Asked[];
}

/** Serve until the test ends. */
export async function serving(test: TestContext, answering: Answering): Promise<Service> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf-8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body };
      asked.push(one);
      void answering(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", "X-Caller": "one", ...headers });
  response.end(JSON.stringify(body));
}

/** An answer as the service would give it to nobody: it names no caller. */
export function refuse(response: ServerResponse): void {
  response.writeHead(401, { "Content-Type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title: "Unauthorized", status: 401, detail: "No." }));
}

export const ANSWER = {
  hits: [{ vertical: "messages", id: "m-1", score: 1, title: "群", snippet: "<em>搜索</em>", fields: {} }],
  sections: { messages: { total: 1, relation: "eq" } },
  query: { text: "搜索", filters: {}, corrected: null },
  denied: [],
  failed: [],
  partial: false,
  cursor: null as string | null,
  query_id: "q-1",
  took_ms: 3,
};

/** A promise, and what settles it. */
export function promised<Value = void>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((done) => (resolve = done));
  return { promise, resolve };
}
