/** Everything that the element says by itself, in both languages; what verticals are called, the service tells. */

import type { Language } from "../shared/moments.js";

const ZH = {
  label: "搜索",
  placeholder: "搜消息、同事、群聊、文档、应用…",
  clear: "清空",
  list: "搜索建议",
  searchFor: (query: string) => `搜索“${query}”`,
  loading: "正在加载…",
  none: "没有匹配的建议",
  noneFound: "没有找到结果",
  count: (n: number) => (n ? `${n} 条建议，用上下键选择` : "没有建议"),
  found: (n: string) => `找到 ${n} 条结果`,
  retry: "重试",
  waiting: (seconds: number) => `${seconds} 秒后自动重试`,
  late: "部分结果没有及时返回",
  untitled: "无标题",
  requestId: (id: string) => `请求编号 ${id}`,
  remove: "删除这条记录",
  removeKey: "Shift+Delete 删除",
  removed: "已删除",
  disabled: "已停用",
  archived: "已归档",
  public: "公开",
  keys: { move: "选择", open: "打开", search: "搜索", close: "关闭" },
  groups: {
    recent: "最近搜索", likely: "常用", query: "搜索", person: "联系人", group: "群聊", department: "部门", app: "应用", doc: "文档",
    hits: "搜索结果", search: "全部内容",
  } as Record<string, string>,
};

export type Words = typeof ZH;

const EN: Words = {
  label: "Search",
  placeholder: "Messages, colleagues, groups, docs, apps…",
  clear: "Clear",
  list: "Search suggestions",
  searchFor: (query) => `Search for “${query}”`,
  loading: "Loading…",
  none: "No suggestions",
  noneFound: "Nothing found",
  count: (n) => (n ? `${n} ${n === 1 ? "suggestion" : "suggestions"}; choose with the arrow keys` : "No suggestions"),
  found: (n) => `${n} ${n === "1" ? "result" : "results"}`,
  retry: "Try again",
  waiting: (seconds) => `trying again in ${seconds} s`,
  late: "Some results did not come in time",
  untitled: "Untitled",
  requestId: (id) => `Request id ${id}`,
  remove: "Remove from history",
  removeKey: "Shift+Delete removes it",
  removed: "Removed",
  disabled: "Deactivated",
  archived: "Archived",
  public: "Public",
  keys: { move: "choose", open: "open", search: "search", close: "close" },
  groups: {
    recent: "Recent searches", likely: "Often used", query: "Searches", person: "People", group: "Groups",
    department: "Departments", app: "Apps", doc: "Docs", hits: "Results", search: "Everything",
  },
};

export function wordsOf(language: Language): Words {
  return language === "zh" ? ZH : EN;
}
