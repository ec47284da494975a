import { afterEach, expect, test, vi } from "vitest";
import { mark, marks } from "./marks";

afterEach(() => {
  performance.clearMarks();
  vi.unstubAllGlobals();
});

test("a page's marks are counted from its beginning, and start anew with the next", async () => {
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => run());
  expect(marks()).toEqual({});
  mark("nav");
  expect(marks()).toEqual({});
  for (const name of ["data", "model", "paint"] as const) mark(name);
  const { data = -1, model = -1, paint = -1 } = marks();
  expect(data).toBeGreaterThanOrEqual(0);
  expect(model).toBeGreaterThanOrEqual(data);
  expect(paint).toBeGreaterThanOrEqual(model);
  mark("nav");
  expect(marks()).toEqual({});
});

test("paint counts once a further frame has begun", () => {
  const frames: (() => void)[] = [];
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  mark("nav");
  mark("paint");
  expect(marks().paint).toBeUndefined();
  frames.shift()?.();
  expect(marks().paint).toBeUndefined();
  frames.shift()?.();
  expect(marks().paint).toBeDefined();
});
