import { useEffect, useRef } from "preact/hooks";
import { useKeys } from "../../shell/keys";
import { boxOf, neighbourIn, type Scene, type Target } from "./scene";
import type { Viewport } from "./viewport";

const PAN_PIXELS = 60;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Keys of the picture (spec console.md 8): nodes are reached by Tab, neighbours by arrows, edges by `e`. */
export function useGraphKeys(props: {
  container: { current: HTMLElement | null };
  scene: Scene | undefined;
  viewport: Viewport;
  selected: Target | undefined;
  select: (target: Target | undefined) => void;
  point: (target: Target | undefined) => void;
}): void {
  const { container, scene, viewport, select, point } = props;
  const walk = useRef<{ node: string; at: number } | undefined>(undefined);
  const focused = (): Target | undefined =>
    targetOf(container.current?.contains(document.activeElement) ? document.activeElement : null);
  const isElsewhere = () => {
    const active = document.activeElement;
    return (
      active !== null &&
      active !== document.body &&
      active.id !== "main" &&
      !container.current?.contains(active)
    );
  };
  const focus = (target: Target) => {
    const attribute = target.kind === "node" ? "data-node" : "data-edge";
    const found = container.current?.querySelectorAll<HTMLElement>(`[${attribute}]`) ?? [];
    [...found].find(element => element.getAttribute(attribute) === target.id)?.focus();
  };
  const arrow = (event: KeyboardEvent): boolean => {
    const [dx, dy] = ARROWS[event.key] ?? [0, 0];
    if (isElsewhere() || !scene) return false;
    const target = focused();
    if (!target) {
      viewport.pan(-dx * PAN_PIXELS, -dy * PAN_PIXELS);
      return true;
    }
    const edge = scene.edgesById.get(target.id)?.drawn.edge;
    const next = edge
      ? scene.byId.get(dx < 0 || dy < 0 ? edge.from : edge.to)
      : neighbourIn(scene, target.id, dx, dy);
    if (next) focus({ kind: "node", id: next.drawn.node.id });
    return true;
  };
  const walkEdges = (): boolean => {
    if (!scene || isElsewhere()) return false;
    const target = focused() ?? props.selected;
    const node = target?.kind === "node" ? target.id : walk.current?.node;
    if (node === undefined) return false;
    const edges = scene.edges.filter(({ drawn: { edge } }) => edge.from === node || edge.to === node);
    if (edges.length === 0) return true;
    const at = walk.current?.node === node ? (walk.current.at + 1) % edges.length : 0;
    walk.current = { node, at };
    const next: Target = { kind: "edge", id: edges[at]?.drawn.edge.id ?? "" };
    focus(next);
    point(next);
    // On a canvas the edge's button is there once the edge is pointed at.
    requestAnimationFrame(() => focus(next));
    return true;
  };
  const choose = (): boolean => {
    const target = focused();
    if (!target) return false;
    select(target);
    return true;
  };
  useKeys("Map", [
    {
      keys: "ArrowLeft / ArrowRight / ArrowUp / ArrowDown",
      does: "the nearest node that way, or move the picture",
      run: arrow,
    },
    { keys: "Enter / Space", does: "open the panel of the node or edge", run: choose },
    { keys: "e", does: "walk the edges of the node", run: walkEdges },
    { keys: "+ / =", does: "zoom in", run: () => zoomed(viewport, 1) },
    { keys: "- / −", does: "zoom out", run: () => zoomed(viewport, -1) },
    {
      keys: "0",
      does: "fit the whole picture",
      run: () => {
        if (scene) viewport.fit(boxOf(scene));
        return true;
      },
    },
  ]);
  useEffect(() => {
    const element = container.current;
    if (!element || !scene) return undefined;
    const onFocus = (event: FocusEvent) => {
      const target = targetOf(event.target as Element);
      if (!target || !(event.target as Element).matches(":focus-visible")) return;
      point(target);
      const place = scene.byId.get(target.id) ?? scene.edgesById.get(target.id)?.shape.middle;
      if (place) viewport.reveal(place, 60);
    };
    const onBlur = () => point(undefined);
    element.addEventListener("focusin", onFocus);
    element.addEventListener("focusout", onBlur);
    return () => {
      element.removeEventListener("focusin", onFocus);
      element.removeEventListener("focusout", onBlur);
    };
  }, [scene]);
}

const zoomed = (viewport: Viewport, steps: number): boolean => {
  viewport.zoomBy(steps);
  return true;
};

function targetOf(element: Element | null): Target | undefined {
  const node = element?.getAttribute("data-node");
  if (node) return { kind: "node", id: node };
  const edge = element?.getAttribute("data-edge");
  return edge ? { kind: "edge", id: edge } : undefined;
}
