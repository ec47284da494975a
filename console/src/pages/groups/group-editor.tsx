/** Making, changing and deleting a group, beside the list. */
import { useState } from "preact/hooks";
import { createGroup, deleteGroup, updateGroup } from "../../api/group-changes";
import { invalidate } from "../../api/query";
import { replaceTags, type Tag } from "../../api/tags";
import { Button } from "../../components/button/button";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Confirm } from "../../components/dialog/confirm";
import { Switch, TextField } from "../../components/field/field";
import { FilterEditor } from "../../components/filter-editor/filter-editor";
import { Discard } from "../../components/form/discard";
import { Form, FormSection, Note } from "../../components/form/form";
import { useSave } from "../../components/form/use-save";
import { SidePanel } from "../../components/side-panel/side-panel";
import { TagEditor } from "../../components/tag-editor/tag-editor";
import { filterErrorOf } from "../../model/filter/parse";
import { formatCount, visible } from "../../model/format";
import { tagsProblem } from "../../model/tags";
import { go, hrefOf } from "../../shell/navigation";
import { shownWindow } from "../../shell/time";
import styles from "./groups.module.css";
import { expressionError, PreviewBox, usePreview } from "./preview";
import { DEFAULT_GROUP, type GroupRow } from "./rows";

interface Draft {
  name: string;
  expression: string;
  hasInsights: boolean;
  hasNotifications: boolean;
  /** Undefined: as they are. */
  tags: Tag[] | undefined;
}

const NAME = /^[A-Za-z0-9_.-]{1,32}$/;
const MEMBERS = ["GroupName", "FilterExpression", "InsightsEnabled", "NotificationsEnabled", "Tags"];

/** Drafts that were left without saving, by group; the new one under no name. */
const drafts = new Map<string, Draft>();

export function GroupEditor({ row, onClose }: { row: GroupRow | undefined; onClose: () => void }) {
  const key = row?.name ?? "";
  const before = draftOf(row);
  const [draft, setDraft] = useState<Draft>(drafts.get(key) ?? before);
  const [asks, setAsks] = useState<"delete" | "discard">();
  const save = useSave(MEMBERS);
  const isDirty = JSON.stringify(draft) !== JSON.stringify(before);
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    if (!next.hasInsights) next.hasNotifications = false;
    drafts.set(key, next);
    setDraft(next);
  };
  const leave = () => {
    drafts.delete(key);
    onClose();
  };
  const submit = async () => {
    const isSaved = await save.run(() => write(draft, row));
    if (!isSaved) return;
    drafts.delete(key);
    invalidate("group");
    if (!row) go({ route: { page: "groups", name: draft.name }, params: { view: undefined } });
    else setDraft({ ...draft, tags: undefined });
  };
  return (
    <SidePanel
      label="Group"
      title={row ? visible(row.name) : "New group"}
      onClose={() => (isDirty ? setAsks("discard") : leave())}
    >
      <GroupForm
        row={row}
        draft={draft}
        change={change}
        save={save}
        isDirty={isDirty}
        submit={submit}
        onDelete={() => setAsks("delete")}
      />
      {asks === "delete" && row && (
        <ConfirmDelete row={row} onDeleted={leave} onClose={() => setAsks(undefined)} />
      )}
      {asks === "discard" && <Discard onDiscard={leave} onClose={() => setAsks(undefined)} />}
    </SidePanel>
  );
}

const draftOf = (row: GroupRow | undefined): Draft => ({
  name: row?.name ?? "",
  expression: row?.expression ?? "",
  hasInsights: row?.hasInsights ?? false,
  hasNotifications: row?.hasNotifications ?? false,
  tags: undefined,
});

async function write(draft: Draft, row: GroupRow | undefined): Promise<void> {
  const InsightsConfiguration = {
    InsightsEnabled: draft.hasInsights,
    NotificationsEnabled: draft.hasNotifications,
  };
  const change = { GroupName: draft.name, InsightsConfiguration };
  const expression = { FilterExpression: draft.expression.trim() };
  if (!row) {
    const tags = draft.tags && draft.tags.length > 0 ? { Tags: draft.tags } : {};
    await createGroup({ ...change, ...expression, ...tags });
    return;
  }
  // An unchanged expression is not sent: the group would count as changed.
  await updateGroup(draft.expression === row.expression ? change : { ...change, ...expression });
  if (draft.tags) await replaceTags(row.arn, row.tags ?? [], draft.tags);
}

