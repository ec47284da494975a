/** What of a graph is drawn how, but for places (spec console.md 6.1.2, 6.1.3). */
import { formatCount, formatDuration, formatShare, visible } from "../../model/format";
import {
  type Arc,
  DEFAULT_THRESHOLDS,
  type Health,
  healthOf,
  notOk,
  type RequestClass,
  ringArcs,
  type Thresholds,
  worstClass,
} from "../../model/graph/counts";
import { edgeIdOf, type Graph, type GraphEdge, type GraphNode } from "../../model/graph/graph";
import { quantile } from "../../model/graph/histogram";
import { ROW } from "../../model/layout/layout";
import { type GlyphName, glyphOf } from "./glyphs";

export const NODE_TEXTS = ["icon", "latency", "rate", "faults"] as const;
export const SIZES_BY = ["traffic", "health", "none"] as const;

export interface DrawOptions {
  nodeText: (typeof NODE_TEXTS)[number];
  sizeBy: (typeof SIZES_BY)[number];
  thresholds: Thresholds;
}

export const DEFAULT_OPTIONS: DrawOptions = {
  nodeText: "icon",
  sizeBy: "traffic",
  thresholds: DEFAULT_THRESHOLDS,
};

export interface DrawnNode {
  node: GraphNode;
  radius: number;
  arcs: readonly Arc[];
  glyph: GlyphName;
  /** Instead of the glyph. */
  lines: readonly string[] | undefined;
  health: Health;
  /** The share of what is not ok, when it stands out; and of which class most of it is. */
  alert: { text: string; of: RequestClass } | undefined;
  outline: "solid" | "dashed" | "double";
  name: string;
  type: string;
  /** In words, for those who do not see it. */
  label: string;
  /** For what comes first: requests, or for clients the calls they make. */
  volume: number;
}

export interface DrawnEdge {
  edge: GraphEdge;
  width: number;
  health: Health;
  of: RequestClass;
  isPaired: boolean;
  text: string;
  alert: string | undefined;
  label: string;
}

export interface Drawing {
  /** The busiest first. */
  nodes: DrawnNode[];
  edges: DrawnEdge[];
}

const CLIENT_RADIUS = 19;
const RADIUS_MIN = 18;
const RADIUS_MAX = 42;
const RADIUS_PLAIN = 24;

export function drawingOf(graph: Graph, options: DrawOptions): Drawing {
  const degrees = degreesOf(graph);
  const most = largest(graph.nodes.values(), node => sizeCount(node, options));
  const nodes = [...graph.nodes.values()].map(node =>
    drawnNode(node, graph, options, most, degrees.get(node.id) ?? { calls: 0, callers: 0, out: 0 }),
  );
  nodes.sort((a, b) => b.volume - a.volume || (a.node.id < b.node.id ? -1 : 1));
  const calls = largest(graph.edges.values(), edge => edge.calls);
  const edges = [...graph.edges.values()].map(edge => drawnEdge(edge, graph, options, calls));
  // The bad ones lie on top.
  const rank = { calm: 0, warn: 1, bad: 2 };
  edges.sort((a, b) => rank[a.health] - rank[b.health] || a.width - b.width);
  return { nodes, edges };
}

function largest<T>(items: Iterable<T>, value: (item: T) => number): number {
  let most = 0;
  for (const item of items) most = Math.max(most, value(item));
  return most;
}

interface Degrees {
  /** Nodes called, and nodes calling. */
  calls: number;
  callers: number;
  /** Calls made. */
  out: number;
}

function degreesOf(graph: Graph): Map<string, Degrees> {
  const degrees = new Map<string, Degrees>();
  const of = (id: string): Degrees => {
    const known = degrees.get(id) ?? { calls: 0, callers: 0, out: 0 };
    degrees.set(id, known);
    return known;
  };
  for (const edge of graph.edges.values()) {
    of(edge.from).calls += 1;
    of(edge.from).out += edge.calls;
    of(edge.to).callers += 1;
  }
  return degrees;
}

const sizeCount = (node: GraphNode, { sizeBy }: DrawOptions): number =>
  sizeBy === "health" ? notOk(node.counts) : node.counts.total;

function drawnNode(
  node: GraphNode,
  graph: Graph,
  options: DrawOptions,
  most: number,
  degrees: Degrees,
): DrawnNode {
  const health = healthOf(node.counts, options.thresholds);
  const radius = () => {
    if (node.isClient) return CLIENT_RADIUS;
    if (options.sizeBy === "none") return RADIUS_PLAIN;
    const share = most === 0 ? 0 : Math.log1p(sizeCount(node, options)) / Math.log1p(most);
    return RADIUS_MIN + (RADIUS_MAX - RADIUS_MIN) * share;
  };
  return {
    node,
    radius: Math.round(radius() * 2) / 2,
    arcs: node.counts.total > 0 ? ringArcs(node.counts) : [],
    glyph: node.members ? "group" : glyphOf(node.type),
    lines: node.isClient || options.nodeText === "icon" ? undefined : textOf(node, graph, options.nodeText),
    health,
    alert:
      health === "calm"
        ? undefined
        : { text: formatShare(notOk(node.counts), node.counts.total), of: worstClass(node.counts) },
    outline: node.isRoot ? "double" : node.isInferred ? "dashed" : "solid",
    name: displayName(node.name),
    type: node.members ? `${formatCount(node.members.length)} nodes` : typeLabel(node.type),
    label: nodeLabel(node, degrees),
    volume: node.isClient ? degrees.out / 2 : node.counts.total,
  };
}

