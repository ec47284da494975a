/** A drawing with its places: what both ways of drawing, and the search for what is under the pointer, work on. */
import { bendKey, type Layout, type Point } from "../../model/layout/layout";
import type { Drawing, DrawnEdge, DrawnNode } from "./drawing";
import { type EdgeShape, edgeShape } from "./geometry";

export interface PlacedNode {
  drawn: DrawnNode;
  x: number;
  y: number;
}

export interface PlacedEdge {
  drawn: DrawnEdge;
  shape: EdgeShape;
}

export interface Scene {
  /** The busiest first. */
  nodes: readonly PlacedNode[];
  edges: readonly PlacedEdge[];
  byId: ReadonlyMap<string, PlacedNode>;
  edgesById: ReadonlyMap<string, PlacedEdge>;
  /** Distance of the layers. */
  column: number;
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const NO_BENDS: readonly Point[] = [];

/** Makes scenes; edges whose ends stay are the same objects as before, so that they are not drawn again. */
export class SceneMaker {
  private shapes = new Map<string, { inputs: unknown[]; placed: PlacedEdge }>();

  make(drawing: Drawing, layout: Layout, places: ReadonlyMap<string, Point>): Scene {
    const byId = new Map<string, PlacedNode>();
    for (const drawn of drawing.nodes) {
      const place = places.get(drawn.node.id);
      if (place) byId.set(drawn.node.id, { drawn, x: place.x, y: place.y });
    }
    const shapes = new Map<string, { inputs: unknown[]; placed: PlacedEdge }>();
    const edges: PlacedEdge[] = [];
    for (const drawn of drawing.edges) {
      const from = byId.get(drawn.edge.from);
      const to = byId.get(drawn.edge.to);
      if (!from || !to) continue;
      const placed = this.edge(drawn, from, to, bendsOf(layout, from, to), shapes);
      edges.push(placed);
    }
    this.shapes = shapes;
    return {
      nodes: [...byId.values()],
      edges,
      byId,
      edgesById: new Map(edges.map(placed => [placed.drawn.edge.id, placed])),
      column: layout.column,
    };
  }

  private edge(
    drawn: DrawnEdge,
    from: PlacedNode,
    to: PlacedNode,
    bends: readonly Point[],
    shapes: Map<string, { inputs: unknown[]; placed: PlacedEdge }>,
  ): PlacedEdge {
    const inputs = [from.x, from.y, from.drawn.radius, to.x, to.y, to.drawn.radius, bends, drawn];
    const known = this.shapes.get(drawn.edge.id);
    const isSame = known?.inputs.every((input, at) => input === inputs[at]);
    const entry =
      known && isSame ? known : { inputs, placed: { drawn, shape: shapeOf(drawn, from, to, bends) } };
    shapes.set(drawn.edge.id, entry);
    return entry.placed;
  }
}

const shapeOf = (drawn: DrawnEdge, from: PlacedNode, to: PlacedNode, bends: readonly Point[]): EdgeShape =>
  edgeShape({
    from,
    fromRadius: from.drawn.radius,
    to,
    toRadius: to.drawn.radius,
    bends,
    width: drawn.width,
    isPaired: drawn.isPaired,
  });

/** An edge whose end was moved by hand goes straight. */
function bendsOf(layout: Layout, from: PlacedNode, to: PlacedNode): readonly Point[] {
  const bends = layout.bends.get(bendKey(from.drawn.node.id, to.drawn.node.id));
  if (!bends) return NO_BENDS;
  const isMoved = [from, to].some(({ drawn, x, y }) => {
    const laid = layout.positions.get(drawn.node.id);
    return laid !== undefined && (laid.x !== x || laid.y !== y);
  });
  return isMoved ? NO_BENDS : bends;
}

/** All that is drawn, labels too; undefined when there is nothing. */
export function boxOf({ nodes, edges }: Scene): Box | undefined {
  if (nodes.length === 0) return undefined;
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  const add = (left: number, right: number, top: number, bottom: number) => {
    box.left = Math.min(box.left, left);
    box.right = Math.max(box.right, right);
    box.top = Math.min(box.top, top);
    box.bottom = Math.max(box.bottom, bottom);
  };
  for (const { drawn, x, y } of nodes) add(x - 80, x + 80, y - drawn.radius, y + drawn.radius + 34);
  for (const { shape } of edges) add(shape.box.left, shape.box.right, shape.box.top, shape.box.bottom);
  return box;
}

/** Node ids and edge ids that belong to what is pointed at: itself, its edges, and their ends. */
export function nearOf(scene: Scene, target: Target | undefined): ReadonlySet<string> | undefined {
  if (!target) return undefined;
  const near = new Set<string>([target.id]);
  if (target.kind === "edge") {
    const edge = scene.edgesById.get(target.id)?.drawn.edge;
    if (edge) near.add(edge.from).add(edge.to);
    return near;
  }
  for (const { drawn } of scene.edges) {
    const { id, from, to } = drawn.edge;
    if (from === target.id || to === target.id) near.add(id).add(from).add(to);
  }
  return near;
}

export interface Target {
  kind: "node" | "edge";
  id: string;
}

export const isSameTarget = (a: Target | undefined, b: Target | undefined): boolean =>
  a?.kind === b?.kind && a?.id === b?.id;

/** The nearest node in a direction: what lies to the side counts double. */
export function neighbourIn(scene: Scene, id: string, dx: number, dy: number): PlacedNode | undefined {
  const from = scene.byId.get(id);
  if (!from) return undefined;
  let nearest: PlacedNode | undefined;
  let least = Infinity;
  for (const node of scene.nodes) {
    const along = (node.x - from.x) * dx + (node.y - from.y) * dy;
    const aside = Math.abs((node.x - from.x) * dy) + Math.abs((node.y - from.y) * dx);
    const distance = along + aside * 2;
    if (node === from || along <= 1 || distance >= least) continue;
    nearest = node;
    least = distance;
  }
  return nearest;
}

/** What stands out about a node, and how: a halo, or only a small mark. */
export interface Highlight {
  words: string;
  mark: string;
  hasHalo: boolean;
}
