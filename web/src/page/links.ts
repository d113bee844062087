/** What clicks and keys on links mean. */

/** Whether a click follows a link here; with another button or a key held it is the browser's. */
export function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

/** Go up and down among the names of a list, by arrows; above the first stands what `before` focuses. */
export function walk(event: KeyboardEvent, before: () => void): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...((event.target as Element).closest(".hits")?.querySelectorAll<HTMLElement>("a.name") ?? [])];
  const place = links.indexOf(event.target as HTMLElement);
  if (!step || place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const next = links[place + step];
  if (next) next.focus();
  else if (step < 0) before();
}
