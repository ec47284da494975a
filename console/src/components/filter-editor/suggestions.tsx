import { useEffect, useRef } from "preact/hooks";
import type { Suggestion } from "../../model/filter/suggest";
import { formatCount, visible } from "../../model/format";
import styles from "./filter-editor.module.css";

export function Suggestions(props: {
  id: string;
  suggestions: readonly Suggestion[];
  prefix: string;
  chosen: number | undefined;
  onChoose: (suggestion: Suggestion) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  }, [props.chosen]);
  return (
    <div ref={list} id={props.id} class={styles.suggestions} role="listbox" aria-label="Suggestions">
      {props.suggestions.map((suggestion, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text field has the focus and its keys
        // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
        <div
          key={suggestion.label}
          id={`${props.id}-${at}`}
          class={styles.suggestion}
          role="option"
          aria-selected={at === props.chosen}
          // The field keeps the focus.
          onMouseDown={event => event.preventDefault()}
          onClick={() => props.onChoose(suggestion)}
        >
          <span class={styles.label}>{visible(suggestion.label, 200)}</span>
          <span class={styles.help}>
            {suggestion.count === undefined ? suggestion.help : formatCount(suggestion.count)}
          </span>
        </div>
      ))}
    </div>
  );
}
