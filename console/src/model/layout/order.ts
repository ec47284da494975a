import type { AcyclicEdge } from "./cycles";
import { bendKey, type Layout, type Part } from "./layout";

/** An edge over several layers, and the points that stand for it in those between. */
export interface Chain {
  from: number;
  to: number;
  dummies: number[];
  isReversed: boolean;
}

export interface Ordered {
  /** Nodes first, then the points of long edges. */
  layer: readonly number[];
  /** Top to bottom. */
  layers: readonly number[][];
  up: readonly number[][];
  down: readonly number[][];
  nodes: number;
  heights: readonly number[];
  chains: Chain[];
  /** The rows of the layout before. */
  known: readonly (number | undefined)[];
}

type Net = Omit<Ordered, "layers">;

const SWEEPS = 12;
/** With a picture before, another order has to be better by this share of crossings to be taken. */
const WORTH_A_CHANGE = 0.3;

/** Orders the nodes of each layer by barycentres; the order with the fewest crossings that was seen is taken. */
export function orderLayers(
  part: Part,
  edges: readonly AcyclicEdge[],
  nodeLayer: readonly number[],
  previous: Layout | undefined,
): Ordered {
  const net = netOf(part, edges, nodeLayer, previous);
  const count = net.layer.length;
  const place = new Float64Array(count);
  const layers = firstOrder(net, place);
  let best = layers.map(nodes => [...nodes]);
  let fewest = crossings(net, layers, place);
  let bar = previous ? Math.floor(fewest * (1 - WORTH_A_CHANGE)) : fewest;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (let step = 1; step < layers.length; step += 1) {
      const at = isDown ? step : layers.length - 1 - step;
      sortLayer(layers[at] ?? [], isDown ? net.up : net.down, place);
    }
    const found = crossings(net, layers, place);
    if (found < bar) {
      fewest = found;
      bar = found;
      best = layers.map(nodes => [...nodes]);
    }
  }
  return { ...net, layers: best };
}

function netOf(
  part: Part,
  edges: readonly AcyclicEdge[],
  nodeLayer: readonly number[],
  previous: Layout | undefined,
): Net {
  const layer = [...nodeLayer];
  const up: number[][] = part.ids.map(() => []);
  const down: number[][] = part.ids.map(() => []);
  const chains: Chain[] = [];
  const known = part.ids.map(id => previous?.positions.get(id)?.y);
  const join = (from: number, to: number) => {
    down[from]?.push(to);
    up[to]?.push(from);
  };
  for (const { from, to, isReversed } of edges) {
    const start = layer[from] ?? 0;
    const end = layer[to] ?? 0;
    const dummies: number[] = [];
    const bends = bendsBefore(part, from, to, isReversed, previous);
    const areKnown = bends?.length === end - start - 1;
    let before = from;
    for (let at = start + 1; at < end; at += 1) {
      const point = layer.length;
      layer.push(at);
      known.push(areKnown ? bends?.[dummies.length] : undefined);
      up.push([]);
      down.push([]);
      join(before, point);
      dummies.push(point);
      before = point;
    }
    join(before, to);
    if (dummies.length > 0) chains.push({ from, to, dummies, isReversed });
  }
  return { layer, up, down, nodes: part.ids.length, heights: part.heights, chains, known };
}

/** The rows where an edge passed the layers, in the direction of the layers. */
function bendsBefore(
  part: Part,
  from: number,
  to: number,
  isReversed: boolean,
  previous: Layout | undefined,
) {
  const [start = "", end = ""] = [part.ids[from], part.ids[to]];
  const points = previous?.bends.get(isReversed ? bendKey(end, start) : bendKey(start, end));
  const rows = points?.map(point => point.y);
  return isReversed ? rows?.reverse() : rows;
}

