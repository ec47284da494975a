/** One line of pretty JSON with its parts told apart by colour, and what is looked for marked. */
import { visible } from "../../model/format";
import styles from "./trace.module.css";

const LINE_MAX = 2_000;
const PARTS = /^(\s*)("(?:[^"\\]|\\.)*"(?=:))?(:\s)?(.*)$/s;

export function JsonLine({ text, number, wanted }: { text: string; number?: number; wanted: string }) {
  const [, space = "", key, colon = "", value = ""] = PARTS.exec(visible(text, LINE_MAX)) ?? [];
  return (
    <span class={`${styles.jsonLine} ${isFound(text, wanted) ? styles.jsonMatch : ""}`}>
      {number !== undefined && <span class={styles.lineNumber}>{number}</span>}
      {space}
      {key && <span class={styles.jsonKey}>{key}</span>}
      {colon}
      <span class={lookOf(value)}>{value}</span>
    </span>
  );
}

const isFound = (text: string, wanted: string): boolean =>
  wanted !== "" && text.toLowerCase().includes(wanted);

function lookOf(value: string): string | undefined {
  if (value.startsWith('"')) return styles.jsonString;
  return /^[-\d]/.test(value) ? styles.jsonNumber : /^[tfn]/.test(value) ? styles.jsonWord : undefined;
}
