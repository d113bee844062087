/** Elements without innerHTML: what comes from the service is only ever text. */

type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Child = Node | string | null | undefined | false;

/**
 * Makes an element. An attribute that is null, undefined or false is left out; one named `on…` is a listener. A text
 * child becomes a text node.
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, Value> = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(key.slice(2), value as EventListener);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child) made.append(child);
  return made;
}

/** The element of the page's own markup that has an id. */
export const at = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

const ICON_SPACE = "http://www.w3.org/2000/svg";

/** Outlines on a grid of 24, drawn in the text's colour. */
const DRAWINGS: Record<string, string> = {
  general: "M12 3 4 7.5v9l8 4.5 8-4.5v-9L12 3ZM4.2 7.6 12 12l7.8-4.4M12 12v8.8",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16.2 16.2 21 21",
  close: "M6 6l12 12M18 6 6 18",
  recent: "M12 4a8 8 0 1 1-7.4 5M4 4v5h5M12 8v4.5l3 1.8",
  messages: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM8 9.5h8M8 12.5h5",
  group: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.6a3.3 3.3 0 0 1 0 6M18 15c2 .7 3.2 2.4 3.5 5",
  channel: "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  direct: "M12 4c5 0 9 3.3 9 7.5S17 19 12 19c-1 0-2-.1-2.9-.4L4.5 20.5l1.2-3.7C4 15.4 3 13.5 3 11.5 3 7.3 7 4 12 4Z",
  department: "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
  doc: "M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2ZM14 3v5h5M9 13h6M9 17h4",
  sheet: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM4 10h16M4 15h16M10 4v16",
  slide: "M3 4h18M4 4v11h16V4M12 15v3M8 21l4-3 4 3M8 11l3-3 2 2 3-3",
  wiki: "M12 6c-2-1.3-4.5-2-8-2v14c3.5 0 6 .7 8 2 2-1.3 4.5-2 8-2V4c-3.5 0-6 .7-8 2ZM12 6v14",
  pdf: "M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2ZM14 3v5h5M8.5 16.5c3-1 4.5-4 4.5-6 0-.8-1.5-.8-1.5.2 0 2.3 2.5 5 4.5 5.3",
  mini_program: "M5 4h5v5H5zM14 4h5v5h-5zM5 13h5v5H5zM16.5 13v6M13.5 16h6",
  web: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c2.5 2.5 3.7 5.5 3.7 9S14.5 18.5 12 21M12 3C9.5 5.5 8.3 8.5 8.3 12s1.2 6.5 3.7 9",
  bot: "M7 8h10a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3v-5a3 3 0 0 1 3-3ZM12 8V4M9 13v1.5M15 13v1.5",
  service_account: "M12 3l7 3v5c0 5-3 8.3-7 10-4-1.7-7-5-7-10V6l7-3ZM9 12l2.2 2.2L15 10",
  file: "M20 11.5 12.5 19a5 5 0 0 1-7-7L13 4.5a3.3 3.3 0 0 1 4.7 4.7L10.3 16.6a1.7 1.7 0 0 1-2.4-2.4L14.5 7.6",
  lock: "M7 11h10a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  warning: "M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.3v.2",
};

/** Adds drawings that a page needs and the element does not. */
export function draw(more: Record<string, string>): void {
  Object.assign(DRAWINGS, more);
}

/** The first of these names that there is a drawing for; a general one where there is none. */
export function drawn(...names: (string | null | undefined)[]): string {
  return names.find((name) => name && Object.hasOwn(DRAWINGS, name)) ?? "general";
}

/** A drawing that says nothing to screen readers; the text beside it does. */
export function icon(name: string): SVGSVGElement {
  const drawing = document.createElementNS(ICON_SPACE, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "icon");
  const path = document.createElementNS(ICON_SPACE, "path");
  path.setAttribute("d", DRAWINGS[drawn(name)] ?? "");
  drawing.append(path);
  return drawing;
}
