import { LANE } from "./layout";
import type { Ordered } from "./order";

const PASSES = 8;
/** How much more a node that had a row counts than a new one, when both cannot have what they want. */
const KEPT_WEIGHT = 20;

/**
 * The row of every node and point, in pixels: each as near as it gets to the median of its neighbours, in the
 * order of its layer, at least a row apart. What had a row wants that one.
 */
export function placeRows(net: Ordered): number[] {
  const y = new Array<number>(net.layer.length).fill(0);
  for (const nodes of net.layers) {
    let bottom = 0;
    nodes.forEach((node, at) => {
      if (at > 0) bottom += gap(net, nodes[at - 1] ?? 0, node);
      y[node] = bottom;
    });
    // Layers start centred on one another.
    for (const node of nodes) y[node] = (y[node] ?? 0) - bottom / 2;
  }
  net.known.forEach((row, node) => {
    if (row !== undefined) y[node] = row;
  });
  for (let pass = 0; pass < PASSES; pass += 1) {
    const isDown = pass % 2 === 0;
    for (let step = 0; step < net.layers.length; step += 1) {
      const nodes = net.layers[isDown ? step : net.layers.length - 1 - step] ?? [];
      // The last pass looks both ways, so that neither side hangs behind.
      const isLast = pass === PASSES - 1;
      settle(net, nodes, y, node =>
        isLast
          ? [...(net.up[node] ?? []), ...(net.down[node] ?? [])]
          : ((isDown ? net.up : net.down)[node] ?? []),
      );
    }
  }
  return y;
}

const gap = (net: Ordered, above: number, below: number): number => {
  const height = (node: number) => net.heights[node] ?? LANE;
  return (height(above) + height(below)) / 2;
};

function settle(
  net: Ordered,
  nodes: readonly number[],
  y: number[],
  neighbours: (node: number) => readonly number[],
): void {
  // With the gaps taken off, "at least so far apart" becomes "not descending".
  let taken = 0;
  const offsets = nodes.map((node, at) => {
    if (at > 0) taken += gap(net, nodes[at - 1] ?? 0, node);
    return taken;
  });
  const wanted = nodes.map((node, at) => {
    const row = net.known[node] ?? median(neighbours(node).map(other => y[other] ?? 0)) ?? y[node] ?? 0;
    return row - (offsets[at] ?? 0);
  });
  const weights = nodes.map(node => (net.known[node] === undefined ? weightOf(net, node) : KEPT_WEIGHT));
  ascending(wanted, weights).forEach((row, at) => {
    y[nodes[at] ?? 0] = row + (offsets[at] ?? 0);
  });
}

/** Long edges are straight rather than nodes centred. */
const weightOf = (net: Ordered, node: number): number => (node < net.nodes ? 1 : 2);

function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] ?? 0;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? 0) + upper) / 2;
}

/** The non-descending values nearest to `wanted` (weighted least squares): neighbours in conflict share a mean. */
export function ascending(wanted: readonly number[], weights: readonly number[]): number[] {
  const blocks: { value: number; weight: number; count: number }[] = [];
  wanted.forEach((value, at) => {
    let block = { value, weight: weights[at] ?? 1, count: 1 };
    for (let last = blocks.at(-1); last && last.value > block.value; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      const mean = (last.value * last.weight + block.value * block.weight) / weight;
      block = { value: mean, weight, count: last.count + block.count };
    }
    blocks.push(block);
  });
  return blocks.flatMap(({ value, count }) => new Array<number>(count).fill(value));
}
