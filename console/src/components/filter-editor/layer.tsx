import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { bracketsAt, scan } from "../../model/filter/scan";
import styles from "./filter-editor.module.css";

/** The coloured text below the transparent one; `children` stand where the character `anchor` is. */
export function Layer(props: {
  text: string;
  /** Absent without the focus. */
  caret: number | undefined;
  wrong: { from: number; to: number } | undefined;
  anchor: number | undefined;
  children?: ComponentChildren;
}) {
  const { text, caret, wrong, anchor } = props;
  const spans = useMemo(() => scan(text), [text]);
  const brackets = caret === undefined ? undefined : bracketsAt(spans, caret);
  const cuts = [wrong?.from, wrong?.to, anchor].filter(at => at !== undefined);
  const pieces = spans.flatMap(span => {
    const inside = cuts.filter(at => at > span.from && at < span.to).sort((a, b) => a - b);
    const ends = [span.from, ...inside, span.to];
    return ends.slice(1).map((to, index) => ({ kind: span.kind, from: ends[index] ?? 0, to }));
  });
  const isWrong = (from: number) => wrong !== undefined && from >= wrong.from && from < wrong.to;
  const isBracket = (from: number) => brackets?.some(one => one.from === from) ?? false;
  const place = props.children && <span class={styles.anchor}>{props.children}</span>;
  return (
    <pre class={styles.layer} aria-hidden={props.children ? undefined : "true"}>
      {pieces.map(({ kind, from, to }) => (
        <>
          {anchor === from && place}
          <span
            key={from}
            aria-hidden="true"
            class={`${styles[kind] ?? ""} ${isWrong(from) ? styles.underlined : ""} ${isBracket(from) ? styles.matching : ""}`}
          >
            {text.slice(from, to)}
          </span>
        </>
      ))}
      {anchor === text.length && place}
      {wrong && wrong.from >= text.length && <span class={styles.underlined}> </span>}
      {/* A line that ends in nothing still has a height. */}
      {"\u200b"}
    </pre>
  );
}
