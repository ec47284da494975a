/** Search, filters and folding of the timeline; all of it in the address. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { formatCount, formatMicros, visible } from "../../model/format";
import { isWhole } from "../../model/trace/scale";
import { countOf, matchNumber } from "../../model/trace/search";
import { KIND_SEGMENT, type TraceTable } from "../../model/trace/table";
import { useKeys } from "../../shell/keys";
import { address, adjust } from "../../shell/navigation";
import { toggleAll } from "./timeline/keys";
import type { Timeline } from "./timeline/state";
import styles from "./trace.module.css";
import { formatVariant, parseVariant, type Variant } from "./variant";

export function Toolbar(props: {
  timeline: Timeline;
  onMove: (row: number) => void;
  /** The choice of views, at the beginning of the line. */
  views: ComponentChildren;
}) {
  const { timeline, onMove } = props;
  const isZoomed = !isWhole(timeline.view.value, timeline.duration);
  const variant = parseVariant(address.value.params.view);
  const set = (change: Partial<Variant>) =>
    adjust({ params: { view: formatVariant({ ...variant, ...change }) } });
  const { filter } = variant;
  const { counts } = timeline.table.value;
  const toggle = (key: "errors" | "remote" | "critical") => () =>
    set({ filter: { ...filter, [key]: !filter[key] } });
  return (
    <div class={styles.toolbar}>
      {props.views}
      <Search timeline={timeline} onMove={onMove} />
      <fieldset class={styles.filters}>
        <legend class="visually-hidden">Only these rows</legend>
        <span class={styles.muted} aria-hidden="true">
          Only
        </span>
        <Button look="quiet" aria-pressed={filter.errors} onClick={toggle("errors")}>
          Errors{counts.errors > 0 && <span class={styles.badge}>{formatCount(counts.errors)}</span>}
        </Button>
        <Button look="quiet" aria-pressed={filter.remote} onClick={toggle("remote")}>
          Remote calls
        </Button>
        <Button look="quiet" aria-pressed={filter.critical} onClick={toggle("critical")}>
          Critical path
        </Button>
        <Services
          table={timeline.table.value}
          chosen={filter.service}
          onChoose={service => set({ filter: { ...filter, service } })}
        />
      </fieldset>
      <div class={styles.looks}>
        <Button
          look="quiet"
          aria-pressed={variant.dimsOthers}
          title="Dim what is not on the critical path (c)"
          onClick={() => set({ dimsOthers: !variant.dimsOthers })}
        >
          Highlight path
        </Button>
        <Button look="quiet" title="Fold or unfold all (*)" onClick={() => toggleAll(timeline)}>
          Fold all
        </Button>
        <Button
          look="quiet"
          title="Look closer (w)"
          aria-label="Look closer"
          onClick={() => timeline.zoomBy(1 / 1.5)}
        >
          +
        </Button>
        <Button
          look="quiet"
          title="Look from further away (s)"
          aria-label="Look from further away"
          onClick={() => timeline.zoomBy(1.5)}
        >
          −
        </Button>
        <Button
          look="quiet"
          title="The whole trace (0)"
          disabled={!isZoomed}
          onClick={() => timeline.showAll()}
        >
          Whole
        </Button>
      </div>
    </div>
  );
}

function Search({ timeline, onMove }: { timeline: Timeline; onMove: (row: number) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const count = useComputed(() => (timeline.matches.value ? countOf(timeline.matches.value) : 0));
  const at = useComputed(() =>
    timeline.matches.value ? matchNumber(timeline.matches.value, timeline.active.value) : 0,
  );
  const query = address.value.params.q ?? "";
  const move = (direction: 1 | -1) => {
    const row = timeline.next(direction);
    if (row >= 0) onMove(row);
  };
  useKeys("Search", [
    {
      keys: "/",
      does: "search in the trace",
      run: () => {
        field.current?.focus();
        return true;
      },
    },
  ]);
  return (
    <div class={styles.search}>
      <Icon name="search" size={14} />
      <input
        ref={field}
        type="search"
        aria-label="Search in the trace"
        placeholder="Search names, ids, URLs, annotations, SQL…"
        spellcheck={false}
        value={query}
        onInput={event => adjust({ params: { q: event.currentTarget.value || undefined } })}
        onKeyDown={event => {
          if (event.key === "Enter") move(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") {
            adjust({ params: { q: undefined } });
            event.currentTarget.blur();
          } else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {query.trim() !== "" && (
        <span class={styles.found} role="status">
          {count.value === 0 ? "none" : `${at.value || "–"}/${formatCount(count.value)}`}
        </span>
      )}
      {count.value > 0 && (
        <>
          <Button
            look="quiet"
            aria-label="Previous match"
            title="Previous match (p)"
            onClick={() => move(-1)}
          >
            <Icon name="previous" size={12} />
          </Button>
          <Button look="quiet" aria-label="Next match" title="Next match (n)" onClick={() => move(1)}>
            <Icon name="next" size={12} />
          </Button>
        </>
      )}
    </div>
  );
}

/** More services than this are reached by search. */
const SERVICES_MAX = 100;

function Services(props: {
  table: TraceTable;
  chosen: string | undefined;
  onChoose: (service: string | undefined) => void;
}) {
  const { table, chosen } = props;
  const known = useMemo(() => servicesOf(table), [table]);
  return (
    <Menu
      label="Only rows of a service"
      button={
        <>
          {chosen === undefined ? "Service" : visible(chosen, 40)} <Icon name="down" size={12} />
        </>
      }
      look="quiet"
      class={chosen === undefined ? undefined : styles.pressed}
      items={[
        {
          id: "",
          label: "All services",
          isChecked: chosen === undefined,
          onSelect: () => props.onChoose(undefined),
        },
        ...known.map(({ name, rows, own }) => ({
          id: `service-${name}`,
          label: visible(name, 60),
          detail: `${formatCount(rows)} · ${formatMicros(own)}`,
          isChecked: chosen === name,
          onSelect: () => props.onChoose(name),
        })),
      ]}
    />
  );
}

/** The services by their own time, most first. */
function servicesOf(table: TraceTable) {
  const found = new Map<number, { name: string; rows: number; own: number }>();
  for (let row = 0; row < table.count; row += 1) {
    const service = table.service[row] as number;
    if (service === 0 || (table.kind[row] as number) > KIND_SEGMENT + 1) continue;
    const entry = found.get(service) ?? { name: table.strings[service] as string, rows: 0, own: 0 };
    entry.rows += 1;
    entry.own += table.own[row] as number;
    found.set(service, entry);
  }
  return [...found.values()].sort((a, b) => b.own - a.own).slice(0, SERVICES_MAX);
}
