/** Talks to the service: who one may be in the demo, and what they find. */

/** An answer that is an error; `status` 0: no answer at all. `detail` is the service's own sentence. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
    this.detail = detail;
  }
}

async function read(address, options) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body.detail ?? "");
  return body;
}

const tokens = new Map();

/** The people of the demo; empty where this is no demo and whoever stands before the service says who calls. */
export async function readCallers() {
  try {
    const callers = await read("demo/callers");
    for (const caller of callers) tokens.set(identity(caller), caller.token);
    return callers.map(({ token: _, ...caller }) => ({ ...caller, key: identity(caller) }));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return [];
    throw error;
  }
}

function identity(caller) {
  return `${caller.tenant}/${caller.user}`;
}

/**
 * One page of results. A token that has run out is renewed once, silently.
 * @param {{key: string} | null} caller
 * @param {{q: string, verticals?: string, limit?: number, cursor?: string | null}} question
 * @param {AbortSignal} signal
 */
export async function search(caller, question, signal) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) if (value) parameters.set(name, String(value));
  const ask = () => {
    const headers = caller ? { Authorization: `Bearer ${tokens.get(caller.key)}` } : {};
    return read(`v1/search?${parameters}`, { headers, signal });
  };
  try {
    return await ask();
  } catch (error) {
    if (!caller || !(error instanceof Refused) || error.status !== 401) throw error;
    await readCallers();
    return ask();
  }
}
