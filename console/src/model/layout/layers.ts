import type { AcyclicEdge } from "./cycles";

/**
 * The layer of each node: the longest path from a node that nothing calls. Those themselves move right to just
 * before the first that they call, so that an entry point deep in the graph has its client beside it.
 */
export function layersOf(count: number, edges: readonly AcyclicEdge[]): number[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  const callers = new Int32Array(count);
  for (const { from, to } of edges) {
    out[from]?.push(to);
    callers[to] = (callers[to] ?? 0) + 1;
  }
  const layer = new Int32Array(count);
  const waits = callers.slice();
  const ready: number[] = [];
  for (let node = 0; node < count; node += 1) if (waits[node] === 0) ready.push(node);
  for (let at = 0; at < ready.length; at += 1) {
    const node = ready[at] ?? 0;
    for (const to of out[node] ?? []) {
      layer[to] = Math.max(layer[to] ?? 0, (layer[node] ?? 0) + 1);
      waits[to] = (waits[to] ?? 0) - 1;
      if (waits[to] === 0) ready.push(to);
    }
  }
  for (let node = 0; node < count; node += 1) {
    const called = out[node] ?? [];
    if (callers[node] === 0 && called.length > 0) {
      layer[node] = Math.min(...called.map(to => layer[to] ?? 0)) - 1;
    }
  }
  return [...layer];
}
