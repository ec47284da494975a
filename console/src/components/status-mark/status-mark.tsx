/** The class of a request: letter, shape and colour together (spec console.md 7.1). */
import styles from "./status-mark.module.css";

export type Class = "ok" | "error" | "throttle" | "fault" | "unknown";

const MARKS: Record<Class, { shape: string; word: string }> = {
  ok: { shape: "✓", word: "OK" },
  error: { shape: "△", word: "Error" },
  throttle: { shape: "◇", word: "Throttle" },
  fault: { shape: "✕", word: "Fault" },
  unknown: { shape: "…", word: "In progress" },
};

export function StatusMark({ of, withWord = false }: { of: Class; withWord?: boolean }) {
  const { shape, word } = MARKS[of];
  return (
    <span class={`${styles.mark} ${styles[of]}`} title={word}>
      <span aria-hidden="true">{shape}</span>
      {withWord ? ` ${word}` : <span class="visually-hidden">{word}</span>}
    </span>
  );
}

/** The class that counts: fault before throttle before error. */
export const classOf = (flags: { fault?: boolean; throttle?: boolean; error?: boolean }): Class => {
  if (flags.fault) return "fault";
  if (flags.throttle) return "throttle";
  return flags.error ? "error" : "ok";
};
