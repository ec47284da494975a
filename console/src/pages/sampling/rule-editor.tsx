/** Making, changing and deleting a sampling rule, as a form or as JSON. */
import { useState } from "preact/hooks";
import { invalidate } from "../../api/query";
import {
  createSamplingRule,
  deleteSamplingRule,
  type SamplingRule,
  updateSamplingRule,
} from "../../api/sampling-rules";
import { listTagsForResource, replaceTags, type Tag } from "../../api/tags";
import { Button } from "../../components/button/button";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Confirm } from "../../components/dialog/confirm";
import { Discard } from "../../components/form/discard";
import { Form, FormSection } from "../../components/form/form";
import { useSave } from "../../components/form/use-save";
import { JsonEditor } from "../../components/json-editor/json-editor";
import { SidePanel } from "../../components/side-panel/side-panel";
import { Tabs } from "../../components/tabs/tabs";
import { TagEditor } from "../../components/tag-editor/tag-editor";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { DEFAULT_RULE, MATCH_FIELDS } from "../../model/sampling";
import {
  draftOf,
  draftOfJson,
  jsonOf,
  newDraft,
  problemsOf,
  type RuleDraft,
} from "../../model/sampling-draft";
import { tagsProblem } from "../../model/tags";
import { address, adjust, go } from "../../shell/navigation";
import { RuleFields } from "./rule-fields";
import styles from "./sampling.module.css";

const MEMBERS = [
  "RuleName",
  "Priority",
  "FixedRate",
  "ReservoirSize",
  ...MATCH_FIELDS.map(({ member }) => member),
  "Attributes",
  "MaxRate",
  "CooldownWindowMinutes",
];
const TABS = [
  { id: "form", label: "Form" },
  { id: "json", label: "JSON" },
] as const;

/** Drafts that were left without saving, by rule; the new one under no name. */
const drafts = new Map<string, RuleDraft>();

export function RuleEditor(props: {
  rule: SamplingRule | undefined;
  rules: SamplingRule[];
  onClose: () => void;
}) {
  const { rule, rules } = props;
  const key = rule?.RuleName ?? "";
  const before = rule ? draftOf(rule) : newDraft();
  const [draft, setDraft] = useState(drafts.get(key) ?? before);
  const [tags, setTags] = useState<Tag[]>();
  const [asks, setAsks] = useState<"delete" | "discard">();
  // Text that is no rule: what would be saved is not what is seen.
  const [isBroken, setBroken] = useState(false);
  const save = useSave(MEMBERS);
  const known = useQuery(rule && `sampling-tags ${rule.RuleARN}`, signal =>
    listTagsForResource(rule?.RuleARN ?? "", { signal }),
  );
  const problems = problemsOf(draft);
  if (!rule && rules.some(({ RuleName }) => RuleName === draft.RuleName)) {
    problems.set("RuleName", `a rule named ${draft.RuleName} exists`);
  }
  const isDirty = JSON.stringify(draft) !== JSON.stringify(before) || tags !== undefined;
  const change = (next: RuleDraft) => {
    drafts.set(key, next);
    setDraft(next);
  };
  const leave = () => {
    drafts.delete(key);
    props.onClose();
  };
  const submit = async () => {
    if (!(await save.run(() => write(draft, tags, rule, known.value ?? [])))) return;
    drafts.delete(key);
    setTags(undefined);
    invalidate("sampling-");
    if (!rule) go({ route: { page: "sampling", rule: draft.RuleName }, params: { view: undefined } });
  };
  const tab = address.value.params.tab === "json" ? "json" : "form";
  const badTags = tagsProblem(tags ?? []);
  return (
    <SidePanel
      label="Sampling rule"
      title={rule ? visible(rule.RuleName) : "New sampling rule"}
      actions={rule && <CopyButton text={rule.RuleARN} label="Copy ARN" />}
      onClose={() => (isDirty ? setAsks("discard") : leave())}
      header={
        <Tabs
          label="How to edit"
          tabs={TABS}
          chosen={tab}
          onChoose={next => adjust({ params: { tab: next === "json" ? next : undefined } })}
        />
      }
    >
      <Form
        label={rule ? `Sampling rule ${rule.RuleName}` : "New sampling rule"}
        save={save}
        submit={rule ? "Save changes" : "Create rule"}
        isDisabled={!isDirty || (isBroken && tab === "json") || problems.size > 0 || badTags !== undefined}
        onSubmit={submit}
        actions={
          rule &&
          rule.RuleName !== DEFAULT_RULE && (
            <Button look="danger" onClick={() => setAsks("delete")}>
              Delete…
            </Button>
          )
        }
      >
        {tab === "json" ? (
          <RuleJsonEditor draft={draft} onDraft={change} onBroken={setBroken} problems={problems} />
        ) : (
          <RuleFields draft={draft} isNew={!rule} onDraft={change} problems={problems} save={save} />
        )}
        {tab === "form" && (
          <FormSection title="Tags">
            <TagEditor
              label="Tags of the rule"
              isLabelHidden
              tags={tags ?? known.value ?? []}
              onTags={setTags}
              error={badTags}
            />
          </FormSection>
        )}
      </Form>
      {asks === "delete" && rule && (
        <ConfirmDelete rule={rule} onDeleted={leave} onClose={() => setAsks(undefined)} />
      )}
      {asks === "discard" && <Discard onDiscard={leave} onClose={() => setAsks(undefined)} />}
    </SidePanel>
  );
}

