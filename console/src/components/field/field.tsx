/** Parts of forms: each has a label, help and, beside it, what is wrong with it. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { visible } from "../../model/format";
import styles from "./field.module.css";

export interface FieldProps {
  label: ComponentChildren;
  help?: ComponentChildren;
  /** What is wrong, in words. */
  error?: string | undefined;
}

/** What a control takes over to belong to its label, help and error. */
export interface ControlAttributes {
  id: string;
  class: string | undefined;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

/** A field around any control. */
export function Field(
  props: FieldProps & { isMono?: boolean; children: (control: ControlAttributes) => ComponentChildren },
) {
  const id = useId();
  const { describedBy, notes } = useNotes(id, props);
  const control: ControlAttributes = {
    id,
    class: `${styles.control} ${props.isMono ? styles.mono : ""}`,
    "aria-describedby": describedBy,
    "aria-invalid": props.error !== undefined,
  };
  return (
    <div class={styles.field}>
      <label class={styles.label} for={id}>
        {props.label}
      </label>
      {props.children(control)}
      {notes}
    </div>
  );
}

function useNotes(id: string, { help, error }: FieldProps) {
  const described = [error !== undefined && `${id}-error`, help && `${id}-help`].filter(Boolean);
  const notes = (
    <>
      {error !== undefined && (
        <p class={styles.error} id={`${id}-error`}>
          {visible(error, 600)}
        </p>
      )}
      {help && (
        <p class={styles.help} id={`${id}-help`}>
          {help}
        </p>
      )}
    </>
  );
  return { describedBy: described.length > 0 ? described.join(" ") : undefined, notes };
}

export interface TextFieldProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  isMono?: boolean;
  /** After the control: a unit. */
  unit?: ComponentChildren;
  isDisabled?: boolean;
  placeholder?: string;
  inputMode?: "numeric" | "decimal";
  /** More than one line. */
  rows?: number;
  /** Gets the focus when it appears. */
  isFirst?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { label, help, error, isMono = false, rows, unit } = props;
  return (
    <Field label={label} help={help} error={error} isMono={isMono}>
      {control => {
        const shared = {
          ...control,
          value: props.value,
          disabled: props.isDisabled,
          placeholder: props.placeholder,
          inputMode: props.inputMode,
          autocomplete: "off",
          spellcheck: false,
          ref: (element: HTMLInputElement | HTMLTextAreaElement | null) => {
            if (props.isFirst && element && !element.dataset.seen) {
              element.dataset.seen = "true";
              element.focus();
            }
          },
          onInput: (event: { currentTarget: { value: string } }) => props.onValue(event.currentTarget.value),
        };
        if (rows !== undefined) return <textarea {...shared} rows={rows} />;
        const input = <input {...shared} type="text" />;
        return unit === undefined ? (
          input
        ) : (
          <span class={styles.affixed}>
            {input}
            {unit}
          </span>
        );
      }}
    </Field>
  );
}

export function Switch(
  props: FieldProps & { isOn: boolean; onChange: (isOn: boolean) => void; isDisabled?: boolean },
) {
  const id = useId();
  const { describedBy, notes } = useNotes(id, props);
  return (
    <div class={styles.switch}>
      <input
        id={id}
        class={styles.toggle}
        type="checkbox"
        role="switch"
        checked={props.isOn}
        aria-checked={props.isOn}
        disabled={props.isDisabled}
        aria-describedby={describedBy}
        onChange={event => props.onChange(event.currentTarget.checked)}
      />
      <label class={styles.label} for={id}>
        {props.label}
      </label>
      {notes}
    </div>
  );
}

/** One of a few, each with its meaning. */
export function Options<T extends string>(props: {
  label: string;
  options: readonly { value: T; label: string; help?: ComponentChildren }[];
  chosen: T;
  onChoose: (value: T) => void;
  isDisabled?: boolean;
}) {
  const name = useId();
  return (
    <fieldset class={styles.field} disabled={props.isDisabled}>
      <legend class={styles.label}>{props.label}</legend>
      <div class={styles.choices}>
        {props.options.map(({ value, label, help }) => (
          <label key={value} class={styles.choice}>
            <input
              type="radio"
              name={name}
              checked={value === props.chosen}
              onChange={() => props.onChoose(value)}
            />
            <span>{label}</span>
            {help && <small>{help}</small>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A short list to choose from. */
export function Select<T extends string>(
  props: FieldProps & {
    options: readonly { value: T; label: string }[];
    chosen: T;
    onChoose: (value: T) => void;
    isDisabled?: boolean;
  },
) {
  return (
    <Field label={props.label} help={props.help} error={props.error}>
      {control => (
        <select
          {...control}
          value={props.chosen}
          disabled={props.isDisabled}
          onChange={event => {
            const { value } = event.currentTarget;
            const option = props.options.find(known => known.value === value);
            if (option) props.onChoose(option.value);
          }}
        >
          {props.options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
