import { useEffect, useState } from "preact/hooks";
import { Button } from "../../components/button/button";
import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { formatAge } from "../../model/format";
import { REFRESH_SECONDS } from "../auto-refresh";
import { prefer, preferences } from "../preferences";
import { now, refresh } from "../time";
import styles from "./top-bar.module.css";

/** From this age on it is said how old the picture is. */
const OLD_MILLIS = 60_000;

const nameOf = (seconds: number): string => {
  if (seconds === 0) return "Off";
  return seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
};

/** Refresh now, refresh by itself, and how old is what is shown. */
export function RefreshControl() {
  const { refreshSeconds } = preferences.value;
  const [clock, setClock] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setClock(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const age = clock - now.value;
  return (
    <div class={styles.refresh}>
      {age >= OLD_MILLIS && <span class={styles.age}>{formatAge(now.value, clock)}</span>}
      <Button look="quiet" aria-label="Refresh" title="Refresh  r" onClick={refresh}>
        <Icon name="refresh" />
      </Button>
      <Menu
        look="quiet"
        align="end"
        label={`Refresh by itself: ${nameOf(refreshSeconds)}`}
        title="Refresh by itself"
        button={
          <>
            <span>{refreshSeconds === 0 ? "Auto" : nameOf(refreshSeconds)}</span>
            <Icon name="down" size={12} />
          </>
        }
        items={[
          { id: "heading", heading: "Refresh by itself" },
          ...REFRESH_SECONDS.map(seconds => ({
            id: String(seconds),
            label: seconds === 0 ? "Off" : `Every ${nameOf(seconds)}`,
            isChecked: seconds === refreshSeconds,
            onSelect: () => prefer({ refreshSeconds: seconds }),
          })),
        ]}
      />
    </div>
  );
}
