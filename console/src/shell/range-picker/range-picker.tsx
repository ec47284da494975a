/** The range of time that all pages show (spec console.md 2): relative, absolute, or the window before and after. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Popover } from "../../components/popover/popover";
import { OFFERED, type TimeRange } from "../../url/time-range";
import { address, adjust } from "../navigation";
import { hasNextWindow, moveRange, now, shownWindow, showRange } from "../time";
import styles from "./range-picker.module.css";
import { describeRange, fromField, readRange, toField } from "./range-text";

/** Whether the list is open; the key `t` opens it. */
export const isRangePickerOpen = signal(false);

export function RangePicker() {
  const { timeRange, tz } = address.value.params;
  // The clock is read so that the arrows know of windows that have begun meanwhile.
  const hasNext = now.value > 0 && hasNextWindow();
  return (
    <div class={styles.picker}>
      <Button
        look="quiet"
        aria-label="Previous window"
        title="Previous window  ["
        onClick={() => moveRange(-1)}
      >
        <Icon name="previous" />
      </Button>
      <Popover
        class={styles.button}
        align="end"
        panelLabel="Range of time"
        title="Range of time  t"
        isOpen={isRangePickerOpen.value}
        onToggle={isOpen => {
          isRangePickerOpen.value = isOpen;
        }}
        button={
          <>
            <Icon name="clock" />
            <span class={styles.text}>{describeRange(timeRange, tz)}</span>
            <Icon name="down" size={12} />
          </>
        }
      >
        {close => <Choice close={close} />}
      </Popover>
      <Button
        look="quiet"
        aria-label="Next window"
        title="Next window  ]"
        disabled={!hasNext}
        onClick={() => moveRange(1)}
      >
        <Icon name="next" />
      </Button>
    </div>
  );
}

function Choice({ close }: { close: () => void }) {
  const { timeRange } = address.value.params;
  const choose = (range: TimeRange) => {
    close();
    showRange(range);
  };
  return (
    <div class={styles.choice}>
      <fieldset class={styles.relative}>
        <legend>Last</legend>
        {OFFERED.map(({ millis, label }) => {
          const isChosen = timeRange.kind === "relative" && timeRange.millis === millis;
          return (
            <button
              key={millis}
              type="button"
              class={styles.offered}
              aria-pressed={isChosen}
              data-autofocus={isChosen || undefined}
              onClick={() => choose({ kind: "relative", millis })}
            >
              {label}
            </button>
          );
        })}
      </fieldset>
      <div class={styles.exact}>
        <FromTo choose={choose} />
        <Typed choose={choose} />
        <Zone />
      </div>
    </div>
  );
}

function FromTo({ choose }: { choose: (range: TimeRange) => void }) {
  const { tz } = address.value.params;
  const [typed, setTyped] = useState<{ from?: string; to?: string }>({});
  const [problem, setProblem] = useState<string>();
  const from = typed.from ?? toField(shownWindow.value.start, tz);
  const to = typed.to ?? toField(shownWindow.value.end, tz);
  const apply = (event: Event) => {
    event.preventDefault();
    const [start, end] = [fromField(from, tz), fromField(to, tz)];
    if (Number.isNaN(start) || Number.isNaN(end)) setProblem("Both times have to be complete");
    else if (start >= end) setProblem("The start has to be before the end");
    else choose({ kind: "absolute", start, end });
  };
  return (
    <form class={styles.fromTo} onSubmit={apply}>
      <label>
        <span>From</span>
        <input
          type="datetime-local"
          step="1"
          value={from}
          onInput={event => setTyped({ ...typed, from: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>To</span>
        <input
          type="datetime-local"
          step="1"
          value={to}
          onInput={event => setTyped({ ...typed, to: event.currentTarget.value })}
        />
      </label>
      {problem && (
        <p class={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <Button type="submit" look="primary">
        Show this range
      </Button>
    </form>
  );
}

function Typed({ choose }: { choose: (range: TimeRange) => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const apply = (event: Event) => {
    event.preventDefault();
    const range = readRange(text);
    if (range) choose(range);
    else setProblem("Neither a duration nor a range: PT45M, 45m, 2026-11-20T10:00~2026-11-20T10:15:30");
  };
  return (
    <form class={styles.typed} onSubmit={apply}>
      <label>
        <span>Duration or range, as text (UTC)</span>
        <input
          type="text"
          placeholder="PT45M, 45m, start~end"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
      </label>
      {problem && (
        <p class={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

function Zone() {
  const { tz } = address.value.params;
  const zones = [
    { zone: "local", label: "Local time" },
    { zone: "utc", label: "UTC" },
  ] as const;
  return (
    <fieldset class={styles.zones}>
      <legend class="visually-hidden">Times are shown in</legend>
      {zones.map(({ zone, label }) => (
        <button
          key={zone}
          type="button"
          aria-pressed={tz === zone}
          onClick={() => adjust({ params: { tz: zone } })}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
