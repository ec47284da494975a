import { expect, test } from "vitest";
import { type Aggregates, bucketStarts, mergeAggregates } from "./aggregates";
import { columnsOf, compareRows, csvOf, DEFAULT_COLUMNS, type TraceRow } from "./row";
import { canContinue, NO_SEARCH, reduceSearch, type SearchAction, type SearchState } from "./state";
import { Tally } from "./tally";

const row = (id: string, more: Partial<TraceRow> = {}): TraceRow => ({
  id,
  start: 0,
  duration: 1,
  responseTime: 1,
  fault: false,
  error: false,
  throttle: false,
  isPartial: false,
  method: "GET",
  url: "http://a/",
  status: 200,
  root: "web",
  rootType: "",
  users: [],
  annotations: new Map(),
  revision: 1,
  ...more,
});
const rows = (...ids: string[]): SearchAction => ({
  kind: "rows",
  isReplacing: false,
  rows: ids.map(id => row(id)),
});
const progress = (share: number, matched = 1): SearchAction => ({
  kind: "progress",
  progress: { matched, scanned: 10, doneTo: 1000 * (1 - share), share, elapsedMillis: 5 },
});
const end: SearchAction = {
  kind: "done",
  matched: 2,
  scanned: 20,
  elapsedMillis: 9,
  next: "c",
  limit: undefined,
};
const run = (state: SearchState, ...actions: SearchAction[]) => actions.reduce(reduceSearch, state);
const ids = (state: SearchState) => state.rows.map(one => one.id);

test("rows are appended as they come, and the end says that all was scanned", () => {
  const state = run(NO_SEARCH, { kind: "start" }, rows("a"), progress(0.5), rows("b"), end);
  expect(ids(state)).toEqual(["a", "b"]);
  expect(state).toMatchObject({ phase: "done", next: "c", progress: { matched: 2, scanned: 20, share: 1 } });
});

test("another question keeps what is shown until its first answer", () => {
  const old = run(NO_SEARCH, { kind: "start" }, rows("a"), end);
  const asked = reduceSearch(old, { kind: "start" });
  expect(asked).toMatchObject({ isStale: true, phase: "running" });
  expect(ids(asked)).toEqual(["a"]);
  expect(ids(run(asked, progress(0.1)))).toEqual(["a"]);
  expect(ids(run(asked, rows("b")))).toEqual(["b"]);
  expect(ids(run(asked, { ...end, matched: 0 }))).toEqual([]);
});

test("a bad filter keeps the old results", () => {
  const state = run(
    NO_SEARCH,
    { kind: "start" },
    rows("a"),
    end,
    { kind: "start" },
    { kind: "fail", error: new Error("bad") },
  );
  expect(state).toMatchObject({ phase: "failed", isStale: true });
  expect(ids(state)).toEqual(["a"]);
  expect(canContinue(state)).toBe(false);
});

test("a connection lost on the way keeps the rows, and the search goes on where it stood", () => {
  const broken = run(NO_SEARCH, { kind: "start" }, rows("a", "b"), progress(0.4, 2), {
    kind: "fail",
    error: new Error("lost"),
  });
  expect(broken.phase).toBe("failed");
  expect(canContinue(broken)).toBe(true);
  const on = run(broken, { kind: "continue" }, rows("b", "c"), progress(0.5, 3));
  expect(ids(on)).toEqual(["a", "b", "c"]);
  expect(on.progress).toMatchObject({ matched: 5, scanned: 20, share: 0.7, elapsedMillis: 10 });
  expect(run(on, end).progress?.share).toBe(1);
});

test("stopped keeps the rows; stopping before anything came shows nothing of the question before", () => {
  const stopped = run(NO_SEARCH, { kind: "start" }, rows("a"), progress(0.4), { kind: "stop" });
  expect(stopped.phase).toBe("stopped");
  expect(canContinue(stopped)).toBe(true);
  expect(ids(run(stopped, { kind: "start" }, { kind: "stop" }))).toEqual([]);
});

test("more rows are appended once, and their search does not change the counts", () => {
  const state = run(NO_SEARCH, { kind: "start" }, rows("a", "b"), end);
  const more = run(state, { kind: "more" }, rows("b", "c"), progress(0.1, 99), {
    ...end,
    next: undefined,
    matched: 7,
  });
  expect(ids(more)).toEqual(["a", "b", "c"]);
  expect(more.next).toBeUndefined();
  expect(more.progress).toEqual(state.progress);
});

