/** Whether keys and texts are still an input method's, and what the box's own shortcuts are. */

// What browsers report for a key that an input method has taken.
const TAKEN = 229;

/**
 * Knows when an input method has the keys. Chromium and Firefox end a composition after the key that ended it; Safari
 * ends it first and then sends the key, in the same task, as if it were the page's.
 */
export class Composition {
  #composing = false;
  #ending = false;

  /** Follows an input; `ended` is called when a composition has ended and the text is the user's. */
  constructor(input: HTMLElement, began: () => void, ended: () => void) {
    input.addEventListener("compositionstart", () => {
      this.#composing = true;
      began();
    });
    input.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#ending = true;
      setTimeout(() => { this.#ending = false; });
      ended();
    });
    // Whoever leaves in the middle of a word gets no end of it from some browsers.
    input.addEventListener("blur", () => { this.#composing = false; });
  }

  /** Whether the text is not yet what is meant. */
  get active(): boolean {
    return this.#composing;
  }

  /** Whether a key is the input method's. */
  owns(event: KeyboardEvent): boolean {
    return this.#composing || this.#ending || event.isComposing || event.keyCode === TAKEN;
  }
}

const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.platform);

/** Whether a key is one of the shortcuts that an attribute names: `mod+k`, `/`. */
export function isShortcut(event: KeyboardEvent, shortcuts: readonly string[]): boolean {
  const { ctrlKey, metaKey, altKey, shiftKey, code, key } = event;
  if (altKey) return false;
  if (shortcuts.includes("mod+k") && code === "KeyK" && !shiftKey && (isMac() ? metaKey && !ctrlKey : ctrlKey && !metaKey)) return true;
  if (!shortcuts.includes("/") || ctrlKey || metaKey || isEditable(event)) return false;
  // An input method gives 、 for this key, or takes it; on other keyboards the key with this code is another sign.
  return key === "/" || (code === "Slash" && !shiftKey && (key === "、" || key === "／" || event.keyCode === TAKEN));
}

function isEditable(event: Event): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  const isField = target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  return isField || target.isContentEditable;
}

/** What a shortcut is called on this machine. */
export function keyName(shortcuts: readonly string[]): string {
  if (shortcuts.includes("mod+k")) return isMac() ? "⌘K" : "Ctrl K";
  return shortcuts.includes("/") ? "/" : "";
}
