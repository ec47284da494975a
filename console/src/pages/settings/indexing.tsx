/** Where segments go, and the share of traces that is indexed (spec api.md "Transaction Search"). */
import { useState } from "preact/hooks";
import {
  getIndexingRules,
  getTraceSegmentDestination,
  type IndexingRule,
  type SegmentDestination,
  updateIndexingRule,
  updateTraceSegmentDestination,
} from "../../api/indexing";
import { invalidate } from "../../api/query";
import { Confirm } from "../../components/dialog/confirm";
import { Options, TextField } from "../../components/field/field";
import { Form, Note } from "../../components/form/form";
import { useSave } from "../../components/form/use-save";
import { Panel, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { formatTime } from "../../model/format";
import { address } from "../../shell/navigation";
import { now } from "../../shell/time";
import styles from "./settings.module.css";

type Destination = "XRay" | "CloudWatchLogs";

export function Indexing() {
  const query = useQuery(`indexing ${now.value}`, async signal => {
    const [rules, destination] = await Promise.all([
      getIndexingRules({ signal }),
      getTraceSegmentDestination({ signal }),
    ]);
    return { rule: rules[0], destination };
  });
  const { value } = query;
  const key = `${value?.destination.Destination} ${value?.rule?.Rule.Probabilistic?.DesiredSamplingPercentage}`;
  return (
    <div class={styles.pair}>
      <Panel title="Indexing and destination" state={stateOf(query)}>
        {value && (
          <>
            <Current rule={value.rule} destination={value.destination} />
            <Change key={key} rule={value.rule} destination={value.destination} />
          </>
        )}
      </Panel>
      <Meaning />
    </div>
  );
}

function Current({ rule, destination }: { rule: IndexingRule | undefined; destination: SegmentDestination }) {
  const actual = rule?.Rule.Probabilistic?.ActualSamplingPercentage;
  return (
    <dl class={styles.facts}>
      <div>
        <dt>Now</dt>
        <dd>
          {destination.Destination === "XRay" ? "Every trace is indexed" : "A share of the traces is indexed"}
          {actual !== undefined && <>: {actual} % of those that arrived lately</>}
        </dd>
      </div>
      {destination.Status === "PENDING" && (
        <div>
          <dt>State</dt>
          <dd class={styles.updating}>The change of the destination is under way</dd>
        </div>
      )}
      {rule && rule.ModifiedAt > 0 && (
        <div>
          <dt>Share last changed</dt>
          <dd>{formatTime(rule.ModifiedAt * 1000, address.value.params.tz)}</dd>
        </div>
      )}
    </dl>
  );
}

function Change({ rule, destination }: { rule: IndexingRule | undefined; destination: SegmentDestination }) {
  const before: Destination = destination.Destination === "CloudWatchLogs" ? "CloudWatchLogs" : "XRay";
  const shareBefore = String(rule?.Rule.Probabilistic?.DesiredSamplingPercentage ?? "");
  const [to, setTo] = useState<Destination>(before);
  const [share, setShare] = useState(shareBefore);
  const [asks, setAsks] = useState(false);
  const save = useSave(["DesiredSamplingPercentage"]);
  const percentage = share.trim() === "" ? Number.NaN : Number(share);
  const isBad = !(percentage >= 0 && percentage <= 100);
  const isChanged = to !== before || share !== shareBefore;
  const write = async () => {
    setAsks(false);
    await save.run(async () => {
      // The share first: the destination makes it count.
      if (rule && share !== shareBefore) await updateIndexingRule(rule.Name, percentage);
      if (to !== before) await updateTraceSegmentDestination(to);
    });
    invalidate("indexing");
  };
  const thins = to === "CloudWatchLogs" && (before === "XRay" || percentage < Number(shareBefore));
  return (
    <Form
      label="Indexing and destination"
      save={save}
      submit="Save changes"
      isDisabled={!isChanged || isBad}
      onSubmit={() => (thins ? setAsks(true) : write())}
    >
      <Options
        label="Destination"
        chosen={to}
        onChoose={setTo}
        options={[
          { value: "XRay", label: "X-Ray", help: "Every trace is stored and indexed." },
          {
            value: "CloudWatchLogs",
            label: "Transaction Search (CloudWatchLogs)",
            help: "Every span is kept and can be retrieved by its trace id; a share of the traces is indexed.",
          },
        ]}
      />
      <TextField
        label="Share that is indexed"
        value={share}
        onValue={text => {
          save.clear();
          setShare(text);
        }}
        unit="%"
        error={save.at("DesiredSamplingPercentage") ?? (isBad ? "a number from 0 to 100" : undefined)}
        help="By a hash of the trace id, so that a trace is indexed as a whole or not at all."
        inputMode="decimal"
      />
      {to === "XRay" && <Note>The share counts with Transaction Search only.</Note>}
      {asks && (
        <Confirm
          title={`Index ${percentage} % of the traces?`}
          action="Save changes"
          look="primary"
          onConfirm={write}
          onClose={() => setAsks(false)}
        >
          Of the traces that arrive from now on, the others are in no list, map, group or insight; whoever has
          their id can still retrieve them. What is indexed already stays so.
        </Confirm>
      )}
    </Form>
  );
}

function Meaning() {
  return (
    <Panel title="What it means">
      <div class={styles.text}>
        <ul>
          <li>Indexed traces are found by filters and counted on the map, in groups and for insights.</li>
          <li>The others are stored all the same: StartTraceRetrieval and the page of a trace show them.</li>
          <li>Changes count for data that arrives later.</li>
        </ul>
      </div>
    </Panel>
  );
}