const tally = (window: { start: number; end: number }, ...found: TraceRow[]): Aggregates => {
  const counts = new Tally(window, 4);
  for (const one of found) {
    counts.add({
      row: one,
      services: [
        { name: "web", type: "AWS::EC2::Instance" },
        { name: "web", type: "client" },
      ],
      resources: [],
      instances: [],
      zones: [],
      causes: [],
      exceptions: [],
      annotations: [
        { key: "n", value: "3", literal: "3" },
        { key: "a-b", value: "x", literal: '"x"' },
      ],
    });
  }
  return counts.aggregates();
};

test("the reduced console counts what the server would", () => {
  const found = tally(
    { start: 0, end: 4000 },
    row("a", { start: 100 }),
    row("b", { start: 1500, fault: true, method: "POST" }),
  );
  expect(found.timeline.ok).toEqual([1, 0, 0, 0]);
  expect(found.timeline.fault).toEqual([0, 1, 0, 0]);
  expect(found.timeline.p90).toEqual([1, 1, null, null]);
  expect(found.responseTimes).toMatchObject({ count: 2, min: 1, max: 1 });
  const facet = (key: string) => found.facets.find(one => one.key === key);
  expect(facet("method")?.values).toMatchObject([
    { value: "GET", count: 1, fault: 0, filter: 'http.method = "GET"' },
    { value: "POST", count: 1, fault: 1 },
  ]);
  expect(facet("service")?.values).toMatchObject([
    { value: "web", count: 2, filter: 'service(id(name: "web"))' },
  ]);
  expect(facet("annotation.n")?.values[0]?.filter).toBe("annotation.n = 3");
  expect(facet("annotation.a-b")?.values[0]?.filter).toBe('annotation["a-b"] = "x"');
});

test("two parts of one range are one", () => {
  const newer = tally({ start: 0, end: 4000 }, row("a", { start: 3500 }));
  const older = tally({ start: 0, end: 2000 }, row("b", { start: 100, responseTime: 4, fault: true }));
  const both = mergeAggregates(newer, older);
  expect(both.timeline.ok).toEqual([0, 0, 0, 1]);
  expect(both.timeline.fault).toEqual([1, 0, 0, 0]);
  expect(both.responseTimes).toMatchObject({ count: 2, min: 1, max: 4 });
  expect(both.responseTimes.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  expect(both.facets.find(({ key }) => key === "service")?.values[0]?.count).toBe(2);
  expect(bucketStarts(both.timeline)).toEqual([0, 1000, 2000, 3000]);
});

test("counts of the question before stay until the new ones come, and no longer than the search", () => {
  const aggregates = tally({ start: 0, end: 4000 }, row("a"));
  const old = run(NO_SEARCH, { kind: "start" }, rows("a"), { kind: "aggregates", aggregates }, end);
  const asked = run(old, { kind: "start" }, rows("b"));
  expect(asked).toMatchObject({ areCountsStale: true, isStale: false });
  expect(asked.aggregates).toBe(aggregates);
  const next = tally({ start: 0, end: 4000 });
  expect(run(asked, { kind: "aggregates", aggregates: next })).toMatchObject({
    areCountsStale: false,
    aggregates: next,
  });
  expect(run(asked, end).aggregates).toBeUndefined();
  expect(run(asked, progress(0.5), { kind: "stop" }).aggregates).toBeUndefined();
});

test("orders are the server's: what has no value comes last", () => {
  const slow = row("s", { responseTime: 9 });
  const open = row("o", { responseTime: undefined, start: 5 });
  const quick = row("q", { responseTime: 1 });
  const ordered = (sort: Parameters<typeof compareRows>[0]) =>
    [quick, open, slow].sort(compareRows(sort)).map(({ id }) => id);
  expect(ordered("slowest")).toEqual(["s", "q", "o"]);
  expect(ordered("fastest")).toEqual(["q", "s", "o"]);
  expect(ordered("newest")[0]).toBe("o");
});

test("columns of an address, and rows as a table file", () => {
  expect(columnsOf(["url", "bad", "annotation.x", "url"])).toEqual(["url", "annotation.x"]);
  expect(columnsOf(["bad"])).toEqual(DEFAULT_COLUMNS);
  const text = csvOf([row("a", { url: 'x,"y"', users: ["=cmd"], annotations: new Map([["k", ["v"]]]) })]);
  expect(text.split("\r\n")[0]).toBe(
    "status,id,start,method,url,code,response,duration,service,user,annotation.k",
  );
  expect(text).toContain(`"x,""y"""`);
  expect(text).toContain("'=cmd");
});
