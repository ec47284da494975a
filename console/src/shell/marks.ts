/** Marks of a page's way to the screen, for `?perf` and the browser tests (spec console.md 10). */

const MARKS = ["nav", "data", "model", "paint"] as const;
export type Mark = (typeof MARKS)[number];

/** `nav` begins anew: a page was asked for. `data` has arrived, the `model` is made, rows are about to be painted. */
export function mark(name: Mark): void {
  if (name === "nav") for (const old of MARKS) performance.clearMarks(old);
  if (name !== "paint") {
    performance.mark(name);
    return;
  }
  // What is drawn now is on the screen once a further frame begins.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("paint")));
}

/** Milliseconds from `nav` to each later mark. */
export function marks(): Partial<Record<Mark, number>> {
  const start = performance.getEntriesByName("nav").at(-1)?.startTime;
  if (start === undefined) return {};
  const times = MARKS.slice(1).map(name => {
    const entry = performance.getEntriesByName(name).at(-1);
    return [name, entry ? entry.startTime - start : undefined] as const;
  });
  return Object.fromEntries(times.filter(([, time]) => time !== undefined));
}
