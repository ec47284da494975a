/** What part of the picture is seen: moved by pointer, wheel, pinch and keys. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Point } from "../../model/layout/layout";
import type { Box } from "./scene";

export interface View {
  zoom: number;
  /** Of the picture's origin, in pixels of the container. */
  x: number;
  y: number;
}

const ZOOM_MIN = 0.04;
const ZOOM_MAX = 3;
const FIT_ZOOM_MAX = 1.15;
const FIT_MARGIN = 36;
const STEP = 1.25;

export interface Viewport {
  view: Signal<View>;
  /** A person has chosen the part: it is not changed behind their back. */
  isChosen: { current: boolean };
  fit(box: Box | undefined): void;
  /** By steps, about the middle. */
  zoomBy(steps: number): void;
  zoomAt(factor: number, at: Point): void;
  pan(dx: number, dy: number): void;
  centre(point: Point): void;
  /** Moves just so far that `point` is seen. */
  reveal(point: Point, margin: number): void;
  toPicture(at: Point): Point;
  size(): { width: number; height: number };
}

export function useViewport(container: { current: HTMLElement | null }): Viewport {
  const view = useSignal<View>({ zoom: 1, x: 0, y: 0 });
  const isChosen = useRef(false);
  const viewport = useMemo(() => viewportOf(view, isChosen, container), []);
  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent) => {
      if ((event.target as Element).closest("[popover]")) return;
      event.preventDefault();
      wheel(viewport, element, event);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);
  return viewport;
}

/** Pinching arrives as a wheel with Control; a wheel with steps zooms, a surface that glides both ways pans. */
function wheel(viewport: Viewport, element: HTMLElement, event: WheelEvent): void {
  const { left, top } = element.getBoundingClientRect();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const isStepped = event.deltaX === 0 && (lines > 1 || Math.abs(event.deltaY) >= 60);
  if (event.ctrlKey || event.metaKey || (isStepped && !event.shiftKey)) {
    const speed = event.ctrlKey && !isStepped ? 0.01 : 0.0018;
    const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * speed);
    viewport.zoomAt(factor, { x: event.clientX - left, y: event.clientY - top });
    return;
  }
  const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
  viewport.pan(-dx * lines, -dy * lines);
}

function viewportOf(
  view: Signal<View>,
  isChosen: { current: boolean },
  container: { current: HTMLElement | null },
): Viewport {
  const size = () => ({
    width: container.current?.clientWidth || 960,
    height: container.current?.clientHeight || 640,
  });
  const choose = (next: View) => {
    isChosen.current = true;
    view.value = next;
  };
  const zoomAt = (factor: number, at: Point) => {
    const { zoom, x, y } = view.value;
    const next = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom * factor));
    const scale = next / zoom;
    choose({ zoom: next, x: at.x - (at.x - x) * scale, y: at.y - (at.y - y) * scale });
  };
  const pan = (dx: number, dy: number) => {
    const { zoom, x, y } = view.value;
    choose({ zoom, x: x + dx, y: y + dy });
  };
  return {
    view,
    isChosen,
    size,
    zoomAt,
    pan,
    zoomBy: steps => {
      const { width, height } = size();
      zoomAt(STEP ** steps, { x: width / 2, y: height / 2 });
    },
    fit: box => {
      if (!box) return;
      const { width, height } = size();
      const fits = Math.min(
        (width - 2 * FIT_MARGIN) / (box.right - box.left),
        (height - 2 * FIT_MARGIN) / (box.bottom - box.top),
      );
      const zoom = Math.max(ZOOM_MIN, Math.min(FIT_ZOOM_MAX, fits));
      isChosen.current = false;
      view.value = {
        zoom,
        x: width / 2 - (zoom * (box.left + box.right)) / 2,
        y: height / 2 - (zoom * (box.top + box.bottom)) / 2,
      };
    },
    centre: point => {
      const { width, height } = size();
      const { zoom } = view.value;
      choose({ zoom, x: width / 2 - point.x * zoom, y: height / 2 - point.y * zoom });
    },
    reveal: (point, margin) => {
      const { width, height } = size();
      const { zoom, x, y } = view.value;
      const shift = (at: number, length: number) =>
        Math.max(0, margin - at) - Math.max(0, at + margin - length);
      const dx = shift(point.x * zoom + x, width);
      const dy = shift(point.y * zoom + y, height);
      if (dx !== 0 || dy !== 0) pan(dx, dy);
    },
    toPicture: at => {
      const { zoom, x, y } = view.value;
      return { x: (at.x - x) / zoom, y: (at.y - y) / zoom };
    },
  };
}
