import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrange } from "./arrange";
import { draftFromCompact } from "./from-compact";
import { draftFromDocuments, type Json } from "./from-documents";
import {
  carryFolds,
  findRow,
  firstFolds,
  groupOf,
  hasError,
  matchesFilter,
  NO_FILTER,
  ownParts,
  placeOf,
  reveal,
  setSubtree,
  visibleRows,
  withAncestors,
} from "./rows";
import { entity, id, trace } from "./samples";
import { countOf, searchRows } from "./search";
import {
  FLAG_ERROR,
  FLAG_FAULT,
  FLAG_THROTTLE,
  KIND_INFERRED,
  KIND_MISSING,
  KIND_REPEATS,
  KIND_SEGMENT,
  KIND_SUBSEGMENT,
  rowOf,
  type TraceTable,
  textOf,
} from "./table";

const tableOf = (...documents: unknown[]): TraceTable => arrange(draftFromDocuments(trace(...documents)));

/** The tree as indented names. */
const outline = (table: TraceTable): string[] =>
  Array.from({ length: table.count }, (_, row) => {
    const kind = table.kind[row];
    const mark = kind === KIND_REPEATS ? "×" : kind === KIND_MISSING ? "?" : "";
    const name = kind === KIND_MISSING ? "" : textOf(table, table.name, row);
    return `${" ".repeat((table.depth[row] as number) - 1)}${mark}${name}`;
  });

