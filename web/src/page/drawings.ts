/** Drawings that the page needs and the element does not. */

import { draw } from "../shared/dom.js";

/** Add them to the drawings. */
export function drawForPage(): void {
  draw({
    store: "M5 8h14l1 12H4L5 8ZM8.5 8V7a3.5 3.5 0 0 1 7 0v1M8.5 11.5a3.5 3.5 0 0 0 7 0",
    light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M4.9 4.9l1.8 1.8M17.3 17.3l1.8 1.8M19.1 4.9l-1.8 1.8M6.7 17.3l-1.8 1.8",
    dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
    auto: "M4 5h16v11H4zM12 16v4M8.5 20h7",
    compare: "M4 5h6v14H4zM14 5h6v14h-6z",
    only: "M12 5c4.5 0 8 3.2 10 7-2 3.8-5.5 7-10 7s-8-3.2-10-7c2-3.8 5.5-7 10-7ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
    back: "M10 6 4 12l6 6M4 12h16",
    down: "M6 9l6 6 6-6",
    offline: "M2 8.5C5 6 8.4 4.7 12 4.7s7 1.3 10 3.8M5.2 12.2C7.2 10.6 9.5 9.8 12 9.8s4.8.8 6.8 2.4M8.5 15.8c1-.8 2.2-1.2 3.5-1.2s2.5.4 3.5 1.2M12 19.3v.2M3 3l18 18",
    link: "M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1 1M14 10a4.5 4.5 0 0 0-6.4 0l-3 3a4.5 4.5 0 0 0 6.4 6.4l1-1",
    ghost: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16.2 16.2 21 21M8.5 11h5",
  });
}
