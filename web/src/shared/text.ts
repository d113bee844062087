/** Texts of the service as nodes: escaped HTML whose only markup is `<em>`, and names that may hold anything. */

import { element } from "./dom.js";

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
// Marks that turn the direction of whatever comes after them or surrounds them; and what cannot be seen, but for the
// joiners that emoji and some scripts are written with.
const TURNS = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff]/g;
const HAN = /\p{Script=Han}/u;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** What a member of an answer says as text; an empty text for what is none. An answer may hold anything. */
export function text(value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" ? value : "";
}

/** A text that cannot turn its neighbours around, without what cannot be seen. */
export function upright(value: unknown): string {
  return text(value).replace(TURNS, "");
}

function unescaped(escaped: string): string {
  return escaped.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? "";
    const code = hex ? parseInt(hex, 16) : parseInt(decimal, 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** Escaped text whose only markup is `<em>`, as plain text. */
export function plain(escaped: unknown): string {
  return upright(unescaped(text(escaped).replace(/<\/?em>/g, "")));
}

/** The same as nodes, set apart from the direction of what surrounds it. Other tags stay the text that they are. */
export function marked(escaped: unknown, language = ""): HTMLElement {
  const made = element("bdi", { lang: languageOf(plain(escaped), language) });
  let inside = false;
  for (const part of text(escaped).split(/(<em>|<\/em>)/)) {
    if (part === "<em>" || part === "</em>") inside = part === "<em>";
    else if (part) made.append(inside ? element("em", {}, upright(unescaped(part))) : upright(unescaped(part)));
  }
  return made;
}

/** A plain text as a node, set apart from the direction of what surrounds it. */
export function named(value: unknown, language = ""): HTMLElement {
  const said = upright(value);
  return element("bdi", { lang: languageOf(said, language) }, said);
}

/** The language to mark a text with, where it is not that of the page around it; null where it is, or is unknown. */
export function languageOf(said: string, around: string): string | null {
  if (KANA.test(said)) return "ja";
  return HAN.test(said) && !around.startsWith("zh") ? "zh-CN" : null;
}

/** Where a link may lead: an http or https address; null for anything else. A relative one counts only with a `base`. */
export function safeLink(value: unknown, base?: string): string | null {
  const address = text(value);
  if (!address || !URL.canParse(address, base)) return null;
  const url = new URL(address, base);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}
