/** The page: one search box, one or two columns of results, and who is asking. */

import { readCallers, Refused } from "./api.js";
import { Column } from "./column.js";
import { declared, UNDECLARED } from "./declared.js";
import { element, icon } from "./dom.js";
import { avatar } from "./hits.js";
import { remember, recall } from "./memory.js";
import { say, speak, spoken } from "./words.js";

const DEBOUNCE_MS = 180;
const THEMES = ["auto", "light", "dark"];

const at = (id) => document.getElementById(id);
const [input, form, results] = [at("query"), at("form"), at("results")];
const state = { q: "", tab: "all", callers: [], who: [null, null], comparing: false, theme: "auto" };
const page = { go: ask, rewrite: ask, pick, changed: compared };
const columns = [new Column(page), new Column(page)];
let timer = 0;

/** Put a query into the box and search it at once. */
function ask(query) {
  input.value = query;
  input.focus();
  searchNow();
}

function pick(tab) {
  state.tab = tab;
  refresh();
}

/** Leave a tab that the first column's caller has not, such as one that an old address names. */
async function checkTab() {
  const [who] = state.who;
  const found = await declared(who);
  const isMissing = found !== UNDECLARED && state.tab !== "all" && !found.tabs.includes(state.tab);
  if (isMissing && who === state.who[0]) pick("all");
}

function searchNow() {
  clearTimeout(timer);
  const query = input.value.trim();
  if (query !== state.q && !query) state.tab = "all";
  state.q = query;
  refresh();
}

/** Show the state: in the address, in the columns, everywhere. */
function refresh() {
  const active = state.q !== "";
  document.body.classList.toggle("searching", active);
  document.body.classList.toggle("comparing", active && state.comparing);
  document.title = active ? `${state.q} · Office Search` : "Office Search";
  at("clear").hidden = input.value === "";
  at("examples").hidden = active || !state.who[0];
  results.hidden = !active;
  writeAddress();
  const shown = state.comparing ? columns : columns.slice(0, 1);
  results.replaceChildren(...shown.map((column) => column.root));
  columns.forEach((column, index) => {
    if (active && shown.includes(column)) column.run(state.who[index], { q: state.q, tab: state.tab });
    else column.stop();
  });
  drawHeads();
}

/** In a comparison, hits that both see are marked in both columns. */
function compared() {
  if (!state.comparing) return;
  columns[0].markShared(columns[1].ids());
  columns[1].markShared(columns[0].ids());
}

function drawHeads() {
  columns.forEach((column, index) => {
    const who = state.who[index];
    column.root.setAttribute("aria-label", who ? `${say().results} · ${who.name}` : say().results);
    if (!state.comparing) return column.head.replaceChildren();
    const choices = state.callers.map((caller) =>
      element("option", { value: caller.key, selected: caller === who }, `${caller.name} — ${caller.role[spoken()]}`),
    );
    const select = element("select", { "aria-label": say().columnCaller, onchange: (event) => become(index, event.target.value) }, choices);
    return column.head.replaceChildren(avatar(who.name), select);
  });
}

function become(index, key) {
  state.who[index] = state.callers.find((caller) => caller.key === key) ?? state.callers[index] ?? null;
  if (index === 0 && key) remember("caller", key);
  drawCallers();
  refresh();
  checkTab();
}

function drawCallers() {
  at("callers").hidden = state.callers.length === 0;
  at("compare").hidden = state.callers.length < 2;
  const [me] = state.who;
  const cards = state.callers.map((caller) => {
    const radio = element("input", { type: "radio", name: "caller", value: caller.key, checked: caller === me, onchange: () => become(0, caller.key) });
    const text = element("span", { class: "caller-text" }, element("b", {}, caller.name), element("small", {}, caller.role[spoken()]));
    return element("label", { class: "caller" }, radio, avatar(caller.name), text);
  });
  const focused = at("callers-row").contains(document.activeElement);
  at("callers-row").replaceChildren(...cards);
  if (focused) at("callers-row").querySelector(":checked")?.focus();
  const examples = (me?.examples ?? []).map((query) => element("button", { type: "button", class: "example", onclick: () => ask(query) }, query));
  at("examples-row").replaceChildren(...examples);
  at("examples").hidden = !examples.length || state.q !== "";
}

