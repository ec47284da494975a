import { rateOf } from "../../components/service-graph/drawing";
import type { Target } from "../../components/service-graph/scene";
import { StatusMark } from "../../components/status-mark/status-mark";
import { formatCount, formatShare, visible } from "../../model/format";
import { CLASSES, type Counts, notOk, type RequestClass } from "../../model/graph/counts";
import type { Graph, GraphEdge, GraphNode } from "../../model/graph/graph";
import styles from "./map-panel.module.css";

/** Counts with shares; the ticks decide which requests "View traces" opens. */
export function Classes(props: {
  counts: Counts;
  ticked: ReadonlySet<RequestClass>;
  onTick: (of: RequestClass) => void;
  rangeSeconds: number | undefined;
}) {
  const { counts, ticked } = props;
  return (
    <div class={styles.classes}>
      {CLASSES.map(of => (
        <label key={of} class={counts[of] === 0 ? styles.none : ""}>
          <input type="checkbox" checked={ticked.has(of)} onChange={() => props.onTick(of)} />
          <StatusMark of={of} withWord />
          <span class={styles.number}>{formatCount(counts[of])}</span>
          <span class={styles.muted}>{formatShare(counts[of], counts.total)}</span>
        </label>
      ))}
      <p class={styles.total}>
        {formatCount(counts.total)} requests
        {props.rangeSeconds !== undefined && `, ${rateOf(counts.total, props.rangeSeconds)}`}
      </p>
    </div>
  );
}

const NEIGHBOURS_MAX = 30;

/** Who calls the node and whom it calls, the busiest first. */
export function Neighbours(props: { graph: Graph; node: GraphNode; onSelect: (target: Target) => void }) {
  const { graph, node } = props;
  const edges = [...graph.edges.values()].sort((a, b) => b.calls - a.calls);
  return (
    <>
      <List
        {...props}
        title="Called by"
        edges={edges.filter(edge => edge.to === node.id)}
        end={edge => edge.from}
      />
      <List
        {...props}
        title="Calls"
        edges={edges.filter(edge => edge.from === node.id)}
        end={edge => edge.to}
      />
    </>
  );
}

function List(props: {
  title: string;
  graph: Graph;
  edges: readonly GraphEdge[];
  end: (edge: GraphEdge) => string;
  onSelect: (target: Target) => void;
}) {
  const { graph, edges, end, onSelect } = props;
  if (edges.length === 0) return null;
  return (
    <section class={styles.part} aria-label={props.title}>
      <h3>
        {props.title} <small>{edges.length}</small>
      </h3>
      <ul class={styles.neighbours}>
        {edges.slice(0, NEIGHBOURS_MAX).map(edge => {
          const other = graph.nodes.get(end(edge));
          const name = visible(other?.name ?? "", 200);
          return (
            <li key={edge.id}>
              <button type="button" title={name} onClick={() => onSelect({ kind: "node", id: end(edge) })}>
                {name}
              </button>
              <button
                type="button"
                class={styles.edge}
                aria-label={`the edge with ${name}`}
                onClick={() => onSelect({ kind: "edge", id: edge.id })}
              >
                {edge.isLink ? "link · " : ""}
                {rateOf(edge.calls, graph.rangeSeconds)}
                {notOk(edge.counts) > 0 && (
                  <span class={styles.bad}> · {formatShare(notOk(edge.counts), edge.counts.total)}</span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
