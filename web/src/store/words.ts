/** What the store says beside what every page says, in both languages. */

import type { Language } from "../shared/moments.js";
import type { OwnWords } from "../shared/problems.js";
import { spoken } from "../page/words.js";
import type { Facet, Sort } from "./state.js";

const ZH = {
  brand: "应用商店",
  headline: "找到帮得上忙的应用",
  skip: "跳到应用",
  searchPage: "搜索",
  looking: "搜应用，也可以说要办的事：报销、请假、打车…",
  label: "搜索应用",
  clear: "清空",
  recommended: "为你推荐",
  noneRecommended: "还没有可推荐的。用过几个应用，这里就会有适合你的。",
  trending: "正在升温",
  fresh: "新上架",
  all: "查看全部",
  everything: "全部应用",
  allOf: (shelf: string) => `查看全部：${shelf}`,
  dismiss: (app: string) => `不再推荐 ${app}`,
  dismissed: (app: string) => `不再推荐「${app}」`,
  undo: "撤销",
  undone: (app: string) => `「${app}」放回来了`,
  mine: "我用过的",
  facets: { category: "分类", kind: "类型", developer: "开发者" } as Record<Facet, string>,
  kinds: { mini_program: "小程序", web: "网页应用", bot: "机器人", service_account: "服务号" } as Record<string, string>,
  sorts: { relevance: "最合适", popular: "最多人用", trending: "正在升温", new: "最新上架" } as Record<Sort, string>,
  results: "找到的应用",
  found: (n: string) => `${n} 个应用`,
  none: "没有找到应用",
  noneHint: "换个说法，或去掉一些筛选条件。你看不到的应用，在这里和不存在一样。",
  noneMine: "你还没有用过这里的应用",
  noneMineHint: "打开或安装过的应用会出现在这里，最近的在前。",
  empty: "这里还没有你能用的应用",
  emptyHint: "有应用对你开放时，就会出现在这里。",
  elsewhere: (query: string) => `在消息、文档和联系人里搜索「${query}」`,
  usedBy: (n: string) => `至少 ${n} 位同事在用`,
  usedInDepartment: (n: string) => `你的部门至少 ${n} 人在用`,
  rating: (mean: string) => `${mean} 分`,
  ratingAloud: (mean: string) => `评分 ${mean}，满分 5`,
  request: "可申请",
  back: "返回应用商店",
  backToResults: "返回结果",
  open: "打开应用",
  ask: "申请开通",
  askWhom: "这个应用要先开通；请联系管理员。",
  unlinked: "这个应用没有网页地址，请在聊天中使用。",
  demo: "演示公司的应用没有真实地址。",
  newTab: "（在新标签页打开）",
  about: "介绍",
  similar: "相似的应用",
  noneSimilar: "没有相似的应用。",
  tags: "标签",
  published: "上架",
};

export type Words = typeof ZH;

const EN: Words = {
  brand: "App store",
  headline: "Find the apps that help you",
  skip: "Skip to apps",
  searchPage: "Search",
  looking: "An app, or what you want to get done: expenses, leave, a taxi…",
  label: "Search apps",
  clear: "Clear",
  recommended: "Recommended for you",
  noneRecommended: "Nothing to recommend yet. Use a few apps, and what suits you appears here.",
  trending: "On the rise",
  fresh: "New",
  all: "See all",
  everything: "All apps",
  allOf: (shelf) => `See all: ${shelf}`,
  dismiss: (app) => `Do not recommend ${app}`,
  dismissed: (app) => `${app} will not be recommended`,
  undo: "Undo",
  undone: (app) => `${app} is back`,
  mine: "Used by me",
  facets: { category: "Category", kind: "Kind", developer: "Developer" },
  kinds: { mini_program: "Mini program", web: "Web app", bot: "Bot", service_account: "Service account" },
  sorts: { relevance: "Best match", popular: "Most used", trending: "On the rise", new: "Newest" },
  results: "Apps found",
  found: (n) => `${n} ${n === "1" ? "app" : "apps"}`,
  none: "No app found",
  noneHint: "Try other words or fewer filters. An app that you may not see looks exactly like none.",
  noneMine: "You have not used an app yet",
  noneMineHint: "What you open or install appears here, the latest first.",
  empty: "There are no apps for you yet",
  emptyHint: "As soon as one is open to you, it appears here.",
  elsewhere: (query) => `Search messages, docs and people for “${query}”`,
  usedBy: (n) => `Used by ${n} colleagues or more`,
  usedInDepartment: (n) => `Used by ${n} or more in your department`,
  rating: (mean) => mean,
  ratingAloud: (mean) => `Rated ${mean} of 5`,
  request: "On request",
  back: "Back to the store",
  backToResults: "Back to results",
  open: "Open",
  ask: "Request access",
  askWhom: "Access has to be granted; ask an administrator.",
  unlinked: "This app has no address on the web; use it in your chats.",
  demo: "Apps of the made-up company have no real address.",
  newTab: "(opens in a new tab)",
  about: "About",
  similar: "Similar apps",
  noneSimilar: "No app is like this one.",
  tags: "Tags",
  published: "Published",
};

const WORDS: Record<Language, Words> = { zh: ZH, en: EN };

const PROBLEMS: Record<Language, OwnWords> = {
  zh: {
    silent: ["连接不上应用商店", "请检查网络，然后重试。"],
    expired: ["登录已过期", "请重新登录后再来。"],
    module: ["你的角色不能使用应用商店", "需要使用时，请联系管理员开通。"],
    busy: ["操作太频繁", "稍等片刻会自动恢复。"],
    gone: ["找不到这个应用", "它不存在或已下架，或者你看不到它。"],
    down: ["应用商店暂时不可用", "请过几秒再试。"],
    failed: ["没有加载成功", "请重试；如果一直这样，请把请求编号告诉管理员。"],
  },
  en: {
    silent: ["The app store cannot be reached", "Check your connection, then try again."],
    expired: ["Your sign-in has expired", "Sign in again to go on."],
    module: ["Your role may not use the app store", "If you need it, ask an administrator."],
    busy: ["Too many requests", "It goes on by itself in a moment."],
    gone: ["There is no such app", "It does not exist, was withdrawn, or you may not see it."],
    down: ["The app store is not available just now", "Try again in a few seconds."],
    failed: ["It could not be loaded", "Try again; if it goes on, tell an administrator the request id."],
  },
};

/** The store's words in the language that is set. */
export function words(): Words {
  return WORDS[spoken()];
}

export function problemWords(): OwnWords {
  return PROBLEMS[spoken()];
}

/** What a kind of app is called. Somebody may use the store who may not search apps, so nothing is declared for it. */
export function kindName(kind: string): string {
  return words().kinds[kind] ?? kind;
}
