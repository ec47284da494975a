import type { Part } from "./layout";

export interface AcyclicEdge {
  from: number;
  to: number;
  /** Turned round to break a cycle. */
  isReversed: boolean;
}

/**
 * Turns round the edges that lead back in a depth-first walk: from nodes that nothing calls, in the order of
 * names, then from what is left in the same order. Iterative, since chains may be long.
 */
export function breakCycles({ ids, edges }: Part): AcyclicEdge[] {
  const out: number[][] = ids.map(() => []);
  const isCalled = new Uint8Array(ids.length);
  edges.forEach(([from, to], at) => {
    out[from]?.push(at);
    isCalled[to] = 1;
  });
  const isReversed = new Uint8Array(edges.length);
  // 0 not seen, 1 on the way, 2 done.
  const state = new Uint8Array(ids.length);
  const next = new Int32Array(ids.length);
  const walk = (start: number) => {
    const path = [start];
    state[start] = 1;
    while (path.length > 0) {
      const node = path[path.length - 1] ?? 0;
      const edge = out[node]?.[next[node] ?? 0];
      next[node] = (next[node] ?? 0) + 1;
      if (edge === undefined) {
        state[node] = 2;
        path.pop();
        continue;
      }
      const to = edges[edge]?.[1] ?? 0;
      if (state[to] === 1) isReversed[edge] = 1;
      else if (state[to] === 0) {
        state[to] = 1;
        path.push(to);
      }
    }
  };
  for (let node = 0; node < ids.length; node += 1) if (!isCalled[node]) walk(node);
  for (let node = 0; node < ids.length; node += 1) if (state[node] === 0) walk(node);
  return edges.map(([from, to], at) =>
    isReversed[at] ? { from: to, to: from, isReversed: true } : { from, to, isReversed: false },
  );
}
