/** Exact numbers of what is pointed at. */
import { formatCount, formatDuration, formatShare, visible } from "../../model/format";
import { CLASSES, type Counts } from "../../model/graph/counts";
import type { Graph } from "../../model/graph/graph";
import { type HistogramEntry, quantile } from "../../model/graph/histogram";
import { StatusMark } from "../status-mark/status-mark";
import { rateOf } from "./drawing";
import type { Target } from "./scene";
import styles from "./service-graph.module.css";

export function HoverCard({
  graph,
  target,
  note,
}: {
  graph: Graph;
  target: Target;
  note?: string | undefined;
}) {
  const node = target.kind === "node" ? graph.nodes.get(target.id) : undefined;
  const edge = target.kind === "edge" ? graph.edges.get(target.id) : undefined;
  if (node) {
    const kinds = [
      node.type,
      node.isInferred && !node.isClient && "not instrumented",
      node.isRoot && "entry point",
    ];
    return (
      <>
        <strong>{visible(node.name, 300)}</strong>
        <p class={styles.cardKind}>
          {kinds
            .filter(Boolean)
            .map(kind => visible(String(kind), 100))
            .join(" · ")}
        </p>
        {node.account && <p class={styles.cardKind}>account {visible(node.account, 40)}</p>}
        {note && <p class={styles.cardNote}>{note}</p>}
        <Numbers
          counts={node.counts}
          seconds={node.seconds}
          times={node.responseTimes}
          range={graph.rangeSeconds}
          isClient={node.isClient}
        />
      </>
    );
  }
  if (!edge) return null;
  const name = (id: string) => visible(graph.nodes.get(id)?.name ?? "", 200);
  return (
    <>
      <strong>
        {name(edge.from)} → {name(edge.to)}
      </strong>
      <p class={styles.cardKind}>
        {edge.isLink ? "link: events and their age at receipt" : "calls, as the caller sees them"}
      </p>
      {edge.isLink ? (
        <Ages ages={edge.ages} calls={edge.calls} />
      ) : (
        <Numbers
          counts={edge.counts}
          seconds={edge.seconds}
          times={edge.responseTimes}
          range={graph.rangeSeconds}
        />
      )}
    </>
  );
}

function Numbers(props: {
  counts: Counts;
  seconds: number;
  times: readonly HistogramEntry[];
  range: number | undefined;
  isClient?: boolean;
}) {
  const { counts, seconds, times } = props;
  if (counts.total === 0) return props.isClient ? null : <p>No completed request in this range</p>;
  return (
    <>
      <dl class={styles.cardCounts}>
        {CLASSES.filter(of => counts[of] > 0).map(of => (
          <div key={of}>
            <dt>
              <StatusMark of={of} withWord />
            </dt>
            <dd>{formatCount(counts[of])}</dd>
            <dd>{formatShare(counts[of], counts.total)}</dd>
          </div>
        ))}
        <div>
          <dt>Total</dt>
          <dd>{formatCount(counts.total)}</dd>
          <dd>{props.range === undefined ? "" : rateOf(counts.total, props.range)}</dd>
        </div>
      </dl>
      <p class={styles.cardTimes}>
        average {unbroken(formatDuration(seconds / counts.total))} · p50 {shown(times, 0.5)} · p90{" "}
        {shown(times, 0.9)} · p99 {shown(times, 0.99)}
      </p>
    </>
  );
}

const Ages = ({ ages, calls }: { ages: readonly HistogramEntry[]; calls: number }) => (
  <p class={styles.cardTimes}>
    {formatCount(calls)} events · age p50 {shown(ages, 0.5)} · p90 {shown(ages, 0.9)}
  </p>
);

const shown = (times: readonly HistogramEntry[], q: number): string => {
  const value = quantile(times, q);
  return value === undefined ? "–" : unbroken(formatDuration(value));
};

const unbroken = (text: string): string => text.replaceAll(" ", "\u00a0");
