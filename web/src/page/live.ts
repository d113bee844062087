/** Tells screen readers what changed: by one region that stays, and at most one message a pause. */

const PAUSE_MS = 500;

let region: HTMLElement | null = null;
let timer = 0;

/** The region, made once and never put in anew. */
export function speakThrough(node: HTMLElement): void {
  region = node;
}

/** Say a text in the next pause, in place of whatever waits to be said. */
export function announce(text: string): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    if (!region) return;
    // The same words again are said again only if the text differs.
    region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  }, PAUSE_MS);
}
