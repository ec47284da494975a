/** How data is encrypted at rest (spec security.md 5). */
import { useEffect, useState } from "preact/hooks";
import { type EncryptionConfig, getEncryptionConfig, putEncryptionConfig } from "../../api/encryption-config";
import { invalidate } from "../../api/query";
import { getServer } from "../../api/server";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Confirm } from "../../components/dialog/confirm";
import { Options, TextField } from "../../components/field/field";
import { Form } from "../../components/form/form";
import { useSave } from "../../components/form/use-save";
import { Panel, stateOf } from "../../components/panel/panel";
import { useQuery } from "../../components/use-query";
import { visible } from "../../model/format";
import { now } from "../../shell/time";
import styles from "./settings.module.css";

/** The key that the server makes by itself. */
const OWN_KEY = "alias/aws/xray";
const POLL_MILLIS = 1_000;

export function Encryption() {
  const query = useQuery(`encryption ${now.value}`, signal => getEncryptionConfig({ signal }));
  const config = query.value;
  const isUpdating = config?.Status === "UPDATING";
  useEffect(() => {
    if (!isUpdating) return undefined;
    const timer = setInterval(() => query.refresh(), POLL_MILLIS);
    return () => clearInterval(timer);
  }, [isUpdating]);
  return (
    <div class={styles.pair}>
      <Panel title="Encryption" state={stateOf(query)}>
        {config && (
          <>
            <Current config={config} />
            <Change config={config} key={`${config.Type} ${config.KeyId ?? ""}`} />
          </>
        )}
      </Panel>
      <Meaning />
    </div>
  );
}

function Current({ config }: { config: EncryptionConfig }) {
  return (
    <dl class={styles.facts}>
      <div>
        <dt>Now</dt>
        <dd>{config.Type === "NONE" ? "Plain files: no key" : "With a key"}</dd>
      </div>
      {config.KeyId && (
        <div>
          <dt>Key</dt>
          <dd>
            <code>{visible(config.KeyId, 400)}</code> <CopyButton text={config.KeyId} />
          </dd>
        </div>
      )}
      <div>
        <dt>State</dt>
        <dd>
          <span role="status" class={config.Status === "UPDATING" ? styles.updating : styles.active}>
            {config.Status === "UPDATING" ? "Updating: open files are being closed…" : "Active"}
          </span>
        </dd>
      </div>
    </dl>
  );
}

function Change({ config }: { config: EncryptionConfig }) {
  const before = config.Type === "KMS" ? "KMS" : "NONE";
  const [type, setType] = useState<"NONE" | "KMS">(before);
  const [key, setKey] = useState(config.KeyId ?? OWN_KEY);
  const [asks, setAsks] = useState(false);
  const save = useSave(["KeyId"]);
  const server = useQuery(`server encryption ${now.value}`, signal => getServer({ signal }));
  const isChanged = type !== before || (type === "KMS" && key.trim() !== config.KeyId);
  const write = async () => {
    setAsks(false);
    const change = type === "NONE" ? { Type: type } : { Type: type, KeyId: key.trim() };
    if (await save.run(() => putEncryptionConfig(change))) invalidate("encryption");
  };
  const hasKeyFile = server.value?.features.encryptionKeys;
  return (
    <Form
      label="Encryption"
      save={save}
      submit="Change encryption…"
      isDisabled={!isChanged || (type === "KMS" && key.trim() === "")}
      onSubmit={() => setAsks(true)}
    >
      <Options
        label="Data written from now on"
        chosen={type}
        onChoose={setType}
        options={[
          { value: "NONE", label: "Plain files", help: "As other tools can read them." },
          {
            value: "KMS",
            label: "Encrypted with a key",
            help: "Each file with a key of its own, wrapped by this one.",
          },
        ]}
      />
      {type === "KMS" && (
        <TextField
          label="Key"
          value={key}
          onValue={text => {
            save.clear();
            setKey(text);
          }}
          error={save.at("KeyId")}
          help={
            <>
              Alias, id or ARN. <code>{OWN_KEY}</code> is made by the server in its data directory on first
              use
              {hasKeyFile === false
                ? "; it has no key file, so there are no others."
                : "; others come from its key file."}
            </>
          }
          isMono
        />
      )}
      {asks && (
        <Confirm
          title={type === "NONE" ? "Write plain files from now on?" : "Encrypt from now on?"}
          action="Change encryption"
          look="primary"
          onConfirm={write}
          onClose={() => setAsks(false)}
        >
          {type === "NONE"
            ? "Data that arrives from now on is written without encryption. What is encrypted stays so, and needs its key to be read."
            : "Data that arrives from now on can be read only with this key: without it, its traces are not available and new segments are refused. What is written already stays as it is."}
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
          <li>
            It covers segments and what is derived from them in the data files; not settings, logs or
            notifications.
          </li>
          <li>A change takes a few seconds. Until it is active, data may be written either way.</li>
          <li>Old data is never encrypted anew, and never decrypted. It ends with its retention.</li>
          <li>
            If the key is missing when data is to be written, segments are refused with status 500 and
            counted; senders that try again lose nothing once it is back.
          </li>
          <li>
            If it is missing when data is read, the trace is treated as not available. Bring the key back to
            read it.
          </li>
        </ul>
      </div>
    </Panel>
  );
}
