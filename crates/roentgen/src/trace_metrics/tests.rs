use bytes::Bytes;
use prometheus_client::encoding::text::encode;
use roentgen_model::settings_history::{GroupHistory, GroupVersion, SettingsHistories};
use roentgen_model::{Scope, Stamp, UnixNanos};
use roentgen_store::catalog::CatalogLocation;
use roentgen_store::clock::{Clock, ManualClock};
use roentgen_store::files::RealDisk;
use roentgen_store::source::TraceWriter;
use roentgen_store::{EmbeddedStore, StoreParts, StoreSettings};

use super::*;

const NOW_SECS: i64 = 1_795_176_000;

/// A store whose traces are counted, with the group `faulty` of traces with a fault.
struct Counted {
    store: EmbeddedStore,
    metrics: TraceMetrics,
    clock: Arc<ManualClock>,
    scope: Scope,
    _directory: tempfile::TempDir,
    _groups: watch::Sender<Arc<SettingsHistory>>,
}

fn group(expression: &str) -> Arc<SettingsHistory> {
    let group = GroupHistory {
        id: "ID".into(),
        name: "faulty".into(),
        arn: "arn:aws:xray:us-east-1:000000000000:group/faulty/ID".into(),
        versions: vec![GroupVersion {
            version: 1,
            since: Stamp(0),
            expression: expression.into(),
        }],
        deleted: None,
    };
    Arc::new(SettingsHistory::new(vec![group], Vec::new()))
}

impl Counted {
    fn new(expression: &str) -> Self {
        let history = group(expression);
        let scope = Scope::new("000000000000", "us-east-1").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(UnixNanos::from_secs(NOW_SECS)));
        let groups = watch::Sender::new(Arc::clone(&history));
        let metrics = TraceMetrics::new(groups.subscribe());
        let disk = Arc::new(RealDisk::open(directory.path()).unwrap());
        let parts = StoreParts {
            histories: Arc::new(SettingsHistories::new([(scope.clone(), history)])),
            observer: Some(Arc::new(metrics.clone())),
            ..StoreParts::new(disk, Arc::clone(&clock) as _, CatalogLocation::Memory)
        };
        let settings = StoreSettings {
            is_background: false,
            ..StoreSettings::default()
        };
        Self {
            store: EmbeddedStore::open(settings, parts).unwrap(),
            metrics,
            clock,
            scope,
            _directory: directory,
            _groups: groups,
        }
    }

    /// Puts a segment of 100 ms into the trace and shows it.
    async fn put(&self, id: u64, name: &str, members: &str) {
        let start = self.clock.now().secs() - 10;
        let document = format!(
            r#"{{"trace_id":"1-{start:08x}-000000000000000000000001","id":"{id:016x}",
            "name":"{name}","start_time":{start},"end_time":{start}.1{members}}}"#
        );
        let verdicts = self.store.accept(&self.scope, vec![Bytes::from(document)]);
        assert_eq!(verdicts.await.unwrap().len(), 1);
        self.store.assemble_now().unwrap();
    }

    /// The lines of `/metrics` that begin so and are not zero.
    fn lines(&self, name: &str) -> Vec<String> {
        let mut registry = Registry::default();
        self.metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(name));
        let mut lines: Vec<_> = lines.map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn traces_and_requests_are_counted_once_in_every_group() {
    let counted = Counted::new("fault");
    counted.put(1, "web", "").await;
    assert_eq!(
        counted.lines("xray_group_traces_total"),
        [r#"xray_group_traces_total{group="Default"} 1"#]
    );
    // The second segment does not count the first again; the trace joins the group with both.
    counted
        .put(2, "pay", r#","parent_id":"0000000000000001""#)
        .await;
    counted.put(1, "web", r#","fault":true"#).await;
    assert_eq!(
        counted.lines("xray_group_traces_total"),
        [
            r#"xray_group_traces_total{group="Default"} 1"#,
            r#"xray_group_traces_total{group="faulty"} 1"#,
        ]
    );
    let requests = |group: &str, service: &str, class: &str| {
        format!(
            r#"xray_service_requests_total{{group="{group}",service="{service}",type="",class="{class}"}} 1"#
        )
    };
    assert_eq!(
        counted.lines("xray_service_requests_total"),
        [
            requests("Default", "pay", "ok"),
            requests("Default", "web", "fault"),
            requests("Default", "web", "ok"),
            requests("faulty", "pay", "ok"),
            requests("faulty", "web", "fault"),
        ]
    );
    let count = r#"xray_service_response_seconds_count{group="faulty",service="pay",type=""} 1"#;
    assert!(
        counted
            .lines("xray_service_response_seconds_count")
            .contains(&count.to_owned())
    );
}

#[tokio::test]
async fn group_that_cannot_be_judged_counts_an_error() {
    let counted = Counted::new(r#"group.name = "gone""#);
    counted.put(1, "web", "").await;
    assert_eq!(
        counted.lines("xray_group_errors_total"),
        [r#"xray_group_errors_total{group="faulty"} 1"#]
    );
    assert_eq!(counted.lines("xray_group_traces_total").len(), 1);
}

#[test]
fn services_beyond_the_bound_are_counted_together() {
    let groups = watch::Sender::new(group(""));
    let metrics = TraceMetrics::new(groups.subscribe());
    let node = |number: usize| NodeKey {
        name: format!("service-{number}").into(),
        node_type: None,
        account_id: None,
    };
    for number in 0..SERVICES_MAX {
        assert_eq!(
            metrics.service_labels("g", &node(number)).service,
            format!("service-{number}")
        );
    }
    assert_eq!(
        metrics.service_labels("g", &node(SERVICES_MAX)).service,
        OTHER
    );
    assert_eq!(metrics.service_labels("g", &node(0)).service, "service-0");
}
