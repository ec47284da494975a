//! Long stretches of time through the whole runner, on rows that a seeded generator makes: a month of real
//! documents would take an hour.

use roentgen_model::assembly::facts::Class;
use roentgen_model::graph::{EdgeKey, EdgeRow, EdgeSums, RowKind};
use roentgen_model::insight::{MINUTE_NANOS, minute_of};
use roentgen_model::{Scope, TraceFacts};
use roentgen_store::source::{
    ChangeMark, ChangedMinutes, QueryControl, ScanPage, ScanRequest, StoreError, StoreStats,
    TotalsRequest, TraceDocuments, TraceReader,
};

use super::*;

/// A service of which a steady share of requests fails, chance deciding which.
#[derive(Debug)]
struct SteadyFaults {
    clock: Arc<ManualClock>,
    requests: u64,
    rate: f64,
}

/// A number that depends on nothing but its inputs (SplitMix64).
fn chance(minute: u64, request: u64) -> u64 {
    let mut mixed = (minute << 20 | request).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl SteadyFaults {
    fn rows(&self, at: UnixNanos) -> [EdgeRow; 2] {
        let number = (at.0 / MINUTE_NANOS) as u64;
        let below = (self.rate * 4_294_967_296.0) as u64;
        let failed = (0..self.requests).filter(|n| chance(number, *n) >> 32 < below);
        let faults = failed.count() as i64;
        let row = |class, count| EdgeRow {
            key: EdgeKey {
                kind: RowKind::RealNode,
                source: None,
                destination: NodeKey {
                    name: "api".into(),
                    node_type: None,
                    account_id: None,
                },
                called_name: None,
                memberships: [].into(),
                class: Some(class),
                response_time_nanos: 0,
                duration_nanos: 0,
                start_slot: at,
                end_slot: at,
            },
            sums: EdgeSums {
                count,
                in_progress: 0,
                response_time_sum_nanos: 0,
                earliest_start: at,
                latest_end: at,
            },
        };
        [
            row(Class::Fault, faults),
            row(Class::Ok, self.requests as i64 - faults),
        ]
    }
}

impl TraceReader for SteadyFaults {
    fn documents(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        Ok(Vec::new())
    }

    fn facts(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        Ok(Vec::new())
    }

    fn scan(&self, _: &ScanRequest, _: &QueryControl) -> Result<ScanPage, StoreError> {
        Ok(ScanPage::default())
    }

    fn totals(
        &self,
        request: &TotalsRequest,
        _: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        let mut at = minute_of(request.range.start);
        let mut rows = Vec::new();
        while at < request.range.end {
            rows.extend(self.rows(at));
            at = minutes_after(at, 1);
        }
        Ok(rows)
    }

    fn changed_minutes(&self, _: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        let now = roentgen_store::clock::Clock::now(&*self.clock);
        ChangedMinutes {
            minutes: after.map(|_| Vec::new()),
            mark: ChangeMark(now.0.unsigned_abs()),
        }
    }

    fn stats(&self) -> StoreStats {
        StoreStats::default()
    }
}

#[tokio::test]
async fn thirty_quiet_days_make_no_insight() {
    let clock = Arc::new(ManualClock::new(minute(0)));
    let settings = ControlSettings::new(None, scope(ACCOUNT));
    let control = Arc::new(Control::open(settings, [7; 32], minute(0)).await.unwrap());
    let update = GroupUpdate {
        expression: None,
        insights: InsightsUpdate {
            insights_enabled: Some(true),
            notifications_enabled: None,
        },
    };
    let selector = GroupSelector::Name("Default");
    control
        .update_group(selector, update, minute(0))
        .await
        .unwrap();
    let reader = SteadyFaults {
        clock: Arc::clone(&clock),
        requests: 100,
        rate: 0.01,
    };
    let parts = InsightParts {
        reader: Arc::new(reader),
        control,
        clock: Arc::clone(&clock) as _,
        retention: Duration::from_secs(30 * 24 * 3600),
        notifications: None,
    };
    let runner = InsightRunner::open(parts).await.unwrap();
    let mut judged = 0;
    for hour in 0..30 * 24 {
        clock.set(minute(60 * (hour + 1)));
        clock.advance_secs(SETTLED_SECS);
        judged += runner.run_once().await.unwrap().minutes_judged;
    }
    assert_eq!(
        judged,
        (30 * 24 + 23) * 60,
        "and the day before the first hour was over"
    );
    assert_eq!(runner.published().counts(), (0, 0));
}