/** By the rows before where known; new ones beside what they are joined to, else by a walk in the order of names. */
function firstOrder(net: Net, place: Float64Array): number[][] {
  const layers: number[][] = [];
  for (let at = 0; at < net.layer.length; at += 1) {
    const layer = net.layer[at] ?? 0;
    for (let have = layers.length; have <= layer; have += 1) layers.push([]);
  }
  const rank = new Float64Array(net.layer.length);
  walkOrder(net).forEach((node, at) => {
    rank[node] = at;
    layers[net.layer[node] ?? 0]?.push(node);
  });
  if (net.known.some(row => row !== undefined)) {
    const y = guessRows(net);
    for (const nodes of layers)
      nodes.sort((a, b) => (y[a] ?? 0) - (y[b] ?? 0) || (rank[a] ?? 0) - (rank[b] ?? 0));
  }
  for (const nodes of layers) number(nodes, place);
  return layers;
}

/** Depth first from the first layer on, so that what belongs together starts out together. */
function walkOrder(net: Net): number[] {
  const seen = new Uint8Array(net.layer.length);
  const order: number[] = [];
  const walk = (start: number) => {
    const path = [start];
    while (path.length > 0) {
      const node = path.pop() ?? 0;
      if (seen[node]) continue;
      seen[node] = 1;
      order.push(node);
      const next = net.down[node] ?? [];
      for (let at = next.length - 1; at >= 0; at -= 1) path.push(next[at] ?? 0);
    }
  };
  for (let node = 0; node < net.nodes; node += 1) if (net.up[node]?.length === 0) walk(node);
  for (let node = 0; node < net.layer.length; node += 1) walk(node);
  return order;
}

function guessRows(net: Net): Float64Array {
  const y = Float64Array.from(net.known, row => row ?? Number.NaN);
  for (const chain of net.chains) {
    if (!Number.isNaN(y[chain.dummies[0] ?? 0])) continue;
    const from = y[chain.from] ?? Number.NaN;
    const to = y[chain.to] ?? Number.NaN;
    chain.dummies.forEach((point, at) => {
      y[point] = from + ((to - from) * (at + 1)) / (chain.dummies.length + 1);
    });
  }
  // Twice: a new node may be joined to new ones only.
  for (let pass = 0; pass < 2; pass += 1) {
    for (let node = 0; node < y.length; node += 1) {
      if (!Number.isNaN(y[node] ?? 0)) continue;
      const near = [...(net.up[node] ?? []), ...(net.down[node] ?? [])]
        .map(other => y[other] ?? Number.NaN)
        .filter(row => !Number.isNaN(row));
      if (near.length > 0) y[node] = near.reduce((a, b) => a + b, 0) / near.length + 0.5;
    }
  }
  const lowest = y.reduce((a, b) => Math.max(a, b), 0);
  return y.map(row => (Number.isNaN(row) ? lowest + 1 : row));
}

const number = (nodes: readonly number[], place: Float64Array) => {
  nodes.forEach((node, at) => {
    place[node] = at;
  });
};

/** Sorts by the mean place of the neighbours; those without keep their place among the others. */
function sortLayer(nodes: number[], neighbours: readonly number[][], place: Float64Array): void {
  const centre = new Map<number, number>();
  for (const node of nodes) {
    const near = neighbours[node] ?? [];
    let sum = 0;
    for (const other of near) sum += place[other] ?? 0;
    centre.set(node, near.length > 0 ? sum / near.length : (place[node] ?? 0));
  }
  nodes.sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0) || (place[a] ?? 0) - (place[b] ?? 0));
  number(nodes, place);
}

/** How many pairs of edges between neighbouring layers cross; the places are set to those of `layers`. */
function crossings(net: Net, layers: readonly number[][], place: Float64Array): number {
  for (const nodes of layers) number(nodes, place);
  let total = 0;
  for (let at = 0; at + 1 < layers.length; at += 1) {
    const size = layers[at + 1]?.length ?? 0;
    const seen = new Int32Array(size + 1);
    let count = 0;
    for (const node of layers[at] ?? []) {
      const ends = (net.down[node] ?? []).map(to => place[to] ?? 0).sort((a, b) => a - b);
      for (const end of ends) total += count - upTo(seen, end + 1);
      for (const end of ends) add(seen, end + 1);
      count += ends.length;
    }
  }
  return total;
}

// A tree of sums over places: how many ended at or before one.
function upTo(sums: Int32Array, place: number): number {
  let total = 0;
  for (let at = place; at > 0; at -= at & -at) total += sums[at] ?? 0;
  return total;
}

function add(sums: Int32Array, place: number): void {
  for (let at = place; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + 1;
}
