/** Sampling rules in the order in which they are tried, with what they are doing (spec console.md 6.9). */
import { useEffect, useState } from "preact/hooks";
import { getSamplingStatisticSummaries } from "../../api/get-sampling-statistic-summaries";
import { getSamplingRules, type SamplingRule } from "../../api/sampling-rules";
import { Button } from "../../components/button/button";
import { DataTable } from "../../components/data-table/data-table";
import { Panel, stateOf } from "../../components/panel/panel";
import { SidePanel } from "../../components/side-panel/side-panel";
import { Split } from "../../components/split/split";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { activityOf, DEFAULT_RULE, type RuleActivity } from "../../model/sampling";
import { address, go, hrefOf } from "../../shell/navigation";
import { now } from "../../shell/time";
import { columnsOf } from "./columns";
import { RequestTest } from "./request-test";
import { RuleEditor } from "./rule-editor";
import styles from "./sampling.module.css";
import { useReorder } from "./use-reorder";

/** Beside `Default`. */
const RULES_MAX = 25;
const STATISTICS_MILLIS = 10_000;

export interface RuleRow {
  rule: SamplingRule;
  /** Undefined: no client reported requests for it. */
  activity: RuleActivity | undefined;
  isDefault: boolean;
}

export default function Sampling() {
  const { route, params } = address.value;
  const name = route.page === "sampling" ? route.rule : undefined;
  const query = useQuery(`sampling-rules ${now.value}`, signal => getSamplingRules({ signal }));
  const activity = useActivity();
  const rules = (query.value ?? []).map(({ SamplingRule }) => SamplingRule);
  const reordering = useReorder(rules);
  const rows = rules.map(rule => ({
    rule,
    activity: activity?.get(rule.RuleName),
    isDefault: rule.RuleName === DEFAULT_RULE,
  }));
  const view = name === undefined ? params.view : undefined;
  const custom = rows.filter(row => !row.isDefault).length;
  const panel = query.value && panelOf(name, view, rules);
  return (
    <Split panel={panel}>
      <Panel
        title="Sampling rules"
        state={stateOf(query)}
        actions={
          <>
            <span class={styles.count}>
              {custom} of {RULES_MAX}
            </span>
            <Button onClick={() => show("test")}>Test a request</Button>
            <Button look="primary" disabled={custom >= RULES_MAX} onClick={() => show("new")}>
              New rule
            </Button>
          </>
        }
      >
        <p class={styles.intro}>
          The first rule that matches decides whether a request is traced: so many a second from its
          reservoir, then a fixed share. Clients fetch the rules and report what they did; the figures are of
          the last minute.
        </p>
        {reordering.message}
        <DataTable
          label="Sampling rules"
          rows={rows}
          columns={columnsOf(reordering, panel !== undefined)}
          keyOf={({ rule }) => rule.RuleName}
          hrefOf={({ rule }) =>
            hrefOf({ route: { page: "sampling", rule: rule.RuleName }, params: { view: undefined } })
          }
          selected={name}
          rowAttributes={({ rule }) => reordering.attributes(rule.RuleName)}
        />
        {activity !== undefined && activity.size === 0 && (
          <p class={styles.intro}>
            No client has reported in the last ten minutes: live figures appear once an SDK that asks for
            rules through the daemon, or an OpenTelemetry sampler for X-Ray, does its work.
          </p>
        )}
      </Panel>
    </Split>
  );
}

const show = (view: string) => go({ route: { page: "sampling" }, params: { view } });
const close = () => go({ route: { page: "sampling" }, params: { view: undefined } });

function panelOf(name: string | undefined, view: string | undefined, rules: SamplingRule[]) {
  if (view === "test") return <RequestTest rules={rules} onClose={close} />;
  if (view === "new") return <RuleEditor key="" rule={undefined} rules={rules} onClose={close} />;
  if (name === undefined) return undefined;
  const rule = rules.find(({ RuleName }) => RuleName === name);
  if (rule) return <RuleEditor key={name} rule={rule} rules={rules} onClose={close} />;
  return (
    <SidePanel label="Sampling rule" title="Sampling rule" onClose={close}>
      <Panel
        state={{
          kind: "empty",
          title: `There is no rule ${visible(name, 100)}`,
          detail: "It may have been deleted, or the link may be of another server.",
          action: <Button onClick={close}>Show all rules</Button>,
        }}
      />
    </SidePanel>
  );
}

/** What the rules do, read again as often as clients report. */
function useActivity(): Map<string, RuleActivity> | undefined {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTick(count => count + 1);
    }, STATISTICS_MILLIS);
    return () => clearInterval(timer);
  }, []);
  const query = useQuery(`sampling-statistics ${now.value} ${tick}`, signal =>
    getSamplingStatisticSummaries({ signal }),
  );
  return query.value && activityOf(query.value, Date.now() / 1000);
}
