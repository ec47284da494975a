/** Groups of traces (spec console.md 6.8). */
import { getGroups } from "../../api/get-groups";
import { Button } from "../../components/button/button";
import { CopyButton } from "../../components/copy-button/copy-button";
import { type Column, DataTable } from "../../components/data-table/data-table";
import { Panel, type PanelState, stateOf } from "../../components/panel/panel";
import { SidePanel } from "../../components/side-panel/side-panel";
import { Split } from "../../components/split/split";
import { Tags } from "../../components/tag-editor/tag-editor";
import { useQuery } from "../../components/use-query";
import { formatCount, visible } from "../../model/format";
import { address, adjust, go, hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import { GroupEditor } from "./group-editor";
import styles from "./groups.module.css";
import { GROUPS_MAX, type GroupRow, rowsOf, useDetails } from "./rows";

export default function Groups() {
  const { route, params } = address.value;
  const name = route.page === "groups" ? route.name : undefined;
  const query = useQuery(`groups ${now.value}`, signal => getGroups({ signal }));
  const details = useDetails(query.value);
  const rows = rowsOf(query.value ?? [], details);
  const isNew = name === undefined && params.view === "new";
  const open = rows.find(row => row.name === name);
  const isOpen = isNew || name !== undefined;
  const custom = rows.filter(row => !row.isDefault).length;
  return (
    <Split panel={isOpen && query.value && <Editing key={name ?? ""} name={name} row={open} />}>
      <Panel
        title="Groups"
        state={stateOf(query, noGroups(rows))}
        actions={
          <>
            <span class={styles.count}>
              {custom} of {GROUPS_MAX}
            </span>
            <Button look="primary" disabled={custom >= GROUPS_MAX} onClick={create}>
              New group
            </Button>
          </>
        }
      >
        <p class={styles.intro}>
          A group is a filter with a name: choose it above the map and the traces, watch it for insights.
          Traces are tested as they arrive.
        </p>
        <DataTable
          label="Groups"
          rows={rows}
          columns={isOpen ? COLUMNS.filter(column => !column.isWide) : COLUMNS}
          keyOf={row => row.name}
          sort={params.sort}
          onSort={sort => adjust({ params: { sort } })}
          hrefOf={row => hrefOf({ route: { page: "groups", name: row.name }, params: { view: undefined } })}
          selected={name}
        />
      </Panel>
    </Split>
  );
}

const create = () => go({ route: { page: "groups" }, params: { view: "new" } });
const close = () => go({ route: { page: "groups" }, params: { view: undefined } });

const noGroups = (rows: GroupRow[]): PanelState | undefined =>
  rows.length > 0
    ? undefined
    : { kind: "empty", title: "There are no groups", action: <Button onClick={create}>New group</Button> };

function Editing({ name, row }: { name: string | undefined; row: GroupRow | undefined }) {
  if (name !== undefined && !row) {
    return (
      <SidePanel label="Group" title="Group" onClose={close}>
        <Panel
          state={{
            kind: "empty",
            title: `There is no group ${visible(name, 100)}`,
            detail: "It may have been deleted, or the link may be of another server.",
            action: <Button onClick={close}>Show all groups</Button>,
          }}
        />
      </SidePanel>
    );
  }
  return <GroupEditor row={row} onClose={close} />;
}

const onOff = (isOn: boolean) => <span class={isOn ? styles.on : styles.off}>{isOn ? "On" : "Off"}</span>;

const COLUMNS: Column<GroupRow>[] = [
  { id: "name", title: "Group", isFixed: true, sortBy: row => row.name, cell: row => visible(row.name) },
  {
    id: "expression",
    title: "Filter expression",
    sortBy: row => row.expression,
    cell: row =>
      row.expression ? (
        <code class={styles.expression} title={visible(row.expression)}>
          {visible(row.expression, 400)}
        </code>
      ) : (
        <span class={styles.off}>all traces</span>
      ),
  },
  {
    id: "traces",
    title: "Traces, 1 h",
    align: "right",
    help: "Traces of the last hour that are recorded as members",
    sortBy: row => row.traces,
    cell: row => (row.traces === undefined ? "…" : formatCount(row.traces)),
  },
  { id: "insights", title: "Insights", isFixed: true, cell: row => onOff(row.hasInsights) },
  {
    id: "notifications",
    title: "Notifications",
    isFixed: true,
    isWide: true,
    cell: row => onOff(row.hasNotifications),
  },
  { id: "tags", title: "Tags", isWide: true, cell: row => <Tags tags={row.tags ?? []} /> },
  {
    id: "arn",
    title: "ARN",
    isFixed: true,
    isWide: true,
    cell: row => (
      <span class={styles.arn}>
        <code title={row.arn}>{row.arn.split(":").pop()}</code>
        <CopyButton text={row.arn} />
      </span>
    ),
  },
];
