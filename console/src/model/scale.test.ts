import * as fc from "fast-check";
import { expect, test } from "vitest";
import { brushed, bucketsOf, countWithin, percentileOf, roundRange, scaleOf, sumOf, ticksOf } from "./scale";

test("positions go back to their values on both scales", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("log" as const, "linear" as const),
      fc.double({ min: 0.001, max: 10, noNaN: true }),
      fc.double({ min: 1.1, max: 1000, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (kind, from, factor, position) => {
        const scale = scaleOf(kind, from, from * factor);
        const back = scale.position(scale.value(position));
        expect(Math.abs(back - position)).toBeLessThan(1e-9 * factor + 1e-6);
      },
    ),
  );
});

test("what lies outside is at the ends, zero and all", () => {
  const scale = scaleOf("log", 0, 10);
  expect(scale.position(0)).toBe(0);
  expect(scale.position(1e9)).toBe(1);
  expect(scaleOf("linear", 3, 3).position(3)).toBe(0);
});

test("ticks are round, within, and few", () => {
  expect(ticksOf(scaleOf("linear", 0, 1), 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticksOf(scaleOf("log", 0.001, 1), 5)).toEqual([0.001, 0.01, 0.1, 1]);
  expect(ticksOf(scaleOf("log", 0.1, 0.9), 5)).toEqual([0.1, 0.2, 0.5]);
  expect(ticksOf(scaleOf("log", 1e-5, 1e5), 4).length).toBeLessThanOrEqual(4);
});

test("buckets hold every value once", () => {
  const entry = fc.record({
    Value: fc.double({ min: 0, max: 100, noNaN: true }),
    Count: fc.integer({ min: 1, max: 99 }),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1 }),
      fc.constantFrom("log" as const, "linear" as const),
      (entries, kind) => {
        const buckets = bucketsOf(entries, kind);
        expect(sumOf(buckets)).toBe(entries.reduce((sum, { Count }) => sum + Count, 0));
      },
    ),
  );
  expect(bucketsOf([])).toEqual([]);
});

test("percentiles and counts within a range", () => {
  const buckets = [
    { from: 0, to: 1, count: 50 },
    { from: 1, to: 2, count: 50 },
  ];
  expect(percentileOf(buckets, 0.5)).toBe(1);
  expect(percentileOf(buckets, 0.75)).toBe(1.5);
  expect(percentileOf([], 0.5)).toBeUndefined();
  expect(countWithin(buckets, [0.5, 2])).toBe(75);
  expect(countWithin(buckets, [5, 6])).toBe(0);
});

test("a brush gives a range in order, and nothing for a click", () => {
  const scale = scaleOf("linear", 0, 10);
  expect(brushed(scale, 0.8, 0.2)).toEqual([2, 8]);
  expect(brushed(scale, 0.5, 0.501)).toBeUndefined();
  expect(roundRange([0.12345, 1.00001])).toEqual([0.123, 1.001]);
  expect(roundRange([0.5, 2])).toEqual([0.5, 2]);
  expect(roundRange([0.057, 0.058])).toEqual([0.057, 0.058]);
});
