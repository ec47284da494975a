/** Values of the found traces, with their counts: ticking them narrows the question (spec console.md 6.2, refiners). */
import { useRef, useState } from "preact/hooks";
import { search } from "../../api/search";
import { Button } from "../../components/button/button";
import { Skeleton } from "../../components/panel/panel";
import { addClause, canonical, chosenOf, negate, onlyChoice, toggleChoice } from "../../model/filter/clauses";
import { formatCount, formatShare, visible } from "../../model/format";
import type { Facet, FacetValue } from "../../model/search/aggregates";
import type { SearchState } from "../../model/search/state";
import { remember, remembered } from "../../shell/preferences";
import { Url } from "./columns";
import styles from "./refiners.module.css";
import { FACET_VALUES, runner } from "./runner";

const TITLES: Record<string, string> = {
  service: "Service",
  url: "URL",
  method: "Method",
  status: "Status code",
  faultRootCause: "Fault root cause",
  errorRootCause: "Error root cause",
  exception: "Exception",
  responseTimeRootCause: "Response-time root cause",
  user: "User",
  resourceArn: "Resource",
  instance: "Instance",
  zone: "Zone",
};
const ORDER = Object.keys(TITLES);
/** Open until somebody says otherwise. */
const OPEN = ["service", "url", "method", "status", "faultRootCause", "exception"];
const FOLDED = "traces.refiners";
type Folded = Record<string, boolean>;
const isFolded = (value: unknown): value is Folded =>
  typeof value === "object" && value !== null && Object.values(value).every(one => typeof one === "boolean");

const titleOf = (key: string): string => TITLES[key] ?? key.replace(/^annotation\./, "");

export function Refiners(props: { state: SearchState; filter: string; onFilter: (filter: string) => void }) {
  const { state, filter } = props;
  const facets = [...(state.aggregates?.facets ?? [])].sort((a, b) => rank(a) - rank(b));
  const known = useKnown(facets, filter);
  const total = state.progress?.matched ?? 0;
  if (!state.aggregates && state.phase === "running")
    return (
      <aside class={styles.refiners} aria-label="Refine">
        <Skeleton lines={12} />
      </aside>
    );
  const fixed = facets.filter(facet => !facet.key.startsWith("annotation."));
  const annotations = facets.filter(facet => facet.key.startsWith("annotation."));
  const draw = (facet: Facet) =>
    (facet.values.length > 0 || known(facet).length > 0) && (
      <Refiner
        key={facet.key}
        facet={facet}
        known={known(facet)}
        total={total}
        filter={filter}
        onFilter={props.onFilter}
      />
    );
  return (
    <aside class={styles.refiners} aria-label="Refine" data-stale={state.areCountsStale}>
      {facets.every(facet => facet.values.length === 0) && <p class={styles.nothing}>Nothing to refine</p>}
      {fixed.map(draw)}
      {annotations.length > 0 && <h2 class={styles.heading}>Annotations</h2>}
      {annotations.map(draw)}
    </aside>
  );
}

const rank = ({ key }: Facet): number => {
  const at = ORDER.indexOf(key);
  return at < 0 ? ORDER.length : at;
};

/**
 * Values of each facet that were seen before one of them was ticked: what is ticked leaves only itself, and the others
 * must stay to be ticked too. Their counts are not known then.
 */
function useKnown(facets: readonly Facet[], filter: string): (facet: Facet) => readonly FacetValue[] {
  const seen = useRef(new Map<string, readonly FacetValue[]>());
  for (const facet of facets) {
    const before = seen.current.get(facet.key) ?? [];
    const isChosen =
      chosenOf(
        filter,
        [...before, ...facet.values].map(value => value.filter),
      ).length > 0;
    if (!isChosen) seen.current.set(facet.key, facet.values);
  }
  return facet => {
    const shown = new Set(facet.values.map(value => value.value));
    return (seen.current.get(facet.key) ?? []).filter(value => !shown.has(value.value));
  };
}

