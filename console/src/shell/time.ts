/** The range that is shown, as times: one clock for all panels, so that they agree. */
import { computed, signal } from "@preact/signals";
import { refreshShown } from "../api/query";
import { type Window, windowOf } from "../url/time-range";
import { address } from "./navigation";

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