async function write(
  draft: RuleDraft,
  tags: Tag[] | undefined,
  rule: SamplingRule | undefined,
  tagsBefore: Tag[],
): Promise<void> {
  const json = jsonOf(draft);
  if (!rule) {
    await createSamplingRule(json, tags);
    return;
  }
  // A boost cannot be taken away by an update; at most 0 % switches it off.
  const boost = rule.SamplingRateBoost;
  const off = boost && !draft.boost ? { SamplingRateBoost: { ...boost, MaxRate: 0 } } : {};
  await updateSamplingRule({ ...json, ...off });
  if (tags) await replaceTags(rule.RuleARN, tagsBefore, tags);
}

function RuleJsonEditor(props: {
  draft: RuleDraft;
  onDraft: (draft: RuleDraft) => void;
  onBroken: (isBroken: boolean) => void;
  problems: Map<string, string>;
}) {
  const [text, setText] = useState(() => JSON.stringify(jsonOf(props.draft), null, 2));
  const [form, setForm] = useState<string>();
  const named = [...props.problems].map(([member, problem]) => `${member}: ${problem}`);
  return (
    <JsonEditor
      label="Rule"
      help="As CreateSamplingRule and UpdateSamplingRule take it; what is left out stays as it is."
      text={text}
      problems={form === undefined ? named : [form]}
      rows={16}
      onText={(next, parsed) => {
        setText(next);
        const draft = parsed.isValid ? draftOfJson(parsed.value, props.draft) : "";
        props.onBroken(typeof draft === "string");
        setForm(parsed.isValid && typeof draft === "string" ? draft : undefined);
        if (typeof draft !== "string") props.onDraft(draft);
      }}
    />
  );
}

function ConfirmDelete(props: { rule: SamplingRule; onDeleted: () => void; onClose: () => void }) {
  const { rule } = props;
  const confirm = async () => {
    await deleteSamplingRule(rule.RuleName);
    // Not its tags, which are gone with it.
    invalidate("sampling-rules");
    props.onDeleted();
  };
  return (
    <Confirm
      title={`Delete the rule ${visible(rule.RuleName)}?`}
      action="Delete rule"
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <p>
        Requests that it takes now go to the next rule that matches, at the latest to {DEFAULT_RULE}. Clients
        learn it at their next report, within ten seconds. Its tags go with it; traces stay.
      </p>
      <p class={styles.muted}>This cannot be undone.</p>
    </Confirm>
  );
}
