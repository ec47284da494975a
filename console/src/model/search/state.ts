/** What the list of traces knows, event by event; pure, so that every way a stream may end is tested. */
import { type Aggregates, mergeAggregates } from "./aggregates";
import type { TraceRow } from "./row";

export interface SearchProgress {
  matched: number;
  scanned: number;
  /** Milliseconds since the epoch: all newer ones are scanned. */
  doneTo: number;
  /** Of the range, 0 to 1. */
  share: number;
  elapsedMillis: number;
}

export type SearchEvent =
  | { kind: "rows"; isReplacing: boolean; rows: TraceRow[] }
  | { kind: "progress"; progress: SearchProgress }
  | { kind: "aggregates"; aggregates: Aggregates }
  | {
      kind: "done";
      matched: number;
      scanned: number;
      elapsedMillis: number;
      /** More rows are to be had with this. */
      next: string | undefined;
      /** Which limit of the server ended it, if one did. */
      limit: "rows" | "time" | undefined;
    };

export type SearchAction =
  /** Another question: what is shown stays until its first answer comes. */
  | { kind: "start" }
  /** The same question for what is older than `doneTo`. */
  | { kind: "continue" }
  /** Further rows of a finished search. */
  | { kind: "more" }
  | { kind: "stop" }
  | { kind: "fail"; error: Error }
  | SearchEvent;

export interface SearchState {
  phase: "idle" | "running" | "done" | "stopped" | "failed";
  rows: readonly TraceRow[];
  aggregates: Aggregates | undefined;
  progress: SearchProgress | undefined;
  next: string | undefined;
  limit: "rows" | "time" | undefined;
  error: Error | undefined;
  isLoadingMore: boolean;
  /** The rows answer the question before. */
  isStale: boolean;
  /** The counts do: they come a little later than the first rows, and are not taken away in between. */
  areCountsStale: boolean;
  /** What an earlier part of this search counted, before it was continued. */
  before: { aggregates: Aggregates | undefined; progress: SearchProgress | undefined } | undefined;
}

export const NO_SEARCH: SearchState = {
  phase: "idle",
  rows: [],
  aggregates: undefined,
  progress: undefined,
  next: undefined,
  limit: undefined,
  error: undefined,
  isLoadingMore: false,
  isStale: false,
  areCountsStale: false,
  before: undefined,
};

export function reduceSearch(state: SearchState, action: SearchAction): SearchState {
  switch (action.kind) {
    case "start":
      return {
        ...state,
        phase: "running",
        progress: undefined,
        next: undefined,
        limit: undefined,
        error: undefined,
        isLoadingMore: false,
        isStale: state.rows.length > 0 || state.aggregates !== undefined,
        areCountsStale: state.aggregates !== undefined,
        before: undefined,
      };
    case "continue": {
      const aggregates = state.areCountsStale ? undefined : state.aggregates;
      const before = { aggregates, progress: state.progress };
      return { ...state, phase: "running", error: undefined, limit: undefined, before };
    }
    case "more":
      return { ...state, isLoadingMore: true, error: undefined };
    case "stop":
      return state.phase === "running"
        ? { ...whole(state), phase: "stopped" }
        : { ...state, isLoadingMore: false };
    case "fail":
      return failed(state, action.error);
    case "rows":
      return withRows(fresh(state), action.rows, action.isReplacing);
    case "progress":
      return state.isLoadingMore ? state : { ...state, progress: total(state, action.progress) };
    case "aggregates":
      return state.isLoadingMore ? state : withAggregates(fresh(state), action.aggregates);
    default:
      return done(state, action);
  }
}

/** The first thing that is known of a new question ends what was known of the one before. */
const fresh = (state: SearchState): SearchState =>
  state.isStale ? { ...state, rows: [], isStale: false } : state;

/** Nothing more comes: nothing of the question before may stay. */
const whole = (state: SearchState): SearchState =>
  state.areCountsStale ? { ...fresh(state), aggregates: undefined, areCountsStale: false } : fresh(state);

function withRows(state: SearchState, rows: TraceRow[], isReplacing: boolean): SearchState {
  if (isReplacing && !state.before) return { ...state, rows };
  // Where one part of a search ends and the next begins the same trace may come twice.
  const known = state.before || state.isLoadingMore ? new Set(state.rows.map(row => row.id)) : undefined;
  const added = known ? rows.filter(row => !known.has(row.id)) : [...rows];
  // Appended rows are the newest first; within a second servers may order them by id.
  added.sort((left, right) => right.start - left.start);
  return { ...state, rows: [...state.rows, ...added] };
}

const withAggregates = (state: SearchState, aggregates: Aggregates): SearchState => ({
  ...state,
  areCountsStale: false,
  aggregates: state.before?.aggregates ? mergeAggregates(state.before.aggregates, aggregates) : aggregates,
});

/** Progress over all parts of a search. */
function total({ before }: SearchState, progress: SearchProgress): SearchProgress {
  const old = before?.progress;
  if (!old) return progress;
  return {
    matched: old.matched + progress.matched,
    scanned: old.scanned + progress.scanned,
    doneTo: progress.doneTo,
    share: old.share + (1 - old.share) * progress.share,
    elapsedMillis: old.elapsedMillis + progress.elapsedMillis,
  };
}

function done(state: SearchState, event: SearchEvent & { kind: "done" }): SearchState {
  if (state.isLoadingMore) return { ...state, isLoadingMore: false, next: event.next };
  const { matched, scanned, elapsedMillis, next, limit } = event;
  const isWhole = limit !== "time";
  const old = whole(state);
  const last = old.progress ?? { doneTo: 0, share: 0 };
  const counted = { matched, scanned, elapsedMillis, doneTo: last.doneTo, share: isWhole ? 1 : last.share };
  const progress = old.before ? total(old, { ...counted, share: 1 }) : counted;
  return { ...old, phase: "done", progress, next, limit };
}

function failed(state: SearchState, error: Error): SearchState {
  if (state.isLoadingMore) return { ...state, isLoadingMore: false, error };
  return { ...(state.isStale ? state : whole(state)), phase: "failed", error };
}

/** A stopped or broken search can go on where it stands: the newest first, and something was scanned. */
export const canContinue = (state: SearchState): boolean =>
  (state.phase === "stopped" || state.phase === "failed" || state.limit === "time") &&
  !state.isStale &&
  (state.progress?.share ?? 0) > 0 &&
  (state.progress?.share ?? 1) < 1;
