import { useMemo } from "preact/hooks";
import { CopyButton } from "../../../components/copy-button/copy-button";
import { formatBytes } from "../../../model/format";
import { address } from "../../../shell/navigation";
import { JsonLine } from "../json-line";
import { preciseTime } from "./overview-tab";
import styles from "./segment.module.css";
import type { TabProps } from "./segment-panel";

/** Lines of a document that are in the page; the rest is copied with it. */
const LINES_MAX = 2_000;

/** The documents as stored, each with the time it was received, and what they were merged into. */
export function RawTab({ detail }: TabProps) {
  const zone = address.value.params.tz;
  return (
    <>
      <Document title="Merged" document={detail.merged} isOpen />
      {detail.documents.map(({ receivedUnixNanos, bytes, document }, index) => (
        <Document
          key={index}
          title={[
            `Document ${index + 1}`,
            receivedUnixNanos && `received ${preciseTime(microsOf(receivedUnixNanos), zone)}`,
            formatBytes(bytes),
          ]
            .filter(Boolean)
            .join(" · ")}
          document={document}
          isOpen={false}
        />
      ))}
    </>
  );
}

function microsOf(nanos: string): number {
  return /^\d+$/.test(nanos) ? Number(BigInt(nanos) / 1000n) : Number.NaN;
}

function Document({ title, document, isOpen }: { title: string; document: unknown; isOpen: boolean }) {
  const text = useMemo(() => JSON.stringify(document, null, 2) ?? "", [document]);
  const lines = text.split("\n");
  return (
    <details class={styles.document} open={isOpen}>
      <summary>{title}</summary>
      <div class={styles.documentTools}>
        <CopyButton text={text} />
      </div>
      <div class={styles.json}>
        {lines.slice(0, LINES_MAX).map((line, index) => (
          <JsonLine key={index} text={line} wanted="" />
        ))}
        {lines.length > LINES_MAX && (
          <p class={styles.muted}>{lines.length - LINES_MAX} more lines: copy to see them.</p>
        )}
      </div>
    </details>
  );
}
