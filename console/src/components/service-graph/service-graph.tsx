/**
 * A service graph, drawn: the map of a range, of one trace, of an insight. Pans, zooms, and says what is chosen;
 * what that means is the page's business (spec console.md 6.1).
 */
import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Graph } from "../../model/graph/graph";
import type { Point } from "../../model/layout/layout";
import { Button } from "../button/button";
import { lazy } from "../lazy/lazy";
import { Popover } from "../popover/popover";
import { DEFAULT_OPTIONS, type DrawOptions, drawingOf } from "./drawing";
import { HoverCard } from "./hover-card";
import { edgeLabels, labelScale, nodeLabels } from "./labels";
import { Legend } from "./legend";
import { MiniMap } from "./mini-map";
import { boxOf, type Highlight, isSameTarget, nearOf, type Scene, SceneMaker, type Target } from "./scene";
import styles from "./service-graph.module.css";
import { SvgDrawing } from "./svg-drawing";
import { useGlide } from "./use-glide";
import { useGraphKeys } from "./use-graph-keys";
import { useLayout } from "./use-layout";
import { usePointer } from "./use-pointer";
import { useViewport, type Viewport } from "./viewport";

export interface ServiceGraphProps {
  graph: Graph;
  /** What the graph is of, for those who do not see it. */
  label: string;
  selected?: Target | undefined;
  /** Something was chosen, or (undefined) nothing any more. */
  onSelect?: (target: Target | undefined) => void;
  /** A node was opened with a double press: of groups, its members. */
  onOpen?: (id: string) => void;
  options?: Partial<DrawOptions>;
  /** Nodes that stand out, and what it means in a word or two; text alone is a halo with `!`. */
  highlights?: ReadonlyMap<string, string | Highlight>;
  /** Where a person has put nodes. */
  pins?: ReadonlyMap<string, Point>;
  onPin?: (id: string, place: Point) => void;
  /** Another number: forget the places of nodes, and fit. */
  epoch?: number;
  /** Another text: it is another part of the graph, so it is fitted. */
  part?: string;
  /** Called when the graph was first drawn, and whenever it is drawn anew. */
  onDrawn?: () => void;
}

const CanvasDrawing = lazy(() => import("./canvas-drawing").then(module => module.CanvasDrawing));

/** Beyond so many nodes the graph is drawn on a canvas. */
const SVG_NODES_MAX = 400;
const MINI_MAP_NODES = 60;
/** Below this zoom details are too small to be told apart. */
const FAR_ZOOM = 0.3;
const NO_HIGHLIGHTS: ReadonlyMap<string, Highlight> = new Map();
const NO_PINS: ReadonlyMap<string, Point> = new Map();

export function ServiceGraph(props: ServiceGraphProps) {
  const { graph, selected, epoch = 0, part = "" } = props;
  const highlights = useMemo(() => highlightsOf(props.highlights), [props.highlights]);
  const container = useRef<HTMLDivElement>(null);
  const viewport = useViewport(container);
  const [pointed, setPointed] = useState<Target>();
  const [drag, setDrag] = useState<{ id: string; place: Point }>();
  const scene = useScene(props, drag);
  const zoomStep = useComputed(() => Math.round(Math.log(viewport.view.value.zoom) / Math.log(LABEL_STEP)));
  const zoom = LABEL_STEP ** zoomStep.value;
  const near = useMemo(() => (scene ? nearOf(scene, pointed) : undefined), [scene, pointed]);
  const labels = useMemo(
    () => labelsOf(scene, zoom, selected, pointed),
    [scene, zoom, selected?.id, pointed],
  );
  useFit(container, scene, viewport, `${epoch}\n${part}`, selected);
  useEffect(() => {
    if (scene) props.onDrawn?.();
  }, [graph, scene !== undefined]);
  const select = (target: Target | undefined) => props.onSelect?.(target);
  useGraphKeys({ container, scene, viewport, selected, select, point: setPointed });
  const pointer = usePointer({
    container,
    scene,
    viewport,
    point: next => setPointed(before => (isSameTarget(before, next) ? before : next)),
    select,
    open: props.onOpen,
    drag: props.onPin && setDrag,
    drop: (id, place) => {
      props.onPin?.(id, place);
      setDrag(undefined);
    },
  });
  const Drawing = graph.nodes.size > SVG_NODES_MAX ? CanvasDrawing : SvgDrawing;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own
    <div class={styles.graph} ref={container} role="group" aria-label={props.label} {...pointer}>
      {scene && (
        <Drawing
          scene={scene}
          view={viewport.view}
          near={near}
          selected={selected?.id}
          highlights={highlights}
          nodeLabels={labels.nodes}
          edgeLabels={labels.edges}
          markScale={Math.min(1.6, labelScale(zoom))}
          isFar={zoom < FAR_ZOOM}
        />
      )}
      {scene && pointed && !drag && (
        <Card graph={graph} scene={scene} target={pointed} viewport={viewport} highlights={highlights} />
      )}
      <Controls viewport={viewport} fit={() => scene && viewport.fit(boxOf(scene))} />
      {scene && scene.nodes.length >= MINI_MAP_NODES && <MiniMap scene={scene} viewport={viewport} />}
    </div>
  );
}

function highlightsOf(given: ServiceGraphProps["highlights"]): ReadonlyMap<string, Highlight> {
  if (!given) return NO_HIGHLIGHTS;
  const whole = (found: string | Highlight): Highlight =>
    typeof found === "string" ? { words: found, mark: "!", hasHalo: true } : found;
  return new Map([...given].map(([id, found]) => [id, whole(found)]));
}

