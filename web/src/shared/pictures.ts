/** The small picture before a row: a person's face or initial, an app's icon, or a drawing of what kind of thing it is. */

import { drawn, element, icon } from "./dom.js";
import { text, upright } from "./text.js";

const TINTS = 6;

/** A round picture for a name: the last character of a Chinese one, the first letter of any other. */
export function initial(name: string): HTMLElement {
  const said = upright(name).trim();
  const letter = /\p{Script=Han}/u.test(said) ? [...said].at(-1) : [...said][0]?.toUpperCase();
  const tint = [...said].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % TINTS;
  return element("span", { class: `avatar tint-${tint}`, "aria-hidden": "true" }, letter ?? "?");
}

/** A drawing on a tinted tile: the first of these names that there is one for. */
export function tile(...names: (string | null | undefined)[]): HTMLElement {
  const name = drawn(...names);
  return element("span", { class: `tile tile-${name}`, "aria-hidden": "true" }, icon(name));
}

/** Whether a picture's address is https and on one of the hosts that the service lists (`a.example`, `*.example`). */
export function isPicture(address: unknown, hosts: readonly string[]): boolean {
  let url: URL;
  try {
    url = new URL(text(address));
  } catch {
    return false;
  }
  if (url.protocol !== "https:" || url.port || url.username || url.password) return false;
  return hosts.some((host) => (host.startsWith("*.") ? url.hostname.endsWith(host.slice(1)) : url.hostname === host));
}

/** A picture from elsewhere in place of `otherwise`, which comes back when it cannot be loaded. */
export function pictured(address: unknown, hosts: readonly string[], otherwise: HTMLElement): HTMLElement {
  if (!isPicture(address, hosts)) return otherwise;
  const picture = element("img", {
    class: `${otherwise.className} picture`,
    src: text(address),
    alt: "",
    referrerpolicy: "no-referrer",
    loading: "lazy",
    decoding: "async",
    width: 38,
    height: 38,
    onerror: () => picture.replaceWith(otherwise),
  });
  return picture;
}
