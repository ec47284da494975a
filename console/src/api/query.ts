/**
 * Server data, kept for a while: one request per key at a time, shared by all who ask, given up when
 * nobody listens any more (spec console.md 10).
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ApiError, isAbort } from "./client";

/** What a panel knows of the data it shows. `value` outlives later loading and failing. */
export interface Loadable<T> {
  readonly value: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** When `value` arrived, milliseconds since the epoch. */
  readonly at: number | undefined;
}

export interface Query<T> {
  readonly state: ReadonlySignal<Loadable<T>>;
  /** Loads (again); a request under way is given up. */
  refresh(): void;
  /** Says that one listener is gone; the last one ends the request. */
  release(): void;
}

interface Entry {
  state: Signal<Loadable<unknown>>;
  listeners: number;
  abort: AbortController | undefined;
  load: () => void;
  /** Failures that may pass, one after the other, and the next try. */
  failures: number;
  retry: ReturnType<typeof setTimeout> | undefined;
}

/** How long an answer is taken for current. */
export const FRESH_MILLIS = 10_000;
/** Answers kept beyond those that are shown. */
const KEPT_MAX = 50;

/** Waits between tries after a failure that may pass; a person may try at once. A lost connection is probed elsewhere. */
export const RETRY_MILLIS = [2_000, 5_000, 10_000, 30_000];

const entries = new Map<string, Entry>();
const nothing: Loadable<never> = { value: undefined, error: undefined, isLoading: false, at: undefined };

/** Starts listening to `key`; `fetcher` runs when there is no fresh answer. Call `release` in the end. */
export function listen<T>(
  key: string,
  fetcher: (signal: AbortSignal) => Promise<T>,
  freshMillis = FRESH_MILLIS,
): Query<T> {
  const entry = entries.get(key) ?? newEntry();
  entries.delete(key);
  entries.set(key, entry);
  entry.listeners += 1;
  entry.load = () => load(entry, fetcher);
  const { at, isLoading } = entry.state.value;
  const isFresh = at !== undefined && Date.now() - at < freshMillis;
  if (!isFresh && !isLoading) entry.load();
  forgetOldest();
  return {
    state: entry.state as ReadonlySignal<Loadable<T>>,
    refresh: () => entry.load(),
    release: () => {
      entry.listeners -= 1;
      if (entry.listeners === 0) giveUp(entry);
    },
  };
}

/** Forgets what was loaded under keys that start so: after a change by this console. */
export function invalidate(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    if (entry.listeners > 0) entry.load();
    else entries.delete(key);
  }
}

/** Loads again what is shown and failed. */
export function retryFailed(): void {
  for (const entry of entries.values()) if (entry.listeners > 0 && entry.state.value.error) entry.load();
}

/** Loads everything that is shown again. */
export function refreshShown(): void {
  for (const entry of entries.values()) if (entry.listeners > 0) entry.load();
}

const newEntry = (): Entry => ({
  state: signal<Loadable<unknown>>(nothing),
  listeners: 0,
  abort: undefined,
  load: () => undefined,
  failures: 0,
  retry: undefined,
});

async function load<T>(entry: Entry, fetcher: (signal: AbortSignal) => Promise<T>): Promise<void> {
  entry.abort?.abort();
  clearTimeout(entry.retry);
  const abort = new AbortController();
  entry.abort = abort;
  entry.state.value = { ...entry.state.value, isLoading: true };
  try {
    const value = await fetcher(abort.signal);
    if (entry.abort !== abort) return;
    entry.failures = 0;
    entry.state.value = { value, error: undefined, isLoading: false, at: Date.now() };
  } catch (cause) {
    if (entry.abort !== abort) return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    entry.state.value = isAbort(cause)
      ? { ...entry.state.value, isLoading: false }
      : { ...entry.state.value, error, isLoading: false };
    if (error instanceof ApiError && error.isRetryable && !error.isOffline) retryLater(entry);
  }
}

function retryLater(entry: Entry): void {
  const wait = RETRY_MILLIS[Math.min(entry.failures, RETRY_MILLIS.length - 1)];
  entry.failures += 1;
  entry.retry = setTimeout(() => entry.load(), wait);
}

/** Whoever comes next starts a request of its own, even before this one has noticed its end. */
function giveUp(entry: Entry): void {
  entry.abort?.abort();
  entry.abort = undefined;
  clearTimeout(entry.retry);
  entry.failures = 0;
  if (entry.state.value.isLoading) entry.state.value = { ...entry.state.value, isLoading: false };
}

function forgetOldest(): void {
  for (const [key, entry] of entries) {
    if (entries.size <= KEPT_MAX) return;
    if (entry.listeners === 0) entries.delete(key);
  }
}
