/** Whether the server answers; `client.ts` notes it with every request. */
import { signal } from "@preact/signals";

/** When the first of the requests failed that have had no answer since, milliseconds since the epoch. */
export const lostAt = signal<number | undefined>(undefined);

export function noteAnswer(): void {
  if (lostAt.peek() !== undefined) lostAt.value = undefined;
}

export function noteSilence(): void {
  lostAt.value ??= Date.now();
}
