/** A few words on what was just done, shown and announced for a moment. */
import { signal } from "@preact/signals";

export const said = signal("");

const SHOWN_MILLIS = 2_000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    said.value = "";
  }, SHOWN_MILLIS);
}
