/**
 * Where the nodes of a graph stand: layers from left to right (spec console.md 6.1.5). Pure: the same graph and
 * the same layout before give the same picture, and what stood somewhere before moves as little as it can.
 *
 * Positions are in pixels at zoom 1. A node has a cell of `COLUMN_MIN` by its height; cells never overlap.
 */
import { breakCycles } from "./cycles";
import { layersOf } from "./layers";
import { orderLayers } from "./order";
import { pack } from "./pack";
import { placeRows } from "./rows";
import { split } from "./split";

export interface LayoutGraph {
  /** Ids; the order does not matter. */
  nodes: readonly string[];
  edges: readonly { from: string; to: string }[];
  /** Heights of cells, by id; `ROW` unless given. */
  heights?: ReadonlyMap<string, number>;
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  positions: Map<string, Point>;
  /** Where long edges pass the layers between their ends, from `from` to `to`; by `bendKey`. */
  bends: Map<string, Point[]>;
  column: number;
}

export const ROW = 128;
export const COLUMN_MIN = 188;
/** Height that an edge passing between nodes takes. */
export const LANE = 24;

export const bendKey = (from: string, to: string): string => `${from}\t${to}`;

/** Part of a graph whose nodes are joined, as numbers: nodes 0…n−1 in the order of their ids. */
export interface Part {
  ids: readonly string[];
  heights: readonly number[];
  /** Pairs of node numbers, from and to, each pair once, no self edges. */
  edges: readonly (readonly [number, number])[];
}

/** A layout keeps to the one before if at least this share of its nodes had a place there. */
const KEPT_SHARE_MIN = 0.5;

export function layout(graph: LayoutGraph, previous?: Layout): Layout {
  const parts = split(graph);
  const before = isFollowed(graph, previous) ? previous : undefined;
  const arranged = parts.map(part => arrange(part, before));
  const tallest = Math.max(0, ...arranged.map(part => part.bottom - part.top));
  const widest = Math.max(1, ...arranged.map(part => part.layers));
  const column = before?.column ?? columnFor(tallest, widest);
  return pack(arranged, column, before);
}

/** What one part looks like by itself: rows are final but for a shift of all, columns are layer numbers. */
export interface Arranged {
  part: Part;
  /** By node number. */
  layer: readonly number[];
  y: readonly number[];
  bends: { from: number; to: number; points: { layer: number; y: number }[] }[];
  layers: number;
  /** Top and bottom of all cells. */
  top: number;
  bottom: number;
}

function arrange(part: Part, previous: Layout | undefined): Arranged {
  const edges = breakCycles(part);
  const layer = layersOf(part.ids.length, edges);
  const ordered = orderLayers(part, edges, layer, previous);
  const rows = placeRows(ordered);
  const count = part.ids.length;
  const y = rows.slice(0, count);
  const tops = y.map((row, node) => row - (part.heights[node] ?? ROW) / 2);
  const bottoms = y.map((row, node) => row + (part.heights[node] ?? ROW) / 2);
  const bends = ordered.chains.map(chain => {
    const points = chain.dummies.map(point => ({ layer: ordered.layer[point] ?? 0, y: rows[point] ?? 0 }));
    for (const point of points) {
      tops.push(point.y - LANE / 2);
      bottoms.push(point.y + LANE / 2);
    }
    return chain.isReversed
      ? { from: chain.to, to: chain.from, points: points.reverse() }
      : { from: chain.from, to: chain.to, points };
  });
  return {
    part,
    layer,
    y,
    bends,
    layers: ordered.layers.length,
    top: least(tops),
    bottom: most(bottoms),
  };
}

// Not by Math.min(...values): a large graph has more points than a call may have arguments.
const least = (values: readonly number[]) =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function isFollowed(graph: LayoutGraph, previous: Layout | undefined): previous is Layout {
  if (!previous || previous.positions.size === 0) return false;
  const known = graph.nodes.filter(id => previous.positions.has(id)).length;
  return known >= graph.nodes.length * KEPT_SHARE_MIN;
}

/** Tall graphs get wider columns, in steps, so that their edges do not become steep and the picture fills a window. */
function columnFor(height: number, layers: number): number {
  const wanted = (height * ASPECT) / layers;
  const steps = Math.max(0, Math.min(COLUMN_STEPS_MAX, Math.ceil((wanted - COLUMN_MIN) / COLUMN_STEP)));
  return COLUMN_MIN + steps * COLUMN_STEP;
}

/** Width to height that is aimed at. */
const ASPECT = 1.3;
const COLUMN_STEP = 64;
const COLUMN_STEPS_MAX = 20;
