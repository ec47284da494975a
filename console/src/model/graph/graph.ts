/** Service graphs as the map draws them (spec service-graph.md 2–4): from one answer or several merged. */
import { addCounts, type Counts, NO_COUNTS } from "./counts";
import { countOf, type HistogramEntry, mergeHistograms } from "./histogram";

export interface GraphNode {
  id: string;
  name: string;
  names: readonly string[];
  type: string | undefined;
  account: string | undefined;
  /** Receives a client edge: an entry point. */
  isRoot: boolean;
  isClient: boolean;
  /** Known only from its callers: not instrumented. */
  isInferred: boolean;
  counts: Counts;
  /** Sum of response times of the completed requests. */
  seconds: number;
  responseTimes: HistogramEntry[];
  /** Seconds since the epoch: first segment's start, last one's end. */
  start: number | undefined;
  end: number | undefined;
  /** Of a node that stands for several: their ids. */
  members?: readonly string[];
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  /** Asynchronous: by a queue or an event; has ages instead of response times. */
  isLink: boolean;
  counts: Counts;
  /** Calls, or events received. */
  calls: number;
  seconds: number;
  responseTimes: HistogramEntry[];
  ages: HistogramEntry[];
}

export interface Graph {
  nodes: ReadonlyMap<string, GraphNode>;
  edges: ReadonlyMap<string, GraphEdge>;
  /** Length of the range that is shown, for rates; undefined where a rate means nothing. */
  rangeSeconds: number | undefined;
}

/** What the graph operations answer, as far as it is used here. */
export interface WireStatistics {
  OkCount: number;
  ErrorStatistics?: { ThrottleCount: number; OtherCount: number } | undefined;
  FaultStatistics?: { TotalCount: number } | undefined;
  TotalCount: number;
  TotalResponseTime: number;
}

export interface WireNode {
  ReferenceId: number;
  Name: string;
  Names: readonly string[];
  Root: boolean;
  AccountId?: string | undefined;
  Type?: string | undefined;
  State?: string | undefined;
  StartTime?: number | undefined;
  EndTime?: number | undefined;
  SummaryStatistics?: WireStatistics | undefined;
  ResponseTimeHistogram: HistogramEntry[];
  Edges: readonly {
    ReferenceId: number;
    SummaryStatistics?: WireStatistics | undefined;
    ResponseTimeHistogram: HistogramEntry[];
    EdgeType?: string | undefined;
    ReceivedEventAgeHistogram: HistogramEntry[];
  }[];
}

export interface NodeIdentity {
  name: string;
  type?: string | undefined;
  account?: string | undefined;
}

export const nodeIdOf = ({ name, type, account }: NodeIdentity): string =>
  [name, type ?? "", account ?? ""].join("\n");

export const edgeIdOf = (from: string, to: string, isLink = false): string =>
  [from, to, ...(isLink ? ["link"] : [])].join("\t");

export const identityOf = ({ name, type, account }: GraphNode) => ({
  name,
  ...(type === undefined ? {} : { type }),
  ...(account === undefined ? {} : { account }),
});

export function countsOf(statistics: WireStatistics | undefined): Counts {
  if (!statistics) return NO_COUNTS;
  return {
    ok: statistics.OkCount,
    error: statistics.ErrorStatistics?.OtherCount ?? 0,
    throttle: statistics.ErrorStatistics?.ThrottleCount ?? 0,
    fault: statistics.FaultStatistics?.TotalCount ?? 0,
    total: statistics.TotalCount,
  };
}

/** One graph of several answers: of adjacent ranges they add up (spec service-graph.md 5). */
export function graphOf(answers: readonly (readonly WireNode[])[], rangeSeconds?: number): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const answer of answers) {
    const ids = new Map(answer.map(wire => [wire.ReferenceId, wireId(wire)]));
    for (const wire of answer) {
      const node = nodeOf(wire);
      const known = nodes.get(node.id);
      nodes.set(node.id, known ? mergeNodes(known, node) : node);
      for (const edge of edgesOf(wire, node.id, ids)) {
        const before = edges.get(edge.id);
        edges.set(edge.id, before ? mergeEdges(before, edge) : edge);
      }
    }
  }
  return { nodes, edges, rangeSeconds };
}

const wireId = (wire: WireNode): string =>
  nodeIdOf({ name: wire.Name, type: wire.Type, account: wire.AccountId });

const nodeOf = (wire: WireNode): GraphNode => ({
  id: wireId(wire),
  name: wire.Name,
  names: wire.Names,
  type: wire.Type || undefined,
  account: wire.AccountId || undefined,
  isRoot: wire.Root,
  isClient: wire.Type === "client",
  isInferred: wire.State !== undefined && wire.State !== "active",
  counts: countsOf(wire.SummaryStatistics),
  seconds: wire.SummaryStatistics?.TotalResponseTime ?? 0,
  responseTimes: mergeHistograms([wire.ResponseTimeHistogram]),
  start: wire.StartTime,
  end: wire.EndTime,
});

/** Edges to nodes that the answer does not have are left out. */
const edgesOf = (wire: WireNode, from: string, ids: ReadonlyMap<number, string>): GraphEdge[] =>
  wire.Edges.flatMap(edge => {
    const to = ids.get(edge.ReferenceId);
    if (to === undefined) return [];
    const isLink = edge.EdgeType === "link";
    const counts = countsOf(edge.SummaryStatistics);
    const ages = mergeHistograms([edge.ReceivedEventAgeHistogram]);
    return [
      {
        id: edgeIdOf(from, to, isLink),
        from,
        to,
        isLink,
        counts,
        calls: isLink ? countOf(ages) : counts.total,
        seconds: edge.SummaryStatistics?.TotalResponseTime ?? 0,
        responseTimes: mergeHistograms([edge.ResponseTimeHistogram]),
        ages,
      },
    ];
  });

export function mergeNodes(a: GraphNode, b: GraphNode): GraphNode {
  return {
    ...a,
    names: [...new Set([...a.names, ...b.names])],
    isRoot: a.isRoot || b.isRoot,
    isInferred: a.isInferred && b.isInferred,
    counts: addCounts(a.counts, b.counts),
    seconds: a.seconds + b.seconds,
    responseTimes: mergeHistograms([a.responseTimes, b.responseTimes]),
    start: least(a.start, b.start),
    end: most(a.end, b.end),
  };
}

export function mergeEdges(a: GraphEdge, b: GraphEdge): GraphEdge {
  return {
    ...a,
    counts: addCounts(a.counts, b.counts),
    calls: a.calls + b.calls,
    seconds: a.seconds + b.seconds,
    responseTimes: mergeHistograms([a.responseTimes, b.responseTimes]),
    ages: mergeHistograms([a.ages, b.ages]),
  };
}

const least = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);
const most = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

/** The range cut into pieces that `GetServiceGraph` answers: at most six hours each. Milliseconds. */
export function pieces(
  start: number,
  end: number,
  millisMax = PIECE_MILLIS_MAX,
): { start: number; end: number }[] {
  const count = Math.max(1, Math.ceil((end - start) / millisMax));
  const bound = (index: number) => (index === count ? end : start + index * millisMax);
  return Array.from({ length: count }, (_, index) => ({ start: bound(index), end: bound(index + 1) }));
}

const PIECE_MILLIS_MAX = 6 * 3600 * 1000;
