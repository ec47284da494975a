import { CopyButton } from "../../../components/copy-button/copy-button";
import { visible } from "../../../model/format";
import { object, text } from "../../../model/trace/from-documents";
import { formatSql } from "../../../model/trace/sql";
import { textOf } from "../../../model/trace/table";
import { hrefOf } from "../../../shell/navigation";
import { databaseFilter, tracesHref } from "../links";
import { Field, Fields } from "./fields";
import styles from "./segment.module.css";
import type { TabProps } from "./segment-panel";

const STATEMENT_MAX = 60_000;
/** So much of a statement is looked for elsewhere. */
const SEARCH_MAX = 300;

export function SqlTab({ table, row, detail: { merged } }: TabProps) {
  const sql = object(merged.sql) ?? {};
  const statement = text(sql.sanitized_query);
  return (
    <>
      {statement !== undefined && (
        <section class={styles.section}>
          <div class={styles.titled}>
            <h3>Statement</h3>
            <CopyButton text={statement} />
          </div>
          <pre class={styles.code}>
            {visible(formatSql(statement.slice(0, STATEMENT_MAX)), STATEMENT_MAX)}
          </pre>
          <p class={styles.links}>
            <a href={hrefOf({ params: { q: statement.slice(0, SEARCH_MAX) } })}>
              Same statement in this trace
            </a>
            <a href={tracesHref(databaseFilter(textOf(table, table.name, row)), table.startMicros)}>
              Traces that call this database
            </a>
          </p>
        </section>
      )}
      <Fields title="Database">
        <Field name="URL" value={text(sql.url) ?? text(sql.connection_string)} />
        <Field name="Type" value={text(sql.database_type)} />
        <Field name="Version" value={text(sql.database_version)} />
        <Field name="User" value={text(sql.user)} />
        <Field name="Driver" value={text(sql.driver_version)} />
        <Field name="Preparation" value={text(sql.preparation)} />
      </Fields>
    </>
  );
}
