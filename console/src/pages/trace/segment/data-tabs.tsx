import { useState } from "preact/hooks";
import { CopyButton } from "../../../components/copy-button/copy-button";
import { JsonTree } from "../../../components/json-tree/json-tree";
import { bytesOf } from "../../../components/json-tree/outline";
import { formatBytes, visible } from "../../../model/format";
import { object } from "../../../model/trace/from-documents";
import { annotationFilter, excluding, tracesHref } from "../links";
import styles from "./segment.module.css";
import type { TabProps } from "./segment-panel";

const VALUE_MAX = 1_000;

/** Key, value, type; each leads to the traces with, or without it. */
export function AnnotationsTab({ table, detail }: TabProps) {
  const entries = Object.entries(object(detail.merged.annotations) ?? {});
  return (
    <table class={styles.table}>
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Value</th>
          <th scope="col">
            <span class="visually-hidden">Traces</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map(([key, value]) => {
          const isIndexed =
            typeof value === "string" || typeof value === "number" || typeof value === "boolean";
          const filter = isIndexed ? annotationFilter(key, value) : undefined;
          return (
            <tr key={key}>
              <th scope="row">{visible(key, 500)}</th>
              <td>
                <span class={styles.value}>
                  {visible(isIndexed ? String(value) : (JSON.stringify(value) ?? ""), VALUE_MAX)}
                </span>
                <span class={styles.type}>{typeof value}</span>
              </td>
              <td class={styles.rowActions}>
                {filter && (
                  <>
                    <a
                      href={tracesHref(filter, table.startMicros)}
                      title={`Traces where ${visible(filter, 300)}`}
                    >
                      filter
                    </a>
                    <a href={tracesHref(excluding(filter), table.startMicros)} title="Traces without it">
                      exclude
                    </a>
                  </>
                )}
                <CopyButton text={isIndexed ? String(value) : JSON.stringify(value)} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function MetadataTab({ detail }: TabProps) {
  const [search, setSearch] = useState("");
  const { metadata } = detail.merged;
  return (
    <>
      <div class={styles.tools}>
        <input
          type="search"
          class={styles.find}
          aria-label="Search in the metadata"
          placeholder="Search keys and values"
          spellcheck={false}
          value={search}
          onInput={event => setSearch(event.currentTarget.value)}
        />
        <span class={styles.muted}>{formatBytes(bytesOf(metadata))}</span>
        <CopyButton text={() => JSON.stringify(metadata, null, 2)} label="Copy all" />
      </div>
      <div class={styles.padded}>
        <JsonTree label="Metadata" value={metadata} search={search} prefix="metadata." />
      </div>
    </>
  );
}
