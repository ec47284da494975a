import { expect, test } from "vitest";
import { brushedWindow, stacked, tickText } from "./window";

test("a brushed range is whole seconds where it is long, exact where it is short", () => {
  expect(brushedWindow({ start: 0, end: 100_000 }, [0.1004, 0.5])).toEqual({ start: 10_000, end: 50_000 });
  expect(brushedWindow({ start: 0, end: 100_000 }, [0.5, 0.1004])).toEqual({ start: 10_000, end: 50_000 });
  expect(brushedWindow({ start: 0, end: 1000 }, [0.1, 0.2])).toEqual({ start: 100, end: 200 });
});

test("stacks are running sums; nothing counts as none", () => {
  expect(
    stacked([
      [1, null, 3],
      [1, 1, null],
    ]),
  ).toEqual([
    [1, 0, 3],
    [2, 1, 3],
  ]);
});

test("ticks are as fine as they lie close", () => {
  expect(tickText("2026-11-20 10:15:30", 5)).toBe("10:15:30");
  expect(tickText("2026-11-20 10:15:00", 60)).toBe("10:15");
  expect(tickText("2026-11-20 00:00:00", 3600)).toBe("11-20");
});
