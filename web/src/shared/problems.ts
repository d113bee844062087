/** What went wrong, in the user's language: the service's texts are for developers and stand in logs. */

import { Problem } from "@office-search/client";
import type { Language } from "./moments.js";

/** What a page says in other words than these. */
export type OwnWords = Partial<Record<Kind, [title: string, text: string]>>;

export interface Told {
  title: string;
  text: string;
  /** Whether asking once more may help. */
  again: boolean;
  /** In how many seconds it may; null: at once. */
  waitS: number | null;
  /** To be told to an administrator; null: nothing would come of it. */
  requestId: string | null;
}

const WAIT_S = 5;
// The most that a service may ask for; a longer wait is the user's to end.
const LONGEST_WAIT_S = 600;

export type Kind = "elsewhere" | "denied" | "offline" | "silent" | "expired" | "inactive" | "module" | "scope" | "busy" | "wrong" | "gone" | "down" | "failed";

const WORDS: Record<Language, Record<Kind, [title: string, text: string]>> = {
  zh: {
    offline: ["没有网络", "设备离线了。恢复连接后会自动重试。"],
    silent: ["连接不上搜索服务", "请检查网络，然后重试。"],
    expired: ["登录已过期", "请重新登录后再搜索。"],
    inactive: ["账号不可用", "你的账号未启用或已停用，请联系管理员。"],
    module: ["没有权限搜索这一类", "需要使用时，请联系管理员开通相应模块。"],
    scope: ["此应用不能使用个人记录", "请联系管理员为应用开通个人搜索权限。"],
    busy: ["搜索太频繁", "稍等片刻会自动恢复。"],
    wrong: ["这样搜索不了", "请换个写法，或去掉一些筛选条件。"],
    gone: ["找不到了", "内容不存在，或你看不到它。"],
    down: ["搜索服务暂时不可用", "请过几秒再试。"],
    failed: ["搜索没有成功", "请重试；如果一直这样，请告诉管理员。"],
    denied: ["没有权限", "你不能这样搜索。需要时，请联系管理员。"],
    elsewhere: ["搜索框没有连接", "它的服务地址不对，请告诉管理员。"],
  },
  en: {
    offline: ["You are offline", "It goes on by itself when the connection is back."],
    silent: ["The search service cannot be reached", "Check your connection, then try again."],
    expired: ["Your sign-in has expired", "Sign in again to go on searching."],
    inactive: ["Your account is not active", "It is unknown or has been disabled; ask an administrator."],
    module: ["Your role may not search this kind", "If you need it, ask an administrator for the module."],
    scope: ["This app may not use personal history", "Ask an administrator to grant the app personal search."],
    busy: ["Too many searches", "It goes on by itself in a moment."],
    wrong: ["This cannot be searched for", "Try other words, or fewer filters."],
    gone: ["Not found", "It does not exist, or you may not see it."],
    down: ["The search service is not available just now", "Try again in a few seconds."],
    failed: ["The search did not succeed", "Try again; if it goes on, tell an administrator."],
    denied: ["Not allowed", "You may not search like this. If you need to, ask an administrator."],
    elsewhere: ["The search box is not connected", "Its service's address is wrong; tell an administrator."],
  },
};

/** The type of a problem of the box's own: its endpoint is none to ask. */
export const REFUSED = "urn:office-search:problem:refused-endpoint";

const KINDS: Record<string, Kind> = {
  "urn:office-search:problem:caller-not-active": "inactive",
  "urn:office-search:problem:module-missing": "module",
  "urn:office-search:problem:scope-missing": "scope",
  "urn:office-search:problem:not-found": "gone",
  [REFUSED]: "elsewhere",
};
const AGAIN: readonly Kind[] = ["offline", "silent", "busy", "down", "failed", "expired"];

function kindOf(problem: unknown): Kind {
  if (!(problem instanceof Problem)) return "failed";
  const known = KINDS[problem.type];
  if (known) return known;
  if (problem.status === 0) return navigator.onLine === false ? "offline" : "silent";
  switch (problem.status) {
    case 401: return "expired";
    case 403: return "denied";
    case 400: case 413: case 414: case 422: return "wrong";
    case 429: return "busy";
    case 502: case 503: case 504: return "down";
    default: return "failed";
  }
}

/** In how many seconds to ask again by oneself; null: not by oneself. Too many requests say so even without a time. */
function waitOf(problem: unknown): number | null {
  if (!(problem instanceof Problem)) return null;
  const { status, retryAfterS } = problem;
  if (status !== 429 && (status !== 503 || retryAfterS === null)) return null;
  return Math.min(Math.max(1, retryAfterS ?? WAIT_S), LONGEST_WAIT_S);
}

/** Whether a request was only given up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What to tell the user of an error; `own`: a page's own words for some. */
export function told(problem: unknown, language: Language, own: OwnWords = {}): Told {
  const kind = kindOf(problem);
  const [title, text] = own[kind] ?? WORDS[language][kind];
  const requestId = problem instanceof Problem && kind === "failed" ? problem.requestId : null;
  return { title, text, again: AGAIN.includes(kind), waitS: waitOf(problem), requestId };
}
