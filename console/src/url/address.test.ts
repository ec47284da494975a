import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Address,
  formatAddress,
  type NodeKey,
  parseAddress,
  SETTINGS_SECTIONS,
  TRACE_VIEWS,
} from "./address";
import { DEFAULT_RANGE, type TimeRange } from "./time-range";

const text = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
const id = fc
  .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 })
  .map(hex => `1-${hex.slice(0, 8)}-${hex.slice(8)}`);
const node: fc.Arbitrary<NodeKey> = fc.record(
  { name: text, type: text, account: text },
  { requiredKeys: ["name"] },
);
const range: fc.Arbitrary<TimeRange> = fc.oneof(
  fc.integer({ min: 1, max: 30 * 86_400_000 }).map(millis => ({ kind: "relative" as const, millis })),
  fc
    .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e10 }))
    .map(([start, length]) => ({ kind: "absolute" as const, start, end: start + length })),
);
const route: fc.Arbitrary<Address["route"]> = fc.oneof(
  fc.constantFrom(
    { page: "home" as const },
    { page: "service-map" as const },
    { page: "traces" as const },
    { page: "insights" as const },
    { page: "groups" as const },
  ),
  fc.record({ page: fc.constant("trace" as const), id, view: fc.constantFrom(...TRACE_VIEWS) }),
  fc.record({ page: fc.constant("insight" as const), id: text }),
  fc.record({ page: fc.constant("groups" as const), name: text }),
  fc.record({ page: fc.constant("sampling" as const), rule: text }),
  fc.record({ page: fc.constant("settings" as const), section: fc.constantFrom(...SETTINGS_SECTIONS) }),
);
const params: fc.Arbitrary<Address["params"]> = fc.record(
  {
    timeRange: range,
    tz: fc.constantFrom("utc" as const, "local" as const),
    filter: text,
    group: text,
    segment: text,
    tab: text,
    sort: text,
    q: text,
    cols: fc.array(text, { minLength: 1, maxLength: 4 }),
    node,
    edge: fc.tuple(node, node),
    rt: fc
      .tuple(fc.float({ min: 0, max: 1000, noNaN: true }), fc.float({ min: 0, max: 1000, noNaN: true }))
      .map(([from, more]): [number, number] => [Math.abs(from), Math.abs(from) + Math.abs(more)]),
  },
  { requiredKeys: ["timeRange", "tz"] },
);

test("an address that was written reads as it was", () => {
  fc.assert(
    fc.property(route, params, fc.constantFrom("utc" as const, "local" as const), (route, params, zone) => {
      const parsed = parseAddress(formatAddress({ route, params }, zone), zone);
      expect(parsed.notes).toEqual([]);
      expect(parsed.address).toEqual({ route, params });
    }),
  );
});

test("who reads in UTC passes on links that say so", () => {
  const params = { timeRange: DEFAULT_RANGE, tz: "utc" as const };
  const link = formatAddress({ route: { page: "traces" }, params }, "utc");
  expect(link).toBe("#/traces?tz=utc");
  expect(parseAddress(link, "local").address.params.tz).toBe("utc");
  expect(parseAddress("#/traces", "utc").address.params.tz).toBe("utc");
});

test("reading never fails", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), hash => void parseAddress(`#${hash}`)));
  const { address, notes } = parseAddress("#/traces?timeRange=soon&tz=mars&rt=4~2&node=%7C&edge=a");
  expect(address.route).toEqual({ page: "traces" });
  expect(notes).toHaveLength(5);
});

test("links of the AWS console open the same thing", () => {
  const trace = parseAddress("#xray:traces/1-5759e988-bd862e3fe1be46a994272793").address.route;
  expect(trace).toEqual({ page: "trace", id: "1-5759e988-bd862e3fe1be46a994272793", view: "timeline" });
  expect(parseAddress("#xray:service-map/map").address.route).toEqual({ page: "service-map" });
  const list = parseAddress("#xray:traces/query?timeRange=PT1H").address;
  expect(list.route).toEqual({ page: "traces" });
  expect(list.params.timeRange).toEqual({ kind: "relative", millis: 3_600_000 });
});

test("ids are accepted in both forms", () => {
  const { route } = parseAddress("#/traces/5759E988bd862e3fe1be46a994272793").address;
  expect(route).toEqual({ page: "trace", id: "1-5759e988-bd862e3fe1be46a994272793", view: "timeline" });
});
