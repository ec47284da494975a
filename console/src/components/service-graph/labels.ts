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
  /** Along the edge: degrees about `x`, `y`, never upside down. */
  turn: number;
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
  /** The longest of `texts` there is room for. */
  const put = (edge: PlacedEdge, texts: readonly string[], isAlert: boolean) => {
    for (const text of texts) {
      for (const side of [-1, 1]) {
        const label = edgeLabelOf(edge, text, size, side);
        const box = edgeLabelBox(label);
        if (taken.isTaken(box)) continue;
        taken.add(box);
        labels.push({ ...label, isAlert });
        return;
      }
    }
  };
  const order = [...scene.edges].reverse();
  const isChosen = ({ drawn }: PlacedEdge) => first.has(drawn.edge.id);
  const textsOf = ({ drawn }: PlacedEdge) => [
    drawn.text,
    ...(drawn.alert ? [drawn.alert] : [drawn.text.split(" · ", 1)[0] ?? ""]),
  ];
  for (const edge of order.filter(isChosen)) put(edge, textsOf(edge), edge.drawn.health === "bad");
  for (const edge of order.filter(edge => !isChosen(edge))) {
    const { alert, health } = edge.drawn;
    if (zoom >= EDGE_TEXT_ZOOM) put(edge, textsOf(edge), health === "bad");
    else if (alert && health === "bad" && zoom > 0.35) put(edge, [alert], true);
  }
  return labels;
}

/** Steeper than this, text along the line would be hard to read. */
const TURN_MAX = 65;

/** Beside the middle of the line, clear of its mark: above (-1) or below (1). */
function edgeLabelOf({ drawn, shape }: PlacedEdge, text: string, size: number, side: number) {
  const degrees = (shape.angle * 180) / Math.PI;
  const upright = degrees > 90 ? degrees - 180 : degrees < -90 ? degrees + 180 : degrees;
  const turn = Math.max(-TURN_MAX, Math.min(TURN_MAX, upright));
  const lift = drawn.width / 2 + 7 + (side < 0 ? size * 0.1 : size * 0.8);
  const angle = (turn * Math.PI) / 180;
  return {
    id: drawn.edge.id,
    x: shape.middle.x - Math.sin(angle) * lift * side,
    y: shape.middle.y + Math.cos(angle) * lift * side,
    text,
    size,
    turn,
  };
}

function edgeLabelBox({ x, y, text, size, turn }: Omit<EdgeLabel, "isAlert">): Box {
  const angle = (turn * Math.PI) / 180;
  const half = widthOf(text, size) / 2;
  const across = Math.abs(Math.cos(angle)) * half + Math.abs(Math.sin(angle)) * size + 2;
  const down = Math.abs(Math.sin(angle)) * half + Math.abs(Math.cos(angle)) * size * 0.6;
  const middle = y - size * 0.35;
  return { left: x - across, right: x + across, top: middle - down, bottom: middle + down };
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