function Refiner(props: {
  facet: Facet;
  known: readonly FacetValue[];
  total: number;
  filter: string;
  onFilter: (filter: string) => void;
}) {
  const { facet, known, filter, onFilter, total } = props;
  const [all, setAll] = useState<readonly FacetValue[]>();
  const [text, setText] = useState("");
  const folded = remembered(FOLDED, isFolded) ?? {};
  const filters = [...facet.values, ...known, ...(all ?? [])].map(value => value.filter);
  const chosen = new Set(chosenOf(filter, filters).map(canonical));
  const isOpen = chosen.size > 0 || !(folded[facet.key] ?? !OPEN.includes(facet.key));
  const shown = all ?? facet.values;
  const wanted = text.toLowerCase();
  const matching = wanted ? shown.filter(value => value.value.toLowerCase().includes(wanted)) : shown;
  const showAll = async () => {
    const values = await valuesOf(facet.key);
    if (values) setAll(values);
  };
  const title = titleOf(facet.key);
  const row = (value: FacetValue, isKnown: boolean) => (
    <Value
      key={value.value}
      value={value}
      total={total}
      isKnown={isKnown}
      isUrl={facet.key === "url"}
      isChosen={chosen.has(canonical(value.filter))}
      onToggle={() => onFilter(toggleChoice(filter, value.filter, filters))}
      onOnly={() => onFilter(onlyChoice(filter, value.filter, filters))}
      onExclude={() => onFilter(addClause(without(filter, value.filter, filters), negate(value.filter)))}
    />
  );
  return (
    <details
      class={styles.refiner}
      open={isOpen}
      onToggle={event => {
        const next = !event.currentTarget.open;
        if (next === isOpen) remember(FOLDED, { ...folded, [facet.key]: next });
      }}
    >
      <summary class={styles.title}>
        <span class={facet.key.startsWith("annotation.") ? styles.key : ""}>{visible(title, 80)}</span>
        <span class={styles.distinct}>
          {facet.isCapped ? "≥ " : ""}
          {formatCount(facet.distinct)}
        </span>
      </summary>
      {all && all.length > FACET_VALUES && (
        <input
          class={styles.find}
          type="search"
          aria-label={`Find in ${title}`}
          placeholder="Find"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
      )}
      <ul class={all ? styles.all : ""} aria-label={title}>
        {matching.map(value => row(value, false))}
        {!all && known.map(value => row(value, true))}
      </ul>
      {!all && facet.distinct > facet.values.length && (
        <Button look="quiet" class={styles.more} onClick={() => showAll().catch(() => undefined)}>
          Show more ({formatCount(facet.distinct - facet.values.length)})
        </Button>
      )}
      {all && (
        <Button
          look="quiet"
          class={styles.more}
          onClick={() => {
            setAll(undefined);
            setText("");
          }}
        >
          Show fewer
        </Button>
      )}
    </details>
  );
}

/** The text without this one among the alternatives. */
const without = (filter: string, clause: string, known: readonly string[]): string =>
  chosenOf(filter, known).some(one => canonical(one) === canonical(clause))
    ? toggleChoice(filter, clause, known)
    : filter;

function Value(props: {
  value: FacetValue;
  total: number;
  isKnown: boolean;
  isUrl: boolean;
  isChosen: boolean;
  onToggle: () => void;
  onOnly: () => void;
  onExclude: () => void;
}) {
  const { value, total, isKnown, isChosen } = props;
  const text = visible(value.value, 300);
  const share = formatShare(value.count, total);
  const width = (count: number) => ({ width: `${total > 0 ? Math.min(100, (100 * count) / total) : 0}%` });
  // A trace may count in several classes: each part starts at the left, the gravest on top.
  return (
    <li class={styles.value} data-chosen={isChosen}>
      <label
        class={styles.label}
        title={
          isKnown
            ? text
            : `${text}\n${formatCount(value.count)} traces, ${share}; ${formatCount(value.fault)} faults, ${formatCount(value.error)} errors, ${formatCount(value.throttle)} throttled`
        }
      >
        <input type="checkbox" checked={isChosen} onChange={props.onToggle} />
        <span class={styles.text}>{props.isUrl ? <Url text={value.value} /> : text}</span>
        <span class={styles.count}>{isKnown ? "–" : formatCount(value.count)}</span>
      </label>
      <span class={styles.actions}>
        <Button look="quiet" onClick={props.onOnly} aria-label={`Only ${text}`}>
          only
        </Button>
        <Button look="quiet" onClick={props.onExclude} aria-label={`Exclude ${text}`}>
          exclude
        </Button>
      </span>
      {!isKnown && (
        <span class={styles.bar} aria-hidden="true">
          <span class={styles.share} style={width(value.count)} />
          <span class={styles.error} style={width(value.error)} />
          <span class={styles.throttle} style={width(value.throttle)} />
          <span class={styles.fault} style={width(value.fault)} />
        </span>
      )}
    </li>
  );
}

/** All values that the server will count, of the question that is shown. */
async function valuesOf(key: string): Promise<readonly FacetValue[] | undefined> {
  const question = runner.question.value;
  if (!question) return undefined;
  let values: readonly FacetValue[] | undefined;
  const request = {
    ...question,
    rows: 0,
    aggregates: true,
    timelineBuckets: 1,
    facetValues: 1_000,
    facets: [key],
  };
  for await (const event of search(request, {})) {
    if (event.kind === "aggregates")
      values = event.aggregates.facets.find(facet => facet.key === key)?.values;
  }
  return values;
}
