/** Elements without innerHTML: what comes from the service is only ever text. */

/**
 * An element with attributes and children; a text child becomes a text node, null and false nothing.
 * @param {string} name @param {Record<string, unknown>} [attributes] @param {...unknown} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) => {
    if (name) return ENTITIES[name.toLowerCase()];
    const code = hex ? parseInt(hex, 16) : parseInt(decimal, 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** Escaped text whose only markup is `<em>` → nodes. Any other tag stays visible as the text that it is. */
export function marked(text) {
  const nodes = document.createDocumentFragment();
  let inside = false;
  for (const part of text.split(/(<em>|<\/em>)/)) {
    if (part === "<em>" || part === "</em>") inside = part === "<em>";
    else if (part) nodes.append(inside ? element("em", {}, unescaped(part)) : unescaped(part));
  }
  return nodes;
}

/** The same as plain text. */
export function plain(text) {
  return unescaped(text.replace(/<\/?em>/g, ""));
}

const SVG = "http://www.w3.org/2000/svg";

// Outlines on a grid of 24, drawn with the text's colour.
const PATHS = {
  general: "M12 3 4 7.5v9l8 4.5 8-4.5v-9L12 3ZM4.2 7.6 12 12l7.8-4.4M12 12v8.8",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16.2 16.2 21 21",
  close: "M6 6l12 12M18 6 6 18",
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
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M4.9 4.9l1.8 1.8M17.3 17.3l1.8 1.8M19.1 4.9l-1.8 1.8M6.7 17.3l-1.8 1.8",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  auto: "M4 5h16v11H4zM12 16v4M8.5 20h7",
  compare: "M4 5h6v14H4zM14 5h6v14h-6z",
  warning: "M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.3v.2",
  both: "M9 6a6 6 0 1 0 0 12A6 6 0 0 0 9 6ZM15 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12Z",
};

/** The first of these names that there is a drawing for; a general one where there is none. */
export function drawn(...names) {
  return names.find((name) => Object.hasOwn(PATHS, name ?? "")) ?? "general";
}

/** A drawing that says nothing to screen readers; the text beside it does. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[drawn(name)]);
  drawing.append(path);
  return drawing;
}
