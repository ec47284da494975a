/** Asks before something is taken away; says what it will do, and why it did not work. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { visible } from "../../model/format";
import { Button } from "../button/button";
import { Dialog } from "./dialog";
import styles from "./dialog.module.css";

export function Confirm(props: {
  /** A question: "Delete group orders?" */
  title: string;
  /** What will happen, in words. */
  children: ComponentChildren;
  /** The word on the button: "Delete". */
  action: string;
  look?: "danger" | "primary";
  /** What has to be typed first, for what cannot be undone. */
  typed?: string;
  /** Closing is up to the caller (`onClose`) once this succeeded; a rejection is shown. */
  onConfirm: () => Promise<void> | void;
  onClose: () => void;
}) {
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [text, setText] = useState("");
  const id = useId();
  const confirm = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await props.onConfirm();
      props.onClose();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <Button data-autofocus onClick={props.onClose}>
        Cancel
      </Button>
      <Button
        look={props.look ?? "danger"}
        disabled={isBusy || (props.typed !== undefined && text.trim() !== props.typed)}
        onClick={confirm}
      >
        {props.action}
      </Button>
    </>
  );
  return (
    <Dialog title={props.title} role="alertdialog" onClose={props.onClose} actions={actions}>
      <div class={styles.confirm}>
        <div>{props.children}</div>
        {props.typed !== undefined && (
          <label class={styles.typed} for={id}>
            <span>
              Type <code>{visible(props.typed, 300)}</code> to go on
            </span>
            <input
              id={id}
              value={text}
              autocomplete="off"
              onInput={event => setText(event.currentTarget.value)}
            />
          </label>
        )}
        {failure && (
          <p class={styles.failure} role="alert">
            {visible(failure, 600)}
          </p>
        )}
      </div>
    </Dialog>
  );
}
