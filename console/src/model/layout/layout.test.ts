import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bendKey, COLUMN_MIN, type Layout, type LayoutGraph, layout, ROW } from "./layout";
import { ascending } from "./rows";

const name = (index: number) => `node-${String(index).padStart(4, "0")}`;

/** Three heights, by the last digit. */
const heightOf = (id: string) => [ROW, ROW - 20, ROW - 40][Number(id.slice(-1)) % 3] ?? ROW;

const graphs = fc
  .integer({ min: 1, max: 40 })
  .chain(count =>
    fc
      .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 80 })
      .map(pairs => graphOf(count, pairs)),
  );

const graphOf = (count: number, pairs: readonly (readonly number[])[]): LayoutGraph => ({
  heights: new Map(Array.from({ length: count }, (_, index) => [name(index), heightOf(name(index))])),
  nodes: Array.from({ length: count }, (_, index) => name(index)),
  edges: pairs.map(([from = 0, to = 0]) => ({ from: name(from), to: name(to) })),
});

/** A service-like graph: each node but the first few is called by one to three before it. */
function sample(count: number, seed = 1): LayoutGraph {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const pairs: [number, number][] = [];
  for (let node = 3; node < count; node += 1) {
    const calls = 1 + Math.floor(random() * 2.4);
    for (let call = 0; call < calls; call += 1) pairs.push([Math.floor(node * random() ** 1.5), node]);
  }
  return graphOf(count, pairs);
}

function expectNoOverlap({ positions, column }: Layout) {
  const all = [...positions];
  expect(column).toBeGreaterThanOrEqual(COLUMN_MIN);
  all.forEach(([one, a], at) => {
    for (const [other, b] of all.slice(at + 1)) {
      const height = (heightOf(one) + heightOf(other)) / 2;
      const isApart = Math.abs(a.x - b.x) >= COLUMN_MIN - 0.001 || Math.abs(a.y - b.y) >= height - 0.001;
      expect(isApart, `${JSON.stringify(a)} and ${JSON.stringify(b)}`).toBe(true);
    }
  });
}

describe("layout", () => {
  it("is the same for the same graph, in whatever order it is given", () => {
    fc.assert(
      fc.property(graphs, graph => {
        const shuffled = { ...graph, nodes: [...graph.nodes].reverse(), edges: [...graph.edges].reverse() };
        expect(layout(shuffled)).toEqual(layout(graph));
      }),
    );
  });

  it("gives every node a cell of its own, also when following another layout", () => {
    fc.assert(
      fc.property(graphs, graphs, (graph, other) => {
        const first = layout(graph);
        expect(first.positions.size).toBe(graph.nodes.length);
        expectNoOverlap(first);
        expectNoOverlap(layout(other, first));
      }),
    );
  });

  it("leads edges forward unless they close a cycle", () => {
    fc.assert(
      fc.property(graphs, graph => {
        // Without the edges back in number order there is no cycle.
        const acyclic = { ...graph, edges: graph.edges.filter(({ from, to }) => from < to) };
        const { positions, bends } = layout(acyclic);
        for (const { from, to } of acyclic.edges) {
          const way = [positions.get(from), ...(bends.get(bendKey(from, to)) ?? []), positions.get(to)];
          for (let at = 1; at < way.length; at += 1) {
            expect((way[at]?.x ?? 0) > (way[at - 1]?.x ?? 0)).toBe(true);
          }
        }
      }),
    );
  });

  it("lays out cycles and self calls", () => {
    const { positions } = layout(
      graphOf(3, [
        [0, 1],
        [1, 2],
        [2, 0],
        [1, 1],
      ]),
    );
    expect([0, 1, 2].map(node => positions.get(name(node))?.x)).toEqual(
      [0.5, 1.5, 2.5].map(at => at * COLUMN_MIN),
    );
  });

  it("changes nothing when nothing changed", () => {
    fc.assert(
      fc.property(graphs, graph => {
        const first = layout(graph);
        const second = layout(graph, first);
        for (const [id, point] of first.positions) {
          expect(second.positions.get(id)?.x).toBeCloseTo(point.x, 6);
          expect(second.positions.get(id)?.y).toBeCloseTo(point.y, 6);
        }
      }),
    );
  });

  it("moves the others by less than a row, nearly always, when a leaf is added", () => {
    const graph = sample(80);
    const before = layout(graph);
    for (const parent of [0, 5, 20, 40, 79]) {
      const more = {
        ...graph,
        nodes: [...graph.nodes, "new"],
        edges: [...graph.edges, { from: name(parent), to: "new" }],
      };
      const after = layout(more, before);
      const moved = graph.nodes.filter(id => {
        const a = before.positions.get(id);
        const b = after.positions.get(id);
        return !a || !b || Math.abs(a.y - b.y) >= ROW || a.x !== b.x;
      });
      expect(moved.length, `beside ${parent}: ${moved}`).toBeLessThanOrEqual(4);
    }
  });

  it("puts the client of an entry point deep in the graph beside it", () => {
    const { positions } = layout(
      graphOf(5, [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 3],
      ]),
    );
    expect(positions.get(name(4))?.x).toBe(positions.get(name(2))?.x);
  });

  it.each([
    [300, 300],
    [1_000, 1_000],
  ])("lays %i nodes out within %i ms", (count, limit) => {
    const graph = sample(count);
    layout(graph);
    const times = Array.from({ length: 3 }, () => {
      const start = performance.now();
      layout(graph);
      return performance.now() - start;
    }).sort((a, b) => a - b);
    expect(times[1]).toBeLessThan(limit);
  });
});

describe("ascending", () => {
  it("leaves what ascends and lets conflicts share their mean", () => {
    expect(ascending([1, 2, 3], [1, 1, 1])).toEqual([1, 2, 3]);
    expect(ascending([3, 1, 5], [1, 1, 1])).toEqual([2, 2, 5]);
    expect(ascending([3, 1], [3, 1])).toEqual([2.5, 2.5]);
  });
});
