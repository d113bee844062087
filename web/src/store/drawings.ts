/** Drawings that the store needs beside those of the page. */

import { draw } from "../shared/dom.js";

/** Add them to the drawings. */
export function drawForStore(): void {
  draw({
    star: "m12 4 2.5 5.1 5.5.8-4 3.9.9 5.6-4.9-2.6-4.9 2.6.9-5.6-4-3.9 5.5-.8L12 4Z",
    people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.6a3.3 3.3 0 0 1 0 6M18 15c2 .7 3.2 2.4 3.5 5",
    rising: "M3 17 9 11l4 4 8-8M15 7h6v6",
    sparkle: "M12 3c.6 5 3 7.4 8 8-5 .6-7.4 3-8 8-.6-5-3-7.4-8-8 5-.6 7.4-3 8-8Z",
    together: "M9 5a6 6 0 1 0 0 12A6 6 0 0 0 9 5ZM15 7a6 6 0 1 1-3.5 10.8",
    forward: "M9 6l6 6-6 6",
  });
}
