/** The graph as SVG: up to some hundred nodes, each a button. */
import { type ReadonlySignal, useComputed } from "@preact/signals";
import { arcPath } from "./geometry";
import { GLYPHS } from "./glyphs";
import type { EdgeLabel, NodeLabel } from "./labels";
import { memo } from "./memo";
import type { Highlight, PlacedEdge, PlacedNode, Scene } from "./scene";
import styles from "./service-graph.module.css";
import type { View } from "./viewport";

export interface DrawingProps {
  scene: Scene;
  view: ReadonlySignal<View>;
  /** Node and edge ids that belong to what is pointed at; the rest steps back. */
  near: ReadonlySet<string> | undefined;
  selected: string | undefined;
  /** By id of node. */
  highlights: ReadonlyMap<string, Highlight>;
  nodeLabels: readonly NodeLabel[];
  edgeLabels: readonly EdgeLabel[];
  /** Small marks are enlarged so much, as names are. */
  markScale: number;
  /** Too far away for details: nodes are discs in the colour of their health. */
  isFar: boolean;
}

export function SvgDrawing(props: DrawingProps) {
  const { scene, view, near, selected, highlights } = props;
  const transform = useComputed(() => {
    const { x, y, zoom } = view.value;
    return `translate(${x} ${y}) scale(${zoom})`;
  });
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: its parts have names
    <svg
      class={`${styles.drawing} ${near ? styles.pointed : ""} ${props.isFar ? styles.far : ""}`}
      style={{ "--mark-scale": props.markScale }}
    >
      <Textures />
      <g transform={transform}>
        {scene.edges.map(edge => (
          <Edge
            key={edge.drawn.edge.id}
            edge={edge}
            isNear={near?.has(edge.drawn.edge.id) ?? false}
            isSelected={selected === edge.drawn.edge.id}
          />
        ))}
        <g>
          {scene.nodes.map(({ drawn, x, y }) => (
            <Node
              key={drawn.node.id}
              drawn={drawn}
              x={x}
              y={y}
              isNear={near?.has(drawn.node.id) ?? false}
              isSelected={selected === drawn.node.id}
              highlight={highlights.get(drawn.node.id)}
            />
          ))}
        </g>
        <Labels nodes={props.nodeLabels} edges={props.edgeLabels} near={near} />
      </g>
    </svg>
  );
}

/** Error diagonal, throttle dotted: readable without colour. */
function Textures() {
  return (
    <defs>
      <pattern
        id="map-error"
        width="4"
        height="4"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="4" height="4" class={styles.errorGround} />
        <rect width="2.2" height="4" class={styles.errorFill} />
      </pattern>
      <pattern id="map-throttle" width="4" height="4" patternUnits="userSpaceOnUse">
        <rect width="4" height="4" class={styles.throttleGround} />
        <circle cx="2" cy="2" r="1.35" class={styles.throttleFill} />
      </pattern>
    </defs>
  );
}

/** Widths of the ring by class; its band is as wide as the widest. */
export const RING = { ok: 3, error: 6, throttle: 6, fault: 7 } as const;
export const RING_BAND = 7;
/** Room between the band and the outline. */
export const RING_GAP = 3;

export const innerRadius = (radius: number, hasRing: boolean): number =>
  hasRing ? radius - RING_BAND - RING_GAP : radius - 2;

type NodeProps = PlacedNode & {
  isNear: boolean;
  isSelected: boolean;
  highlight: Highlight | undefined;
};

const Node = memo(({ drawn, x, y, isNear, isSelected, highlight }: NodeProps) => {
  const { node, radius, arcs, outline, health } = drawn;
  const inner = innerRadius(radius, arcs.length > 0);
  const classes = [styles.node, styles[health], isNear && styles.near, isSelected && styles.selected];
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no buttons inside SVG
    <g
      class={classes.filter(Boolean).join(" ")}
      transform={`translate(${x} ${y})`}
      role="button"
      tabindex={0}
      aria-label={highlight ? `${drawn.label}, ${highlight.words}` : drawn.label}
      aria-pressed={isSelected}
      data-node={node.id}
    >
      <circle class={styles.hit} r={radius} />
      <circle class={styles.focusRing} r={radius + 5} />
      {highlight?.hasHalo && <circle class={styles.halo} r={radius + 9} />}
      {arcs.length > 0 && <circle class={styles.band} r={radius - RING_BAND / 2} stroke-width={RING_BAND} />}
      <circle
        class={`${styles.disc} ${node.isClient ? styles.client : ""} ${arcs.length === 0 ? styles.idle : ""}`}
        r={inner}
      />
      <circle class={`${styles.outline} ${styles[outline]}`} r={inner} />
      {outline === "double" && <circle class={styles.outline} r={inner - 3} />}
      {arcs.map(arc => (
        <path
          key={arc.of}
          class={styles[`ring-${arc.of}`]}
          d={arcPath(arc.start, arc.end, radius - RING_BAND / 2)}
          stroke-width={RING[arc.of]}
        />
      ))}
      <Centre drawn={drawn} inner={inner} />
      {drawn.alert && <Alert y={radius - 1} of={drawn.alert.of} text={drawn.alert.text} />}
      {highlight && <Badge x={radius * 0.72} y={-radius * 0.72} text={highlight.mark} />}
      {node.counts.total === 0 && !node.isClient && (
        <Badge x={radius * 0.72} y={-radius * 0.72} text="…" isQuiet />
      )}
    </g>
  );
});

