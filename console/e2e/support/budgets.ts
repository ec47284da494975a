/** Figures of spec console.md section 0: three runs, median; over the limit fails, over the target is told. */
import type { Page } from "playwright-core";
import { expect } from "vitest";

export const RUNS = 3;

export interface Budget {
  what: string;
  unit: "ms" | "MB" | "rows";
  target: number;
  limit: number;
}

/** Milliseconds from the page's being asked for (`nav`) to the later marks. */
export interface Marks {
  data: number;
  model: number;
  paint: number;
}

/** Waits until the page has painted; its marks. */
export async function marksOf(page: Page): Promise<Marks> {
  const read = await page.waitForFunction(() => {
    const at = (name: string) => performance.getEntriesByName(name, "mark").at(-1)?.startTime;
    const [nav, data, model, paint] = ["nav", "data", "model", "paint"].map(at);
    if (nav === undefined || data === undefined || model === undefined || paint === undefined)
      return undefined;
    return { data: data - nav, model: model - nav, paint: paint - nav };
  });
  return (await read.jsonValue()) as Marks;
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
