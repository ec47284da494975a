/** A text field over a list to choose from (the combobox pattern): arrows move, Enter chooses, text narrows. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { visible } from "../../model/format";
import { Icon } from "../icon/icon";
import styles from "./choices.module.css";

export interface Choice {
  id: string;
  label: string;
  /** In muted text at the end of the line; searched too. */
  detail?: string;
  /** Choices with the same heading stand together below it. */
  heading?: string;
  /** Given, a tick shows which one holds now. */
  isChosen?: boolean;
  onChoose: () => void;
}

/** Rows drawn at once; more are reached by typing. */
const SHOWN_MAX = 100;

export function Choices(props: {
  /** Accessible name of field and list. */
  label: string;
  placeholder: string;
  choices: readonly Choice[];
  /** Choices made of the typed text itself; they come first and are not narrowed. */
  ofText?: (text: string) => readonly Choice[];
  /** Said when nothing matches. */
  none: ComponentChildren;
}) {
  const [text, setText] = useState("");
  const [at, setAt] = useState<number>();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const matching = [
    ...(props.ofText?.(text) ?? []),
    ...props.choices.filter(choice => matches(choice, text)),
  ];
  const shown = matching.slice(0, SHOWN_MAX);
  const chosen = text
    ? 0
    : Math.max(
        0,
        shown.findIndex(choice => choice.isChosen),
      );
  const active = Math.min(at ?? chosen, shown.length - 1);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = step(event.key, active, shown.length);
    if (next !== undefined) setAt(next);
    else if (event.key === "Enter") shown[active]?.onChoose();
    else return;
    event.preventDefault();
  };
  return (
    <div class={styles.choices}>
      <div class={styles.field}>
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={props.label}
          aria-expanded="true"
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={shown[active] ? `${id}-${active}` : undefined}
          placeholder={props.placeholder}
          autocomplete="off"
          spellcheck={false}
          data-autofocus
          value={text}
          onInput={event => {
            setText(event.currentTarget.value);
            setAt(undefined);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class={styles.list} id={id} ref={list} role="listbox" aria-label={props.label}>
        {shown.map((choice, index) => (
          <Row
            key={choice.id}
            id={`${id}-${index}`}
            choice={choice}
            heading={choice.heading !== shown[index - 1]?.heading ? choice.heading : undefined}
            isActive={index === active}
          />
        ))}
      </div>
      {shown.length === 0 && <p class={styles.none}>{props.none}</p>}
      <p class="visually-hidden" role="status">
        {text ? `${matching.length} of ${props.choices.length}` : ""}
      </p>
    </div>
  );
}

function Row(props: { id: string; choice: Choice; heading: string | undefined; isActive: boolean }) {
  const { choice, heading } = props;
  return (
    <>
      {heading && (
        <div class={styles.heading} role="presentation">
          {heading}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus and its keys */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant */}
      <div
        id={props.id}
        class={`${styles.choice} ${props.isActive ? styles.active : ""}`}
        role="option"
        aria-selected={props.isActive}
        title={visible(choice.label, 300)}
        onClick={choice.onChoose}
      >
        {choice.isChosen !== undefined && (
          <span class={styles.mark}>{choice.isChosen && <Icon name="check" size={14} />}</span>
        )}
        <span class={styles.label}>{visible(choice.label, 300)}</span>
        {choice.detail && <span class={styles.detail}>{visible(choice.detail, 300)}</span>}
      </div>
    </>
  );
}

const matches = ({ label, detail }: Choice, text: string): boolean => {
  const haystack = `${label} ${detail ?? ""}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every(word => haystack.includes(word));
};

function step(key: string, active: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === "ArrowDown") return (active + 1) % count;
  if (key === "ArrowUp") return (active + count - 1) % count;
  if (key === "PageDown") return Math.min(active + 10, count - 1);
  if (key === "PageUp") return Math.max(active - 10, 0);
  return undefined;
}
