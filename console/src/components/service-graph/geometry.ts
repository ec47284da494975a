/** Shapes of rings and edges as path texts, the same for SVG and Canvas. Angles: degrees clockwise from the top. */
import type { Point } from "../../model/layout/layout";

const round = (value: number): number => Math.round(value * 10) / 10;

export function onCircle(degrees: number, radius: number): Point {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return { x: Math.cos(angle) * radius, y: Math.sin(angle) * radius };
}

/** An arc about the origin; a whole circle is two halves. */
export function arcPath(start: number, end: number, radius: number): string {
  if (end - start >= 359.9) {
    return `M0 ${-radius}A${radius} ${radius} 0 1 1 0 ${radius}A${radius} ${radius} 0 1 1 0 ${-radius}`;
  }
  const from = onCircle(start, radius);
  const to = onCircle(end, radius);
  const isLarge = end - start > 180 ? 1 : 0;
  return `M${round(from.x)} ${round(from.y)}A${radius} ${radius} 0 ${isLarge} 1 ${round(to.x)} ${round(to.y)}`;
}

export interface EdgeEnds {
  from: Point;
  fromRadius: number;
  to: Point;
  toRadius: number;
  bends: readonly Point[];
  width: number;
  /** There is an edge the other way too: keep out of its way. */
  isPaired: boolean;
}

export interface EdgeShape {
  line: string;
  arrow: string;
  middle: Point;
  /** Direction at the middle, radians. */
  angle: number;
  /** Of the drawing, for what is out of sight. */
  box: { left: number; right: number; top: number; bottom: number };
}

interface Curve {
  start: Point;
  first: Point;
  second: Point;
  end: Point;
}

/** Room between a node's ring and the tip of an arrow. */
const TIP_GAP = 3;

export function edgeShape(ends: EdgeEnds): EdgeShape {
  const isLoop = ends.from.x === ends.to.x && ends.from.y === ends.to.y;
  return isLoop ? loop(ends) : curve(ends);
}

function loop({ from, fromRadius, width }: EdgeEnds): EdgeShape {
  const at = (degrees: number, radius: number): Point => {
    const point = onCircle(degrees, radius);
    return { x: from.x + point.x, y: from.y + point.y };
  };
  const size = arrowLength(width);
  const tip = at(38, fromRadius + TIP_GAP);
  const base = at(38, fromRadius + TIP_GAP + size);
  const part = {
    start: at(-38, fromRadius),
    first: at(-34, fromRadius + 52),
    second: at(34, fromRadius + 52),
    end: base,
  };
  return shapeOf([part], tip, width);
}

function curve(ends: EdgeEnds): EdgeShape {
  const { from, to, bends, width } = ends;
  const after = bends[0] ?? to;
  const before = bends.at(-1) ?? from;
  const isBent = bends.length === 0 && (ends.isPaired || to.x <= from.x);
  const side = isBent ? sidestep(from, to) : { x: 0, y: 0 };
  const leaves = direction(from, { x: after.x + side.x * 2, y: after.y + side.y * 2 });
  const arrives = direction({ x: before.x + side.x * 2, y: before.y + side.y * 2 }, to);
  const start = { x: from.x + leaves.x * ends.fromRadius, y: from.y + leaves.y * ends.fromRadius };
  const away = (distance: number): Point => ({
    x: to.x - arrives.x * distance,
    y: to.y - arrives.y * distance,
  });
  const tip = away(ends.toRadius + TIP_GAP);
  const base = away(ends.toRadius + TIP_GAP + arrowLength(width));
  const points = [start, ...bends, base];
  const curves = points.slice(1).map((end, at): Curve => {
    const begin = points[at] ?? start;
    const reach = Math.max(18, Math.hypot(end.x - begin.x, end.y - begin.y) * 0.38);
    const flat = Math.sign(end.x - begin.x) || 1;
    const out = at === 0 ? leaves : { x: flat, y: 0 };
    const into = at === points.length - 2 ? arrives : { x: flat, y: 0 };
    return {
      start: begin,
      first: { x: begin.x + out.x * reach, y: begin.y + out.y * reach },
      second: { x: end.x - into.x * reach, y: end.y - into.y * reach },
      end,
    };
  });
  return shapeOf(curves, tip, width);
}

/** From `a` to `b`, flattened: edges leave and enter near the sides, spread by where they come from. */
function direction(a: Point, b: Point): Point {
  const dx = b.x - a.x;
  const dy = (b.y - a.y) * (Math.abs(dx) > 60 ? 0.55 : 1);
  const length = Math.hypot(dx, dy) || 1;
  return { x: dx / length, y: dy / length };
}

/** To the left of the way, so that the two edges of a pair part. */
function sidestep(from: Point, to: Point): Point {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const reach = 16 + length * 0.06;
  return { x: (dy / length) * reach, y: (-dx / length) * reach };
}

const arrowLength = (width: number): number => 6 + width * 1.1;

function shapeOf(curves: readonly Curve[], tip: Point, width: number): EdgeShape {
  const [head] = curves;
  const last = curves.at(-1);
  const centre = curves[curves.length >> 1];
  if (!head || !last || !centre) throw new RangeError("an edge has at least one curve");
  const line = curves.map(
    ({ first, second, end }) =>
      `C${round(first.x)} ${round(first.y)} ${round(second.x)} ${round(second.y)} ${round(end.x)} ${round(end.y)}`,
  );
  // With an even number of curves the middle is where two of them meet.
  const { point, slope } = at(centre, curves.length % 2 === 1 ? 0.5 : 0);
  const all = [...curves.flatMap(({ start, first, second, end }) => [start, first, second, end]), tip];
  return {
    line: `M${round(head.start.x)} ${round(head.start.y)}${line.join("")}`,
    arrow: arrowPath(last.end, tip, width),
    middle: point,
    angle: Math.atan2(slope.y, slope.x),
    box: {
      left: Math.min(...all.map(({ x }) => x)),
      right: Math.max(...all.map(({ x }) => x)),
      top: Math.min(...all.map(({ y }) => y)),
      bottom: Math.max(...all.map(({ y }) => y)),
    },
  };
}

function arrowPath(base: Point, tip: Point, width: number): string {
  const length = Math.hypot(tip.x - base.x, tip.y - base.y) || 1;
  const half = 3.2 + width * 0.75;
  const nx = (-(tip.y - base.y) / length) * half;
  const ny = ((tip.x - base.x) / length) * half;
  return `M${round(base.x + nx)} ${round(base.y + ny)}L${round(tip.x)} ${round(tip.y)}L${round(base.x - nx)} ${round(base.y - ny)}Z`;
}

function at({ start, first, second, end }: Curve, t: number): { point: Point; slope: Point } {
  const s = 1 - t;
  const mix = (a: number, b: number, c: number, d: number) =>
    s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
  const turn = (a: number, b: number, c: number, d: number) =>
    s * s * (b - a) + 2 * s * t * (c - b) + t * t * (d - c);
  return {
    point: { x: mix(start.x, first.x, second.x, end.x), y: mix(start.y, first.y, second.y, end.y) },
    slope: { x: turn(start.x, first.x, second.x, end.x), y: turn(start.y, first.y, second.y, end.y) },
  };
}
