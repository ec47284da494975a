/** The range that is shown, as times: one clock for all panels, so that they agree. */
import { computed, signal } from "@preact/signals";
import { refreshShown } from "../api/query";
import { neighbour, type TimeRange, type Window, windowOf } from "../url/time-range";
import { address, go } from "./navigation";

/** Moves only when something is refreshed; relative ranges end here. */
export const now = signal(Date.now());

export const shownWindow = computed<Window>(() => windowOf(address.value.params.timeRange, now.value));

/** Counts up whenever all data should be read again. */
export const refreshed = signal(0);

/** Moves the clock on and reads again what is shown. */
export function refresh(): void {
  now.value = Date.now();
  refreshed.value += 1;
  if (address.value.params.timeRange.kind === "absolute") refreshShown();
}

/** Shows another range; a relative one ends at this moment. */
export function showRange(timeRange: TimeRange): void {
  now.value = Date.now();
  go({ params: { timeRange } });
}

/** The window after this one has begun. */
export const hasNextWindow = (): boolean =>
  address.value.params.timeRange.kind === "absolute" && shownWindow.value.end < Date.now();

/** Shows the window before (-1) or after (1); the one that reaches the present follows it. */
export function moveRange(direction: -1 | 1): void {
  if (direction === 1 && !hasNextWindow()) return;
  const { start, end } = windowOf(neighbour(address.value.params.timeRange, now.value, direction), 0);
  showRange(end >= Date.now() ? { kind: "relative", millis: end - start } : { kind: "absolute", start, end });
}
