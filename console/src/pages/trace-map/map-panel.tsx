/** What the side panel says of a node or an edge (spec console.md 6.1.4). */
import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Histogram } from "../../components/histogram/histogram";
import type { Target } from "../../components/service-graph/scene";
import { SidePanel } from "../../components/side-panel/side-panel";
import { formatCount, formatShare, visible } from "../../model/format";
import { CLASSES, type RequestClass } from "../../model/graph/counts";
import { edgeFilter, idSelector, type Narrowing, nodeFilter } from "../../model/graph/filters";
import { type Graph, type GraphEdge, type GraphNode, identityOf } from "../../model/graph/graph";
import { countOf, countWithin, type HistogramEntry, quantile } from "../../model/graph/histogram";
import { bucketsOf, type ScaleKind } from "../../model/scale";
import { address, adjust, hrefOf } from "../../shell/navigation";
import type { Window } from "../../url/time-range";
import type { LoadedGraph } from "./load-graph";
import { MapCharts } from "./map-charts";
import styles from "./map-panel.module.css";
import { Classes, Neighbours } from "./map-panel-parts";

interface Subject {
  title: string;
  node: GraphNode | undefined;
  edge: GraphEdge | undefined;
  /** The filter that means it, narrowed. */
  filter: (narrowing?: Narrowing) => string;
  /** For its series; undefined when it has none. */
  selector: string | undefined;
  times: readonly HistogramEntry[];
  timesLabel: string;
}

interface PanelProps {
  loaded: LoadedGraph;
  target: Target;
  onSelect: (target: Target | undefined) => void;
}

const ALL: ReadonlySet<RequestClass> = new Set(CLASSES);

export function MapPanel({ loaded, target, onSelect }: PanelProps) {
  const subject = useMemo(() => subjectOf(loaded.graph, target), [loaded.graph, target.id]);
  // All are ticked, anew for each thing that is chosen.
  const [ticks, setTicks] = useState({ of: target.id, ticked: ALL });
  const ticked = ticks.of === target.id ? ticks.ticked : ALL;
  const tick = (of: RequestClass) =>
    setTicks(before => ({
      of: target.id,
      ticked: toggled(before.of === target.id ? before.ticked : ALL, of),
    }));
  if (!subject) return null;
  const { node, edge } = subject;
  const { rt } = address.value.params;
  const isTimed = edge ? !edge.isLink : !node?.isClient;
  const narrowing: Narrowing = { classes: ticked, responseTime: isTimed ? rt : undefined };
  const filter = subject.filter(narrowing);
  const { counts } = edge ?? node ?? {};
  return (
    <SidePanel
      label={`Details of ${subject.title}`}
      title={subject.title}
      onClose={() => onSelect(undefined)}
      header={
        <div class={styles.header}>
          <Kind graph={loaded.graph} subject={subject} />
          <div class={styles.actions}>
            <a class={styles.primary} href={tracesHref(filter, activeWindow(loaded.window, node))}>
              View traces
            </a>
            <CopyButton text={filter} label="Copy filter" />
          </div>
          <code class={styles.filter} title={filter}>
            {visible(filter, 400)}
          </code>
        </div>
      }
    >
      {counts && counts.total > 0 && (
        <section class={styles.part} aria-label="Requests by class">
          <Classes counts={counts} ticked={ticked} onTick={tick} rangeSeconds={loaded.graph.rangeSeconds} />
        </section>
      )}
      <Distribution subject={subject} isTimed={isTimed} />
      {subject.selector !== undefined && isTimed && (
        <MapCharts
          selector={subject.selector}
          window={loaded.window}
          hrefOf={window => tracesHref(subject.filter(narrowing), window)}
        />
      )}
      {node && <Neighbours graph={loaded.graph} node={node} onSelect={onSelect} />}
    </SidePanel>
  );
}

function toggled(ticked: ReadonlySet<RequestClass>, of: RequestClass): ReadonlySet<RequestClass> {
  const next = new Set(ticked);
  if (!next.delete(of)) next.add(of);
  return next;
}

