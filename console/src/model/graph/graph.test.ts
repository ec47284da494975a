import { describe, expect, it } from "vitest";
import { ARC_MIN_DEGREES, type Counts, healthOf, ringArcs, worstClass } from "./counts";
import { edgeFilter, nodeFilter } from "./filters";
import { edgeIdOf, graphOf, nodeIdOf, pieces, type WireNode } from "./graph";
import { countWithin, mergeHistograms, quantile } from "./histogram";
import { periodFor, seriesOf } from "./series";
import { grouped, namePattern, shownPart } from "./shown";

const counts = (ok: number, error = 0, throttle = 0, fault = 0): Counts => ({
  ok,
  error,
  throttle,
  fault,
  total: ok + error + throttle + fault,
});

const statistics = (ok: number, fault = 0) => ({
  OkCount: ok,
  ErrorStatistics: { ThrottleCount: 0, OtherCount: 0 },
  FaultStatistics: { TotalCount: fault },
  TotalCount: ok + fault,
  TotalResponseTime: (ok + fault) * 0.1,
});

const wire = (ReferenceId: number, Name: string, more: Partial<WireNode> = {}): WireNode => ({
  ReferenceId,
  Name,
  Names: [Name],
  Root: false,
  State: "active",
  SummaryStatistics: statistics(10),
  ResponseTimeHistogram: [{ Value: 0.1, Count: 10 }],
  Edges: [],
  ...more,
});

const call = (ReferenceId: number, ok = 10, fault = 0) => ({
  ReferenceId,
  SummaryStatistics: statistics(ok, fault),
  ResponseTimeHistogram: [{ Value: 0.2, Count: ok + fault }],
  ReceivedEventAgeHistogram: [],
});

const link = (ReferenceId: number) => ({
  ReferenceId,
  EdgeType: "link",
  ResponseTimeHistogram: [],
  ReceivedEventAgeHistogram: [{ Value: 2, Count: 3 }],
});

const shop = (): WireNode[] => [
  wire(0, "web", {
    Type: "client",
    SummaryStatistics: undefined,
    ResponseTimeHistogram: [],
    Edges: [call(1)],
  }),
  wire(1, "web", { Type: "AWS::EC2::Instance", Root: true, Edges: [call(2, 9, 1), link(3), call(77)] }),
  wire(2, "pay"),
  wire(3, "mail", { Type: "AWS::Lambda", AccountId: "1", State: "unknown" }),
];

describe("graphOf", () => {
  it("tells nodes by name, type and account, whatever their numbers in an answer", () => {
    const graph = graphOf([shop(), shop().map(node => ({ ...node, StartTime: 5, EndTime: 7 }))], 60);
    expect([...graph.nodes.keys()]).toEqual([
      nodeIdOf({ name: "web", type: "client" }),
      nodeIdOf({ name: "web", type: "AWS::EC2::Instance" }),
      nodeIdOf({ name: "pay" }),
      nodeIdOf({ name: "mail", type: "AWS::Lambda", account: "1" }),
    ]);
    const pay = graph.nodes.get(nodeIdOf({ name: "pay" }));
    expect(pay).toMatchObject({
      counts: counts(20),
      seconds: 2,
      responseTimes: [{ Value: 0.1, Count: 20 }],
      start: 5,
    });
  });

  it("adds up equal edges and leaves out those to nowhere", () => {
    const graph = graphOf([shop(), shop()]);
    const web = nodeIdOf({ name: "web", type: "AWS::EC2::Instance" });
    const pay = nodeIdOf({ name: "pay" });
    expect(graph.edges.size).toBe(3);
    expect(graph.edges.get(edgeIdOf(web, pay))).toMatchObject({ counts: counts(18, 0, 0, 2), calls: 20 });
    const mail = nodeIdOf({ name: "mail", type: "AWS::Lambda", account: "1" });
    expect(graph.edges.get(edgeIdOf(web, mail, true))).toMatchObject({ isLink: true, calls: 6 });
  });
});

