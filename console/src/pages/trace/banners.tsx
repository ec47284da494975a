/** What is to be known before one reads the trace: it is not whole, or not quite so (spec console.md 5). */
import { Button } from "../../components/button/button";
import { formatCount } from "../../model/format";
import { UNFOLDED_MAX } from "../../model/trace/rows";
import type { TraceTable } from "../../model/trace/table";
import { address, adjust } from "../../shell/navigation";
import styles from "./trace.module.css";
import { formatVariant, parseVariant } from "./variant";

const some = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;

export function Banners({ table }: { table: TraceTable }) {
  const { counts } = table;
  const variant = parseVariant(address.value.params.view);
  const setAligned = () =>
    adjust({ params: { view: formatVariant({ ...variant, isAligned: !variant.isAligned }) } });
  return (
    <div class={styles.banners} role="status">
      {counts.inProgress > 0 && (
        <p>
          <span class={styles.pulse} aria-hidden="true" />
          In progress: {some(counts.inProgress, "row")} open, read again every 2 seconds
        </p>
      )}
      {counts.orphans > 0 && (
        <p>
          Partial: {some(counts.orphans, "subsegment")} whose parent has not arrived, under “Missing parent”
        </p>
      )}
      {counts.skewed > 0 && (
        <p>
          {some(counts.skewed, "row")} more than 5 ms outside the parent: clocks differ, or work goes on by
          itself
          <Button look="quiet" aria-pressed={variant.isAligned} onClick={setAligned}>
            Align clocks
          </Button>
        </p>
      )}
      {table.limitExceeded && (
        <p>Documents of this trace were refused: it is larger than the server keeps.</p>
      )}
      {table.count > UNFOLDED_MAX && (
        <p>
          Of {formatCount(table.count)} rows, errors, the critical path and the top levels are unfolded at
          first.
        </p>
      )}
    </div>
  );
}
