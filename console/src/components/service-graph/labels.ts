/** Which names are shown and where, so that none covers another (spec console.md 6.1.2, 6.1.5). */
import { shorten } from "../../model/format";
import type { Box, PlacedEdge, PlacedNode, Scene } from "./scene";

export interface NodeLabel {
  id: string;
  x: number;
  /** Baseline of the name. */
  y: number;
  name: string;
  /** Absent when there is no room for small text. */
  type: string | undefined;
  /** Size of the name; that of the type is five sixths. */
  size: number;
  /** Which part of the text is at `x`. */
  anchor: "middle" | "start" | "end";
}

export interface EdgeLabel {
  id: string;
  x: number;
  y: number;
  text: string;
  size: number;
  isAlert: boolean;
}

export const NAME_SIZE = 12;
/** Names are never smaller on the screen. */
const SCREEN_SIZE_MIN = 10.5;
/** Small text is left out where it would be enlarged more than this. */
const TYPE_SCALE_MAX = 1.35;
/** In large graphs only the names of so many are shown until it is zoomed in. */
const BUSIEST = 60;
const LARGE = 300;
const ALL_NAMES_ZOOM = 0.55;
export const EDGE_TEXT_ZOOM = 0.8;
/** Mean width of a character, of the size. */
const CHARACTER = 0.56;

const widthOf = (text: string, size: number): number => [...text].length * size * CHARACTER;
const touches = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Text sizes grow as the picture shrinks, until names stay legible. */
export const labelScale = (zoom: number): number => Math.max(1, SCREEN_SIZE_MIN / (NAME_SIZE * zoom));

/** Labels by importance: `first` (what is chosen), then the busiest. */
export function nodeLabels(scene: Scene, zoom: number, first: ReadonlySet<string>): NodeLabel[] {
  const scale = labelScale(zoom);
  const size = NAME_SIZE * scale;
  // Far away names may be wider than a column: where there is no room they are left out.
  const max = Math.min(
    40,
    Math.max(scale > FAR_SCALE ? 20 : 8, Math.floor((scene.column - 12) / (size * CHARACTER))),
  );
  const isFew = scene.nodes.length > LARGE && zoom < ALL_NAMES_ZOOM;
  const order = [
    ...scene.nodes.filter(node => first.has(node.drawn.node.id)),
    ...scene.nodes.filter(node => !first.has(node.drawn.node.id)).slice(0, isFew ? BUSIEST : undefined),
  ];
  const taken = new Grid();
  const labels: NodeLabel[] = [];
  // Near by no name reaches another node's disc: it is in its own cell.
  const isFar = scale > FAR_SCALE;
  if (isFar) for (const node of scene.nodes) taken.add(discOf(node));
  for (const node of order) {
    const label = (isFar ? FAR_SIDES : NEAR_SIDES)
      .map(side => labelOf(node, size, max, scale, side))
      .find(found => !taken.isTaken(labelBox(found)));
    if (!label) continue;
    taken.add(labelBox(label));
    labels.push(label);
  }
  return labels;
}

/** Names are this much enlarged when the picture counts as far away. */
const FAR_SCALE = 1.6;

type Side = "below" | "right" | "left" | "above";
const NEAR_SIDES: readonly Side[] = ["below"];
const FAR_SIDES: readonly Side[] = ["below", "right", "above", "left"];

function labelOf(
  { drawn, x, y }: PlacedNode,
  size: number,
  max: number,
  scale: number,
  side: Side,
): NodeLabel {
  const below = drawn.radius + (drawn.alert ? 8 * Math.min(scale, FAR_SCALE) : 2);
  const isBeside = side === "right" || side === "left";
  const dx = { below: 0, above: 0, right: drawn.radius + size * 0.4, left: -drawn.radius - size * 0.4 }[side];
  const dy = isBeside ? size * 0.35 : side === "below" ? below + size : -drawn.radius - size * 0.4;
  return {
    id: drawn.node.id,
    x: x + dx,
    y: y + dy,
    name: shorten(drawn.name, max),
    type: scale <= TYPE_SCALE_MAX && drawn.type ? shorten(drawn.type, Math.floor(max * 1.15)) : undefined,
    size,
    anchor: isBeside ? (side === "right" ? "start" : "end") : "middle",
  };
}

/** What a label covers, about. */
export function labelBox({ x, y, name, type, size, anchor }: NodeLabel): Box {
  const width = Math.max(widthOf(name, size), widthOf(type ?? "", (size * 5) / 6));
  const left = x - { start: 0, middle: width / 2, end: width }[anchor];
  return {
    left,
    right: left + width,
    top: y - size * 0.9,
    bottom: y + (type ? size * 1.35 : size * 0.3),
  };
}

const discOf = ({ drawn, x, y }: PlacedNode): Box => ({
  left: x - drawn.radius * 0.8,
  right: x + drawn.radius * 0.8,
  top: y - drawn.radius * 0.8,
  bottom: y + drawn.radius * 0.8,
});

/** Texts of edges: of all when zoomed in, else of the bad ones and of `first`; none covers a node or a name. */
export function edgeLabels(
  scene: Scene,
  zoom: number,
  names: readonly NodeLabel[],
  first: ReadonlySet<string>,
): EdgeLabel[] {
  const taken = new Grid();
  for (const node of scene.nodes) taken.add(discOf(node));
  for (const name of names) taken.add(labelBox(name));
  const size = 10.5 * labelScale(zoom);
  const labels: EdgeLabel[] = [];
  const put = (edge: PlacedEdge, text: string, isAlert: boolean) => {
    const half = widthOf(text, size) / 2 + 3;
    for (const lift of [-8 - size * 0.2, 10 + size * 0.8]) {
      const { x, y } = { x: edge.shape.middle.x, y: edge.shape.middle.y + lift };
      const box = { left: x - half, right: x + half, top: y - size, bottom: y + size * 0.3 };
      if (taken.isTaken(box)) continue;
      taken.add(box);
      labels.push({ id: edge.drawn.edge.id, x, y, text, size, isAlert });
      return;
    }
  };
  const order = [...scene.edges].reverse();
  const isChosen = ({ drawn }: PlacedEdge) => first.has(drawn.edge.id);
  for (const edge of order.filter(isChosen)) put(edge, edge.drawn.text, edge.drawn.health === "bad");
  for (const edge of order.filter(edge => !isChosen(edge))) {
    const { text, alert, health } = edge.drawn;
    if (zoom >= EDGE_TEXT_ZOOM) put(edge, text, health === "bad");
    else if (alert && health === "bad" && zoom > 0.35) put(edge, alert, true);
  }
  return labels;
}

/** Boxes by the squares they lie in, so that a look at one place is cheap. */
class Grid {
  private readonly squares = new Map<string, Box[]>();

  isTaken(box: Box): boolean {
    for (const key of this.keys(box))
      if (this.squares.get(key)?.some(other => touches(box, other))) return true;
    return false;
  }

  add(box: Box): void {
    for (const key of this.keys(box)) {
      const known = this.squares.get(key);
      if (known) known.push(box);
      else this.squares.set(key, [box]);
    }
  }

  private *keys({ left, right, top, bottom }: Box): Generator<string> {
    const square = 240;
    for (let x = Math.floor(left / square); x <= Math.floor(right / square); x += 1) {
      for (let y = Math.floor(top / square); y <= Math.floor(bottom / square); y += 1) yield `${x} ${y}`;
    }
  }
}
