import { Button } from "../../components/button/button";
import { NODE_TEXTS, SIZES_BY } from "../../components/service-graph/drawing";
import { GROUPINGS } from "../../model/graph/shown";
import { changeOptions, type MapOptions } from "./options";
import styles from "./trace-map.module.css";

const WORDS = {
  icon: "icon",
  latency: "latency and rate",
  rate: "rate",
  faults: "fault %",
  traffic: "traffic",
  health: "health",
  none: "none",
  type: "type",
  account: "account",
} as const;

/** How the map looks: remembered in this browser. */
export function MapSwitches({ options, onReset }: { options: MapOptions; onReset: () => void }) {
  const { thresholds } = options;
  const percent = (label: string, name: keyof typeof thresholds) => (
    <label class={styles.switch}>
      <span>{label}</span>
      <span>
        <input
          type="number"
          min="0"
          max="100"
          step="0.1"
          value={Number((thresholds[name] * 100).toFixed(3))}
          onChange={event => {
            const share = event.currentTarget.valueAsNumber / 100;
            if (share >= 0 && share <= 1) changeOptions({ thresholds: { ...thresholds, [name]: share } });
          }}
        />{" "}
        %
      </span>
    </label>
  );
  return (
    <div class={styles.switches}>
      <Choice
        label="Node text"
        known={NODE_TEXTS}
        value={options.nodeText}
        onChoose={nodeText => changeOptions({ nodeText })}
      />
      <Choice
        label="Size by"
        known={SIZES_BY}
        value={options.sizeBy}
        onChoose={sizeBy => changeOptions({ sizeBy })}
      />
      <Choice
        label="Group by"
        known={GROUPINGS}
        value={options.groupBy}
        onChoose={groupBy => changeOptions({ groupBy })}
      />
      <hr />
      <Tick
        label="Only edges with errors"
        isOn={options.errorsOnly}
        onChange={errorsOnly => changeOptions({ errorsOnly })}
      />
      <Tick label="Link edges" isOn={options.links} onChange={links => changeOptions({ links })} />
      <Tick label="Client nodes" isOn={options.clients} onChange={clients => changeOptions({ clients })} />
      <label class={styles.switch}>
        <span>Hide names</span>
        <input
          type="text"
          placeholder="health*, metrics"
          value={options.hide}
          onChange={event => changeOptions({ hide: event.currentTarget.value })}
        />
      </label>
      <hr />
      {percent("Amber from", "warn")}
      {percent("Red from", "bad")}
      {percent("Red from faults", "fault")}
      <hr />
      <Button look="quiet" onClick={onReset}>
        Reset layout
      </Button>
    </div>
  );
}

function Choice<T extends keyof typeof WORDS>(props: {
  label: string;
  known: readonly T[];
  value: T;
  onChoose: (value: T) => void;
}) {
  return (
    <label class={styles.switch}>
      <span>{props.label}</span>
      <select
        value={props.value}
        onChange={event => {
          const chosen = props.known.find(one => one === event.currentTarget.value);
          if (chosen) props.onChoose(chosen);
        }}
      >
        {props.known.map(one => (
          <option key={one} value={one}>
            {WORDS[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Tick(props: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label class={styles.tick}>
      <input
        type="checkbox"
        checked={props.isOn}
        onChange={event => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}
