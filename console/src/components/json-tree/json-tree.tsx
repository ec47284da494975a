/**
 * A JSON value to read (spec console.md 6.3.2 "Metadata"): folds, searches, copies paths and values. Everything in
 * it is text from telemetry: long values are folded, and nothing of it is more than text.
 */
import { useMemo, useState } from "preact/hooks";
import { formatBytes, visible } from "../../model/format";
import { Button } from "../button/button";
import { CopyButton } from "../copy-button/copy-button";
import styles from "./json-tree.module.css";
import { bytesOf, type Line, outline } from "./outline";

/** Characters of a text that are shown at first, and at most. */
const TEXT_SHOWN = 240;
const TEXT_MAX = 100_000;
const MEMBERS_STEP = 100;
const LINES_MAX = 2_000;
const OPEN_DEPTH = 2;
/** Larger values say their size. */
const SIZE_FROM_BYTES = 1_000;

export function JsonTree(props: {
  value: unknown;
  /** What the value is, for a screen reader. */
  label: string;
  search?: string;
  /** Put before each copied path: `metadata.`. */
  prefix?: string;
}) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [membersMax, setMembersMax] = useState(MEMBERS_STEP);
  const { value, search = "", prefix = "" } = props;
  const lines = useMemo(
    () => outline(value, { toggled, openDepth: OPEN_DEPTH, membersMax, linesMax: LINES_MAX, search }),
    [value, toggled, membersMax, search],
  );
  const toggle = (path: string) => {
    const next = new Set(toggled);
    if (!next.delete(path)) next.add(path);
    setToggled(next);
  };
  return (
    <ul class={styles.tree} aria-label={props.label}>
      {lines.map(line =>
        line.more === undefined ? (
          <TreeLine key={line.path} line={line} prefix={prefix} onToggle={() => toggle(line.path)} />
        ) : (
          <li key={line.path} class={styles.line} style={{ paddingLeft: `${line.depth * 16 + 18}px` }}>
            <Button look="quiet" onClick={() => setMembersMax(membersMax * 10)}>
              {line.more} more
            </Button>
          </li>
        ),
      )}
      {lines.length >= LINES_MAX && <li class={styles.note}>Fold something to see what follows.</li>}
    </ul>
  );
}

function TreeLine({ line, prefix, onToggle }: { line: Line; prefix: string; onToggle: () => void }) {
  const isContainer = line.members !== undefined;
  const key = visible(line.key, 200);
  return (
    <li
      class={`${styles.line} ${line.isMatch ? styles.match : ""}`}
      style={{ paddingLeft: `${line.depth * 16 + (isContainer ? 0 : 18)}px` }}
    >
      {isContainer ? (
        <button type="button" class={styles.toggle} aria-expanded={line.isOpen} onClick={onToggle}>
          <span class={`${styles.arrow} ${line.isOpen ? styles.open : ""}`} aria-hidden="true">
            ›
          </span>
          <span class={styles.key}>{key}</span>
          <span class={styles.size}>{summary(line)}</span>
        </button>
      ) : (
        <>
          <span class={styles.key}>{key}</span>
          <Value value={line.value} />
        </>
      )}
      <span class={styles.actions}>
        <CopyButton text={() => `${prefix}${line.path}`} label="path" />
        <CopyButton text={() => textOf(line.value)} label="value" />
      </span>
    </li>
  );
}

function summary({ value, members = 0 }: Line): string {
  const count = Array.isArray(value) ? `[${members}]` : `{${members}}`;
  const bytes = bytesOf(value);
  return bytes >= SIZE_FROM_BYTES ? `${count} ${formatBytes(bytes)}` : count;
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

function Value({ value }: { value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string")
    return <span class={styles[typeof value] ?? styles.none}>{String(value)}</span>;
  const isLong = value.length > TEXT_SHOWN;
  return (
    <span class={styles.string}>
      {visible(value, isWhole ? TEXT_MAX : TEXT_SHOWN)}
      {isLong && (
        <button type="button" class={styles.more} aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "fold" : `all ${formatBytes(value.length)}`}
        </button>
      )}
    </span>
  );
}
