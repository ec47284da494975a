/** Columns of the table of sampling rules. */
import { Button } from "../../components/button/button";
import type { Column } from "../../components/data-table/data-table";
import { Sparkline } from "../../components/sparkline/sparkline";
import { formatShare, visible } from "../../model/format";
import { MATCH_FIELDS, type RuleActivity } from "../../model/sampling";
import type { RuleRow } from "./sampling";
import styles from "./sampling.module.css";
import type { Reordering } from "./use-reorder";

export function columnsOf(reordering: Reordering, isNarrow: boolean): Column<RuleRow>[] {
  const columns: Column<RuleRow>[] = [
    {
      id: "move",
      title: "Order",
      isNarrow: true,
      cell: row => (row.isDefault ? null : <Grip name={row.rule.RuleName} reordering={reordering} />),
    },
    { id: "name", title: "Rule", isFixed: true, isLink: true, cell: ({ rule }) => visible(rule.RuleName) },
    { id: "priority", title: "Priority", align: "right", cell: ({ rule }) => rule.Priority },
    { id: "matches", title: "Matches", cell: ({ rule }) => <Matches rule={rule} /> },
    {
      id: "reservoir",
      title: "Reservoir",
      help: "Traces per second taken first, over all clients together",
      align: "right",
      isWide: true,
      cell: ({ rule }) => `${rule.ReservoirSize}/s`,
    },
    {
      id: "rate",
      title: "Rate",
      help: "Share of the rest that is taken",
      align: "right",
      cell: ({ rule }) => formatShare(rule.FixedRate, 1),
    },
    {
      id: "boost",
      title: "Boost",
      help: "How far the rate may be raised when anomalies are seen",
      align: "right",
      isWide: true,
      cell: ({ rule: { SamplingRateBoost: boost } }) =>
        boost && boost.MaxRate > 0 ? `≤ ${formatShare(boost.MaxRate, 1)}` : "–",
    },
    live("requests", "Requests/s", "Requests that the rule decided about", activity => activity.requests),
    live("sampled", "Sampled/s", "Of them traced", activity => activity.sampled),
    live(
      "borrowed",
      "Borrowed/s",
      "Of them taken by clients that had no share of the reservoir yet",
      activity => activity.borrowed,
    ),
    {
      id: "effective",
      title: "Effective",
      help: "Share of the requests that was traced",
      align: "right",
      cell: ({ activity }) => (activity ? formatShare(activity.sampledCount, activity.requestCount) : "–"),
    },
    {
      id: "trend",
      title: "10 minutes",
      help: "Requests per second",
      isFixed: true,
      isWide: true,
      cell: ({ activity }) =>
        activity && (
          <Sparkline
            label={`Requests per second of the last ten minutes: now ${formatRate(activity.trend.at(-1) ?? 0)}, at most ${formatRate(Math.max(...activity.trend))}`}
            values={activity.trend}
          />
        ),
    },
  ];
  const always = ["move", "name", "priority", "matches", "rate", "effective"];
  return isNarrow ? columns.filter(({ id }) => always.includes(id)) : columns;
}

const live = (
  id: string,
  title: string,
  help: string,
  of: (activity: RuleActivity) => number,
): Column<RuleRow> => ({
  id,
  title,
  help: `${help}, in the last minute`,
  align: "right",
  isWide: true,
  cell: ({ activity }) => (activity ? formatRate(of(activity)) : "–"),
});

/** Per second, with as many digits as tell something. */
export const formatRate = (rate: number): string => {
  if (rate === 0) return "0";
  if (rate < 0.01) return "< 0.01";
  return rate.toFixed(rate < 10 ? 2 : rate < 100 ? 1 : 0);
};

function Matches({ rule }: { rule: RuleRow["rule"] }) {
  const fields = MATCH_FIELDS.filter(({ member }) => rule[member] !== "*").map(
    ({ member, label }) => [label, rule[member]] as const,
  );
  const parts = [...fields, ...rule.Attributes];
  if (parts.length === 0) return <span class={styles.muted}>everything</span>;
  return (
    <ul class={styles.matches}>
      {parts.map(([label, pattern]) => (
        <li key={label}>
          <span class={styles.muted}>{visible(label, 64)}</span> <code>{visible(pattern, 200)}</code>
        </li>
      ))}
    </ul>
  );
}

/** Moves a rule: dragged with its row, or by the arrow keys. */
function Grip({ name, reordering }: { name: string; reordering: Reordering }) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    reordering.move(name, by);
  };
  return (
    <Button
      look="quiet"
      class={styles.grip}
      aria-label={`Move rule ${visible(name)}: arrow up, arrow down`}
      title="Drag, or press ↑ ↓"
      disabled={reordering.isBusy}
      onKeyDown={onKeyDown}
    >
      <span aria-hidden="true">⠿</span>
    </Button>
  );
}
