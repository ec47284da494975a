/** Changing the order of the rules: their priorities are written anew. */
import type { ComponentChildren, HTMLAttributes } from "preact";
import { useRef, useState } from "preact/hooks";
import { invalidate } from "../../api/query";
import { type SamplingRule, updateSamplingRule } from "../../api/sampling-rules";
import { Button } from "../../components/button/button";
import { visible } from "../../model/format";
import { DEFAULT_RULE, type PriorityChange, reorder } from "../../model/sampling";
import styles from "./sampling.module.css";

export interface Reordering {
  isBusy: boolean;
  /** One place up (-1) or down (1). */
  move: (name: string, by: -1 | 1) => void;
  /** Of a row: what makes it draggable. */
  attributes: (name: string) => HTMLAttributes<HTMLTableRowElement>;
  /** What was done, or why not. */
  message: ComponentChildren;
}

interface Done {
  text: string;
  undo: PriorityChange[];
}

export function useReorder(rules: readonly SamplingRule[]): Reordering {
  const [isBusy, setBusy] = useState(false);
  const [done, setDone] = useState<Done>();
  const [failure, setFailure] = useState<string>();
  const [over, setOver] = useState<string>();
  const dragged = useRef<string | undefined>(undefined);
  const custom = rules.filter(({ RuleName }) => RuleName !== DEFAULT_RULE);
  const placeOf = (name: string) => custom.findIndex(({ RuleName }) => RuleName === name);

  const write = async (changes: PriorityChange[], text: string, undo: PriorityChange[]) => {
    setBusy(true);
    setFailure(undefined);
    try {
      for (const change of changes) await updateSamplingRule(change);
      setDone({ text, undo });
    } catch (cause) {
      setDone(undefined);
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
    invalidate("sampling-rules");
    setBusy(false);
  };
  const place = (name: string, position: number) => {
    const changes = reorder(custom, name, position);
    if (changes.length === 0 || isBusy) return;
    const undo = custom
      .filter(rule => changes.some(change => change.RuleName === rule.RuleName))
      .map(({ RuleName, Priority }) => ({ RuleName, Priority }));
    const [only] = changes;
    const text =
      changes.length === 1 && only
        ? `${name} is now rule ${position + 1} of ${custom.length}, with priority ${only.Priority}`
        : `${name} is now rule ${position + 1} of ${custom.length}; the priorities of ${changes.length} rules were written anew`;
    write(changes, text, undo);
  };
  return {
    isBusy,
    move: (name, by) => place(name, placeOf(name) + by),
    attributes: name =>
      name === DEFAULT_RULE
        ? {}
        : {
            draggable: true,
            class: over === name ? styles.over : undefined,
            onDragStart: event => {
              dragged.current = name;
              event.dataTransfer?.setData("text/plain", name);
            },
            onDragOver: event => {
              if (dragged.current === undefined) return;
              event.preventDefault();
              setOver(name);
            },
            onDragEnd: () => {
              dragged.current = undefined;
              setOver(undefined);
            },
            onDrop: event => {
              event.preventDefault();
              setOver(undefined);
              if (dragged.current !== undefined) place(dragged.current, placeOf(name));
              dragged.current = undefined;
            },
          },
    message: (
      <div role="status" class={styles.message}>
        {failure !== undefined && <p class={styles.failure}>{visible(failure, 400)}</p>}
        {done && (
          <p>
            {visible(done.text, 200)}.{" "}
            {done.undo.length > 0 && (
              <Button look="quiet" onClick={() => write(done.undo, "The order is as it was", [])}>
                Undo
              </Button>
            )}
          </p>
        )}
      </div>
    ),
  };
}