function Centre({ drawn, inner }: { drawn: PlacedNode["drawn"]; inner: number }) {
  const { lines, glyph } = drawn;
  if (!lines) {
    const scale = Math.max(0.62, (inner * 1.12) / 24);
    return <path class={styles.glyph} d={GLYPHS[glyph]} transform={`scale(${scale}) translate(-12 -12)`} />;
  }
  const [first = "", second] = lines;
  const size = Math.max(7, Math.min(12.5, (inner * 2 - 6) / Math.max(4, first.length * 0.56)));
  return (
    <g class={styles.centreText}>
      <text y={second ? 0 : size * 0.35} font-size={size}>
        {first}
      </text>
      {second && (
        <text
          class={styles.second}
          y={size}
          font-size={Math.min(size * 0.8, (inner * 2 - 4) / (second.length * 0.56))}
        >
          {second}
        </text>
      )}
    </g>
  );
}

const SHAPES = { ok: "✓", error: "△", throttle: "◇", fault: "✕" } as const;

/** The share of what went wrong, on the ring: what one looks for. */
function Alert({ y, of, text }: { y: number; of: keyof typeof SHAPES; text: string }) {
  const width = 22 + text.length * 6.6;
  return (
    <g class={styles.detail} transform={`translate(0 ${y})`}>
      <g class={`${styles.alert} ${styles[`alert-${of}`]}`}>
        <rect x={-width / 2} y={-8} width={width} height={16} rx={8} />
        <text y={3.6}>{`${SHAPES[of]} ${text}`}</text>
      </g>
    </g>
  );
}

function Badge({ x, y, text, isQuiet = false }: { x: number; y: number; text: string; isQuiet?: boolean }) {
  return (
    <g class={`${styles.badge} ${isQuiet ? styles.quiet : ""}`} transform={`translate(${x} ${y})`}>
      <rect x={-5 - text.length * 3} y={-8} width={10 + text.length * 6} height={16} rx={8} />
      <text y={4}>{text}</text>
    </g>
  );
}

type EdgeProps = { edge: PlacedEdge; isNear: boolean; isSelected: boolean };

const Edge = memo(({ edge, isNear, isSelected }: EdgeProps) => {
  const { drawn, shape } = edge;
  const classes = [styles.edge, styles[drawn.health], isNear && styles.near, isSelected && styles.selected];
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no buttons inside SVG
    <g
      class={classes.filter(Boolean).join(" ")}
      role="button"
      tabindex={-1}
      aria-label={drawn.label}
      data-edge={drawn.edge.id}
    >
      <path class={styles.edgeHit} d={shape.line} />
      <path
        class={`${styles.line} ${drawn.edge.isLink ? styles.linkLine : ""}`}
        d={shape.line}
        stroke-width={drawn.width}
      />
      <path class={styles.arrow} d={shape.arrow} />
      <EdgeMark edge={edge} />
    </g>
  );
});

/** One tick: a warning; a cross: bad. */
function EdgeMark({ edge: { drawn, shape } }: { edge: PlacedEdge }) {
  if (drawn.health === "calm") return null;
  const { x, y } = shape.middle;
  const reach = drawn.width / 2 + 4.5;
  if (drawn.health === "warn") {
    const [dx, dy] = [-Math.sin(shape.angle) * reach, Math.cos(shape.angle) * reach];
    return <path class={styles.tick} d={`M${x - dx} ${y - dy}L${x + dx} ${y + dy}`} />;
  }
  return (
    <g transform={`translate(${x} ${y})`}>
      <circle class={styles.crossGround} r={reach + 1} />
      <path class={styles.crossLine} d={crossPath(reach * 0.55)} />
    </g>
  );
}

export const crossPath = (reach: number): string =>
  `M${-reach} ${-reach}L${reach} ${reach}M${reach} ${-reach}L${-reach} ${reach}`;

const Labels = memo(
  (props: {
    nodes: readonly NodeLabel[];
    edges: readonly EdgeLabel[];
    near: ReadonlySet<string> | undefined;
  }) => {
    const near = (id: string) => (props.near?.has(id) ? styles.near : "");
    return (
      // The nodes and edges have all of it in their names.
      // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing here has the focus
      <g class={styles.labels} aria-hidden="true">
        {props.edges.map(({ id, x, y, text, size, turn, isAlert }) => (
          <text
            key={id}
            class={`${styles.edgeText} ${isAlert ? styles.bad : ""} ${near(id)}`}
            transform={`translate(${x} ${y}) rotate(${turn})`}
            font-size={size}
            stroke-width={size * 0.35}
          >
            {text}
          </text>
        ))}
        {props.nodes.map(({ id, x, y, name, type, size, anchor }) => (
          <g key={id} class={near(id)}>
            <text
              class={styles.name}
              text-anchor={anchor}
              x={x}
              y={y}
              font-size={size}
              stroke-width={size * 0.32}
            >
              {name}
            </text>
            {type && (
              <text
                class={styles.type}
                x={x}
                y={y + size * 1.12}
                font-size={(size * 5) / 6}
                stroke-width={size * 0.3}
              >
                {type}
              </text>
            )}
          </g>
        ))}
      </g>
    );
  },
);
