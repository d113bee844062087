/** Everything the page says by itself, in both languages; what verticals and filters are called, the service tells. */

const WORDS = {
  zh: {
    headline: "搜索消息、联系人、文档和应用",
    placeholder: "搜消息、同事、群聊、文档、应用…",
    searchLabel: "全局搜索",
    hint: "还可以写 from:姓名、in:群名、type:sheet、has:file、before:2026-01-31、“原话”、-不要的词",
    skip: "跳到搜索结果",
    tools: "页面设置",
    searchAs: "以谁的身份搜索",
    tryThese: "试试",
    compare: "双人对比",
    compareOff: "退出对比",
    language: "English",
    themeAuto: "外观：跟随系统",
    themeLight: "外观：浅色",
    themeDark: "外观：深色",
    clear: "清空",
    results: "搜索结果",
    kinds: "结果类型",
    all: "全部",
    comma: "、",
    columnCaller: "这一栏以谁的身份搜索",
    loading: "正在搜索…",
    found: (n, ms) => `找到 ${n} 条结果 · ${ms} 毫秒`,
    none: "没有找到结果",
    noneHint: "换个关键词，或去掉一些筛选条件。看不到的内容和不存在的内容，在这里一模一样。",
    seenByBoth: "两人都能看到",
    more: "加载更多",
    retry: "重试",
    didYouMean: "你要找的是",
    denied: (names) => `你的角色不能搜索：${names}`,
    deniedTab: "你的角色不能搜索这一类",
    deniedHint: "需要使用时，请联系管理员开通相应模块。",
    failed: (names) => `${names}没有及时返回，其余结果照常显示。`,
    errorTitle: "搜索没有成功",
    offline: "连接不上搜索服务，请确认它还在运行。",
    callersFailed: "取不到演示身份，请确认服务还在运行，然后刷新页面。",
    remove: (label) => `去掉筛选 ${label}`,
    keySearch: "搜索",
    keyMove: "移动",
    keyOpen: "展开",
    keyBack: "返回",
    conditions: { phrases: "短语", excluded: "排除" },
    not: "不含",
    disabled: "已停用",
    archived: "已归档",
    public: "公开",
    edited: "已编辑",
    untitled: "无标题",
    id: "编号",
    searchFrom: "看此人的消息",
    searchIn: "在此会话中搜索",
  },
  en: {
    headline: "Search messages, people, docs and apps",
    placeholder: "Messages, colleagues, groups, docs, apps…",
    searchLabel: "Search everything",
    hint: "Also understood: from:name, in:group, type:sheet, has:file, before:2026-01-31, \"exact words\", -unwanted",
    skip: "Skip to results",
    tools: "Page settings",
    searchAs: "Search as",
    tryThese: "Try",
    compare: "Compare two people",
    compareOff: "Leave comparison",
    language: "中文",
    themeAuto: "Appearance: as the system",
    themeLight: "Appearance: light",
    themeDark: "Appearance: dark",
    clear: "Clear",
    results: "Search results",
    kinds: "Kinds of results",
    all: "All",
    comma: ", ",
    columnCaller: "Whom this column searches as",
    loading: "Searching…",
    found: (n, ms) => `${n} ${n === "1" ? "result" : "results"} · ${ms} ms`,
    none: "Nothing found",
    noneHint: "Try other words or fewer filters. What you may not see looks exactly like what does not exist.",
    seenByBoth: "Both see this",
    more: "Load more",
    retry: "Try again",
    didYouMean: "Did you mean",
    denied: (names) => `Your role may not search: ${names}`,
    deniedTab: "Your role may not search this kind",
    deniedHint: "If you need it, ask an administrator for the module.",
    failed: (names) => `${names} did not answer in time; the other results are shown.`,
    errorTitle: "The search did not succeed",
    offline: "The search service does not answer. Is it still running?",
    callersFailed: "The demo's people could not be read. Is the service still running? Then reload this page.",
    remove: (label) => `Remove the filter ${label}`,
    keySearch: "search",
    keyMove: "move",
    keyOpen: "open",
    keyBack: "back",
    conditions: { phrases: "Phrase", excluded: "Without" },
    not: "not",
    disabled: "Deactivated",
    archived: "Archived",
    public: "Public",
    edited: "Edited",
    untitled: "Untitled",
    id: "Id",
    searchFrom: "Messages from this person",
    searchIn: "Search in this conversation",
  },
};

let language = "zh";

/** @param {"zh" | "en"} next */
export function speak(next) {
  language = next in WORDS ? next : "en";
}

export function spoken() {
  return language;
}

/** The words of the language that is set. */
export function say() {
  return WORDS[language];
}

/** A total as text: a lower bound gets a plus sign. */
export function total(section) {
  const text = new Intl.NumberFormat(language).format(section.total);
  return section.relation === "gte" ? `${text}+` : text;
}

const isTime = (text) => !Number.isNaN(Date.parse(text));

/** When something was, as people say it: relative within a week, then the date. What is no time stays as it is. */
export function when(time) {
  if (!isTime(time)) return time;
  const moment = new Date(time);
  const minutes = Math.round((moment - Date.now()) / 60000);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  if (Math.abs(minutes) < 60 * 24) return relative.format(Math.round(minutes / 60), "hour");
  if (Math.abs(minutes) < 60 * 24 * 7) return relative.format(Math.round(minutes / 1440), "day");
  const sameYear = moment.getFullYear() === new Date().getFullYear();
  const form = { month: "short", day: "numeric", ...(sameYear ? {} : { year: "numeric" }) };
  return new Intl.DateTimeFormat(language, form).format(moment);
}

/** Date and time in full. What is no time stays as it is. */
export function exactly(time) {
  if (!isTime(time)) return time;
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(new Date(time));
}
