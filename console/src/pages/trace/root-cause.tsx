/** Where the request failed, in one line: the exception is read, and reached, without looking for its row. */
import { Button } from "../../components/button/button";
import { formatCount, visible } from "../../model/format";
import { THROWN_MAX, type TraceTable, textOf } from "../../model/trace/table";
import { go } from "../../shell/navigation";
import styles from "./trace.module.css";

export function RootCause({ table }: { table: TraceTable }) {
  const [first] = table.exceptions;
  if (!first) return null;
  const { row, type, message } = first;
  const others = table.exceptions.length - 1;
  const service = textOf(table, table.service, row) || textOf(table, table.name, row);
  const open = () =>
    go({
      route: { page: "trace", id: table.id, view: "timeline" },
      params: { segment: table.ids[row], tab: "exceptions" },
    });
  return (
    <p class={styles.cause}>
      <Button look="quiet" title="Show the exception" onClick={open}>
        <span aria-hidden="true">✕</span>
        <span>
          <b>{visible(type || "Exception", 300)}</b>
          {message && `: ${visible(message, 300)}`}
        </span>
      </Button>
      — in {visible(service, 200)}
      {others > 0 && `, and ${formatCount(others)}${others + 1 >= THROWN_MAX ? " or more" : ""} more`}
    </p>
  );
}