describe("the tree", () => {
  test("the worked example of the specification", () => {
    const call = entity(2, 0.05, 0.1, { namespace: "aws", name: "DynamoDB", aws: { operation: "GetItem" } });
    const pay = entity(3, 0.11, 0.39, { namespace: "remote", name: "pay.example.com", fault: true });
    const table = tableOf(
      entity(1, 0, 0.4, { name: "checkout", subsegments: [pay, call], http: { response: { status: 502 } } }),
      entity(0xb1, 0.13, 0.38, { name: "pay", parent_id: id(3), fault: true }),
      entity(0xc1, 0.05, 0.1, {
        name: "DynamoDB",
        parent_id: id(2),
        inferred: true,
        origin: "AWS::DynamoDB::Table",
      }),
    );
    expect(outline(table)).toEqual(["checkout", " DynamoDB", " pay.example.com", "  pay"]);
    expect(table.durationMicros).toBe(400_000);
    expect(table.counts).toMatchObject({ segments: 2, subsegments: 2, services: 2, errors: 3 });
    const call2 = rowOf(table, id(2));
    expect(textOf(table, table.origin, call2)).toBe("AWS::DynamoDB::Table");
    expect(textOf(table, table.method, call2)).toBe("GetItem");
    expect(rowOf(table, id(0xc1))).toBe(call2);
    expect(table.flags[0]).toBe(FLAG_FAULT);
    expect(table.own[0]).toBe(70_000);
    expect(textOf(table, table.service, rowOf(table, id(3)))).toBe("checkout");
  });

  test("an independent subsegment lies under its parent, wherever that is, and is of its service", () => {
    const table = tableOf(
      entity(3, 0.2, 0.3, { type: "subsegment", parent_id: id(2), name: "late" }),
      entity(4, 0.2, 0.25, { type: "subsegment", parent_id: id(3), name: "later" }),
      entity(1, 0, 1, { name: "api", subsegments: [entity(2, 0.1, 0.5, { name: "embedded" })] }),
    );
    expect(outline(table)).toEqual(["api", " embedded", "  late", "   later"]);
    expect(textOf(table, table.service, 3)).toBe("api");
  });

  test("orphans wait under their missing parent, at their time", () => {
    const orphan = { type: "subsegment", parent_id: id(9) };
    const table = tableOf(
      entity(1, 0, 1, { name: "api" }),
      entity(2, 0.3, 0.4, { ...orphan, name: "b" }),
      entity(3, 0.2, 0.3, { ...orphan, name: "a" }),
    );
    expect(outline(table)).toEqual(["api", "?", " a", " b"]);
    expect(table.counts).toMatchObject({ orphans: 2, missingParents: 1 });
    expect([table.start[1], table.end[1]]).toEqual([200_000, 400_000]);
    expect(table.root).toBe(0);
    expect(tableOf(entity(2, 0, 1, orphan)).root).toBe(-1);
  });

  test("a segment whose parent is not of the trace is a root, after one without a parent", () => {
    const table = tableOf(entity(1, 0, 1, { parent_id: id(8) }), entity(2, 0.5, 1));
    expect(outline(table)).toEqual(["s1", "s2"]);
    expect(table.root).toBe(1);
    expect(textOf(table, table.missingParent, 0)).toBe(id(8));
    expect(tableOf(entity(1, 0, 1, { parent_id: id(8) })).root).toBe(0);
  });

  test("a cycle of parents is cut at its earliest member", () => {
    const table = tableOf(
      entity(1, 0.2, 1, { parent_id: id(2) }),
      entity(2, 0.1, 1, { parent_id: id(3) }),
      entity(3, 0.3, 1, { parent_id: id(1) }),
      entity(4, 0.4, 1, { parent_id: id(4) }),
    );
    expect(outline(table)).toEqual(["s2", " s1", "  s3", "s4"]);
    expect(textOf(table, table.missingParent, 0)).toBe(id(3));
  });

  test("complete stays over in progress, the later complete one replaces with what it embeds", () => {
    const open = entity(1, 0, undefined, { name: "open" });
    const done = entity(1, 0, 1, { name: "done", subsegments: [entity(2, 0, 1, { name: "old" })] });
    expect(outline(tableOf(open, done))).toEqual(["done", " old"]);
    expect(outline(tableOf(done, open))).toEqual(["done", " old"]);
    const newer = entity(1, 0, 1, { name: "newer" });
    expect(outline(tableOf(done, newer))).toEqual(["newer"]);
    const copy = entity(2, 0, 1, { name: "copy", type: "subsegment", parent_id: id(1) });
    expect(outline(tableOf(done, copy))).toEqual(["done", " copy"]);
  });

  test("the same id twice in one document: the first stays; a segment and a subsegment never share one", () => {
    const twice = [entity(2, 0, 1, { name: "first" }), entity(2, 0, 1, { name: "second" })];
    expect(outline(tableOf(entity(1, 0, 1, { subsegments: twice })))).toEqual(["s1", " first"]);
    const own = entity(1, 0, 1, { subsegments: [entity(1, 0, 1, { name: "own" })] });
    expect(outline(tableOf(own))).toEqual(["s1"]);
  });

  test("in progress lasts to the end of the trace, negative durations are none", () => {
    const table = tableOf(
      entity(1, 0, undefined, { subsegments: [entity(2, 0.5, 0.2), entity(3, 0.1, 0.9)] }),
    );
    expect(table.duration[0]).toBe(-1);
    expect(table.end[0]).toBe(900_000);
    expect(table.duration[rowOf(table, id(2))]).toBe(0);
    expect(table.counts.inProgress).toBe(1);
  });

  test("nonsense is absent, not fatal", () => {
    const hostile = {
      id: 7,
      name: {},
      start_time: "x",
      end_time: null,
      subsegments: "no",
      http: [],
      cause: 5,
    };
    const table = tableOf(hostile, null, "text", [1], entity(1, 0, 1, { subsegments: [null, 5, []] }));
    expect(table.count).toBe(2);
    expect(arrange(draftFromDocuments(trace())).count).toBe(0);
  });

  test("a chain of 20,000 is walked", () => {
    const chain = Array.from({ length: 20_000 }, (_, at) =>
      entity(at + 1, 0, 1, at === 0 ? {} : { type: "subsegment", parent_id: id(at) }),
    );
    const table = tableOf(...chain);
    expect(table.depth[19_999]).toBe(20_000);
    expect(table.size[0]).toBe(20_000);
  });
});

