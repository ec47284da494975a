/**
 * Choosing a range on a chart: drag over it, or move two handles by keyboard (spec console.md 8 and 9).
 * Lies over its parent, which must be positioned; all positions go from 0 (left) to 1 (right).
 */
import { useEffect, useRef, useState } from "preact/hooks";
import styles from "./brush.module.css";

export type Range = [number, number];

export interface BrushProps {
  /** What is chosen: "Response time". */
  label: string;
  /** The range that holds now. */
  range: Range | undefined;
  /** A position in words, for the handles. */
  textOf: (position: number) => string;
  /** While a person drags or moves a handle; undefined when given up. */
  onDraft?: (range: Range | undefined) => void;
  /** The range is meant; undefined takes it away. */
  onApply: (range: Range | undefined) => void;
  /** The pointer is looked after by somebody else; the handles only. */
  keysOnly?: boolean;
  /** How far a key moves a handle; ten times with Page Up and Page Down. */
  step?: number;
}

/** Less than this (of the width) is a click, not a range. */
const CLICK = 0.006;

export function Brush(props: BrushProps) {
  const { range, onApply, step = 0.01 } = props;
  const area = useRef<HTMLDivElement>(null);
  const [draft, setDraft] = useState<Range>();
  const start = useRef<number | undefined>(undefined);
  const tell = (next: Range | undefined) => {
    setDraft(next);
    props.onDraft?.(next);
  };
  const key = range?.join();
  useEffect(() => setDraft(undefined), [key]);

  const positionOf = (event: PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    return box ? clamp((event.clientX - box.left) / (box.width || 1)) : 0;
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || (event.target as Element).closest("[role=slider]")) return;
    start.current = positionOf(event);
    area.current?.setPointerCapture?.(event.pointerId);
    event.preventDefault();
  };
  const onMove = (event: PointerEvent) => {
    if (start.current === undefined) return;
    const at = positionOf(event);
    tell([Math.min(start.current, at), Math.max(start.current, at)]);
  };
  const onUp = (event: PointerEvent) => {
    const from = start.current;
    if (from === undefined) return;
    start.current = undefined;
    const at = positionOf(event);
    tell(undefined);
    const isClick = Math.abs(at - from) < CLICK;
    if (!isClick) onApply([Math.min(from, at), Math.max(from, at)]);
    else if (range) onApply(undefined);
  };
  const giveUp = () => {
    start.current = undefined;
    tell(undefined);
  };

  const shown = draft ?? range;
  const [low, high] = shown ?? [0, 1];
  const move = (end: 0 | 1, by: number) => {
    const next: Range = [low, high];
    next[end] = end === 0 ? Math.min(clamp(low + by), high) : Math.max(clamp(high + by), low);
    tell(next);
  };
  const onKey = (event: KeyboardEvent, end: 0 | 1) => {
    const other = event.shiftKey ? ((1 - end) as 0 | 1) : end;
    const steps: Record<string, number> = {
      ArrowLeft: -step,
      ArrowDown: -step,
      ArrowRight: step,
      ArrowUp: step,
      PageDown: -10 * step,
      PageUp: 10 * step,
      Home: -1,
      End: 1,
    };
    const by = steps[event.key];
    if (by !== undefined) move(other, by);
    else if (event.key === "Enter" && draft) onApply(draft);
    else if (event.key === "Escape" && (draft || range)) {
      if (draft) giveUp();
      else onApply(undefined);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset does not lie over its parent
    <div
      ref={area}
      class={`${styles.area} ${props.keysOnly ? styles.keysOnly : ""}`}
      role="group"
      aria-label={`${props.label}: range`}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onPointerCancel={giveUp}
    >
      {shown && (
        <div
          class={styles.chosen}
          style={{ left: `${low * 100}%`, right: `${(1 - high) * 100}%` }}
          aria-hidden="true"
        />
      )}
      {([0, 1] as const).map(end => {
        const at = end === 0 ? low : high;
        return (
          <div
            key={end}
            class={`${styles.handle} ${shown ? styles.set : ""}`}
            style={{ left: `${at * 100}%` }}
            role="slider"
            tabIndex={0}
            aria-label={`${props.label} ${end === 0 ? "from" : "to"}`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(at * 100)}
            aria-valuetext={props.textOf(at)}
            onKeyDown={event => onKey(event, end)}
          />
        );
      })}
    </div>
  );
}

const clamp = (position: number): number => Math.min(1, Math.max(0, position));