function GroupForm(props: {
  row: GroupRow | undefined;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  save: ReturnType<typeof useSave>;
  isDirty: boolean;
  submit: () => void;
  onDelete: () => void;
}) {
  const { row, draft, change, save } = props;
  const broken = draft.expression.trim() === "" ? undefined : filterErrorOf(draft.expression);
  const preview = usePreview(broken ? undefined : draft.expression);
  const isDefault = row?.name === DEFAULT_GROUP;
  const isMisnamed = !row && draft.name !== "" && !NAME.test(draft.name);
  const tags = draft.tags ?? row?.tags ?? [];
  const badTags = tagsProblem(tags);
  const isChanged = row !== undefined && draft.expression.trim() !== row.expression.trim();
  return (
    <Form
      label={row ? `Group ${row.name}` : "New group"}
      save={save}
      submit={row ? "Save changes" : "Create group"}
      isDisabled={
        !props.isDirty || draft.name === "" || isMisnamed || broken !== undefined || badTags !== undefined
      }
      onSubmit={props.submit}
      actions={
        row &&
        !isDefault && (
          <Button look="danger" onClick={props.onDelete}>
            Delete…
          </Button>
        )
      }
    >
      {row ? (
        <GroupLinks row={row} />
      ) : (
        <TextField
          label="Name"
          value={draft.name}
          onValue={name => change({ name })}
          error={
            save.at("GroupName") ??
            (isMisnamed ? "1 to 32 letters, digits and _ . - without spaces" : undefined)
          }
          help="Cannot be changed later."
          isFirst
        />
      )}
      {!isDefault && (
        <Expression
          text={draft.expression}
          onText={expression => change({ expression })}
          error={save.at("FilterExpression") ?? expressionError(preview)}
        />
      )}
      {!isDefault && <PreviewBox preview={preview} broken={broken?.message} />}
      {isChanged && (
        <Note look="warning">
          Only traces that arrive from now on are tested with the new expression; those recorded before keep
          the membership they have. Results may mix both. A new group begins clean.
        </Note>
      )}
      <FormSection title="Insights">
        <Switch
          label="Find insights"
          isOn={draft.hasInsights}
          onChange={hasInsights => change({ hasInsights })}
          error={save.at("InsightsEnabled")}
          help="Each service of the group is watched: faults above the range expected of it become an insight."
        />
        <Switch
          label="Send notifications"
          isOn={draft.hasNotifications}
          onChange={hasNotifications => change({ hasNotifications })}
          isDisabled={!draft.hasInsights}
          error={save.at("NotificationsEnabled")}
          help={
            draft.hasInsights
              ? "Each event of an insight is posted to the web hook in the server's settings."
              : "Needs insights."
          }
        />
      </FormSection>
      <FormSection title="Tags">
        <TagEditor
          label="Tags of the group"
          isLabelHidden
          tags={tags}
          onTags={next => change({ tags: next })}
          error={save.at("Tags") ?? badTags}
        />
      </FormSection>
    </Form>
  );
}

function Expression(props: { text: string; onText: (text: string) => void; error: string | undefined }) {
  const { start, end } = shownWindow.value;
  // What the field begins with: it keeps its own text while it is written.
  const [first] = useState(props.text);
  return (
    <div class={styles.expressionField}>
      <h3>Filter expression</h3>
      <FilterEditor
        label="Filter expression"
        value={first}
        onRun={props.onText}
        onDraft={props.onText}
        scope={{ start, end }}
        placeholder='service("orders") AND responsetime > 1'
        action=""
        hasChips={false}
      />
      {props.error && (
        <p class={styles.bad} role="alert">
          {visible(props.error, 400)}
        </p>
      )}
      <p class={styles.hint}>Traces that match are members. Empty: all traces.</p>
    </div>
  );
}

function GroupLinks({ row }: { row: GroupRow }) {
  const params = { group: row.isDefault ? undefined : row.name };
  return (
    <div>
      <p class={styles.links}>
        <a href={hrefOf({ route: { page: "service-map" }, params })}>Trace map</a>
        <a href={hrefOf({ route: { page: "traces" }, params })}>Traces</a>
        {row.hasInsights && <a href={hrefOf({ route: { page: "insights" }, params })}>Insights</a>}
        <CopyButton text={row.arn} label="Copy ARN" />
      </p>
      {row.isDefault && (
        <p class={styles.detail}>
          Every trace belongs to this group. It is always there; its insights can be set.
        </p>
      )}
    </div>
  );
}

function ConfirmDelete(props: { row: GroupRow; onDeleted: () => void; onClose: () => void }) {
  const { row } = props;
  const confirm = async () => {
    await deleteGroup(row.name);
    // The list alone: counts and tags of what is gone cannot be read any more.
    invalidate("groups ");
    props.onDeleted();
  };
  return (
    <Confirm
      title={`Delete the group ${visible(row.name)}?`}
      action="Delete group"
      onConfirm={confirm}
      onClose={props.onClose}
    >
      The record of which traces belong to it, its insights and its tags go with it
      {row.traces ? `; ${formatCount(row.traces)} traces of the last hour are members` : ""}. The traces
      themselves stay. A new group of the same name begins with none.
    </Confirm>
  );
}
