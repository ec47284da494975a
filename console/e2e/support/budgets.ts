/** Figures of spec console.md section 0: three runs, median; over the limit fails, over the target is told. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { IS_DEBUG_BUILD } from "./server";

export const RUNS = 3;

export interface Budget {
  what: string;
  unit: "ms" | "MB" | "rows";
  target: number;
  limit: number;
}

/** Said of figures that `paintedAfter` gave. */
export const SHARE_LEFT_OUT = IS_DEBUG_BUILD ? " (without the debug server's share)" : "";

/**
 * Waits until the page has painted; milliseconds since it was asked for (mark `nav`). Of an unoptimised server, what it
 * took to answer the last request that matches `data` is left out.
 */
export async function paintedAfter(page: Page, data: RegExp): Promise<number> {
  const read = await page.waitForFunction(() => {
    const at = (name: string) => performance.getEntriesByName(name, "mark").at(-1)?.startTime;
    const [nav, paint] = [at("nav"), at("paint")];
    return nav === undefined || paint === undefined || paint < nav ? undefined : paint - nav;
  });
  const took = (await read.jsonValue()) as number;
  if (!IS_DEBUG_BUILD) return took;
  const waited = await page.evaluate(pattern => {
    const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const entry = entries.filter(({ name }) => new RegExp(pattern).test(name)).at(-1);
    return entry ? Math.max(0, entry.responseStart - entry.requestStart) : 0;
  }, data.source);
  return took - waited;
}

/** The median of three runs of `measure`, held against the budget. */
export async function withinBudget(budget: Budget, measure: () => Promise<number>): Promise<void> {
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure());
  const median = [...runs].sort((a, b) => a - b)[Math.floor(RUNS / 2)] as number;
  const { what, unit, target, limit } = budget;
  const all = runs.map(run => run.toFixed(0)).join(", ");
  const verdict = median <= target ? "within the target" : "OVER THE TARGET";
  process.stdout.write(
    `${what}: ${median.toFixed(0)} ${unit} (${all}), ${verdict} of ${target}, limit ${limit}\n`,
  );
  expect(median, `${what} in ${unit}`).toBeLessThanOrEqual(limit);
}