describe("flags and marks", () => {
  test("what is written decides, else the status", () => {
    const http = (status: unknown) => ({ http: { response: { status } } });
    const flags = (more: Json) => (tableOf(entity(1, 0, 1, more)).flags[0] as number) & 7;
    expect(flags(http(404))).toBe(FLAG_ERROR);
    expect(flags(http("429"))).toBe(FLAG_ERROR | FLAG_THROTTLE);
    expect(flags({ ...http(429), error: false })).toBe(FLAG_THROTTLE);
    expect(flags({ ...http(503), fault: false })).toBe(0);
    expect(flags({ ...http(200), error: true })).toBe(FLAG_ERROR);
  });

  test("a callee outside its call is skewed, and moved to its middle with all below it", () => {
    const table = tableOf(
      entity(1, 1, 2, { subsegments: [entity(2, 1.1, 1.5, { namespace: "remote" })] }),
      entity(3, 0.5, 0.7, { parent_id: id(2), subsegments: [entity(4, 0.6, 0.65)] }),
    );
    const callee = rowOf(table, id(3));
    expect(table.counts.skewed).toBe(1);
    expect((table.start[callee] as number) + (table.shift[callee] as number)).toBeCloseTo(700_000, 0);
    expect(table.shift[rowOf(table, id(4))]).toBe(table.shift[callee]);
    expect(tableOf(entity(1, 0, 1), entity(2, 0, 1.004, { parent_id: id(1) })).counts.skewed).toBe(0);
  });

  test("five siblings of one name become one row, four do not", () => {
    const calls = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        entity(at + 2, at / 10, (at + 1) / 10, { name: "DynamoDB", namespace: "aws", fault: at === 3 }),
      );
    const table = tableOf(entity(1, 0, 1, { subsegments: [...calls(6), entity(50, 0.3, 0.4)] }));
    expect(outline(table).slice(0, 3)).toEqual(["s1", " ×DynamoDB", "  DynamoDB"]);
    expect(outline(table).at(-1)).toBe(" s50");
    expect(groupOf(table, 1)).toEqual({ count: 6, errors: 1, total: 600_000, median: 100_000 });
    expect(visibleRows(table, firstFolds(table))).toHaveLength(3);
    expect(tableOf(entity(1, 0, 1, { subsegments: calls(4) })).count).toBe(5);
  });

  test("the critical path is what the end waited for", () => {
    const table = tableOf(
      entity(1, 0, 1, {
        subsegments: [
          entity(2, 0.1, 0.4),
          entity(3, 0.1, 0.3),
          entity(4, 0.5, 0.9, { subsegments: [entity(5, 0.6, 1.5)] }),
        ],
      }),
    );
    const parts = Array.from(table.criticalRow, (row, at) => [
      textOf(table, table.name, row),
      table.criticalFrom[at],
      table.criticalTo[at],
    ]);
    expect(parts).toEqual([
      ["s1", 0, 100_000],
      ["s1", 400_000, 500_000],
      ["s1", 900_000, 1_000_000],
      ["s2", 100_000, 400_000],
      ["s4", 500_000, 600_000],
      ["s5", 600_000, 900_000],
    ]);
  });

  test("own time is what no child covers; long holes between children are gaps", () => {
    const table = tableOf(entity(1, 0, 1, { subsegments: [entity(2, 0.1, 0.3), entity(3, 0.7, 0.9)] }));
    const { parts, isGap } = ownParts(table, 0);
    expect([...parts]).toEqual([0, 100_000, 300_000, 700_000, 900_000, 1_000_000]);
    expect([...isGap]).toEqual([0, 1, 0]);
  });
});

describe("where the request failed", () => {
  const thrown = (...exceptions: Json[]) => ({ fault: true, cause: { exceptions } });
  const causes = (table: TraceTable) => table.exceptions.map(({ row, type }) => `${table.ids[row]} ${type}`);

  test("is where the deepest exception was thrown, not where it was passed on or handled", () => {
    const deep = entity(4, 0.2, 0.3, thrown({ id: id(94), type: "Deep", message: "no" }));
    const handled = entity(5, 0.1, 0.2, { cause: { exceptions: [{ id: id(95), type: "Handled" }] } });
    const passed = entity(2, 0.1, 0.5, {
      ...thrown({ id: id(92), type: "Passed", remote: true }),
      subsegments: [deep, handled],
    });
    const early = entity(3, 0.6, 0.7, thrown({ id: id(93), type: "Early" }));
    const table = tableOf(
      entity(1, 0, 1, { ...thrown({ id: id(91), type: "Seen" }), subsegments: [passed, early] }),
    );
    expect(causes(table)).toEqual([`${id(4)} Deep`, `${id(3)} Early`]);
    expect(table.exceptions[0]?.message).toBe("no");
  });

  test("is what was passed on where nothing else is known", () => {
    const passed = entity(2, 0.1, 0.5, thrown({ type: "Refused", remote: true }));
    const table = tableOf(
      entity(1, 0, 1, { ...thrown({ type: "Seen", remote: true }), subsegments: [passed] }),
    );
    expect(causes(table)).toEqual([`${id(2)} Refused`]);
  });

  test("of a chain is the cause of the others, and a chain that goes round ends", () => {
    const chain = (last: Json) =>
      tableOf(entity(1, 0, 1, thrown({ id: id(91), type: "Outer", cause: id(92) }, last)));
    expect(causes(chain({ id: id(92), type: "Inner" }))).toEqual([`${id(1)} Inner`]);
    expect(causes(chain({ id: id(92), type: "Inner", cause: id(91) }))).toHaveLength(1);
  });

  test("is kept as the compact form tells it, operations too", () => {
    const none = [0, 0];
    const draft = draftFromCompact({
      id: "t",
      startUnixNanos: "1000000000",
      revision: 1,
      limitExceeded: false,
      strings: ["", "shop", "POST", "Query"],
      count: 2,
      ids: [id(1), id(2)],
      parent: [-1, 0],
      missingParent: none,
      kind: [KIND_SEGMENT, KIND_SUBSEGMENT],
      name: [1, 1],
      service: [1, 1],
      origin: none,
      namespace: none,
      start: none,
      duration: [9, 3],
      flags: [FLAG_FAULT, FLAG_FAULT],
      method: [2, 0],
      operation: [0, 3],
      url: none,
      status: none,
      exceptions: [
        { row: 1, type: "Deep", message: "" },
        { row: 7, type: "of no row", message: "" },
      ],
    });
    const table = arrange(draft);
    expect(causes(table)).toEqual([`${id(2)} Deep`]);
    expect([0, 1].map(row => textOf(table, table.method, row))).toEqual(["POST", "Query"]);
  });
});

