/** What the trace was: request, outcome, durations, counts; and what can be taken from it. */
import type { ComponentChildren } from "preact";
import { traceDownloadUrl } from "../../api/get-trace";
import { CopyButton } from "../../components/copy-button/copy-button";
import { Icon } from "../../components/icon/icon";
import { Menu } from "../../components/menu/menu";
import { type Class, StatusMark } from "../../components/status-mark/status-mark";
import { formatAge, formatCount, formatMicros, formatTime, visible } from "../../model/format";
import { FLAG_IN_PROGRESS, type TraceTable, textOf } from "../../model/trace/table";
import { address } from "../../shell/navigation";
import { now } from "../../shell/time";
import { toW3c } from "../../url/trace-id";
import { classWord } from "./timeline/row-text";
import styles from "./trace.module.css";

const URL_MAX = 400;

export function rootClass(table: TraceTable): Class {
  if (table.root < 0) return "unknown";
  const flags = table.flags[table.root] as number;
  return classWord(flags) ?? (flags & FLAG_IN_PROGRESS ? "unknown" : "ok");
}

/** "GET /orders 502": names the trace in the window's title. */
export function headline(table: TraceTable): string {
  if (table.root < 0) return table.id;
  const url = textOf(table, table.url, table.root);
  const status = table.status[table.root] as number;
  const what = url ? visible(url, 100) : visible(textOf(table, table.name, table.root), 100);
  return [textOf(table, table.method, table.root), what, status || ""].filter(Boolean).join(" ");
}

export function Header({ table, hasConsoleApi }: { table: TraceTable; hasConsoleApi: boolean }) {
  const { root, counts } = table;
  const zone = address.value.params.tz;
  const startMillis = table.startMicros / 1000;
  const duration = root < 0 ? -1 : (table.duration[root] as number);
  return (
    <header class={styles.header}>
      <div class={styles.headline}>
        <Request table={table} />
        <div class={styles.actions}>
          <CopyButton label="Copy link" text={() => location.href} />
          <Menu
            label="Copy the id"
            button={
              <>
                Copy id <Icon name="down" size={12} />
              </>
            }
            look="quiet"
            align="end"
            items={[
              copyItem("xray", "X-Ray", table.id),
              copyItem("w3c", "W3C", toW3c(table.id)),
              copyItem("header", "Header", `Root=${table.id}`),
            ]}
          />
          {hasConsoleApi && (
            <Menu
              label="Download"
              button={
                <>
                  Download <Icon name="down" size={12} />
                </>
              }
              look="quiet"
              align="end"
              items={[
                download(table.id, "documents.json", "Documents", "JSON, as BatchGetTraces"),
                download(table.id, "otlp.json", "Spans", "OTLP JSON"),
              ]}
            />
          )}
        </div>
      </div>
      <dl class={styles.facts}>
        {root >= 0 && <Fact name="Response">{duration < 0 ? "in progress" : formatMicros(duration)}</Fact>}
        <Fact name="Duration">{formatMicros(table.durationMicros)}</Fact>
        <Fact name="Segments">{formatCount(counts.segments)}</Fact>
        <Fact name="Subsegments">{formatCount(counts.subsegments)}</Fact>
        <Fact name="Services">{formatCount(counts.services)}</Fact>
        <Fact name="Started">
          <time
            dateTime={new Date(startMillis).toISOString()}
            title={`${formatTime(startMillis, "utc", true)} UTC`}
          >
            {formatTime(startMillis, zone)}
          </time>{" "}
          <span class={styles.muted}>{formatAge(startMillis, Math.max(now.value, startMillis))}</span>
        </Fact>
        <Fact name="Id">
          <code>{table.id}</code>
        </Fact>
      </dl>
    </header>
  );
}

const copyItem = (id: string, label: string, text: string) => ({
  id,
  label,
  detail: text,
  // Without permission nothing is copied; the id stands in the page to be selected.
  onSelect: () => {
    navigator.clipboard?.writeText(text).catch(() => undefined);
  },
});

const download = (id: string, kind: "documents.json" | "otlp.json", label: string, detail: string) => ({
  id: kind,
  label,
  detail,
  href: traceDownloadUrl(id, kind),
  download: `${id}.${kind}`,
});

function Request({ table }: { table: TraceTable }) {
  const { root } = table;
  if (root < 0) {
    return (
      <h2 class={styles.request}>
        <span class={styles.path}>The root segment has not arrived</span>
      </h2>
    );
  }
  const url = textOf(table, table.url, root);
  const [host, path] = splitUrl(url);
  const status = table.status[root] as number;
  const outcome = rootClass(table);
  return (
    <h2 class={styles.request} title={visible(url, 2_000)}>
      <span class={styles.what}>
        {url ? (
          <>
            <span class={styles.method}>{visible(textOf(table, table.method, root), 20)}</span>
            <span class={styles.host}>{visible(host, URL_MAX)}</span>
            <span class={styles.path}>{visible(path, URL_MAX)}</span>
          </>
        ) : (
          <span class={styles.path}>{visible(textOf(table, table.name, root), URL_MAX)}</span>
        )}
      </span>
      <span class={`${styles.outcome} ${styles[outcome]}`}>
        {status > 0 && <span>{status}</span>}
        <StatusMark of={outcome} withWord />
      </span>
    </h2>
  );
}

/** Scheme and host apart from the rest, which is what one reads. */
function splitUrl(url: string): [string, string] {
  const found = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is.exec(url.slice(0, 4_000));
  return found ? [found[1] as string, found[2] || "/"] : ["", url];
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
