import fc from "fast-check";
import { expect, test } from "vitest";
import { arrange } from "../../model/trace/arrange";
import { draftFromDocuments } from "../../model/trace/from-documents";
import { rowOfNode } from "../../model/trace/node-rows";
import { entity, id, trace } from "../../model/trace/samples";
import { clampView, formatTick, pan, ticks, zoom } from "../../model/trace/scale";
import { formatSql } from "../../model/trace/sql";
import { rowOf } from "../../model/trace/table";
import { annotationFilter, exceptionFilter, safeUrl } from "./links";
import { chainOf } from "./segment/exceptions-tab";
import { flat } from "./segment/resources-tab";
import { Timeline } from "./timeline/state";
import { formatVariant, parseVariant } from "./variant";

test("how a trace is looked at survives the address", () => {
  const variants = fc.record({
    filter: fc.record({
      errors: fc.boolean(),
      remote: fc.boolean(),
      critical: fc.boolean(),
      service: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    }),
    dimsOthers: fc.boolean(),
    isAligned: fc.boolean(),
  });
  fc.assert(
    fc.property(variants, variant => {
      expect(parseVariant(formatVariant(variant))).toEqual(variant);
    }),
  );
  fc.assert(fc.property(fc.string(), text => void parseVariant(text)));
});

test("filters quote what they are made of, and only web addresses become links", () => {
  expect(annotationFilter("tier", 'a"b')).toBe('annotation.tier = "a\\"b"');
  expect(annotationFilter("retry.count", 2)).toBe("annotation[retry.count] = 2");
  expect(exceptionFilter("no", true)).toBe('rootcause.fault.exception { message = "no" }');
  expect(safeUrl("javascript:alert(1)")).toBe(undefined);
  expect(safeUrl("https://a.example/x y")).toBe("https://a.example/x%20y");
  expect(safeUrl(`https://a.example/${"x".repeat(5_000)}`)).toBe(undefined);
});

test("exceptions stand in the order of their causes, each once, whatever they name", () => {
  const chain = chainOf([
    { id: "b", cause: "c" },
    { id: "a", cause: "b" },
    { id: "c", cause: "a2" },
    { id: "x", cause: "y" },
    { id: "y", cause: "x" },
    null,
  ]);
  expect(chain.map(({ exception, isCause }) => `${exception.id}${isCause ? "<" : ""}`)).toEqual([
    "a",
    "b<",
    "c<",
    "x",
    "y<",
  ]);
});

test("the aws block becomes fields", () => {
  expect(flat({ a: { b: 1 }, c: ["x", "y"], d: [{ e: 1 }] })).toEqual([
    ["a.b", 1],
    ["c", "x, y"],
    ["d.e", 1],
  ]);
});

test("statements break at their clauses and keep every other character", () => {
  expect(formatSql("SELECT a FROM b WHERE c = 'x from y' AND d IN (SELECT e FROM f)")).toBe(
    "SELECT a\nFROM b\nWHERE c = 'x from y'\n  AND d IN (SELECT e FROM f)",
  );
  expect(formatSql("SELECT a FROM b LEFT OUTER JOIN c ON d = e WHERE f BETWEEN 1 AND 2 AND g = 3")).toBe(
    "SELECT a\nFROM b\nLEFT OUTER JOIN c ON d = e\nWHERE f BETWEEN 1 AND 2\n  AND g = 3",
  );
  const bare = (text: string) => text.replace(/\s+/g, "");
  fc.assert(
    fc.property(fc.string(), text => {
      expect(bare(formatSql(text))).toBe(bare(text));
    }),
  );
});

test("zooming and panning stay within the trace", () => {
  const duration = 1_000_000;
  const views = fc.tuple(
    fc.double({ min: -1e7, max: 1e7, noNaN: true }),
    fc.double({ min: 0, max: 1e7, noNaN: true }),
  );
  fc.assert(
    fc.property(views, fc.double({ min: 0.01, max: 100, noNaN: true }), ([from, width], factor) => {
      const view = clampView({ from, to: from + width }, duration);
      for (const next of [view, zoom(view, factor, 5_000, duration), pan(view, factor, duration)]) {
        expect(next.from).toBeGreaterThanOrEqual(0);
        expect(next.to).toBeLessThanOrEqual(duration + 1e-6);
        expect(next.to - next.from).toBeGreaterThan(9.9);
      }
      const times = ticks(view, 0.1);
      expect(times.length).toBeLessThan(13);
    }),
  );
  expect(ticks({ from: 0, to: 100_000 }, 0.1)).toHaveLength(11);
  expect(formatTick(1_500_000, 500_000)).toBe("1500 ms");
  expect(formatTick(1_500_000, 1_000_000)).toBe("2 s");
  expect(formatTick(250, 50)).toBe("250 µs");
});

const table = (...documents: unknown[]) => arrange(draftFromDocuments(trace(...documents)));
const fault = { fault: true };

test("a trace that is read again keeps what was folded, chosen and looked at", () => {
  const first = table(
    entity(1, 0, undefined, { subsegments: [entity(2, 0.1, 0.2, { subsegments: [entity(3, 0.1, 0.2)] })] }),
  );
  const timeline = new Timeline(first);
  timeline.activate(1);
  timeline.folds.value = timeline.folds.value.map((_, row) => (row === 1 ? 1 : 0));
  timeline.show(50_000, 100_000);
  const later = table(
    entity(1, 0, 2, {
      subsegments: [entity(9, 0.01, 0.02), entity(2, 0.1, 0.2, { subsegments: [entity(3, 0.1, 0.2)] })],
    }),
  );
  timeline.replace(later);
  expect(timeline.active.value).toBe(rowOf(later, id(2)));
  expect([...timeline.shown.value]).toEqual([0, 1, 2]);
  expect(timeline.view.value).toEqual({ from: 50_000, to: 100_000 });
  timeline.showAll();
  expect(timeline.view.value.to).toBe(2_000_000);
});

test("next and previous go to errors, or to matches while something is looked for", () => {
  const timeline = new Timeline(
    table(
      entity(1, 0, 1, {
        subsegments: [entity(2, 0.1, 0.2, fault), entity(3, 0.3, 0.4), entity(4, 0.5, 0.6, fault)],
      }),
    ),
  );
  timeline.activate(0);
  expect(timeline.next(1)).toBe(1);
  expect(timeline.next(-1)).toBe(3);
  timeline.query.value = "s3";
  expect(timeline.next(1)).toBe(2);
  expect(timeline.step(-5)).toBe(0);
});

test("a node of the map leads to its longest segment, or to the call of what is not instrumented", () => {
  const rows = table(
    entity(1, 0, 1, {
      name: "shop",
      subsegments: [
        entity(2, 0.1, 0.2, { name: "DynamoDB", namespace: "aws" }),
        entity(5, 0.3, 0.9, { name: "pay", namespace: "remote" }),
      ],
    }),
    entity(3, 0.1, 0.2, {
      name: "DynamoDB",
      parent_id: id(2),
      inferred: true,
      origin: "AWS::DynamoDB::Table",
    }),
    entity(4, 0.4, 0.5, { name: "pay", parent_id: id(5) }),
  );
  expect(rows.ids[rowOfNode(rows, { name: "orders", type: "AWS::DynamoDB::Table" })]).toBe(id(2));
  expect(rows.ids[rowOfNode(rows, { name: "pay", type: undefined })]).toBe(id(4));
  expect(rowOfNode(rows, { name: "nobody", type: "client" })).toBe(-1);
});
