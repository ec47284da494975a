/** A form in a panel: fields, then what can be done, always in sight. */
import type { ComponentChildren } from "preact";
import { visible } from "../../model/format";
import { Button } from "../button/button";
import styles from "./form.module.css";
import type { Save } from "./use-save";

export function Form(props: {
  label: string;
  save: Save;
  /** The word on the button. */
  submit: string;
  /** Nothing to save, or something is wrong. */
  isDisabled?: boolean;
  onSubmit: () => void;
  /** Beside the button. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const { save } = props;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!props.isDisabled && !save.isBusy) props.onSubmit();
  };
  return (
    <form class={styles.form} aria-label={props.label} onSubmit={submit} noValidate>
      <div class={styles.fields}>{props.children}</div>
      {save.general !== undefined && (
        <p class={styles.failure} role="alert">
          {visible(save.general, 600)}
        </p>
      )}
      <footer class={styles.actions}>
        <Button type="submit" look="primary" disabled={props.isDisabled || save.isBusy}>
          {save.isBusy ? "Saving…" : props.submit}
        </Button>
        {props.actions && <span class={styles.more}>{props.actions}</span>}
      </footer>
    </form>
  );
}

/** A part of a form under a heading. */
export function FormSection({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class={styles.section}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** What a person should know before saving. */
export function Note({
  look = "plain",
  children,
}: {
  look?: "plain" | "warning";
  children: ComponentChildren;
}) {
  return (
    <p class={`${styles.note} ${styles[look]}`} role={look === "warning" ? "status" : undefined}>
      {look === "warning" && (
        <span class={styles.sign} aria-hidden="true">
          △
        </span>
      )}
      <span>{children}</span>
    </p>
  );
}
