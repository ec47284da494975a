//! The judge of insights as a task of the server, and what it counts.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use roentgen_control::Control;
use roentgen_query::insights::runner::{InsightError, RunReport};
use roentgen_query::insights::{InsightParts, InsightRunner, Notification, PublishedInsights};
use roentgen_store::clock::RealClock;
use roentgen_store::source::TraceReader;
use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::webhook::WebhookMetrics;

/// Counters of the judge; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct InsightMetrics {
    minutes_read: Counter,
    minutes_judged: Counter,
    events: Counter,
    failures: Counter,
    dropped: Counter,
    seconds: Counter<f64, AtomicU64>,
    pub(crate) webhook: WebhookMetrics,
    active: Gauge<u64, AtomicU64>,
    closed: Gauge<u64, AtomicU64>,
}

impl InsightMetrics {
    /// Puts the counters in a registry.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self {
            minutes_read,
            minutes_judged,
            events,
            failures,
            dropped,
            seconds,
            webhook: WebhookMetrics { sent, failed },
            active,
            closed,
        } = self;
        registry.register_with_unit(
            "roentgen_insight_judge",
            "Time that reading and judging minutes took",
            Unit::Seconds,
            seconds.clone(),
        );
        for (name, help, counter) in [
            (
                "roentgen_insight_minutes_read",
                "Minutes whose counts the judge of insights read",
                minutes_read,
            ),
            (
                "roentgen_insight_minutes_judged",
                "Minutes judged, of all groups, those judged again included",
                minutes_judged,
            ),
            (
                "roentgen_insight_events",
                "Events written to insights",
                events,
            ),
            (
                "roentgen_insight_failures",
                "Runs of the judge that failed and were tried again",
                failures,
            ),
            (
                "roentgen_insight_notifications_sent",
                "Events that the web hook took",
                sent,
            ),
            (
                "roentgen_insight_notifications_failed",
                "Events that the web hook did not take",
                failed,
            ),
            (
                "roentgen_insight_notifications_dropped",
                "Events lost because too many were waiting for the web hook",
                dropped,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "roentgen_insights_active",
            "Active insights",
            active.clone(),
        );
        registry.register(
            "roentgen_insights_closed",
            "Closed insights",
            closed.clone(),
        );
    }

    fn count(&self, outcome: Result<RunReport, InsightError>, published: &PublishedInsights) {
        match outcome {
            Ok(report) => {
                let RunReport {
                    minutes_read,
                    minutes_judged,
                    events,
                    notifications_dropped,
                    took,
                } = report;
                self.seconds.inc_by(took.as_secs_f64());
                self.minutes_read.inc_by(minutes_read);
                self.minutes_judged.inc_by(minutes_judged);
                self.events.inc_by(events);
                self.dropped.inc_by(notifications_dropped);
                if notifications_dropped > 0 {
                    tracing::warn!(
                        notifications_dropped,
                        "notifications of insights were lost: too many are waiting"
                    );
                }
            }
            Err(error) => {
                self.failures.inc();
                let error = anyhow::Error::new(error);
                tracing::warn!("insights could not be judged, trying again: {error:#}");
            }
        }
        let (active, closed) = published.counts();
        self.active.set(active as u64);
        self.closed.set(closed as u64);
    }
}

/// Opens the judge where it stopped.
pub(crate) async fn open(
    config: &Config,
    control: &Arc<Control>,
    reader: Arc<dyn TraceReader>,
    notifications: Option<mpsc::Sender<Notification>>,
) -> anyhow::Result<InsightRunner> {
    let parts = InsightParts {
        reader,
        control: Arc::clone(control),
        clock: Arc::new(RealClock),
        retention: config.retention,
        notifications,
    };
    InsightRunner::open(parts).await.context("open insights")
}

/// Judges until the server stops.
pub(crate) async fn judge(
    runner: InsightRunner,
    metrics: InsightMetrics,
    stopping: watch::Receiver<bool>,
) {
    let published = runner.published();
    let report = |outcome| metrics.count(outcome, &published);
    runner.run(stopping, report).await;
}
