/** The same as the map, as two tables: the form that needs no picture (spec console.md 9). */
import { useMemo, useState } from "preact/hooks";
import { Button } from "../../components/button/button";
import { rateOf } from "../../components/service-graph/drawing";
import type { Target } from "../../components/service-graph/scene";
import { formatCount, formatDuration, formatShare, visible } from "../../model/format";
import { type Counts, healthOf, type Thresholds } from "../../model/graph/counts";
import type { Graph, GraphEdge, GraphNode } from "../../model/graph/graph";
import { type HistogramEntry, quantile } from "../../model/graph/histogram";
import styles from "./trace-map.module.css";

interface Column<T> {
  title: string;
  isText?: boolean;
  /** By what it sorts; numbers start with the largest. */
  value: (item: T) => string | number;
  show: (item: T) => preact.ComponentChildren;
}

interface Timed {
  counts: Counts;
  seconds: number;
  responseTimes: readonly HistogramEntry[];
}

interface TablesProps {
  graph: Graph;
  selected: Target | undefined;
  onSelect: (target: Target) => void;
  thresholds: Thresholds;
}

export function MapTables({ graph, selected, onSelect, thresholds }: TablesProps) {
  const name = (id: string) => visible(graph.nodes.get(id)?.name ?? "", 200);
  const degrees = useMemo(() => degreesOf(graph), [graph]);
  const nodeColumns: Column<GraphNode>[] = [
    text("Name", node => visible(node.name, 200)),
    text("Type", node => visible(node.type ?? "", 100)),
    ...numbers<GraphNode>(graph, thresholds),
    count("Calls", node => degrees.get(node.id)?.[0] ?? 0),
    count("Called by", node => degrees.get(node.id)?.[1] ?? 0),
  ];
  const edgeColumns: Column<GraphEdge>[] = [
    text("From", edge => name(edge.from)),
    text("To", edge => name(edge.to)),
    text("Kind", edge => (edge.isLink ? "link" : "call")),
    ...numbers<GraphEdge>(graph, thresholds),
    {
      title: "Event age p50",
      value: edge => quantile(edge.ages, 0.5) ?? -1,
      show: edge => duration(quantile(edge.ages, 0.5)),
    },
  ];
  return (
    <div class={styles.tables}>
      <Sortable
        label="Nodes"
        items={[...graph.nodes.values()]}
        columns={nodeColumns}
        sortedBy={2}
        selected={selected?.kind === "node" ? selected.id : undefined}
        onSelect={id => onSelect({ kind: "node", id })}
      />
      <Sortable
        label="Edges"
        items={[...graph.edges.values()]}
        columns={edgeColumns}
        sortedBy={3}
        selected={selected?.kind === "edge" ? selected.id : undefined}
        onSelect={id => onSelect({ kind: "edge", id })}
      />
    </div>
  );
}

const text = <T,>(title: string, value: (item: T) => string): Column<T> => ({
  title,
  isText: true,
  value,
  show: value,
});
const count = <T,>(title: string, value: (item: T) => number): Column<T> => ({
  title,
  value,
  show: item => formatCount(value(item)),
});
const duration = (seconds: number | undefined) => (seconds === undefined ? "–" : formatDuration(seconds));

function numbers<T extends Timed & { calls?: number }>(graph: Graph, thresholds: Thresholds): Column<T>[] {
  const share = (title: string, of: keyof Counts): Column<T> => ({
    title,
    value: ({ counts }) => (counts.total === 0 ? -1 : counts[of] / counts.total),
    show: ({ counts }) => {
      const isBad = counts[of] > 0 && healthOf(counts, thresholds) !== "calm";
      return <span class={isBad ? styles[of] : ""}>{formatShare(counts[of], counts.total)}</span>;
    },
  });
  const time = (title: string, q: number): Column<T> => ({
    title,
    value: item => quantile(item.responseTimes, q) ?? -1,
    show: item => duration(quantile(item.responseTimes, q)),
  });
  return [
    count("Requests", item => item.calls ?? item.counts.total),
    {
      title: "Rate",
      value: item => item.calls ?? item.counts.total,
      show: item => rateOf(item.calls ?? item.counts.total, graph.rangeSeconds),
    },
    share("✕ Fault", "fault"),
    share("△ Error", "error"),
    share("◇ Throttle", "throttle"),
    {
      title: "Average",
      value: item => (item.counts.total === 0 ? -1 : item.seconds / item.counts.total),
      show: item => duration(item.counts.total === 0 ? undefined : item.seconds / item.counts.total),
    },
    time("p50", 0.5),
    time("p90", 0.9),
    time("p99", 0.99),
  ];
}

function degreesOf(graph: Graph): Map<string, [number, number]> {
  const degrees = new Map<string, [number, number]>();
  const add = (id: string, at: 0 | 1) => {
    const known = degrees.get(id) ?? [0, 0];
    known[at] += 1;
    degrees.set(id, known);
  };
  for (const { from, to } of graph.edges.values()) {
    add(from, 0);
    add(to, 1);
  }
  return degrees;
}

/** Rows drawn at once; the rest on request. */
const ROWS_MAX = 500;

function Sortable<T extends { id: string }>(props: {
  label: string;
  items: readonly T[];
  columns: readonly Column<T>[];
  sortedBy: number;
  selected: string | undefined;
  onSelect: (id: string) => void;
}) {
  const { columns, items } = props;
  const [by, setBy] = useState({ column: props.sortedBy, isDown: true });
  const [shown, setShown] = useState(ROWS_MAX);
  const sorted = sortBy(items, columns[by.column], by.isDown);
  const sort = (column: number) =>
    setBy(before => ({
      column,
      isDown: before.column === column ? !before.isDown : !columns[column]?.isText,
    }));
  return (
    <section aria-label={props.label}>
      <h2>
        {props.label} <small>{formatCount(items.length)}</small>
      </h2>
      <table>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th
                key={column.title}
                scope="col"
                class={column.isText ? styles.text : ""}
                aria-sort={at === by.column ? (by.isDown ? "descending" : "ascending") : "none"}
              >
                <button type="button" onClick={() => sort(at)}>
                  {column.title}
                  <span aria-hidden="true">{at === by.column ? (by.isDown ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map(item => (
            <tr
              key={item.id}
              aria-selected={item.id === props.selected}
              onClick={() => props.onSelect(item.id)}
            >
              {columns.map((column, at) => (
                <td key={column.title} class={column.isText ? styles.text : ""}>
                  {at === 0 ? (
                    <button type="button" class={styles.open} onClick={() => props.onSelect(item.id)}>
                      {column.show(item)}
                    </button>
                  ) : (
                    column.show(item)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown && (
        <Button onClick={() => setShown(count => count + ROWS_MAX)}>
          {formatCount(sorted.length - shown)} more
        </Button>
      )}
    </section>
  );
}

function sortBy<T>(items: readonly T[], column: Column<T> | undefined, isDown: boolean): T[] {
  if (!column) return [...items];
  const sign = isDown ? -1 : 1;
  return items
    .map(item => ({ item, value: column.value(item) }))
    .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) * sign)
    .map(({ item }) => item);
}
