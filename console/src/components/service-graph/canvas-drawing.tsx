/** The graph on a canvas: for graphs with too many parts for SVG. Looks the same; its buttons are unseen. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { arcPath } from "./geometry";
import { GLYPHS } from "./glyphs";
import type { Highlight, PlacedEdge, PlacedNode } from "./scene";
import styles from "./service-graph.module.css";
import { crossPath, type DrawingProps, innerRadius, RING, RING_BAND } from "./svg-drawing";
import type { View } from "./viewport";

const COLOURS = [
  "page",
  "raised",
  "hover",
  "text",
  "muted",
  "accent",
  "control-border",
  "ok",
  "error",
  "throttle",
  "fault",
  "on-accent",
] as const;
type Colours = Record<(typeof COLOURS)[number], string> & { font: string };

export function CanvasDrawing(props: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const frame = useRef(0);
  const colours = useRef<Colours | undefined>(undefined);
  const [, redraw] = useState(0);
  const draw = () => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const element = canvas.current;
      if (!element) return;
      colours.current ??= readColours(element);
      paint(element, latest.current, colours.current);
    });
  };
  useEffect(() => {
    const forget = () => {
      colours.current = undefined;
      redraw(count => count + 1);
    };
    const theme = new MutationObserver(forget);
    theme.observe(document.documentElement, { attributes: true });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", forget);
    const size = new ResizeObserver(draw);
    if (canvas.current) size.observe(canvas.current);
    return () => {
      theme.disconnect();
      system.removeEventListener("change", forget);
      size.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, []);
  useEffect(draw);
  useSignalEffect(() => {
    if (props.view.value) draw();
  });
  return (
    <>
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas has no focus */}
      <canvas class={styles.drawing} ref={canvas} aria-hidden="true" />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own */}
      <div class="visually-hidden" role="group" aria-label="Nodes, the busiest first">
        {props.scene.nodes.map(({ drawn }) => (
          <button type="button" key={drawn.node.id} data-node={drawn.node.id}>
            {drawn.label}
          </button>
        ))}
        {props.scene.edges
          // All edges of what is near, so that walking them finds the next one.
          .filter(({ drawn: { edge } }) => props.near?.has(edge.from) || props.near?.has(edge.to))
          .map(({ drawn }) => (
            <button type="button" key={drawn.edge.id} data-edge={drawn.edge.id} tabIndex={-1}>
              {drawn.label}
            </button>
          ))}
      </div>
    </>
  );
}

/** The tokens as colours that a canvas understands. */
function readColours(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.parentElement?.append(probe);
  const entries = COLOURS.map(name => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  const font = getComputedStyle(probe).fontFamily;
  probe.remove();
  return { ...(Object.fromEntries(entries) as Record<(typeof COLOURS)[number], string>), font };
}

const STEPPED_BACK = 0.22;

function paint(canvas: HTMLCanvasElement, props: DrawingProps, colours: Colours): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = devicePixelRatio || 1;
  const { clientWidth, clientHeight } = canvas;
  if (canvas.width !== clientWidth * ratio || canvas.height !== clientHeight * ratio) {
    canvas.width = clientWidth * ratio;
    canvas.height = clientHeight * ratio;
  }
  const { zoom, x, y } = props.view.peek();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio);
  context.lineJoin = "round";
  const seen = seenPart(props.view.peek(), clientWidth, clientHeight);
  const fade = (id: string) => {
    context.globalAlpha = !props.near || props.near.has(id) ? 1 : STEPPED_BACK;
  };
  for (const edge of props.scene.edges) {
    const { box } = edge.shape;
    if (box.right < seen.left || box.left > seen.right || box.bottom < seen.top || box.top > seen.bottom)
      continue;
    fade(edge.drawn.edge.id);
    paintEdge(context, edge, colours, { isSelected: props.selected === edge.drawn.edge.id, zoom });
  }
  for (const node of props.scene.nodes) {
    const reach = node.drawn.radius + 12;
    const isOut =
      node.x + reach < seen.left ||
      node.x - reach > seen.right ||
      node.y + reach < seen.top ||
      node.y - reach > seen.bottom;
    if (isOut) continue;
    const { id } = node.drawn.node;
    fade(id);
    paintNode(context, node, colours, {
      isSelected: props.selected === id,
      highlight: props.highlights.get(id),
      isFar: props.isFar,
      zoom,
    });
  }
  paintLabels(context, props, colours, fade);
  context.globalAlpha = 1;
}

const seenPart = ({ zoom, x, y }: View, width: number, height: number) => ({
  left: -x / zoom,
  right: (width - x) / zoom,
  top: -y / zoom,
  bottom: (height - y) / zoom,
});

const paths = new Map<string, Path2D>();
const PATHS_MAX = 20_000;

/** Path texts are parsed once. */
function pathOf(text: string): Path2D {
  const known = paths.get(text);
  if (known) return known;
  if (paths.size > PATHS_MAX) paths.clear();
  const path = new Path2D(text);
  paths.set(text, path);
  return path;
}

