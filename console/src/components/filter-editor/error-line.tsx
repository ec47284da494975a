import { useEffect, useState } from "preact/hooks";
import { getFacets } from "../../api/facets";
import { readingsOf } from "../../model/filter/clauses";
import { visible } from "../../model/format";
import { Button } from "../button/button";
import styles from "./filter-editor.module.css";
import type { CompletionScope } from "./use-suggestions";

/** What is wrong, with what may be meant. */
export function ErrorLine(props: {
  id: string;
  message: string;
  suggestion: string | undefined;
  onUse: (word: string) => void;
}) {
  const { suggestion } = props;
  return (
    <p class={styles.error} id={props.id} role="alert">
      <span aria-hidden="true">✕</span> {coded(visible(props.message, 600))}
      {suggestion && (
        <Button look="quiet" onClick={() => props.onUse(suggestion)}>
          Use {suggestion}
        </Button>
      )}
    </p>
  );
}

/** Words between backticks as code. */
const coded = (text: string) =>
  text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part));

/** What plain words may mean. */
export function Readings(props: { text: string; scope: CompletionScope; onUse: (clause: string) => void }) {
  const readings = readingsOf(props.text);
  const values = useAnnotationReadings(readings.length > 0 ? props.text.trim() : undefined, props.scope);
  const all = [...readings, ...values];
  if (all.length === 0) return null;
  return (
    <p class={styles.readings}>
      Search as
      {all.map(({ label, clause }) => (
        <Button key={clause} onClick={() => props.onUse(clause)} title={clause}>
          {label} <b>{visible(props.text.trim(), 60)}</b>
        </Button>
      ))}
    </p>
  );
}

/** Keys looked through for a value. */
const KEYS_MAX = 8;

function useAnnotationReadings(words: string | undefined, { start, end, group }: CompletionScope) {
  const [found, setFound] = useState<{ label: string; clause: string }[]>([]);
  useEffect(() => {
    setFound([]);
    if (words === undefined) return undefined;
    const abort = new AbortController();
    const range = { start, end, ...(group ? { group } : {}) };
    const look = async () => {
      const { keys } = await getFacets({ ...range, limit: 100 }, { signal: abort.signal });
      const own = keys.filter(({ key }) => key.startsWith("annotation.")).slice(0, KEYS_MAX);
      const answers = await Promise.all(
        own.map(({ key }) => getFacets({ ...range, key, prefix: words, limit: 5 }, { signal: abort.signal })),
      );
      setFound(
        answers.flatMap(({ values }, at) =>
          values
            .filter(({ value }) => value === words)
            .map(({ filter }) => ({
              label: `${own[at]?.key.slice("annotation.".length)} is`,
              clause: filter,
            })),
        ),
      );
    };
    look().catch(() => undefined);
    return () => abort.abort();
  }, [words]);
  return found;
}