function textOf(node: GraphNode, graph: Graph, kind: DrawOptions["nodeText"]): string[] {
  const { counts } = node;
  if (counts.total === 0) return ["–"];
  const rate = rateOf(counts.total, graph.rangeSeconds);
  if (kind === "faults") return [formatShare(counts.fault, counts.total), "faults"];
  const first = kind === "latency" ? formatDuration(node.seconds / counts.total) : rate;
  return kind === "latency" ? [first, rate] : [first];
}

/** `12.4/min`; without a range the count. */
export function rateOf(count: number, rangeSeconds: number | undefined): string {
  if (count === 0) return "0";
  if (rangeSeconds === undefined || rangeSeconds <= 0) return formatCount(count);
  const rate = (count * 60) / rangeSeconds;
  const text =
    rate >= 100 ? formatCount(rate) : rate >= 10 ? rate.toFixed(0) : rate >= 0.1 ? rate.toFixed(1) : "< 0.1";
  return `${text}/min`;
}

function nodeLabel(node: GraphNode, { calls, callers }: Degrees): string {
  const parts = [visible(node.name, 200)];
  if (node.type) parts.push(visible(node.type, 100));
  if (!node.isClient) {
    parts.push(`${formatCount(node.counts.total)} requests`);
    parts.push(`${formatShare(node.counts.fault, node.counts.total).replace(" ", "\u00a0")} faults`);
    const p90 = quantile(node.responseTimes, 0.9);
    if (p90 !== undefined) parts.push(`p90 ${formatDuration(p90)}`);
  }
  parts.push(`calls ${calls}`, `called by ${callers}`);
  return parts.join(", ");
}

function drawnEdge(edge: GraphEdge, graph: Graph, options: DrawOptions, most: number): DrawnEdge {
  const health = healthOf(edge.counts, options.thresholds);
  // To the third power, so that the thick ones are few.
  const share = most === 0 ? 0 : (Math.log1p(edge.calls) / Math.log1p(most)) ** 3;
  const width = 1.5 + (health === "bad" ? 4.5 : 6.5) * share + (health === "bad" ? 2 : 0);
  const from = graph.nodes.get(edge.from)?.name ?? "";
  const to = graph.nodes.get(edge.to)?.name ?? "";
  const text = edgeText(edge, graph);
  return {
    edge,
    width: Math.round(width * 4) / 4,
    health,
    of: worstClass(edge.counts),
    isPaired: graph.edges.has(edgeIdOf(edge.to, edge.from, edge.isLink)) && edge.from !== edge.to,
    text,
    alert: health === "calm" ? undefined : formatShare(notOk(edge.counts), edge.counts.total),
    label: `${visible(from, 200)} to ${visible(to, 200)}, ${edge.isLink ? "link, " : ""}${text}`,
  };
}

function edgeText(edge: GraphEdge, graph: Graph): string {
  const rate = rateOf(edge.calls, graph.rangeSeconds);
  if (edge.isLink) {
    const age = quantile(edge.ages, 0.5);
    return age === undefined ? rate : `${rate} · age ${formatDuration(age)}`;
  }
  if (edge.counts.total === 0) return "no completed call";
  const average = formatDuration(edge.seconds / edge.counts.total);
  const bad = notOk(edge.counts);
  return [rate, average, ...(bad > 0 ? [formatShare(bad, edge.counts.total)] : [])].join(" · ");
}

/** Of addresses and ARNs the part that tells: the queue of a queue's URL, the resource of an ARN. */
export function displayName(name: string): string {
  const text = visible(name, 400);
  const path = /^https?:\/\/[^/]+\/(?:.*\/)?([^/?#]+)\/?$/i.exec(text)?.[1];
  const resource = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:.*[:/])?([^:/]+)$/i.exec(text)?.[1];
  return path ?? resource ?? text;
}

/** `AWS::ECS::Container` as `ECS Container`, `Database::SQL` as `SQL Database`. */
export function typeLabel(type: string | undefined): string {
  if (type === undefined) return "";
  const text = visible(type, 100);
  const database = /^database::(.+)$/i.exec(text)?.[1];
  if (database) return `${database} database`;
  return text.replace(/^AWS::/, "").replaceAll("::", " ");
}

/** Room for the ring and the two lines below it, in few steps, so that growing seldom moves anything. */
export function cellHeight({ radius }: DrawnNode): number {
  const height = CELLS.find(cell => radius * 2 + BELOW <= cell);
  return height ?? ROW;
}

const CELLS = [84, 98, 112, ROW];
/** Alert, name, type, and a gap. */
const BELOW = 44;
