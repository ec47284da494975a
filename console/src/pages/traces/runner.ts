/** Runs the searches of the list: one at a time, each ended by the next; outlives the page, so that one comes back to it. */
import { signal } from "@preact/signals";
import { isAbort } from "../../api/client";
import { type SearchRequest, search } from "../../api/search";
import type { Sort } from "../../model/search/row";
import {
  canContinue,
  NO_SEARCH,
  reduceSearch,
  type SearchAction,
  type SearchState,
} from "../../model/search/state";

export interface Question {
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  filter: string;
  group: string | undefined;
  sort: Sort;
}

/** Rows of the first answer, and of each further one. */
export const ROWS_FIRST = 500;
const ROWS_MORE = 1_000;
const ROWS_MAX = 5_000;
export const FACET_VALUES = 8;
const TIMELINE_BUCKETS = 90;
/** What arrives within this time is drawn at once. */
const BATCH_MILLIS = 80;

type Search = typeof search;

export class SearchRunner {
  readonly state = signal<SearchState>(NO_SEARCH);
  /** What is shown, or being asked. */
  readonly question = signal<Question | undefined>(undefined);
  private abort: AbortController | undefined;
  private key: string | undefined;
  private pending: SearchAction[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly search: Search) {}

  /** Asks, unless `key` is what was asked last and its answer is here. */
  ask(key: string, question: Question): void {
    if (key === this.key) return;
    const old = this.question.value;
    const isSame =
      old?.filter === question.filter && old.group === question.group && old.sort === question.sort;
    this.key = key;
    this.question.value = question;
    // Reading again does not shorten a list that was scrolled down.
    const rows = isSame ? Math.min(ROWS_MAX, Math.max(ROWS_FIRST, this.state.value.rows.length)) : ROWS_FIRST;
    this.run({ kind: "start" }, { ...question, ...COUNTING, rows });
  }

  /** The same question from the beginning. */
  retry(): void {
    const { value: question } = this.question;
    if (question) this.run({ kind: "start" }, { ...question, ...COUNTING, rows: ROWS_FIRST });
  }

  /** Goes on with what is older than where the search was stopped or broken off. */
  resume(): void {
    const question = this.question.value;
    const { progress } = this.state.value;
    if (!question || !progress || !canContinue(this.state.value)) return;
    const rows = question.sort === "newest" ? ROWS_MORE : ROWS_FIRST;
    this.run({ kind: "continue" }, { ...question, ...COUNTING, end: progress.doneTo, rows });
  }

  /** Further rows, if there are any and none are on their way. */
  more(): void {
    const question = this.question.value;
    const { next, phase, isLoadingMore, isStale } = this.state.value;
    if (!question || next === undefined || phase !== "done" || isLoadingMore || isStale) return;
    this.run({ kind: "more" }, { ...question, ...COUNTING, aggregates: false, rows: ROWS_MORE, after: next });
  }

  stop(): void {
    this.abort?.abort();
    this.abort = undefined;
    this.dispatch({ kind: "stop" });
    this.flush();
  }

  /** Nobody looks any more: what is not whole is asked again next time. */
  leave(): void {
    if (!this.abort) return;
    this.stop();
    this.key = undefined;
  }

  private async run(first: SearchAction, request: SearchRequest): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.flush();
    this.dispatch(first);
    this.flush();
    try {
      for await (const event of this.search(request, { signal: abort.signal })) {
        if (this.abort !== abort) return;
        this.dispatch(event);
      }
    } catch (cause) {
      if (this.abort !== abort || isAbort(cause)) return;
      this.dispatch({ kind: "fail", error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
    if (this.abort !== abort) return;
    this.abort = undefined;
    this.flush();
  }

  private dispatch(action: SearchAction): void {
    this.pending.push(action);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MILLIS);
    // The first rows are not kept waiting.
    if (action.kind === "rows" && this.state.value.rows.length === 0) this.flush();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending.length === 0) return;
    const actions = this.pending;
    this.pending = [];
    this.state.value = actions.reduce(reduceSearch, this.state.value);
  }
}

const COUNTING = { aggregates: true, timelineBuckets: TIMELINE_BUCKETS, facetValues: FACET_VALUES };

export const runner = new SearchRunner(search);
