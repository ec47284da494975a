/** One resource policy: its text, checked as the server checks it. */
import { useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { invalidate } from "../../api/query";
import {
  deleteResourcePolicy,
  NEW_REVISION,
  putResourcePolicy,
  type ResourcePolicy,
} from "../../api/resource-policies";
import { Button } from "../../components/button/button";
import { Confirm } from "../../components/dialog/confirm";
import { Switch, TextField } from "../../components/field/field";
import { Discard } from "../../components/form/discard";
import { Form, Note } from "../../components/form/form";
import { useSave } from "../../components/form/use-save";
import { JsonEditor } from "../../components/json-editor/json-editor";
import { parseJson } from "../../components/json-editor/parse";
import { SidePanel } from "../../components/side-panel/side-panel";
import { formatCount, visible } from "../../model/format";
import { mayLockOut, POLICY_BYTES_MAX, POLICY_NAME, policyProblems } from "../../model/policy";
import { go } from "../../shell/navigation";
import styles from "./settings.module.css";

const MEMBERS = ["PolicyName", "PolicyDocument"];

/** What a new policy begins with: SNS with active tracing. */
const TEMPLATE = JSON.stringify(
  {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "SNSAccess",
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
        Resource: "*",
      },
    ],
  },
  null,
  2,
);

const pretty = (text: string): string => {
  const parsed = parseJson(text);
  return parsed.isValid ? JSON.stringify(parsed.value, null, 2) : text;
};

export function PolicyEditor(props: {
  policy: ResourcePolicy | undefined;
  policies: ResourcePolicy[];
  onClose: () => void;
}) {
  const { policy, policies } = props;
  const [name, setName] = useState(policy?.PolicyName ?? "");
  // The policy as it was read: what is saved replaces this revision and no other.
  const [base, setBase] = useState(policy);
  const before = base ? pretty(base.PolicyDocument) : TEMPLATE;
  const [text, setText] = useState(before);
  const [bypasses, setBypasses] = useState(false);
  const [asks, setAsks] = useState<"delete" | "discard" | "lockout">();
  const [isConflict, setConflict] = useState(false);
  const save = useSave(MEMBERS);
  const parsed = parseJson(text);
  const problems = parsed.isValid ? policyProblems(parsed.value) : [];
  const bytes = new Blob([text]).size;
  if (bytes > POLICY_BYTES_MAX) problems.push(`at most ${formatCount(POLICY_BYTES_MAX)} bytes`);
  const locksOut = parsed.isValid && mayLockOut(parsed.value);
  const isTaken = !policy && policies.some(({ PolicyName }) => PolicyName === name);
  const isMisnamed = name !== "" && !POLICY_NAME.test(name);
  const isDirty = policy ? text !== before : name !== "" || text !== before;
  const write = async () => {
    setAsks(undefined);
    setConflict(false);
    const isSaved = await save.run(async () => {
      try {
        const written = await putResourcePolicy({
          PolicyName: name,
          PolicyDocument: text,
          PolicyRevisionId: base?.PolicyRevisionId ?? NEW_REVISION,
          BypassPolicyLockoutCheck: locksOut && bypasses,
        });
        setBase(written);
      } catch (cause) {
        setConflict(cause instanceof ApiError && cause.code === "InvalidPolicyRevisionIdException");
        throw cause;
      }
    });
    if (!isSaved) return;
    invalidate("policies");
    go({ route: { page: "settings", section: "policies" }, params: { q: name, view: undefined } });
  };
  // Somebody else wrote it: their text is the new base, ours stays in the field.
  const rebase = () => {
    invalidate("policies");
    setBase(policies.find(({ PolicyName }) => PolicyName === name));
    setConflict(false);
    save.clear();
  };
  return (
    <SidePanel
      label="Resource policy"
      title={policy ? visible(policy.PolicyName) : "New policy"}
      onClose={() => (isDirty ? setAsks("discard") : props.onClose())}
    >
      <Form
        label={policy ? `Policy ${policy.PolicyName}` : "New policy"}
        save={save}
        submit={policy ? "Save changes" : "Create policy"}
        isDisabled={
          !isDirty || name === "" || isMisnamed || isTaken || !parsed.isValid || problems.length > 0
        }
        onSubmit={() => (locksOut && bypasses ? setAsks("lockout") : write())}
        actions={
          policy && (
            <Button look="danger" onClick={() => setAsks("delete")}>
              Delete…
            </Button>
          )
        }
      >
        {policy ? (
          <p class={styles.muted}>
            Revision {base?.PolicyRevisionId ?? "–"}. Saving replaces this revision only: a change by somebody
            else is not lost.
          </p>
        ) : (
          <TextField
            label="Name"
            value={name}
            onValue={setName}
            error={
              save.at("PolicyName") ??
              (isTaken
                ? "a policy of this name exists"
                : isMisnamed
                  ? "1 to 128 letters, digits and _ + = , . @ -"
                  : undefined)
            }
            isFirst
          />
        )}
        <JsonEditor
          label="Policy"
          text={text}
          onText={next => {
            save.clear();
            setText(next);
          }}
          problems={problems}
          error={save.at("PolicyDocument")}
          rows={14}
          help={`${formatCount(bytes)} of ${formatCount(POLICY_BYTES_MAX)} bytes`}
        />
        {isConflict && (
          <Note look="warning">
            It was changed meanwhile.{" "}
            <Button look="quiet" onClick={rebase}>
              Go on from the current revision
            </Button>
          </Note>
        )}
        {locksOut && (
          <>
            <Note look="warning">
              This denies <code>xray:PutResourcePolicy</code>: whoever it names, perhaps you, can no longer
              change policies. The server refuses that unless the check is left out.
            </Note>
            <Switch
              label="Leave out the lock-out check"
              isOn={bypasses}
              onChange={setBypasses}
              help="BypassPolicyLockoutCheck"
            />
          </>
        )}
      </Form>
      {asks && (
        <Question
          asks={asks}
          policy={policy}
          write={write}
          leave={props.onClose}
          onClose={() => setAsks(undefined)}
        />
      )}
    </SidePanel>
  );
}

function Question(props: {
  asks: "delete" | "discard" | "lockout";
  policy: ResourcePolicy | undefined;
  write: () => Promise<void>;
  leave: () => void;
  onClose: () => void;
}) {
  const { asks, policy, onClose } = props;
  if (asks === "lockout") {
    return (
      <Confirm
        title="Save what may lock you out?"
        action="Save all the same"
        onConfirm={props.write}
        onClose={onClose}
      >
        If the denial names you, only the administrator of the server can change this policy again.
      </Confirm>
    );
  }
  if (asks === "discard") {
    return <Discard onDiscard={props.leave} onClose={onClose} />;
  }
  const confirm = async () => {
    await deleteResourcePolicy(policy?.PolicyName ?? "", policy?.PolicyRevisionId);
    invalidate("policies");
    props.leave();
  };
  return (
    <Confirm
      title={`Delete the policy ${visible(policy?.PolicyName ?? "")}?`}
      action="Delete policy"
      onConfirm={confirm}
      onClose={onClose}
    >
      Whom it allows to send segments or to ask for sampling rules is refused from now on. This cannot be
      undone.
    </Confirm>
  );
}