function Kind({ graph, subject: { node, edge } }: { graph: Graph; subject: Subject }) {
  if (edge) {
    const types = [edge.from, edge.to].map(id => visible(graph.nodes.get(id)?.type ?? "no type", 100));
    return (
      <p class={styles.kind}>
        {types.join(" → ")} · {edge.isLink ? "link" : "as seen by the caller"}
      </p>
    );
  }
  if (!node) return null;
  const parts = [
    visible(node.type ?? "no type", 100),
    node.account && `account ${visible(node.account, 40)}`,
    node.isClient ? undefined : node.isInferred ? "not instrumented: as its callers see it" : "instrumented",
    node.isRoot && "entry point",
  ];
  const others = node.names.filter(name => name !== node.name);
  return (
    <p class={styles.kind}>
      {parts.filter(Boolean).join(" · ")}
      {others.length > 0 && <> · also called {others.map(name => visible(name, 100)).join(", ")}</>}
    </p>
  );
}

function Distribution({ subject, isTimed }: { subject: Subject; isTimed: boolean }) {
  const [scale, setScale] = useState<ScaleKind>("log");
  const { times, timesLabel } = subject;
  const buckets = useMemo(() => bucketsOf(times), [times]);
  const { rt } = address.value.params;
  if (times.length === 0) return null;
  const total = countOf(times);
  const within = rt && countWithin(times, rt);
  const marks = ([50, 90, 99] as const).map(q => ({ label: `p${q}`, at: quantile(times, q / 100) }));
  return (
    <section class={styles.part} aria-label={timesLabel}>
      <h3>{timesLabel}</h3>
      <Histogram
        label={timesLabel}
        buckets={buckets}
        marks={marks}
        scale={scale}
        onScale={setScale}
        height={96}
        {...(isTimed
          ? { range: rt, onRange: (range: [number, number] | undefined) => adjust({ params: { rt: range } }) }
          : {})}
      />
      {isTimed && (
        <p class={styles.share} role="status">
          {within === undefined ? (
            <span class={styles.hint}>Drag over the bars to narrow the traces to a range.</span>
          ) : (
            <>
              <strong>{formatShare(within, total)}</strong> of requests, {formatCount(within)} of{" "}
              {formatCount(total)}{" "}
              <button
                type="button"
                class={styles.clear}
                onClick={() => adjust({ params: { rt: undefined } })}
              >
                whole range
              </button>
            </>
          )}
        </p>
      )}
    </section>
  );
}

function subjectOf(graph: Graph, target: Target): Subject | undefined {
  if (target.kind === "node") {
    const node = graph.nodes.get(target.id);
    if (!node) return undefined;
    const identity = identityOf(node);
    return {
      title: visible(node.name, 300),
      node,
      edge: undefined,
      filter: narrowing => nodeFilter(identity, narrowing),
      selector: node.isClient ? undefined : `service(${idSelector(identity)})`,
      times: node.responseTimes,
      timesLabel: "Response time, as the service records it",
    };
  }
  const edge = graph.edges.get(target.id);
  const from = edge && graph.nodes.get(edge.from);
  const to = edge && graph.nodes.get(edge.to);
  if (!edge || !from || !to) return undefined;
  const ends = [identityOf(from), identityOf(to)] as const;
  return {
    title: `${visible(from.name, 150)} → ${visible(to.name, 150)}`,
    node: undefined,
    edge,
    // Links are no edges to filters: the receiver stands for them.
    filter: narrowing => (edge.isLink ? nodeFilter(ends[1]) : edgeFilter(ends[0], ends[1], narrowing)),
    selector: edge.isLink ? undefined : edgeFilter(ends[0], ends[1]),
    times: edge.isLink ? edge.ages : edge.responseTimes,
    timesLabel: edge.isLink ? "Age of events at receipt" : "Response time, as the caller sees it",
  };
}

const MINUTE = 60_000;

/** The range as two times, narrowed to when the node was active (spec service-graph.md 9). */
function activeWindow(window: Window, node: GraphNode | undefined): Window {
  const floor = (millis: number) => Math.floor(millis / MINUTE) * MINUTE;
  const start = node?.start === undefined ? window.start : Math.max(window.start, floor(node.start * 1000));
  const end = node?.end === undefined ? window.end : Math.min(window.end, floor(node.end * 1000) + MINUTE);
  return end > start ? { start, end } : window;
}

const tracesHref = (filter: string, window: Window): string =>
  hrefOf({
    route: { page: "traces" },
    params: {
      filter,
      timeRange: { kind: "absolute", start: Math.floor(window.start), end: Math.ceil(window.end) },
    },
  });
