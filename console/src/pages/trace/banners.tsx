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
          In progress: {some(counts.inProgress, "row")} open. The page follows every 2 seconds.
        </p>
      )}
      {counts.orphans > 0 && (
        <p>
          Partial: the parent of {some(counts.orphans, "subsegment")} has not arrived;{" "}
          {counts.orphans === 1 ? "it is" : "they are"} under{" "}
          {counts.missingParents === 1
            ? "“Missing parent”"
            : `${counts.missingParents} rows “Missing parent”`}{" "}
          at
          {counts.orphans === 1 ? " its" : " their"} time.
        </p>
      )}
      {counts.skewed > 0 && (
        <p>
          {some(counts.skewed, "row")} {counts.skewed === 1 ? "lies" : "lie"} more than 5 ms outside{" "}
          {counts.skewed === 1 ? "its parent" : "their parents"}: clocks differ, or the work goes on by
          itself.
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
