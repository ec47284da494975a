/** Keyboard shortcuts (spec console.md 8): each page lists its own while it is shown; `?` shows the list. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { preferences } from "./preferences";

export interface KeyBinding {
  /** As `KeyboardEvent.key`; two after another as `g t`; with `Shift+`, `Control+` (or ⌘) before it. */
  keys: string;
  does: string;
  /** Returns false when it did not apply, so that the next binding may. */
  run: (event: KeyboardEvent) => boolean | undefined;
}

interface Scope {
  title: string;
  bindings: readonly KeyBinding[];
}

/** Innermost last: the last added binding of a key wins. */
export const scopes = signal<readonly Scope[]>([]);

/** Binds keys while the component is shown. */
export function useKeys(title: string, bindings: readonly KeyBinding[]): void {
  useEffect(() => {
    const scope: Scope = { title, bindings };
    scopes.value = [...scopes.value, scope];
    return () => {
      scopes.value = scopes.value.filter(other => other !== scope);
    };
  });
}

/** How long the first key of two waits for the second. */
const SEQUENCE_MILLIS = 1_000;
let first: { key: string; at: number } | undefined;

export function listenForKeys(target: Pick<Document, "addEventListener">): void {
  target.addEventListener("keydown", event => onKey(event as KeyboardEvent));
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isTextField(event.target) && event.key !== "Escape" && !event.ctrlKey && !event.metaKey) return;
  if (isLetter && !preferences.value.letterKeys) return;
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
  const control = event.ctrlKey || event.metaKey ? "Control+" : "";
  // Shift is part of what a character key gives; of other keys it has to be named.
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  return `${control}${shift}${event.key === " " ? "Space" : event.key}`;
}

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || isTextInput(target));

const isTextInput = (element: HTMLElement): boolean =>
  element instanceof HTMLInputElement && !/^(checkbox|radio|button|range|submit)$/.test(element.type);
