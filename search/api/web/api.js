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
  let body;
  try {
    response = await fetch(address, { credentials: "same-origin", cache: "no-store", ...options });
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    // A proxy may refuse with a page; half an answer, or a page where an answer should be, is none.
    if (!response || response.ok) throw new Refused(0, "");
  }
  if (!response.ok) throw new Refused(response.status, body?.detail ?? "");
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

/** A call for a caller. A token that has run out is renewed once, silently. */
async function readFor(caller, address, signal) {
  const ask = () => {
    const headers = caller ? { Authorization: `Bearer ${tokens.get(caller.key)}` } : {};
    return read(address, { headers, signal });
  };
  try {
    return await ask();
  } catch (error) {
    if (!caller || !(error instanceof Refused) || error.status !== 401) throw error;
    await readCallers();
    return ask();
  }
}

/** The verticals and filters that there are for a caller. */
export function readVerticals(caller) {
  return readFor(caller, "v1/verticals");
}

/**
 * One page of results.
 * @param {{key: string} | null} caller
 * @param {{q: string, verticals?: string, limit?: number, cursor?: string | null}} question
 * @param {AbortSignal} signal
 */
export function search(caller, question, signal) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) if (value) parameters.set(name, String(value));
  return readFor(caller, `v1/search?${parameters}`, signal);
}
