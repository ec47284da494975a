/** The agents that hand on traces, and what they lost on the way (spec console.md 6.13). */
import { type Addresses, addressesOf } from "../../api/addresses";
import { ApiError, downloadUrl } from "../../api/client";
import { type Daemon, getDaemons } from "../../api/daemons";
import { getServer } from "../../api/server";
import { CodeBlock } from "../../components/code-block/code-block";
import { type Column, DataTable } from "../../components/data-table/data-table";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import { Sparkline } from "../../components/sparkline/sparkline";
import { useQuery } from "../../components/use-query";
import { formatAge, formatCount, formatShare, formatTime, visible } from "../../model/format";
import { address, adjust, hrefOf } from "../../shell/navigation";
import { now, refreshed } from "../../shell/time";
import { DEFAULT_SORT, errorCount, errorText, isSilent, millisOf, nameOf, perMinute } from "./counts";
import styles from "./daemons.module.css";

export default function Daemons() {
  const daemons = useQuery(`daemons ${refreshed.value}`, signal => getDaemons({ signal }));
  const server = useQuery("server", signal => getServer({ signal }));
  const rows = daemons.value ?? [];
  const at = addressesOf(server.value, downloadUrl(""));
  return (
    <Panel title="Daemons" state={stateFor(daemons, rows, at)}>
      <p class={styles.lead}>
        Agents that reported within the last day: X-Ray daemons and what behaves like one. Counts are of all
        their reports since this server knows them.
      </p>
      <DataTable
        label="Daemons"
        rows={rows}
        columns={columnsAt(now.value)}
        keyOf={({ hostname, instanceId, resourceArn }) => [hostname, instanceId, resourceArn].join("|")}
        sort={address.value.params.sort ?? DEFAULT_SORT}
        onSort={sort => adjust({ params: { sort } })}
      />
    </Panel>
  );
}

function stateFor(query: Parameters<typeof stateOf>[0], rows: readonly Daemon[], at: Addresses): PanelState {
  const { error } = query;
  if (error instanceof ApiError && error.status === 404) {
    return { kind: "empty", title: "This server does not keep what daemons report" };
  }
  return stateOf(query, rows.length === 0 ? { kind: "empty", ...nobody(at) } : undefined);
}

const nobody = ({ endpoint, region }: Addresses) => ({
  title: "No daemon has reported within the last day",
  detail: (
    <div class={styles.nobody}>
      <p>
        SDKs on this machine need none: the server itself takes what they send. A daemon elsewhere is pointed
        here in its file, and reports once a minute:
      </p>
      <CodeBlock
        title="cfg.yaml"
        text={`Version: 2\nEndpoint: "${endpoint}"\nRegion: "${region}"\nLocalMode: true`}
      />
    </div>
  ),
  action: (
    <a href={hrefOf({ route: { page: "getting-started" }, params: { tab: "daemon" } })}>
      More about the daemon, and all other ways
    </a>
  ),
});

const count = (
  id: string,
  title: string,
  help: string,
  of: (daemon: Daemon) => number,
  look?: string,
): Column<Daemon> => ({
  id,
  title,
  help,
  align: "right",
  sortBy: of,
  cell: daemon => {
    const value = of(daemon);
    return <span class={value > 0 ? look : styles.zero}>{formatCount(value)}</span>;
  },
});

const columnsAt = (clock: number): Column<Daemon>[] => [
  {
    id: "host",
    title: "Host",
    sortBy: nameOf,
    cell: daemon => (
      <div class={styles.host}>
        <strong>{visible(nameOf(daemon), 255)}</strong>
        {daemon.hostname && daemon.instanceId && (
          <span class={styles.arn}>{visible(daemon.instanceId, 40)}</span>
        )}
        {daemon.resourceArn && <span class={styles.arn}>{visible(daemon.resourceArn, 500)}</span>}
      </div>
    ),
  },
  {
    id: "report",
    title: "Last report",
    isFixed: true,
    sortBy: daemon => millisOf(daemon.lastReportUnixNanos),
    cell: daemon => {
      const at = millisOf(daemon.lastReportUnixNanos);
      return (
        <span
          class={isSilent(daemon, clock) ? styles.silent : undefined}
          title={formatTime(at, address.value.params.tz)}
        >
          {formatAge(at, Math.max(at, clock))}
          {isSilent(daemon, clock) && " · silent"}
        </span>
      );
    },
  },
  {
    id: "trend",
    title: "Received per minute",
    isWide: true,
    help: "In its last reports, the newest on the right",
    cell: daemon => {
      const rates = perMinute(daemon.records);
      const last = rates.at(-1);
      return last === undefined ? (
        <span class={styles.zero}>one report so far</span>
      ) : (
        <span class={styles.trend}>
          <Sparkline
            values={rates}
            label={`Segments received per minute: ${formatCount(last)} now, at most ${formatCount(Math.max(...rates))}`}
          />
          {formatCount(last)}
        </span>
      );
    },
  },
  count("received", "Received", "Segments taken from applications", daemon => daemon.totals.segmentsReceived),
  count("sent", "Sent", "Segments handed on", daemon => daemon.totals.segmentsSent),
  count(
    "spilled",
    "Spilled",
    "Segments lost because its buffer was full",
    daemon => daemon.totals.segmentsSpilled,
    styles.bad,
  ),
  count(
    "rejected",
    "Rejected",
    "Segments that were refused",
    daemon => daemon.totals.segmentsRejected,
    styles.bad,
  ),
  {
    id: "lost",
    title: "Lost",
    help: "Spilled and rejected, of those received",
    align: "right",
    isWide: true,
    cell: ({ totals }) =>
      formatShare(totals.segmentsSpilled + totals.segmentsRejected, totals.segmentsReceived),
  },
  {
    id: "errors",
    title: "Failed calls",
    help: "Of its calls to this server, by kind",
    align: "right",
    sortBy: daemon => errorCount(daemon.totals.connectionErrors),
    cell: ({ totals }) => {
      const failed = errorCount(totals.connectionErrors);
      return (
        <div class={styles.errors}>
          <span class={failed > 0 ? styles.bad : styles.zero}>{formatCount(failed)}</span>
          {failed > 0 && <span class={styles.kinds}>{errorText(totals.connectionErrors)}</span>}
        </div>
      );
    },
  },
];