/** Labels are placed anew when the zoom has changed by so much. */
const LABEL_STEP = 1.12;

function labelsOf(
  scene: Scene | undefined,
  zoom: number,
  selected: Target | undefined,
  pointed: Target | undefined,
) {
  if (!scene) return { nodes: [], edges: [] };
  const chosen = new Set([selected?.id, pointed?.id].filter(id => id !== undefined));
  const first = new Set([...(nearOf(scene, pointed) ?? []), ...chosen]);
  const nodes = nodeLabels(scene, zoom, first);
  return { nodes, edges: edgeLabels(scene, zoom, nodes, first) };
}

function useScene(
  { graph, options, pins = NO_PINS, epoch = 0 }: ServiceGraphProps,
  drag: { id: string; place: Point } | undefined,
) {
  const { nodeText, sizeBy, thresholds } = { ...DEFAULT_OPTIONS, ...options };
  const drawing = useMemo(
    () => drawingOf(graph, { nodeText, sizeBy, thresholds }),
    [graph, nodeText, sizeBy, thresholds],
  );
  const layout = useLayout(drawing, epoch);
  const target = useMemo(() => {
    const places = new Map(layout?.positions);
    for (const [id, place] of pins) if (places.has(id)) places.set(id, place);
    if (drag) places.set(drag.id, drag.place);
    return places;
  }, [layout, pins, drag]);
  const places = useGlide(target, drag !== undefined);
  const maker = useRef<SceneMaker | undefined>(undefined);
  return useMemo(() => {
    maker.current ??= new SceneMaker();
    return layout && maker.current.make(drawing, layout, places);
  }, [drawing, layout, places]);
}

/** Panels that open with the page change the size a moment after the picture is there. */
const SETTLING_MILLIS = 2_500;

/** Fits the picture when it is first there or another part is shown, and as long as nobody has moved it. */
function useFit(
  container: { current: HTMLElement | null },
  scene: Scene | undefined,
  viewport: Viewport,
  key: string,
  selected: Target | undefined,
): void {
  const fitted = useRef<string | undefined>(undefined);
  const count = scene?.nodes.length ?? 0;
  useLayoutEffect(() => {
    if (!scene || count === 0) return;
    if (fitted.current === key && viewport.isChosen.current) return;
    fitted.current = key;
    viewport.fit(boxOf(scene));
  }, [key, count]);
  const latest = useRef({ scene, selected });
  latest.current = { scene, selected };
  useEffect(() => {
    const element = container.current;
    if (!element || typeof ResizeObserver === "undefined") return undefined;
    const begin = performance.now();
    const observer = new ResizeObserver(() => {
      const { scene: now, selected: chosen } = latest.current;
      if (!now) return;
      // Later the picture stays where it is: it must not move away under the pointer that opened a panel.
      if (!viewport.isChosen.current && performance.now() - begin < SETTLING_MILLIS) viewport.fit(boxOf(now));
      else if (chosen) reveal(now, chosen, viewport);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}

function reveal(scene: Scene, target: Target, viewport: Viewport): void {
  const place = scene.byId.get(target.id) ?? scene.edgesById.get(target.id)?.shape.middle;
  if (place) viewport.reveal(place, REVEAL_MARGIN);
}

const REVEAL_MARGIN = 80;

function Card(props: {
  graph: Graph;
  scene: Scene;
  target: Target;
  viewport: Viewport;
  highlights: ReadonlyMap<string, Highlight>;
}) {
  const { scene, target, viewport } = props;
  const place = cardPlace(scene, target, viewport);
  if (!place) return null;
  return (
    <div class={styles.card} style={place}>
      <HoverCard graph={props.graph} target={target} note={props.highlights.get(target.id)?.words} />
    </div>
  );
}

/** Beside what it describes, on the side with more room. */
function cardPlace(scene: Scene, target: Target, { view, size }: Viewport) {
  const node = scene.byId.get(target.id);
  const point = node ?? scene.edgesById.get(target.id)?.shape.middle;
  if (!point) return undefined;
  const { zoom, x, y } = view.value;
  const { width, height } = size();
  const [left, top] = [point.x * zoom + x, point.y * zoom + y];
  const gap = (node ? node.drawn.radius : 8) * zoom + 14;
  const across = left > width / 2 ? { right: `${width - left + gap}px` } : { left: `${left + gap}px` };
  const down =
    top > height / 2
      ? { bottom: `${Math.max(8, height - top - 40)}px` }
      : { top: `${Math.max(8, top - 40)}px` };
  return { ...across, ...down };
}

function Controls({ viewport, fit }: { viewport: Viewport; fit: () => void }) {
  return (
    <div class={styles.controls} role="toolbar" aria-label="Zoom">
      <Button look="quiet" title="Zoom in (+)" aria-label="Zoom in" onClick={() => viewport.zoomBy(1)}>
        +
      </Button>
      <Button look="quiet" title="Zoom out (−)" aria-label="Zoom out" onClick={() => viewport.zoomBy(-1)}>
        −
      </Button>
      <Button look="quiet" title="Fit (0)" onClick={fit}>
        Fit
      </Button>
      <Popover button="Legend" look="quiet" label="What the drawing means">
        {() => <Legend />}
      </Popover>
    </div>
  );
}
