/** Counts the seconds until something is tried again. */

const TICK_MS = 250;

/** Call `draw` with the whole seconds that are left, at once and as they pass, and then `over`; returns what stops it. */
export function countdown(seconds: number, draw: (left: number) => void, over: () => void): () => void {
  const until = performance.now() + seconds * 1000;
  const tick = (): void => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left > 0) return draw(left);
    stop();
    over();
  };
  const timer = setInterval(tick, TICK_MS);
  const stop = (): void => clearInterval(timer);
  tick();
  return stop;
}
