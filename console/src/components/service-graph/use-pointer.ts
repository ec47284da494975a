import { useRef } from "preact/hooks";
import type { Point } from "../../model/layout/layout";
import type { Scene, Target } from "./scene";
import type { Viewport } from "./viewport";

interface Hand {
  container: { current: HTMLElement | null };
  scene: Scene | undefined;
  viewport: Viewport;
  point: (target: Target | undefined) => void;
  select: (target: Target | undefined) => void;
  open: ((id: string) => void) | undefined;
  drag: ((moved: { id: string; place: Point }) => void) | undefined;
  drop: (id: string, place: Point) => void;
}

interface Press {
  /** Pointers that are down, where they are now. */
  down: Map<number, Point>;
  start: Point;
  target: Target | undefined;
  hasMoved: boolean;
  place: Point | undefined;
}

/** Moving less than this is a press, not a drag. */
const DRAG_PIXELS = 4;

/** Handlers that make a press select, a drag pan or move a node, two fingers zoom. */
export function usePointer(hand: Hand) {
  const press = useRef<Press | undefined>(undefined);
  const latest = useRef(hand);
  latest.current = hand;
  const at = (event: PointerEvent | MouseEvent): Point => {
    const box = hand.container.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const find = (event: PointerEvent | MouseEvent): Target | undefined => {
    const { scene, viewport } = latest.current;
    return named(event.target) ?? (scene && under(event.target, scene, viewport, at(event)));
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || isControl(event.target)) return;
      const point = at(event);
      const down = press.current?.down ?? new Map<number, Point>();
      down.set(event.pointerId, point);
      press.current = { down, start: point, target: find(event), hasMoved: down.size > 1, place: undefined };
    },
    onPointerMove: (event: PointerEvent) => {
      const current = press.current;
      if (!current || (event.buttons === 0 && event.pointerType === "mouse")) {
        press.current = undefined;
        latest.current.point(isControl(event.target) ? undefined : find(event));
        return;
      }
      move(current, event, at(event), latest.current);
    },
    onPointerUp: (event: PointerEvent) => {
      const current = press.current;
      if (!current) return;
      current.down.delete(event.pointerId);
      if (current.down.size > 0) return;
      press.current = undefined;
      const { target, place, hasMoved } = current;
      if (target && place) latest.current.drop(target.id, place);
      if (!hasMoved) latest.current.select(target);
    },
    onPointerCancel: () => {
      press.current = undefined;
    },
    onPointerLeave: () => latest.current.point(undefined),
    onDblClick: (event: MouseEvent) => {
      const target = find(event);
      if (target?.kind === "node") latest.current.open?.(target.id);
      else if (!target && !isControl(event.target)) latest.current.viewport.zoomAt(1.6, at(event));
    },
  };
}

function move(current: Press, event: PointerEvent, point: Point, hand: Hand): void {
  const { viewport, container } = hand;
  const before = current.down.get(event.pointerId);
  if (!before) return;
  current.down.set(event.pointerId, point);
  if (current.down.size > 1) {
    pinch(current, event.pointerId, before, point, viewport);
    return;
  }
  if (!current.hasMoved && Math.hypot(point.x - current.start.x, point.y - current.start.y) < DRAG_PIXELS)
    return;
  if (!current.hasMoved) {
    container.current?.setPointerCapture(event.pointerId);
    hand.point(undefined);
  }
  current.hasMoved = true;
  if (current.target?.kind === "node" && hand.drag) {
    current.place = viewport.toPicture(point);
    hand.drag({ id: current.target.id, place: current.place });
    return;
  }
  viewport.pan(point.x - before.x, point.y - before.y);
}

function pinch(current: Press, moved: number, before: Point, point: Point, viewport: Viewport): void {
  const other = [...current.down].find(([id]) => id !== moved)?.[1];
  if (!other) return;
  current.hasMoved = true;
  const distance = (a: Point) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
  viewport.zoomAt(distance(point) / distance(before), {
    x: (point.x + other.x) / 2,
    y: (point.y + other.y) / 2,
  });
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("[role=toolbar]") !== null;

function named(element: EventTarget | null): Target | undefined {
  if (!(element instanceof Element)) return undefined;
  const found = element.closest("[data-node],[data-edge]");
  const node = found?.getAttribute("data-node");
  if (node) return { kind: "node", id: node };
  const edge = found?.getAttribute("data-edge");
  return edge ? { kind: "edge", id: edge } : undefined;
}

/** On a canvas: by distance. */
function under(
  element: EventTarget | null,
  scene: Scene,
  { view, toPicture }: Viewport,
  at: Point,
): Target | undefined {
  if (!(element instanceof HTMLCanvasElement)) return undefined;
  const point = toPicture(at);
  const { zoom } = view.peek();
  for (const { drawn, x, y } of scene.nodes) {
    if (Math.hypot(point.x - x, point.y - y) <= Math.max(drawn.radius, 12 / zoom))
      return { kind: "node", id: drawn.node.id };
  }
  const context = element.getContext("2d");
  if (!context) return undefined;
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.lineWidth = 12 / zoom;
  const edge = scene.edges.find(
    ({ shape: { box, line } }) =>
      point.x >= box.left - 8 &&
      point.x <= box.right + 8 &&
      point.y >= box.top - 8 &&
      point.y <= box.bottom + 8 &&
      context.isPointInStroke(new Path2D(line), point.x, point.y),
  );
  context.restore();
  return edge && { kind: "edge", id: edge.drawn.edge.id };
}
