//! The scenarios of groups-insights.md 7, end to end: real documents through the embedded store, virtual time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use roentgen_control::groups::{GroupUpdate, InsightsUpdate, NewGroup};
use roentgen_control::{Control, ControlSettings};
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::document::Verdict;
use roentgen_model::filter::GroupSelector;
use roentgen_model::insight::{Insight, InsightEvent, InsightId, minutes_after};
use roentgen_model::settings_history::SettingsHistories;
use roentgen_model::{TraceId, UnixNanos};
use roentgen_store::catalog::CatalogLocation;
use roentgen_store::clock::ManualClock;
use roentgen_store::files::SimulatedDisk;
use roentgen_store::source::TraceWriter;
use roentgen_store::{EmbeddedStore, StoreParts, StoreSettings};
use tokio::sync::mpsc;

use super::runner::RunReport;
use super::*;
use crate::testing::{NOW_SECS, scope};

mod again;
mod groups;
mod scenarios;
mod simulated;

const ACCOUNT: &str = "111122223333";
/// What a run of the judge waits for after a minute, and a second.
const SETTLED_SECS: i64 = 11;
/// Quiet minutes before a scenario begins.
const BEFORE: i64 = 60;

/// The start of minute so many.
fn minute(number: i64) -> UnixNanos {
    minutes_after(UnixNanos::from_secs(NOW_SECS), number)
}

/// One request to a service, which may call another.
#[derive(Clone, Debug, Default)]
struct Request {
    service: &'static str,
    fault: bool,
    /// Answered with 4xx or 429.
    error: bool,
    throttle: bool,
    /// What it calls, and whether that fails.
    callee: Option<(&'static str, bool)>,
}

fn ask(service: &'static str, fault: bool) -> Request {
    Request {
        service,
        fault,
        ..Request::default()
    }
}

/// So many requests of which so many fail.
fn requests(service: &'static str, total: usize, faults: usize) -> Vec<Request> {
    (0..total)
        .map(|number| ask(service, number < faults))
        .collect()
}

struct World {
    disk: Arc<SimulatedDisk>,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    store: Arc<EmbeddedStore>,
    control: Arc<Control>,
    runner: InsightRunner,
    notified: mpsc::Receiver<Notification>,
    sent: u64,
}

impl World {
    /// A server whose `Default` group has insights and notifications.
    async fn new() -> Self {
        let world = Self::without_insights().await;
        world.enable("Default", true).await;
        world.run().await;
        world
    }

    async fn without_insights() -> Self {
        let disk = Arc::new(SimulatedDisk::new());
        let clock = Arc::new(ManualClock::new(minute(0)));
        let directory = tempfile::tempdir().unwrap();
        let parts = open(&disk, &clock, directory.path()).await;
        let (store, control, runner, notified) = parts;
        Self {
            disk,
            clock,
            directory,
            store,
            control,
            runner,
            notified,
            sent: 0,
        }
    }

    async fn enable(&self, group: &str, enabled: bool) {
        let update = GroupUpdate {
            expression: None,
            insights: InsightsUpdate {
                insights_enabled: Some(enabled),
                notifications_enabled: Some(enabled),
            },
        };
        let now = self.clock_now();
        let selector = GroupSelector::Name(group);
        self.control
            .update_group(selector, update, now)
            .await
            .unwrap();
    }

    fn clock_now(&self) -> UnixNanos {
        roentgen_store::clock::Clock::now(&*self.clock)
    }

    /// The clock stands where the minute is over and settled.
    fn end_of(&self, number: i64) {
        self.clock.set(minute(number + 1));
        self.clock.advance_secs(SETTLED_SECS);
    }

    /// Sends the requests of a minute, spread over it; the clock must have come there.
    async fn send(&mut self, number: i64, requests: &[Request]) {
        let mut documents = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            self.sent += 1;
            let millis = 59_000 * at as i64 / requests.len() as i64;
            let start = minute(number).0 / 1_000_000 + millis;
            documents.push(document(self.sent, start, request));
        }
        if documents.is_empty() {
            return;
        }
        let expected = vec![Verdict::Accepted; documents.len()];
        let verdicts = self.store.accept(&scope(ACCOUNT), documents).await.unwrap();
        assert_eq!(verdicts, expected);
        self.store.assemble_now().unwrap();
    }

