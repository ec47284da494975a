/** The marks of the page's way to the screen (spec console.md 10), for addresses with `?perf` before the hash. */
import { useEffect, useState } from "preact/hooks";
import { marks } from "./marks";
import styles from "./shell.module.css";

const ASK_MILLIS = 500;

export function PerfLine() {
  const isWanted = new URLSearchParams(location.search).has("perf");
  const [times, setTimes] = useState(marks);
  useEffect(() => {
    if (!isWanted) return undefined;
    const timer = setInterval(() => setTimes(marks()), ASK_MILLIS);
    return () => clearInterval(timer);
  }, [isWanted]);
  if (!isWanted) return null;
  const text = Object.entries(times).map(([name, millis]) => `${name} ${millis.toFixed(0)} ms`);
  return <p class={styles.perf}>{["nav 0 ms", ...text].join(" · ")}</p>;
}
