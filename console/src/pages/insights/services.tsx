/** Services that were anomalous, the most affected first; and how many requests failed. */
import type { Impact as Counts, Insight, ServiceId } from "../../api/insights";
import { Panel } from "../../components/panel/panel";
import { formatCount, formatShare, visible } from "../../model/format";
import { faultFilter, sharesOf } from "../../model/insight";
import { hrefOf } from "../../shell/navigation";
import styles from "./insights.module.css";
import { incidentParams } from "./links";

export function Services({ insight }: { insight: Insight }) {
  const root = insight.RootCauseServiceId;
  const services = insight.TopAnomalousServices.map(one => one.ServiceId).filter(one => one !== undefined);
  const isRoot = (service: ServiceId) => service.Name === root?.Name && service.Type === root.Type;
  return (
    <Panel title="Anomalous services">
      <div class={styles.padded}>
        <ol class={styles.services} aria-label="Anomalous services, the most affected first">
          {services.map((service, index) => (
            <li key={`${service.Name} ${service.Type ?? ""}`}>
              <span class={styles.rank}>{index + 1}</span>
              <span class={styles.service}>
                <b>{visible(service.Name, 120)}</b>
                <span class={styles.muted}> {visible(service.Type ?? "", 80)}</span>
                {isRoot(service) && <span class={styles.badge}>root cause</span>}
              </span>
              <a
                href={hrefOf({
                  route: { page: "traces" },
                  params: { ...incidentParams(insight), filter: faultFilter(service) },
                })}
              >
                Faulty traces
              </a>
            </li>
          ))}
        </ol>
        <Shares title="Requests of clients" counts={insight.ClientRequestImpactStatistics} />
        <Shares
          title={`Requests to ${visible(root?.Name ?? "the root cause", 80)}`}
          counts={insight.RootCauseServiceRequestImpactStatistics}
        />
      </div>
    </Panel>
  );
}

const CLASSES = [styles.fault, styles.error, styles.ok];

/** A bar of fault, other and ok; the numbers stand below it. */
export function Shares({ title, counts }: { title: string; counts: Counts | undefined }) {
  if (!counts) return null;
  const shares = sharesOf(counts);
  const text = `${formatCount(counts.FaultCount)} of ${formatCount(counts.TotalCount)} failed`;
  return (
    <div class={styles.shares}>
      <p>
        <b>{title}</b>{" "}
        <span class={styles.muted}>
          {text}, {formatShare(counts.FaultCount, counts.TotalCount)}
        </span>
      </p>
      <div class={styles.bar} role="img" aria-label={`${title}: ${text}`}>
        {shares.map(({ label, count }, index) => (
          <span key={label} class={CLASSES[index]} style={{ flexGrow: count }} title={`${label}: ${count}`} />
        ))}
      </div>
    </div>
  );
}