function paintEdge(
  context: CanvasRenderingContext2D,
  edge: PlacedEdge,
  colours: Colours,
  { isSelected, zoom }: { isSelected: boolean; zoom: number },
) {
  const { drawn, shape } = edge;
  const { health } = drawn;
  const colour = { calm: colours["control-border"], warn: colours.error, bad: colours.fault }[health];
  if (isSelected) {
    context.strokeStyle = colours.accent;
    context.lineWidth = drawn.width + 6;
    context.stroke(pathOf(shape.line));
  }
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = Math.max(drawn.width, { calm: 0.9, warn: 1.5, bad: 2.2 }[health] / zoom);
  context.setLineDash(drawn.edge.isLink ? [6, 5] : []);
  context.stroke(pathOf(shape.line));
  context.setLineDash([]);
  context.fill(pathOf(shape.arrow));
  if (health === "calm") return;
  const reach = drawn.width / 2 + 4.5;
  context.save();
  context.translate(shape.middle.x, shape.middle.y);
  if (health === "bad") {
    context.fillStyle = colours.page;
    context.beginPath();
    context.arc(0, 0, reach + 1, 0, 2 * Math.PI);
    context.fill();
    context.lineWidth = 2.2;
    context.stroke(pathOf(crossPath(reach * 0.55)));
  } else {
    context.rotate(shape.angle);
    context.lineWidth = 2.5;
    context.stroke(pathOf(`M0 ${-reach}L0 ${reach}`));
  }
  context.restore();
}

function paintNode(
  context: CanvasRenderingContext2D,
  { drawn, x, y }: PlacedNode,
  colours: Colours,
  {
    isSelected,
    highlight,
    zoom,
    isFar,
  }: { isSelected: boolean; highlight: Highlight | undefined; zoom: number; isFar: boolean },
) {
  const { radius, arcs, health } = drawn;
  context.save();
  context.translate(x, y);
  const circle = (at: number) => {
    context.beginPath();
    context.arc(0, 0, at, 0, 2 * Math.PI);
  };
  if (isSelected || highlight) {
    circle(radius + 6);
    context.strokeStyle = isSelected ? colours.accent : colours.fault;
    context.lineWidth = Math.max(3, 2 / zoom);
    context.stroke();
  }
  circle(radius);
  context.fillStyle = colours.page;
  context.fill();
  const colour = { calm: colours["control-border"], warn: colours.error, bad: colours.fault }[health];
  if (isFar) {
    circle(Math.max(radius - 8, 8) + (health === "bad" ? 4 : 2.5) / zoom);
    context.fillStyle = health === "calm" && arcs.length > 0 ? colours.ok : colour;
    context.fill();
    context.restore();
    return;
  }
  const inner = innerRadius(radius, arcs.length > 0);
  circle(inner);
  context.fillStyle = colours.raised;
  context.fill();
  context.strokeStyle = colours["control-border"];
  context.lineWidth = 1.2;
  context.setLineDash(drawn.outline === "dashed" ? [3, 3] : []);
  context.stroke();
  context.setLineDash([]);
  if (drawn.outline === "double") {
    circle(inner - 3);
    context.stroke();
  }
  for (const arc of arcs) {
    context.strokeStyle = colours[arc.of];
    context.lineWidth = RING[arc.of];
    context.setLineDash(arc.of === "throttle" ? [2, 2] : arc.of === "error" ? [4, 2] : []);
    context.stroke(pathOf(arcPath(arc.start, arc.end, radius - RING_BAND / 2)));
  }
  context.setLineDash([]);
  paintCentre(context, drawn, inner, colours);
  context.restore();
}

function paintCentre(
  context: CanvasRenderingContext2D,
  drawn: PlacedNode["drawn"],
  inner: number,
  colours: Colours,
) {
  if (drawn.lines) {
    context.fillStyle = colours.text;
    context.textAlign = "center";
    drawn.lines.forEach((line, at) => {
      context.font = `${at === 0 ? 600 : 400} ${at === 0 ? 11 : 9}px ${colours.font}`;
      context.fillText(line, 0, drawn.lines?.length === 1 ? 4 : at === 0 ? 0 : 11, inner * 2 - 4);
    });
    return;
  }
  const scale = Math.max(0.62, (inner * 1.12) / 24);
  context.scale(scale, scale);
  context.translate(-12, -12);
  context.strokeStyle = colours.muted;
  context.lineWidth = 1.5;
  context.lineCap = "round";
  context.stroke(pathOf(GLYPHS[drawn.glyph]));
  context.translate(12, 12);
  context.scale(1 / scale, 1 / scale);
}

function paintLabels(
  context: CanvasRenderingContext2D,
  { nodeLabels, edgeLabels }: DrawingProps,
  colours: Colours,
  fade: (id: string) => void,
) {
  context.strokeStyle = colours.page;
  const text = (words: string, x: number, y: number, size: number, colour: string, weight: number) => {
    context.font = `${weight} ${size}px ${colours.font}`;
    context.lineWidth = size * 0.32;
    context.strokeText(words, x, y);
    context.fillStyle = colour;
    context.fillText(words, x, y);
  };
  for (const label of edgeLabels) {
    fade(label.id);
    context.textAlign = "center";
    context.save();
    context.translate(label.x, label.y);
    context.rotate((label.turn * Math.PI) / 180);
    text(label.text, 0, 0, label.size, label.isAlert ? colours.fault : colours.muted, 500);
    context.restore();
  }
  for (const label of nodeLabels) {
    fade(label.id);
    context.textAlign = label.anchor === "middle" ? "center" : label.anchor;
    text(label.name, label.x, label.y, label.size, colours.text, 600);
    if (label.type)
      text(label.type, label.x, label.y + label.size * 1.12, (label.size * 5) / 6, colours.muted, 400);
  }
}
