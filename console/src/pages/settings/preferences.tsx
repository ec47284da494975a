/** What a person prefers in this browser (spec console.md 6.12); each change holds at once. */
import { useState } from "preact/hooks";
import { Button } from "../../components/button/button";
import { Options, Switch, TextField } from "../../components/field/field";
import { FormSection } from "../../components/form/form";
import { DEFAULTS, type EdgeThresholds, prefer, preferences } from "../../shell/preferences";
import styles from "./preferences.module.css";

export function Preferences() {
  const current = preferences.value;
  const [resets, setResets] = useState(0);
  const reset = () => {
    // What pages remember stays: it is no preference of anybody.
    prefer({ ...DEFAULTS, panelWidth: current.panelWidth, pages: current.pages });
    setResets(resets + 1);
  };
  return (
    <div class={styles.preferences}>
      <p class={styles.lead}>Kept in this browser only; every change holds at once.</p>
      <FormSection title="Looks">
        <Options
          label="Theme"
          chosen={current.theme}
          options={[
            { value: "system", label: "As the system" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          onChoose={theme => prefer({ theme })}
        />
        <Options
          label="Rows"
          chosen={current.density}
          options={[
            { value: "normal", label: "Normal" },
            { value: "compact", label: "Compact" },
          ]}
          onChoose={density => prefer({ density })}
        />
      </FormSection>
      <FormSection title="Time">
        <Options
          label="Times are shown in"
          chosen={current.timeZone}
          options={[
            { value: "local", label: "Local time", help: "Where an address does not say" },
            { value: "utc", label: "UTC", help: "Links that you copy say so" },
          ]}
          onChoose={timeZone => prefer({ timeZone })}
        />
      </FormSection>
      <FormSection title="Keys">
        <Switch
          label="Keys of one character"
          help="Such as r for refresh and / for the filter, outside text fields. ? lists them all."
          isOn={current.letterKeys}
          onChange={letterKeys => prefer({ letterKeys })}
        />
      </FormSection>
      <FormSection title="Trace map">
        <p class={styles.lead}>From which share of its requests a node or an edge is marked, in percent.</p>
        <div class={styles.thresholds} key={resets}>
          <Threshold name="amber" label="Amber: not OK" />
          <Threshold name="red" label="Red: not OK" />
          <Threshold name="redFaults" label="Red: faults" />
        </div>
      </FormSection>
      <div>
        <Button onClick={reset}>Back to the defaults</Button>
      </div>
    </div>
  );
}

function Threshold({ name, label }: { name: keyof EdgeThresholds; label: string }) {
  const { edges } = preferences.value;
  const [text, setText] = useState(String(edges[name]));
  const value = read(text);
  const change = (next: string) => {
    setText(next);
    const percent = read(next);
    if (percent !== undefined) prefer({ edges: { ...preferences.value.edges, [name]: percent } });
  };
  return (
    <TextField
      label={label}
      value={text}
      onValue={change}
      unit="%"
      inputMode="decimal"
      error={value === undefined ? "A number from 0 to 100" : undefined}
    />
  );
}

const read = (text: string): number | undefined => {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && value >= 0 && value <= 100 ? value : undefined;
};
