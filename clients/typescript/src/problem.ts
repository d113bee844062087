/** Errors as the API tells them (RFC 9457), and those of the way to it. */

const MEDIA_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

interface Facts {
  status: number;
  title: string;
  detail: string;
  type?: string;
  retryAfterS?: number | null;
  requestId?: string | null;
}

/** Why a call failed. Its texts are the service's own or the client's; they never hold the token. */
export class Problem extends Error {
  /** The answer's HTTP status; 0 if no answer came, or it broke off; 200 if it came whole and made no sense. */
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** Whole seconds after which asking again makes sense; null where the service does not say. */
  readonly retryAfterS: number | null;
  /** Names the request in the service's log. */
  readonly requestId: string | null;

  constructor(facts: Facts) {
    super(facts.detail || facts.title);
    this.name = "Problem";
    this.status = facts.status;
    this.type = facts.type ?? "about:blank";
    this.title = facts.title;
    this.detail = facts.detail;
    this.retryAfterS = facts.retryAfterS ?? null;
    this.requestId = facts.requestId ?? null;
  }

  /** What became of a request that got no whole answer. */
  static unanswered(detail: string): Problem {
    return new Problem({ status: 0, title: "No answer", detail });
  }

  /** An answer that came, and is not what the API answers. */
  static misshapen(response: Response): Problem {
    const detail = "The answer has not the form of this API's; is the endpoint right?";
    return new Problem({ status: response.status, title: "Unexpected answer", detail, ...said(response) });
  }

  /** What an answer with an error's status says; its body counts only if it is a problem in JSON. */
  static of(response: Response, body: string): Problem {
    const told = toldBy(response, body);
    const title = text(told["title"]) || `Status ${response.status}`;
    return new Problem({
      status: response.status,
      type: text(told["type"]) || "about:blank",
      title,
      detail: text(told["detail"]),
      ...said(response),
    });
  }
}

function said(response: Response): { retryAfterS: number | null; requestId: string | null } {
  return {
    retryAfterS: seconds(response.headers.get("Retry-After")),
    requestId: response.headers.get("X-Request-Id"),
  };
}

function toldBy(response: Response, body: string): Record<string, unknown> {
  if (!MEDIA_TYPE.test(response.headers.get("Content-Type") ?? "")) return {};
  try {
    const told: unknown = JSON.parse(body);
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Read `Retry-After`, seconds or a date; null for anything else. */
function seconds(value: string | null): number | null {
  const trimmed = value?.trim() ?? "";
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed);
  const at = /[A-Za-z]/.test(trimmed) ? Date.parse(trimmed) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
