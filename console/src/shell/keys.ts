/** Keyboard shortcuts (spec console.md 8): each page lists its own while it is shown; `?` shows the list. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { preferences } from "./preferences";

export interface KeyBinding {
  /**
   * As `KeyboardEvent.key`; two after another as `g t`; several as `j / ArrowDown`; with `Control+` (or ⌘),
   * `Alt+`, `Shift+` before it, in this order.
   */
  keys: string;
  does: string;
  /** Returns false when it did not apply, so that the next binding may. */
  run: (event: KeyboardEvent) => boolean | undefined;
}

interface Scope {
  title: string;
  bindings: readonly KeyBinding[];
  /** Parents are drawn before their children: what is drawn later is further in. */
  order: number;
}

let drawn = 0;

/** Innermost last: of several bindings of a key the innermost wins. */
export const scopes = signal<readonly Scope[]>([]);

/** Binds keys while the component is shown. */
export function useKeys(title: string, bindings: readonly KeyBinding[]): void {
  const [order] = useState(() => {
    drawn += 1;
    return drawn;
  });
  const current = useRef(bindings);
  current.current = bindings;
  useEffect(() => {
    const scope: Scope = {
      title,
      get bindings() {
        return current.current;
      },
      order,
    };
    scopes.value = [...scopes.value, scope].sort((a, b) => a.order - b.order);
    return () => {
      scopes.value = scopes.value.filter(other => other !== scope);
    };
  }, [title]);
}

/** How long the first key of two waits for the second. */
const SEQUENCE_MILLIS = 1_000;
let first: { key: string; at: number } | undefined;

export function listenForKeys(target: Pick<Document, "addEventListener">): void {
  target.addEventListener("keydown", event => onKey(event as KeyboardEvent));
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isInWindow(event.target)) return;
  const isCharacter = event.key.length === 1 && !hasModifier(event);
  if (isTextField(event.target) && event.key !== "Escape" && !event.ctrlKey && !event.metaKey) return;
  if (isCharacter && !preferences.value.letterKeys) return;
  const name = nameOf(event);
  const sequence = first && event.timeStamp - first.at < SEQUENCE_MILLIS ? `${first.key} ${name}` : undefined;
  first = undefined;
  if ((sequence && run(sequence, event)) || run(name, event)) {
    event.preventDefault();
    return;
  }
  const starts = scopes.value.some(scope => scope.bindings.some(({ keys }) => keys.startsWith(`${name} `)));
  if (starts) first = { key: name, at: event.timeStamp };
}

function run(keys: string, event: KeyboardEvent): boolean {
  for (const scope of [...scopes.value].reverse()) {
    for (const binding of scope.bindings) {
      if (binding.keys.split(" / ").includes(keys) && binding.run(event) !== false) return true;
    }
  }
  return false;
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key;
  if (isTyped(event)) return key;
  const control = event.ctrlKey || event.metaKey ? "Control+" : "";
  const alt = event.altKey ? "Alt+" : "";
  // Shift is part of what a character key gives; of other keys it has to be named.
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  return `${control}${alt}${shift}${key}`;
}

// Some keyboards give `[` and others by AltGr, which reads as Control and Alt together.
const isTyped = (event: KeyboardEvent): boolean =>
  event.key.length === 1 && event.getModifierState("AltGraph");

const hasModifier = (event: KeyboardEvent): boolean =>
  !isTyped(event) && (event.ctrlKey || event.metaKey || event.altKey);

/** What is in a dialog or has opened above the page has keys of its own. */
const isInWindow = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("dialog, [popover]") !== null;

export const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || isTextInput(target));

const isTextInput = (element: HTMLElement): boolean =>
  element instanceof HTMLInputElement && !/^(checkbox|radio|button|range|submit)$/.test(element.type);
