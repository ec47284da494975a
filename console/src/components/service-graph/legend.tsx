/** What rings, outlines and edges mean, drawn as they are drawn. */
import { StatusMark } from "../status-mark/status-mark";
import { arcPath } from "./geometry";
import styles from "./service-graph.module.css";
import { crossPath, RING } from "./svg-drawing";

const RINGS = [
  ["ok", "thin"],
  ["error", "hatched"],
  ["throttle", "dotted"],
  ["fault", "thick"],
] as const;

const OUTLINES = [
  ["double", "entry point"],
  ["solid", "instrumented"],
  ["dashed", "not instrumented: as its callers see it"],
] as const;

export function Legend() {
  return (
    <dl class={styles.legend}>
      {RINGS.map(([of, look]) => (
        <Entry
          key={of}
          picture={<path class={styles[`ring-${of}`]} d={arcPath(285, 435, 11)} stroke-width={RING[of]} />}
        >
          <StatusMark of={of} withWord /> {look}; any at all shows
        </Entry>
      ))}
      {OUTLINES.map(([outline, words]) => (
        <Entry
          key={outline}
          picture={
            <>
              <circle class={`${styles.outline} ${styles[outline]}`} r={9} />
              {outline === "double" && <circle class={styles.outline} r={6} />}
            </>
          }
        >
          {words}
        </Entry>
      ))}
      <Entry picture={<Line health="calm" />}>calls; wider: more of them</Entry>
      <Entry picture={<Line health="warn" />}>a share of errors that is worth a look</Entry>
      <Entry picture={<Line health="bad" />}>failing</Entry>
      <Entry picture={<Line health="calm" isLink />}>link: by a queue or an event</Entry>
    </dl>
  );
}

function Entry({
  picture,
  children,
}: {
  picture: preact.ComponentChildren;
  children: preact.ComponentChildren;
}) {
  return (
    <>
      <dt>
        <svg width="44" height="26" viewBox="-22 -13 44 26" aria-hidden="true">
          {picture}
        </svg>
      </dt>
      <dd>{children}</dd>
    </>
  );
}

function Line({ health, isLink = false }: { health: "calm" | "warn" | "bad"; isLink?: boolean }) {
  return (
    <g class={`${styles.edge} ${styles[health]}`}>
      <path
        class={`${styles.line} ${isLink ? styles.linkLine : ""}`}
        d="M-21 0H14"
        stroke-width={health === "bad" ? 4 : 2.5}
      />
      <path class={styles.arrow} d="M13 -5L21 0L13 5Z" />
      {health === "warn" && <path class={styles.tick} d="M-4 -7V7" />}
      {health === "bad" && (
        <g transform="translate(-4 0)">
          <circle class={styles.crossGround} r={7} />
          <path class={styles.crossLine} d={crossPath(3.5)} />
        </g>
      )}
    </g>
  );
}
