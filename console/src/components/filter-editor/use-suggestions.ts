import { useEffect, useMemo, useState } from "preact/hooks";
import { getFacets } from "../../api/facets";
import { getGroups } from "../../api/get-groups";
import {
  annotationSuggestions,
  type Expected,
  expectedAt,
  type Suggestion,
  valueSuggestions,
} from "../../model/filter/suggest";

/** Where values are looked for; milliseconds since the epoch. */
export interface CompletionScope {
  start: number;
  end: number;
  group?: string | undefined;
  /** Values that are known already: shown until, or unless, the server says more. */
  known?:
    | readonly { key: string; values: readonly { value: string; filter: string; count: number }[] }[]
    | undefined;
}

/** Waits this long for a further key before the server is asked. */
const DEBOUNCE_MILLIS = 120;
const SHOWN_MAX = 50;

type Loaded = { key: string; suggestions: (at: Expected) => Suggestion[] };

/** What may stand at the caret: what is known at once, then what the server has seen. */
export function useSuggestions(
  text: string,
  caret: number,
  isOpen: boolean,
  scope: CompletionScope,
): { expected: Expected; suggestions: Suggestion[] } {
  const expected = useMemo(() => expectedAt(text, caret), [text, caret]);
  const [loaded, setLoaded] = useState<Loaded>();
  const { wanted } = expected;
  const key = wanted === undefined ? undefined : typeof wanted === "string" ? wanted : `= ${wanted.key}`;
  const prefix = typeof wanted === "object" ? expected.prefix.replace(/^"/, "") : "";
  useEffect(() => {
    if (!isOpen || wanted === undefined || key === undefined) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(wanted, prefix, scope, abort.signal)
        .then(suggestions => setLoaded({ key, suggestions }))
        // Completion is a help: without an answer there is none.
        .catch(() => undefined);
    }, DEBOUNCE_MILLIS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [isOpen, key, prefix]);
  const served = key !== undefined && loaded?.key === key ? loaded.suggestions(expected) : [];
  const found = served.length > 0 ? served : knownAt(expected, scope.known ?? []);
  const all = [...found, ...expected.suggestions];
  // What is written in full needs no suggestion.
  const isWritten = all.length === 1 && all[0]?.label === expected.prefix;
  return { expected, suggestions: isWritten ? [] : all.slice(0, SHOWN_MAX) };
}

function knownAt(at: Expected, known: NonNullable<CompletionScope["known"]>): Suggestion[] {
  const { wanted } = at;
  if (wanted === "annotation keys") {
    const facets = known.filter(facet => facet.key.startsWith("annotation."));
    const sum = (values: readonly { count: number }[]) =>
      values.reduce((total, { count }) => total + count, 0);
    const keys = facets.map(({ key, values }) => ({
      key: key.slice("annotation.".length),
      count: sum(values),
    }));
    return annotationSuggestions(at, keys);
  }
  if (typeof wanted !== "object") return [];
  return valueSuggestions(at, known.find(facet => facet.key === wanted.key)?.values ?? []);
}

async function ask(
  wanted: NonNullable<Expected["wanted"]>,
  prefix: string,
  { start, end, group }: CompletionScope,
  signal: AbortSignal,
): Promise<Loaded["suggestions"]> {
  if (wanted === "groups") {
    const groups = await getGroups({ signal });
    return at =>
      valueSuggestions(
        at,
        groups.map(one => ({ value: one.GroupName, count: 0 })),
      ).map(({ count: _, ...rest }) => rest);
  }
  const range = { start, end, ...(group ? { group } : {}) };
  if (wanted === "annotation keys") {
    const { keys } = await getFacets({ ...range, limit: 100 }, { signal });
    const own = keys.flatMap(({ key, count }) =>
      key.startsWith("annotation.") ? [{ key: key.slice("annotation.".length), count }] : [],
    );
    return at => annotationSuggestions(at, own);
  }
  const { values } = await getFacets({ ...range, key: wanted.key, prefix, limit: 50 }, { signal });
  return at => valueSuggestions(at, values);
}
