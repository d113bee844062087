/** Keeps the focus inside the page: what held it may be drawn anew, moved or gone. */

/** Where the focus goes when what held it is gone and has no successor. */
let fallback: () => HTMLElement | null = () => null;

export function fallBackTo(find: () => HTMLElement | null): void {
  fallback = find;
}

export function focusOn(target: HTMLElement | null | undefined): void {
  (target ?? fallback())?.focus({ preventScroll: true });
}

/**
 * Draw, and give the focus back: to the element itself, else to the one of the same `data-focus`, else to `otherwise`,
 * else to the fallback. What had no focus gets none.
 */
export function keeping(draw: () => void, otherwise?: () => HTMLElement | null | undefined): void {
  const held = document.activeElement;
  const name = held instanceof HTMLElement ? held.dataset["focus"] : undefined;
  draw();
  if (!(held instanceof HTMLElement) || held === document.body || held === document.activeElement) return;
  // What was only moved has lost the focus too.
  if (isThere(held)) return focusOn(held);
  const same = name ? document.querySelector<HTMLElement>(`[data-focus="${CSS.escape(name)}"]`) : null;
  focusOn(same && isThere(same) ? same : otherwise?.());
  if (document.activeElement === document.body) focusOn(null);
}

function isThere(held: HTMLElement): boolean {
  return held.isConnected && held.checkVisibility() && !held.matches(":disabled");
}