describe("shown rows", () => {
  const table = tableOf(
    entity(1, 0, 1, {
      subsegments: [
        entity(2, 0.1, 0.5, { subsegments: [entity(3, 0.2, 0.3, { fault: true })] }),
        entity(4, 0.6, 0.8, { namespace: "remote", http: { request: { url: "https://a.example/Orders" } } }),
      ],
    }),
  );

  test("folding hides what is below, revealing shows it", () => {
    const folds = setSubtree(table, firstFolds(table), 0, true);
    expect([...visibleRows(table, folds)]).toEqual([0]);
    const revealed = reveal(table, folds, 2);
    expect([...visibleRows(table, revealed)]).toEqual([0, 1, 2, 3]);
    expect(reveal(table, revealed, 2)).toBe(revealed);
    expect(placeOf(visibleRows(table, folds), 3)).toBe(-1);
    expect([...carryFolds(table, folds, table)]).toEqual([...folds]);
  });

  test("filters keep the way to what matches", () => {
    const shown = (filter: Partial<typeof NO_FILTER>) => [
      ...visibleRows(
        table,
        firstFolds(table),
        withAncestors(table, matchesFilter(table, { ...NO_FILTER, ...filter })),
      ),
    ];
    expect(shown({ errors: true })).toEqual([0, 1, 2]);
    expect(shown({ remote: true })).toEqual([0, 3]);
    expect(shown({ service: "s1" })).toEqual([0, 1, 2, 3]);
    expect(shown({ service: "none" })).toEqual([]);
  });

  test("next and previous go round, and search finds whatever the case", () => {
    expect(findRow(table, 2, 1, row => hasError(table, row))).toBe(2);
    expect(findRow(table, 0, -1, row => hasError(table, row))).toBe(2);
    expect(findRow(table, 0, 1, () => false)).toBe(-1);
    expect([...searchRows(table, "oRDERs")]).toEqual([0, 0, 0, 1]);
    expect([...searchRows(table, id(3))]).toEqual([0, 0, 1, 0]);
    expect(countOf(searchRows(table, " "))).toBe(0);
    expect([...searchRows(table, "gold", new Map([[id(2), "gold tier"]]))]).toEqual([0, 1, 0, 0]);
  });
});

/** Any rows at all: parents anywhere, cycles, times back and forth. */
const drafts = fc
  .integer({ min: 1, max: 60 })
  .chain(count =>
    fc.record({
      parent: fc.array(fc.integer({ min: -1, max: count - 1 }), { minLength: count, maxLength: count }),
      start: fc.array(fc.integer({ min: -50, max: 1000 }), { minLength: count, maxLength: count }),
      duration: fc.array(fc.integer({ min: -1, max: 500 }), { minLength: count, maxLength: count }),
      kind: fc.array(fc.constantFrom(KIND_SEGMENT, KIND_SUBSEGMENT, KIND_INFERRED), {
        minLength: count,
        maxLength: count,
      }),
      name: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: count, maxLength: count }),
    }),
  )
  .map(({ parent, start, duration, kind, name }) => {
    const none = parent.map(() => 0);
    return draftFromCompact({
      id: "t",
      startUnixNanos: "1000000000",
      revision: 1,
      limitExceeded: false,
      strings: ["", "a", "b", "c"],
      count: parent.length,
      ids: parent.map((_, row) => id(row)),
      parent,
      missingParent: none,
      kind,
      name,
      service: name,
      origin: none,
      namespace: none,
      start,
      duration,
      flags: none,
      method: none,
      operation: none,
      url: none,
      status: none,
      exceptions: [],
    });
  });

