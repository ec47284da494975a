/** JSON as text: says where it is not JSON, and what the caller finds wrong with it. */
import { useState } from "preact/hooks";
import { Button } from "../button/button";
import { Field, type FieldProps } from "../field/field";
import styles from "./json-editor.module.css";
import { type ParsedJson, parseJson } from "./parse";

export function JsonEditor(
  props: FieldProps & {
    text: string;
    onText: (text: string, parsed: ParsedJson) => void;
    /** What is wrong with what the text says. */
    problems?: readonly string[];
    rows?: number;
  },
) {
  const { text, onText, problems = [] } = props;
  const [isTouched, setTouched] = useState(false);
  const parsed = parseJson(text);
  const broken = parsed.isValid ? undefined : parsed.problem;
  const shown = props.error ?? (isTouched || text !== "" ? (broken ?? problems[0]) : undefined);
  const more = broken === undefined ? problems.slice(props.error === undefined ? 1 : 0) : [];
  const change = (next: string) => onText(next, parseJson(next));
  const format = () => parsed.isValid && change(JSON.stringify(parsed.value, null, 2));
  const height = Math.min(30, Math.max(props.rows ?? 10, text.split("\n").length + 1));
  return (
    <div class={styles.editor}>
      <Field label={props.label} help={props.help} error={shown} isMono>
        {control => (
          <textarea
            {...control}
            class={`${control.class} ${styles.text}`}
            rows={height}
            spellcheck={false}
            autocomplete="off"
            wrap="off"
            value={text}
            onBlur={() => setTouched(true)}
            onInput={event => change(event.currentTarget.value)}
          />
        )}
      </Field>
      {more.length > 0 && (
        <ul class={styles.problems}>
          {more.map(problem => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      <div class={styles.actions}>
        <Button look="quiet" disabled={!parsed.isValid} onClick={format}>
          Format
        </Button>
      </div>
    </div>
  );
}
