/** Resource policies: who else may send data (spec security.md 4). */
import { listResourcePolicies, type ResourcePolicy } from "../../api/resource-policies";
import { Button } from "../../components/button/button";
import { type Column, DataTable } from "../../components/data-table/data-table";
import { parseJson } from "../../components/json-editor/parse";
import { Panel, stateOf } from "../../components/panel/panel";
import { Split } from "../../components/split/split";
import { useQuery } from "../../components/use-query";
import { formatBytes, formatTime, visible } from "../../model/format";
import { statementsOf } from "../../model/policy";
import { address, adjust, go, hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import { PolicyEditor } from "./policy-editor";
import styles from "./settings.module.css";

const POLICIES_MAX = 5;
const route = { page: "settings", section: "policies" } as const;

export function Policies() {
  const { view, q, tz, sort } = address.value.params;
  const query = useQuery(`policies ${now.value}`, signal => listResourcePolicies({ signal }));
  const policies = query.value ?? [];
  const open = policies.find(({ PolicyName }) => PolicyName === q);
  const isOpen = query.value !== undefined && (view === "new" || open !== undefined);
  const create = () => go({ route, params: { view: "new", q: undefined } });
  const close = () => go({ route, params: { view: undefined, q: undefined } });
  const empty =
    query.value && policies.length === 0
      ? {
          kind: "empty" as const,
          title: "There are no resource policies",
          detail:
            "A policy lets an AWS service or another account send segments and ask for sampling rules, as SNS does with active tracing. Policies are kept and given back as they are written; here they act on requests of other configured accounts.",
          action: <Button onClick={create}>New policy</Button>,
        }
      : undefined;
  return (
    <Split
      panel={
        isOpen && (
          <PolicyEditor key={open?.PolicyName ?? ""} policy={open} policies={policies} onClose={close} />
        )
      }
    >
      <Panel
        title="Resource policies"
        state={stateOf(query, empty)}
        actions={
          <>
            <span class={styles.count}>
              {policies.length} of {POLICIES_MAX}
            </span>
            <Button look="primary" disabled={policies.length >= POLICIES_MAX} onClick={create}>
              New policy
            </Button>
          </>
        }
      >
        <DataTable
          label="Resource policies"
          rows={policies}
          columns={policyColumns(tz)}
          keyOf={({ PolicyName }) => PolicyName}
          sort={sort}
          onSort={next => adjust({ params: { sort: next } })}
          hrefOf={({ PolicyName }) => hrefOf({ route, params: { q: PolicyName, view: undefined } })}
          selected={q}
        />
      </Panel>
    </Split>
  );
}

const policyColumns = (tz: "utc" | "local"): Column<ResourcePolicy>[] => [
  {
    id: "name",
    title: "Name",
    isFixed: true,
    sortBy: ({ PolicyName }) => PolicyName,
    cell: ({ PolicyName }) => visible(PolicyName),
  },
  { id: "statements", title: "Says", cell: policy => <Statements policy={policy} /> },
  {
    id: "size",
    title: "Size",
    align: "right",
    isWide: true,
    cell: ({ PolicyDocument }) => formatBytes(new Blob([PolicyDocument]).size),
  },
  {
    id: "revision",
    title: "Revision",
    align: "right",
    cell: ({ PolicyRevisionId }) => PolicyRevisionId ?? "–",
  },
  {
    id: "updated",
    title: "Updated",
    isFixed: true,
    isWide: true,
    sortBy: ({ LastUpdatedTime }) => LastUpdatedTime,
    cell: ({ LastUpdatedTime }) =>
      LastUpdatedTime === undefined ? "–" : formatTime(LastUpdatedTime * 1000, tz),
  },
];

function Statements({ policy }: { policy: ResourcePolicy }) {
  const parsed = parseJson(policy.PolicyDocument);
  if (!parsed.isValid) return <span class={styles.muted}>not readable</span>;
  return (
    <ul>
      {statementsOf(parsed.value).map((text, index) => (
        <li key={`${index} ${text}`}>{visible(text, 300)}</li>
      ))}
    </ul>
  );
}