describe("pieces", () => {
  it("covers the range without gaps, at most six hours each", () => {
    const hour = 3_600_000;
    expect(pieces(0, hour)).toEqual([{ start: 0, end: hour }]);
    expect(pieces(5, 13 * hour)).toEqual([
      { start: 5, end: 5 + 6 * hour },
      { start: 5 + 6 * hour, end: 5 + 12 * hour },
      { start: 5 + 12 * hour, end: 13 * hour },
    ]);
  });
});

describe("rings", () => {
  it("show shares clockwise from the top", () => {
    expect(ringArcs(counts(50, 25, 0, 25))).toEqual([
      { of: "ok", start: 0, end: 180 },
      { of: "error", start: 180, end: 270 },
      { of: "fault", start: 270, end: 360 },
    ]);
  });

  it("show one fault in ten thousand, and stay whole", () => {
    for (const of of [counts(10_000, 0, 0, 1), counts(1, 1, 1, 100_000), counts(0, 3), counts(30, 1, 0, 1)]) {
      const arcs = ringArcs(of);
      expect(arcs.at(-1)?.end).toBeCloseTo(360);
      for (const { start, end } of arcs) expect(end - start).toBeGreaterThanOrEqual(ARC_MIN_DEGREES - 1e-9);
    }
  });

  it("are absent without requests", () => {
    expect(ringArcs(counts(0))).toEqual([]);
  });
});

describe("healthOf", () => {
  it("warns from 1 % on and is bad from 5 %, or 1 % of faults", () => {
    expect(healthOf(counts(0))).toBe("calm");
    expect(healthOf(counts(991, 9))).toBe("calm");
    expect(healthOf(counts(99, 1))).toBe("warn");
    expect(healthOf(counts(95, 3, 2))).toBe("bad");
    expect(healthOf(counts(99, 0, 0, 1))).toBe("bad");
    expect(healthOf(counts(99, 1), { warn: 0.02, bad: 0.5, fault: 0.5 })).toBe("calm");
  });

  it("names the class that most belong to", () => {
    expect(worstClass(counts(9, 2, 1, 2))).toBe("fault");
    expect(worstClass(counts(9, 2, 3, 2))).toBe("throttle");
    expect(worstClass(counts(9))).toBe("ok");
  });
});

describe("histograms", () => {
  const entries = mergeHistograms([
    [
      { Value: 0.5, Count: 1 },
      { Value: 0.1, Count: 8 },
    ],
    [{ Value: 0.5, Count: 1 }],
  ]);

  it("merge by value", () => {
    expect(entries).toEqual([
      { Value: 0.1, Count: 8 },
      { Value: 0.5, Count: 2 },
    ]);
  });

  it("have quantiles that occur", () => {
    expect([0, 0.5, 0.8, 0.81, 0.99, 1].map(q => quantile(entries, q))).toEqual([
      0.1, 0.1, 0.1, 0.5, 0.5, 0.5,
    ]);
    expect(quantile([], 0.5)).toBeUndefined();
  });

  it("count with both ends, as the filter does", () => {
    expect(countWithin(entries, [0.1, 0.499])).toBe(8);
    expect(countWithin(entries, [0.1, 0.5])).toBe(10);
  });
});

describe("generated filters", () => {
  it("select a node by name, and type if it has one", () => {
    expect(nodeFilter({ name: "pay" })).toBe('service(id(name: "pay"))');
    expect(nodeFilter({ name: 'a "b" \\ c', type: "AWS::ECS" })).toBe(
      'service(id(name: "a \\"b\\" \\\\ c", type: "AWS::ECS"))',
    );
    expect(nodeFilter({ name: "line\nend" })).toBe('service(id(name: "line\\u000aend"))');
  });

  it("join ticked classes by OR; all or none narrow nothing", () => {
    const of = (...classes: ("ok" | "error" | "throttle" | "fault")[]) =>
      nodeFilter({ name: "n" }, { classes: new Set(classes) });
    expect(of("ok", "error", "throttle", "fault")).toBe('service(id(name: "n"))');
    expect(of()).toBe('service(id(name: "n"))');
    expect(of("fault")).toBe('service(id(name: "n")) { fault }');
    expect(of("ok", "fault")).toBe('service(id(name: "n")) { fault OR ok }');
  });

  it("add the range of response times inside the block", () => {
    const responseTime = [0.0000001, 1.5] as const;
    expect(nodeFilter({ name: "n" }, { responseTime })).toBe(
      'service(id(name: "n")) { responsetime >= 0 AND responsetime <= 1.5 }',
    );
    expect(
      edgeFilter(
        { name: "a" },
        { name: "b", type: "T" },
        { responseTime: [0.5, 2], classes: new Set(["fault", "error"]) },
      ),
    ).toBe(
      'edge(id(name: "a"), id(name: "b", type: "T")) { (fault OR error) AND responsetime >= 0.5 AND responsetime <= 2 }',
    );
  });
});

