/** The lines above the page: what of the address was not understood, and whether the server answers. */
import { useEffect, useState } from "preact/hooks";
import { probe } from "../api/client";
import { lostAt } from "../api/connection";
import { retryFailed } from "../api/query";
import { Button } from "../components/button/button";
import { Icon } from "../components/icon/icon";
import { visible } from "../model/format";
import styles from "./lines.module.css";
import { dismissNotes, notes } from "./navigation";
import { refresh } from "./time";

export function AddressNotes() {
  if (notes.value.length === 0) return null;
  return (
    <div class={styles.line} role="status">
      <p>Of the address: {notes.value.map(note => visible(note, 200)).join("; ")}.</p>
      <Button look="quiet" aria-label="Dismiss" onClick={dismissNotes}>
        <Icon name="close" size={14} />
      </Button>
    </div>
  );
}

/** Between two tries to reach the server, in milliseconds. */
const RETRY_MILLIS = [1_000, 2_000, 4_000, 8_000, 15_000];

export function OfflineLine() {
  const lost = lostAt.value;
  const [clock, setClock] = useState(Date.now());
  useEffect(() => {
    if (lost === undefined) return undefined;
    setClock(Date.now());
    let timer: ReturnType<typeof setTimeout>;
    const later = (tries: number) => {
      const wait = RETRY_MILLIS[Math.min(tries, RETRY_MILLIS.length - 1)];
      timer = setTimeout(async () => {
        if (await probe()) {
          refresh();
          retryFailed();
        } else later(tries + 1);
      }, wait);
    };
    later(0);
    const ticking = setInterval(() => setClock(Date.now()), 1_000);
    return () => {
      clearTimeout(timer);
      clearInterval(ticking);
    };
  }, [lost]);
  if (lost === undefined) return null;
  const seconds = Math.max(0, Math.round((clock - lost) / 1000));
  return (
    <div class={`${styles.line} ${styles.offline}`}>
      <p role="alert">Connection lost, retrying. What is shown stays readable.</p>
      <span class={styles.since}>{seconds} s ago</span>
    </div>
  );
}
