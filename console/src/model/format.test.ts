import { expect, test } from "vitest";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatTime,
  shorten,
  visible,
} from "./format";

test("durations have three digits and a unit", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.00094, "940 µs"],
    [0.0124, "12.4 ms"],
    [1.24, "1.24 s"],
    [0.9996, "1.00 s"],
    [59.96, "1 m 00 s"],
    [123, "2 m 03 s"],
    [3840, "1 h 04 m"],
    [90_000, "1 d 01 h"],
    [-0.5, "−500 ms"],
    [Number.NaN, "–"],
  ];
  for (const [seconds, text] of cases) expect(formatDuration(seconds)).toBe(text);
});

test("a share is never rounded to nothing or everything", () => {
  expect(formatShare(1, 100_000)).toBe("< 0.1 %");
  expect(formatShare(99_999, 100_000)).toBe("> 99.9 %");
  expect(formatShare(0, 5)).toBe("0 %");
  expect(formatShare(21, 1000)).toBe("2.1 %");
  expect(formatShare(1, 0)).toBe("–");
});

test("counts have thousands, then three digits without idle zeros", () => {
  expect([1204, 3_100_000, 3_000_000, 100_000_000, 3_140_000].map(formatCount)).toEqual([
    "1,204",
    "3.1 M",
    "3 M",
    "100 M",
    "3.14 M",
  ]);
});

test("bytes, ages and times", () => {
  expect(formatBytes(999)).toBe("999 B");
  expect(formatBytes(3_500_000)).toBe("3.50 MB");
  expect(formatAge(0, 65_000)).toBe("1 m ago");
  expect(formatAge(5_000, 0)).toBe("in 5 s");
  expect(formatTime(Date.UTC(2026, 10, 20, 10, 15, 30, 123), "utc", true)).toBe("2026-11-20 10:15:30.123");
});

test("hostile text is shown, not obeyed", () => {
  expect(visible("a\u202eb\u0000c")).toBe("a⟨U+202E⟩b␀c");
  expect(visible("x".repeat(5_000)).length).toBe(2_001);
  expect(shorten("abcdefghij", 5)).toBe("ab…ij");
});