describe("shownPart", () => {
  const graph = graphOf([shop()]);
  const all = { clients: true, links: true, errorsOnly: false, hide: "" };
  const thresholds = { warn: 0.01, bad: 0.05, fault: 0.01 };
  const names = (choice: Partial<Parameters<typeof shownPart>[1]>) => {
    const part = shownPart(graph, { ...all, ...choice }, thresholds);
    return [[...part.nodes.values()].map(node => `${node.name} ${node.type ?? ""}`.trim()), part.edges.size];
  };

  it("leaves out what is switched off", () => {
    expect(names({})[1]).toBe(3);
    expect(names({ clients: false })).toEqual([["web AWS::EC2::Instance", "pay", "mail AWS::Lambda"], 2]);
    expect(names({ links: false })[1]).toBe(2);
    expect(names({ errorsOnly: true })).toEqual([["web AWS::EC2::Instance", "pay"], 1]);
    expect(names({ hide: "MAI*, nothing" })).toEqual([["web client", "web AWS::EC2::Instance", "pay"], 2]);
  });

  it("focuses on what is so many hops away", () => {
    const focus = { id: nodeIdOf({ name: "pay" }), hops: 1 };
    expect(names({ focus })[0]).toEqual(["web AWS::EC2::Instance", "pay"]);
    expect(names({ focus: { ...focus, hops: 2 } })[0]).toHaveLength(4);
  });
});

describe("namePattern", () => {
  it("matches parts of names, and whole names with stars", () => {
    const matches = (pattern: string, name: string) => namePattern(pattern)?.(name);
    expect(matches("", "x")).toBeUndefined();
    expect(matches(" , ", "x")).toBeUndefined();
    expect(matches("pay", "my-PAY-api")).toBe(true);
    expect(matches("pay*", "my-pay")).toBe(false);
    expect(matches("a*b*c", "a-b-c")).toBe(true);
    expect(matches("a*b*c", "a-c")).toBe(false);
    expect(matches("aa*aa", "aaa")).toBe(false);
    expect(matches("*".repeat(60), "a".repeat(4000))).toBe(true);
  });
});

describe("grouped", () => {
  it("draws the nodes of one type as one, unless it is opened or alone", () => {
    const graph = graphOf([[...shop(), wire(4, "cart", { Edges: [call(2, 5)] })]]);
    const one = grouped(graph, "type", new Set());
    const group = [...one.nodes.values()].find(node => node.members);
    expect(group).toMatchObject({ name: "no type", counts: counts(20) });
    expect(one.nodes.size).toBe(4);
    // cart → pay is inside the group.
    expect(one.edges.size).toBe(3);
    expect(grouped(graph, "type", new Set([group?.id ?? ""])).nodes.size).toBe(5);
    expect(grouped(graph, "none", new Set())).toBe(graph);
  });
});

describe("seriesOf", () => {
  it("has every bucket of the window and merges rows into coarser ones", () => {
    const window = { start: 0, end: 240 * 60_000 };
    const row = (Timestamp: number, ok: number, value: number) => ({
      Timestamp,
      EdgeSummaryStatistics: statistics(ok),
      ResponseTimeHistogram: [{ Value: value, Count: ok }],
    });
    const series = seriesOf([row(0, 3, 0.1), row(60, 1, 0.9), row(999_999, 1, 1)], window, periodFor(window));
    expect(series.bucketMillis).toBe(180_000);
    expect(series.times).toHaveLength(80);
    expect(series.counts[0]).toEqual(counts(4));
    expect([series.p50[0], series.p90[0], series.p50[1]]).toEqual([0.1, 0.9, null]);
  });
});