function drawWords() {
  const words = say();
  document.documentElement.lang = spoken() === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = words[node.dataset.say];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words[node.dataset.label]);
  input.placeholder = words.placeholder;
  at("language").textContent = words.language;
  at("language").lang = spoken() === "zh" ? "en" : "zh-CN";
  at("box-icon").replaceChildren(icon("search"));
  at("clear").replaceChildren(icon("close"));
  at("clear").setAttribute("aria-label", words.clear);
  at("compare").replaceChildren(icon("compare"), element("span", {}, state.comparing ? words.compareOff : words.compare));
  at("compare").setAttribute("aria-pressed", String(state.comparing));
  at("compare").setAttribute("aria-label", state.comparing ? words.compareOff : words.compare);
}

function drawTheme() {
  const label = say()[`theme${state.theme[0].toUpperCase()}${state.theme.slice(1)}`];
  document.documentElement.dataset.theme = state.theme;
  at("theme").replaceChildren(icon(state.theme));
  at("theme").setAttribute("aria-label", label);
  at("theme").title = label;
}

function toggleCompare() {
  state.comparing = !state.comparing;
  if (state.comparing && (!state.who[1] || state.who[1] === state.who[0])) {
    state.who[1] = state.callers.find((caller) => caller !== state.who[0]);
  }
  // Without a question there is nothing to compare: one that shows the difference, then.
  if (state.comparing && !state.q) input.value = state.who[0].examples.at(-1) ?? "";
  drawWords();
  searchNow();
}

/** The query stays behind the hash, which no server sees. */
function writeAddress() {
  const parts = new URLSearchParams();
  if (state.q) parts.set("q", state.q);
  if (state.q && state.tab !== "all") parts.set("tab", state.tab);
  if (state.who[0]) parts.set("as", state.who[0].key);
  if (state.comparing) parts.set("with", state.who[1].key);
  history.replaceState(null, "", state.q ? `#${parts}` : location.pathname);
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const find = (key) => state.callers.find((caller) => caller.key === key);
  // Somebody may have begun to type before the callers were there.
  input.value = parts.get("q") ?? input.value;
  state.q = input.value.trim();
  state.tab = parts.get("tab") || "all";
  state.who = [find(parts.get("as")) ?? find(recall("caller")) ?? state.callers[0] ?? null, find(parts.get("with")) ?? null];
  state.comparing = Boolean(state.who[1]);
  checkTab();
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const inList = document.activeElement?.closest(".hits");
  if (!step || (!inList && document.activeElement !== input)) return;
  const column = inList ?? results.querySelector(".hits");
  const hits = [...(column?.querySelectorAll(".hit") ?? [])];
  const next = hits.indexOf(document.activeElement.closest(".entry")?.querySelector(".hit")) + step;
  if (!hits.length || next >= hits.length || (next < 0 && !inList)) return;
  event.preventDefault();
  (next < 0 ? input : hits[next]).focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = document.activeElement?.matches("input[type=search], select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    input.select();
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (document.activeElement === input && input.value) ask("");
    else input.select();
  } else {
    move(event);
  }
}

function listen() {
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    at("clear").hidden = input.value === "";
    // While an input method composes, what stands in the box is not yet what is meant.
    if (!event.isComposing) timer = setTimeout(searchNow, DEBOUNCE_MS);
  });
  input.addEventListener("compositionend", () => { timer = setTimeout(searchNow, DEBOUNCE_MS); });
  form.addEventListener("submit", (event) => { event.preventDefault(); searchNow(); });
  at("clear").addEventListener("click", () => ask(""));
  at("compare").addEventListener("click", toggleCompare);
  at("home").addEventListener("click", (event) => { event.preventDefault(); state.comparing = false; drawWords(); ask(""); });
  at("language").addEventListener("click", () => { speak(spoken() === "zh" ? "en" : "zh"); remember("language", spoken()); redraw(); });
  at("theme").addEventListener("click", () => {
    state.theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length];
    remember("theme", state.theme);
    drawTheme();
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => { input.value = ""; readAddress(); redraw(); });
}

function redraw() {
  drawWords();
  drawTheme();
  drawCallers();
  refresh();
}

async function start() {
  speak(recall("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"));
  state.theme = THEMES.includes(recall("theme")) ? recall("theme") : "auto";
  drawWords();
  drawTheme();
  listen();
  try {
    state.callers = await readCallers();
  } catch (error) {
    at("banner").textContent = (error instanceof Refused && error.detail) || say().callersFailed;
    at("banner").hidden = false;
  }
  readAddress();
  redraw();
}

await start();
