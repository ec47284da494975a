/** The form of a sampling rule. */
import { Switch, TextField } from "../../components/field/field";
import { FormSection, Note } from "../../components/form/form";
import type { Save } from "../../components/form/use-save";
import { TagEditor } from "../../components/tag-editor/tag-editor";
import { formatCount, formatShare } from "../../model/format";
import { DEFAULT_RULE, MATCH_FIELDS, type MatchField, wildcardMatches } from "../../model/sampling";
import { ATTRIBUTES_MAX, type RuleDraft } from "../../model/sampling-draft";
import styles from "./sampling.module.css";
import { type Seen, useSeen } from "./use-seen";

const HELP: Partial<Record<MatchField, string>> = {
  ServiceName: "The name that the service gives itself.",
  ServiceType: "The origin, such as AWS::ECS::Fargate.",
  URLPath: "Without the query.",
  ResourceARN: "X-Ray SDKs use rules with * only.",
};

export function RuleFields(props: {
  draft: RuleDraft;
  isNew: boolean;
  onDraft: (draft: RuleDraft) => void;
  problems: Map<string, string>;
  save: Save;
}) {
  const { draft, onDraft, problems, save } = props;
  const isDefault = draft.RuleName === DEFAULT_RULE && !props.isNew;
  const at = (member: string) => save.at(member) ?? problems.get(member);
  const change = (part: Partial<RuleDraft>) => onDraft({ ...draft, ...part });
  return (
    <>
      {isDefault && (
        <Note>
          Default takes what no other rule takes. It is always last; only its shares can be changed.
        </Note>
      )}
      {props.isNew && (
        <TextField
          label="Name"
          value={draft.RuleName}
          onValue={RuleName => change({ RuleName })}
          error={draft.RuleName === "" ? save.at("RuleName") : at("RuleName")}
          help="Cannot be changed later."
          isFirst
        />
      )}
      <div class={styles.triple}>
        {!isDefault && (
          <TextField
            label="Priority"
            value={draft.Priority}
            onValue={Priority => change({ Priority })}
            error={at("Priority")}
            help="Lower goes first."
            inputMode="numeric"
          />
        )}
        <TextField
          label="Reservoir"
          value={draft.ReservoirSize}
          onValue={ReservoirSize => change({ ReservoirSize })}
          error={at("ReservoirSize")}
          help="Traces a second, over all clients."
          inputMode="numeric"
        />
        <TextField
          label="Fixed rate"
          value={draft.FixedRate}
          onValue={FixedRate => change({ FixedRate })}
          error={at("FixedRate")}
          help={at("FixedRate") ? "0 to 1" : `${formatShare(Number(draft.FixedRate), 1)} of the rest.`}
          inputMode="decimal"
        />
      </div>
      {!isDefault && <MatchFields draft={draft} change={change} at={at} />}
      <Boost draft={draft} change={change} at={at} />
    </>
  );
}

interface PartProps {
  draft: RuleDraft;
  change: (part: Partial<RuleDraft>) => void;
  at: (member: string) => string | undefined;
}

function MatchFields({ draft, change, at }: PartProps) {
  const seen = useSeen();
  const attributes = draft.attributes.map(({ key, value }) => ({ Key: key, Value: value }));
  return (
    <FormSection title="Matches">
      <p class={styles.muted}>
        <code>*</code> is any run of characters, <code>?</code> exactly one; case does not count.
      </p>
      <div class={styles.pair}>
        {MATCH_FIELDS.map(({ member, label }) => (
          <TextField
            key={member}
            label={label}
            value={draft.match[member]}
            onValue={text => change({ match: { ...draft.match, [member]: text } })}
            error={at(member)}
            help={seenText(seen, member, draft.match[member]) ?? HELP[member]}
            isMono
          />
        ))}
      </div>
      <TagEditor
        label="Attributes"
        word="attribute"
        max={ATTRIBUTES_MAX}
        tags={attributes}
        onTags={next => change({ attributes: next.map(({ Key, Value }) => ({ key: Key, value: Value })) })}
        error={at("Attributes")}
        valuePlaceholder="pattern"
      />
      {attributes.length > 0 && (
        <Note>
          X-Ray SDKs skip rules with attributes; OpenTelemetry samplers compare them with span attributes.
        </Note>
      )}
    </FormSection>
  );
}

/** How much of what came lately a pattern takes. */
function seenText(seen: Seen | undefined, member: MatchField, pattern: string): string | undefined {
  const values = seen?.values[member];
  if (!values || values.size === 0 || pattern === "*" || pattern === "") return undefined;
  const matching = [...values].filter(value => wildcardMatches(pattern, value));
  return `Matches ${formatCount(matching.length)} of ${formatCount(values.size)} seen in the newest ${formatCount(seen?.traces ?? 0)} traces of the last hour.`;
}

function Boost({ draft, change, at }: PartProps) {
  const { boost } = draft;
  return (
    <FormSection title="Adaptive sampling">
      <Switch
        label="Boost the rate when anomalies are seen"
        isOn={boost !== undefined}
        onChange={isOn =>
          change({ boost: isOn ? { MaxRate: "0.5", CooldownWindowMinutes: "10" } : undefined })
        }
        help="Clients that report faults or slow requests get a higher rate for up to a minute."
      />
      {boost && (
        <div class={styles.pair}>
          <TextField
            label="At most"
            value={boost.MaxRate}
            onValue={MaxRate => change({ boost: { ...boost, MaxRate } })}
            error={at("MaxRate")}
            help={at("MaxRate") ? "0 to 1" : `${formatShare(Number(boost.MaxRate), 1)} of the requests.`}
            inputMode="decimal"
          />
          <TextField
            label="Cool-down"
            value={boost.CooldownWindowMinutes}
            onValue={CooldownWindowMinutes => change({ boost: { ...boost, CooldownWindowMinutes } })}
            error={at("CooldownWindowMinutes")}
            help="Minutes from one boost to the next."
            inputMode="numeric"
          />
        </div>
      )}
    </FormSection>
  );
}
