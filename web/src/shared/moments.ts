/** Times, numbers and sizes as people say them, in their language and their time zone. */

import { text } from "./text.js";

export type Language = "zh" | "en";
export interface Place {
  language: Language;
  /** An IANA name. */
  timezone: string;
}

const DAY_MS = 86_400_000;
const LOCALES: Record<Language, string> = { zh: "zh-CN", en: "en" };
const DAY: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" };
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A language as HTML and the browser's formats name it. */
export function localeOf(language: Language): string {
  return LOCALES[language];
}

/** The zone that the browser is in. */
export function ownTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "Asia/Shanghai";
}

/** An IANA name if the browser knows it, else its own zone. */
export function knownTimezone(name: string | null | undefined): string {
  try {
    if (name) return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // What it does not know is not asked for; the service would refuse it as well.
  }
  return ownTimezone();
}

function momentOf(time: unknown): Date | null {
  const moment = new Date(text(time));
  return Number.isNaN(moment.getTime()) ? null : moment;
}

/** The day's number in a zone: 23:59 and 00:01 are a day apart. */
function dayOf(moment: Date, timezone: string): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone: timezone, year: "numeric", month: "numeric", day: "numeric" });
  const of = Object.fromEntries(parts.formatToParts(moment).map((part) => [part.type, Number(part.value)]));
  return Date.UTC(of["year"] ?? 0, (of["month"] ?? 1) - 1, of["day"] ?? 1) / DAY_MS;
}

/**
 * When something was, as people say it: minutes and hours of the same day, days of the calendar within a week, then the
 * date. What is no time stays as it is.
 */
export function when(time: unknown, place: Place, now: Date = new Date()): string {
  const moment = momentOf(time);
  if (!moment) return text(time);
  const locale = LOCALES[place.language];
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const days = dayOf(moment, place.timezone) - dayOf(now, place.timezone);
  const minutes = Math.round((moment.getTime() - now.getTime()) / 60_000);
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  if (days === 0) return relative.format(Math.trunc(minutes / 60), "hour");
  if (Math.abs(days) < 7) return relative.format(days, "day");
  return dated(moment, place, now, DAY);
}

/** Day and time, as where the minutes count. What is no time stays as it is. */
export function dayAndTime(time: unknown, place: Place, now: Date = new Date()): string {
  const moment = momentOf(time);
  return moment ? dated(moment, place, now, { ...DAY, hour: "2-digit", minute: "2-digit" }) : text(time);
}

/** A moment in a form, with its year where that is not this one. */
function dated(moment: Date, { language, timezone: timeZone }: Place, now: Date, form: Intl.DateTimeFormatOptions): string {
  const year = new Intl.DateTimeFormat("en", { timeZone, year: "numeric" });
  const elsewhen: Intl.DateTimeFormatOptions = year.format(moment) === year.format(now) ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(LOCALES[language], { timeZone, ...form, ...elsewhen }).format(moment);
}

/** Date and time in full, in the zone. What is no time stays as it is. */
export function exactly(time: unknown, place: Place): string {
  const moment = momentOf(time);
  if (!moment) return text(time);
  const form: Intl.DateTimeFormatOptions = { dateStyle: "long", timeStyle: "short", timeZone: place.timezone };
  return new Intl.DateTimeFormat(LOCALES[place.language], form).format(moment);
}

/** A number with the separators of the language. */
export function counted(count: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(count);
}

/** A size in bytes, in the unit in which it is a small number: 3.5 GB; an empty text for what is no size. */
export function sized(bytes: unknown, language: Language): string {
  if (typeof bytes !== "number" || !Number.isFinite(bytes) || bytes < 0) return "";
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const size = bytes / 1000 ** step;
  const form = { style: "unit", unit: UNITS[step], maximumFractionDigits: size < 10 && step > 0 ? 1 : 0 } as const;
  return new Intl.NumberFormat(LOCALES[language], form).format(size);
}
