import { type LayoutGraph, type Part, ROW } from "./layout";

/** The joined parts of a graph, ids sorted; the larger first, equal ones by their first id. */
export function split(graph: LayoutGraph): Part[] {
  const ids = [...new Set(graph.nodes)].sort();
  const index = new Map(ids.map((id, at) => [id, at]));
  const pairs = pairsOf(graph, index, ids.length);
  const root = rootsOf(ids.length, pairs);
  const members = new Map<number, number[]>();
  for (let node = 0; node < ids.length; node += 1) {
    const known = members.get(root(node));
    if (known) known.push(node);
    else members.set(root(node), [node]);
  }
  const local = new Int32Array(ids.length);
  const parts = new Map<number, { ids: string[]; heights: number[]; edges: [number, number][] }>();
  for (const [key, nodes] of members) {
    nodes.forEach((node, at) => {
      local[node] = at;
    });
    const names = nodes.map(node => ids[node] ?? "");
    parts.set(key, { ids: names, heights: names.map(id => graph.heights?.get(id) ?? ROW), edges: [] });
  }
  for (const [from, to] of pairs) parts.get(root(from))?.edges.push([local[from] ?? 0, local[to] ?? 0]);
  // The steps of the size are coarse, so that a node more seldom changes the order.
  const size = (part: Part) => Math.floor(Math.log2(part.ids.length));
  return [...parts.values()].sort(
    (a, b) => size(b) - size(a) || ((a.ids[0] ?? "") < (b.ids[0] ?? "") ? -1 : 1),
  );
}

/** Distinct edges between two known nodes, sorted. */
function pairsOf(graph: LayoutGraph, index: ReadonlyMap<string, number>, count: number): [number, number][] {
  const seen = new Set<number>();
  for (const { from, to } of graph.edges) {
    const a = index.get(from);
    const b = index.get(to);
    if (a !== undefined && b !== undefined && a !== b) seen.add(a * count + b);
  }
  return [...seen].sort((a, b) => a - b).map(pair => [Math.floor(pair / count), pair % count]);
}

/** Finds, of each node, the one that stands for its part. */
function rootsOf(count: number, pairs: readonly [number, number][]): (node: number) => number {
  const parent = Int32Array.from({ length: count }, (_, node) => node);
  const root = (node: number): number => {
    let at = node;
    for (let up = parent[at] ?? at; up !== at; up = parent[at] ?? at) {
      parent[at] = parent[up] ?? up;
      at = up;
    }
    return at;
  };
  for (const [from, to] of pairs) parent[Math.max(root(from), root(to))] = Math.min(root(from), root(to));
  return root;
}