    async fn run(&self) -> RunReport {
        self.runner.run_once().await.unwrap()
    }

    /// Minutes as they come: sent when they are over, judged at once (the first ones now and then).
    async fn live(&mut self, minutes: std::ops::Range<i64>, traffic: impl Fn(i64) -> Vec<Request>) {
        for number in minutes {
            self.end_of(number);
            self.send(number, &traffic(number)).await;
            if number >= BEFORE || number % 20 == 19 {
                self.run().await;
            }
        }
    }

    /// Stops the server and starts it on the same data.
    async fn restart(&mut self) {
        let Self {
            disk,
            clock,
            directory,
            ..
        } = self;
        self.store.close();
        let parts = open(disk, clock, directory.path()).await;
        (self.store, self.control, self.runner, self.notified) = parts;
    }

    fn insights(&self) -> Vec<Arc<PublishedInsight>> {
        let published = self.runner.published();
        let all = published.all();
        let mut insights: Vec<_> = all.into_values().collect();
        insights.sort_by_key(|p| (p.record.insight.start, p.record.insight.id));
        insights
    }

    fn only(&self) -> Arc<PublishedInsight> {
        let insights = self.insights();
        assert_eq!(insights.len(), 1, "{insights:#?}");
        Arc::clone(&insights[0])
    }

    /// Everything but ids.
    fn told(&self) -> Vec<(Insight, Vec<InsightEvent>)> {
        let without_id = |p: &Arc<PublishedInsight>| {
            let insight = Insight {
                id: InsightId([0; 16]),
                ..p.record.insight.clone()
            };
            (insight, p.events.clone())
        };
        self.insights().iter().map(without_id).collect()
    }
}

async fn open(
    disk: &Arc<SimulatedDisk>,
    clock: &Arc<ManualClock>,
    directory: &std::path::Path,
) -> (
    Arc<EmbeddedStore>,
    Arc<Control>,
    InsightRunner,
    mpsc::Receiver<Notification>,
) {
    let settings = ControlSettings::new(Some(directory.join("control.db")), scope(ACCOUNT));
    let now = roentgen_store::clock::Clock::now(&**clock);
    let control = Arc::new(Control::open(settings, [7; 32], now).await.unwrap());
    let histories = SettingsHistories::new([(scope(ACCOUNT), control.history())]);
    let location = CatalogLocation::File(directory.join("catalog.db"));
    let parts = StoreParts {
        histories: Arc::new(histories),
        ..StoreParts::new(Arc::clone(disk) as _, Arc::clone(clock) as _, location)
    };
    let settings = StoreSettings {
        is_background: false,
        seed: Some(7),
        ..StoreSettings::default()
    };
    let store = Arc::new(EmbeddedStore::open(settings, parts).unwrap());
    store.assemble_now().unwrap();
    let (sender, notified) = mpsc::channel(1_000);
    let parts = InsightParts {
        reader: Arc::clone(&store) as _,
        control: Arc::clone(&control),
        clock: Arc::clone(clock) as _,
        retention: Duration::from_secs(30 * 24 * 3600),
        notifications: Some(sender),
    };
    let runner = InsightRunner::open(parts).await.unwrap();
    (store, control, runner, notified)
}

fn document(number: u64, start_millis: i64, request: &Request) -> Bytes {
    let Request {
        service,
        fault,
        error,
        throttle,
        callee,
    } = request;
    let mut id = [0; 16];
    id[..4].copy_from_slice(&u32::try_from(start_millis / 1000).unwrap().to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let trace_id = TraceId::from_bytes(id);
    let time = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let (start, end) = (time(start_millis), time(start_millis + 50));
    let calls = callee.map_or_else(String::new, |(name, fault)| {
        format!(
            r#","subsegments":[{{"id":"{:016x}","name":"{name}","namespace":"remote","start_time":{start},"end_time":{end},"fault":{fault}}}]"#,
            number | 1 << 60
        )
    });
    Bytes::from(format!(
        r#"{{"trace_id":"{trace_id}","id":"{:016x}","name":"{service}","start_time":{start},"end_time":{end},"fault":{fault},"error":{error},"throttle":{throttle}{calls}}}"#,
        number + 1
    ))
}

fn names(nodes: &[NodeKey]) -> Vec<&str> {
    nodes.iter().map(|node| &*node.name).collect()
}