test("any rows make a tree: each once, parents above, siblings in order, own time within", () => {
  fc.assert(
    fc.property(drafts, draft => {
      const dropped = draft.ids.length;
      const table = arrange(draft);
      const real = [...table.ids].filter(found => /^[0-9a-f]{16}$/.test(found));
      expect(new Set(real).size).toBe(real.length);
      expect(real.length + table.aliases.size).toBe(dropped);
      for (let row = 0; row < table.count; row += 1) {
        const above = table.parent[row] as number;
        expect(above).toBeLessThan(row);
        expect(table.depth[row]).toBe(above < 0 ? 1 : (table.depth[above] as number) + 1);
        if (above >= 0) expect(row).toBeLessThan(above + (table.size[above] as number));
        expect(table.start[row]).toBeGreaterThanOrEqual(0);
        expect(table.end[row]).toBeLessThanOrEqual(table.durationMicros);
        if (table.kind[row] === KIND_REPEATS || table.kind[row] === KIND_MISSING) continue;
        const lasts = (table.end[row] as number) - (table.start[row] as number);
        expect(table.own[row]).toBeLessThanOrEqual(lasts);
        const { parts } = ownParts(table, row);
        const sum = parts.reduce((total, time, at) => total + (at % 2 ? time : -time), 0);
        expect(sum).toBeCloseTo(table.own[row] as number, 6);
      }
      const critical = table.criticalTo.reduce(
        (sum, to, at) => sum + to - (table.criticalFrom[at] as number),
        0,
      );
      const root = table.root;
      const whole = root < 0 ? 0 : (table.end[root] as number) - (table.start[root] as number);
      expect(critical).toBeCloseTo(whole, 6);
    }),
    { numRuns: 300 },
  );
});

test("folding and revealing show each row whose parents are unfolded, in order", () => {
  fc.assert(
    fc.property(drafts, fc.array(fc.boolean(), { minLength: 130, maxLength: 130 }), (draft, bits) => {
      const table = arrange(draft);
      const folds = Uint8Array.from({ length: table.count }, (_, row) => (bits[row] ? 1 : 0));
      const shown = visibleRows(table, folds);
      const expected = Array.from({ length: table.count }, (_, row) => row).filter(row => {
        let at = table.parent[row] as number;
        while (at >= 0 && !folds[at]) at = table.parent[at] as number;
        return at < 0;
      });
      expect([...shown]).toEqual(expected);
      for (const row of expected) expect(shown[placeOf(shown, row)]).toBe(row);
    }),
  );
});

test("50,000 rows are folded, filtered and searched within a few frames", () => {
  const below = Array.from({ length: 50_000 }, (_, at) =>
    entity(at + 2, at / 50_000, (at + 1) / 50_000, {
      type: "subsegment",
      parent_id: id(at < 100 ? 1 : (at % 100) + 2),
      name: `call ${at % 40}`,
      http: { request: { url: `https://example.com/${at % 500}` } },
    }),
  );
  const table = tableOf(entity(1, 0, 1), ...below);
  const fastest = (work: () => void) => {
    const times = [0, 1, 2].map(() => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    });
    return Math.min(...times);
  };
  const folds = new Uint8Array(table.count);
  expect(visibleRows(table, folds)).toHaveLength(table.count);
  // Bounds with room for a slow machine: each takes a few milliseconds.
  expect(fastest(() => visibleRows(table, setSubtree(table, folds, 5, true)))).toBeLessThan(30);
  expect(fastest(() => searchRows(table, "example.com/49"))).toBeLessThan(60);
  const errors = () =>
    visibleRows(table, folds, withAncestors(table, matchesFilter(table, { ...NO_FILTER, critical: true })));
  expect(fastest(errors)).toBeLessThan(60);
});
