/** What a row of ours stands for: repeats of a call, or children of a parent that has not arrived. */
import { formatCount, formatMicros } from "../../../model/format";
import { groupOf } from "../../../model/trace/rows";
import { KIND_REPEATS, type TraceTable, textOf } from "../../../model/trace/table";
import { hrefOf } from "../../../shell/navigation";
import { detailOf, nameOf } from "../timeline/row-text";
import { Field, Fields } from "./fields";
import styles from "./segment.module.css";

const LISTED_MAX = 20;

export function GroupTab({ table, row }: { table: TraceTable; row: number }) {
  const { count, errors, total, median } = groupOf(table, row);
  const isRepeats = table.kind[row] === KIND_REPEATS;
  const members: number[] = [];
  const end = row + (table.size[row] as number);
  for (let at = row + 1; at < end; at += table.size[at] as number) members.push(at);
  const slowest = members.sort((a, b) => lasts(table, b) - lasts(table, a)).slice(0, LISTED_MAX);
  return (
    <>
      <p class={styles.explained}>
        {isRepeats
          ? "Calls of one name under one parent: many short ones can often be made one."
          : `The parent ${textOf(table, table.missingParent, row)} has not arrived. Its children are shown here until it does.`}
      </p>
      <Fields>
        <Field name={isRepeats ? "Calls" : "Children"} value={formatCount(count)} />
        <Field name="Failed" value={errors > 0 ? formatCount(errors) : undefined} />
        <Field name="Together" value={formatMicros(total)} />
        <Field name="Median" value={formatMicros(median)} />
        <Field name="From first to last" value={formatMicros(lasts(table, row))} />
      </Fields>
      <Fields title="Slowest">
        {slowest.map(member => (
          <Field key={member} name={formatMicros(lasts(table, member))}>
            <a href={hrefOf({ params: { segment: table.ids[member] } })}>
              {nameOf(table, member)} {detailOf(table, member)}
            </a>
          </Field>
        ))}
      </Fields>
    </>
  );
}

const lasts = (table: TraceTable, row: number): number =>
  (table.end[row] as number) - (table.start[row] as number);
