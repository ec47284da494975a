import { setTimeout as after } from "node:timers/promises";

const POLL_MILLIS = 25;

/** Asks `probe` until it gives a value: what it waits for becomes true soon or never. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  patienceMillis = 60_000,
): Promise<T> {
  const deadline = performance.now() + patienceMillis;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${patienceMillis} ms in vain for ${what}`);
    await after(POLL_MILLIS);
  }
}
