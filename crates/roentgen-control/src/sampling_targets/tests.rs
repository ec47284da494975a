use std::path::PathBuf;

use proptest::prelude::*;
use roentgen_model::Scope;
use roentgen_model::sampling::rule::SamplingRule;

use super::*;
use crate::ControlSettings;

const KEY: [u8; 32] = [7; 32];

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").unwrap()
}

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

fn rule(name: &str, priority: i32) -> SamplingRule {
    SamplingRule {
        name: name.into(),
        priority,
        ..SamplingRule::default_rule()
    }
}

fn report(rule: &str, client: u8, requests: u64, now: UnixNanos) -> StatisticsReport {
    StatisticsReport {
        rule_name: rule.into(),
        client_id: format!("{client:024x}"),
        timestamp: now,
        request_count: requests,
        sampled_count: 1,
        borrow_count: 0,
    }
}

async fn control(path: Option<PathBuf>, now: UnixNanos) -> Control {
    Control::open(ControlSettings::new(path, scope()), KEY, now)
        .await
        .unwrap()
}

#[tokio::test]
async fn unusable_report_is_listed_and_the_others_are_answered() {
    let control = control(None, at(0)).await;
    let mut late = report("Default", 2, 1, at(0));
    late.timestamp = at(-301);
    let reports = vec![
        report("gone", 1, 1, at(0)),
        late,
        report("Default", 1, 50, at(0)),
    ];
    let answer = control.sampling_targets(reports, vec![], at(0));
    let codes: Vec<_> = answer.unprocessed.iter().map(|u| u.error_code).collect();
    assert_eq!(codes, ["404", "400"]);
    let quotas: Vec<_> = answer.targets.iter().map(|t| t.reservoir_quota).collect();
    assert_eq!(quotas, [1]);
}

#[tokio::test]
async fn two_reports_of_one_client_count_together() {
    let control = control(None, at(0)).await;
    let reports = vec![
        report("Default", 1, 3, at(0)),
        report("Default", 1, 4, at(1)),
    ];
    assert_eq!(
        control
            .sampling_targets(reports, vec![], at(1))
            .targets
            .len(),
        1
    );
    let windows = control.statistics_windows(at(1));
    let counts: Vec<_> = windows
        .iter()
        .map(|w| (w.request_count, w.sampled_count))
        .collect();
    assert_eq!(counts, [(7, 2)]);
    assert!(control.statistics_windows(at(700)).is_empty());
}

#[tokio::test]
async fn quotas_written_before_a_restart_count_as_given_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = control(path.clone(), at(0)).await;
    let size = SamplingRule {
        reservoir_size: 10,
        ..rule("shop", 1)
    };
    first
        .create_sampling_rule(size, BTreeMap::new(), at(0))
        .await
        .unwrap();
    let answer = first.sampling_targets(vec![report("shop", 1, 900, at(0))], vec![], at(0));
    assert_eq!(answer.targets[0].reservoir_quota, 10);
    first.write_statistics().await.unwrap();
    drop(first);

    let second = control(path, at(5)).await;
    let answer = second.sampling_targets(vec![report("shop", 2, 900, at(6))], vec![], at(6));
    assert_eq!(answer.targets[0].reservoir_quota, 0, "SAMP-1");
    let answer = second.sampling_targets(vec![report("shop", 2, 900, at(36))], vec![], at(36));
    assert_eq!(answer.targets[0].reservoir_quota, 10);
    let starts: Vec<_> = second
        .statistics_windows(at(36))
        .iter()
        .map(|w| w.start)
        .collect();
    assert_eq!(starts, [at(30), at(0)]);
}

fn anomalies(rule: &str, seen: u64, now: UnixNanos) -> BoostReport {
    BoostReport {
        rule_name: rule.into(),
        timestamp: now,
        anomaly_count: seen,
        sampled_anomaly_count: 0,
    }
}

fn boosted(name: &str) -> SamplingRule {
    SamplingRule {
        boost: Some(roentgen_model::sampling::rule::SamplingRateBoost {
            max_rate: 0.5,
            cooldown_window_minutes: 10,
        }),
        ..rule(name, 1)
    }
}

fn boost_rate(control: &Control, rule: &str, seen: u64, now: UnixNanos) -> Option<f64> {
    let reports = vec![report(rule, 1, 1, now)];
    let answer = control.sampling_targets(reports, vec![anomalies(rule, seen, now)], now);
    assert_eq!(answer.unprocessed_boosts, []);
    answer.targets[0].boost.map(|boost| boost.rate)
}

#[tokio::test]
async fn one_boost_per_cooldown_window_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = control(path.clone(), at(0)).await;
    let none = BTreeMap::new();
    first
        .create_sampling_rule(boosted("shop"), none, at(0))
        .await
        .unwrap();
    assert_eq!(boost_rate(&first, "shop", 5, at(0)), Some(0.5));
    first.write_statistics().await.unwrap();
    drop(first);

    let second = control(path, at(30)).await;
    assert_eq!(boost_rate(&second, "shop", 5, at(30)), Some(0.5));
    assert_eq!(boost_rate(&second, "shop", 5, at(61)), None);
    assert_eq!(boost_rate(&second, "shop", 5, at(570)), None);
    assert_eq!(boost_rate(&second, "shop", 5, at(600)), Some(0.5));
}

#[tokio::test]
async fn boost_of_a_deleted_rule_is_forgotten() {
    let control = control(None, at(0)).await;
    for secs in [0, 100] {
        control
            .create_sampling_rule(boosted("shop"), BTreeMap::new(), at(secs))
            .await
            .unwrap();
        // Ten minutes have not passed, but it is another rule.
        assert_eq!(boost_rate(&control, "shop", 5, at(secs)), Some(0.5));
        let name = crate::sampling_rules::RuleSelector::Name("shop".into());
        control
            .delete_sampling_rule(&name, at(secs + 1))
            .await
            .unwrap();
    }
}

/// What happens next in a simulated life of one rule.
#[derive(Clone, Debug)]
enum Step {
    Report {
        client: u8,
        requests: u64,
    },
    Wait(i64),
    Resize(u32),
    /// Writes, as at the end of the process, and opens again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u8..6, 0_u64..200).prop_map(|(client, requests)| Step::Report { client, requests }),
        4 => (0_i64..12).prop_map(Step::Wait),
        1 => (0_u32..20).prop_map(Step::Resize),
        1 => Just(Step::Restart),
    ]
}

/// Goal: whatever clients do, what they hold together is never more than the reservoir, as they were
/// last told, over restarts too (SAMP-1, sampling.md 5). A size that was just lowered may be exceeded
/// until those told of the old one have reported again or are no longer active.
async fn quotas_of_clients_fit(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let mut now = 0;
    let mut live = control(path.clone(), at(now)).await;
    let size = |reservoir_size| SamplingRule {
        reservoir_size,
        ..rule("shop", 1)
    };
    live.create_sampling_rule(size(10), BTreeMap::new(), at(now))
        .await
        .unwrap();
    let mut sizes = vec![(now, 10_u32)];
    // By client: when it was told what.
    let mut told: BTreeMap<u8, (i64, u32)> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Report { client, requests } => {
                let reports = vec![report("shop", client, requests, at(now))];
                let answer = live.sampling_targets(reports, vec![], at(now));
                told.insert(client, (now, answer.targets[0].reservoir_quota));
            }
            Step::Wait(secs) => now += secs,
            Step::Resize(reservoir_size) => {
                let update = crate::sampling_rules::SamplingRuleUpdate {
                    reservoir_size: Some(reservoir_size),
                    ..Default::default()
                };
                let name = crate::sampling_rules::RuleSelector::Name("shop".into());
                live.update_sampling_rule(&name, update, at(now))
                    .await
                    .unwrap();
                sizes.push((now, reservoir_size));
            }
            Step::Restart => {
                live.write_statistics().await.unwrap();
                drop(live);
                live = control(path.clone(), at(now)).await;
            }
        }
        told.retain(|_, (when, _)| now - *when <= 30);
        let held: u32 = told.values().map(|(_, quota)| quota).sum();
        let oldest = told.values().map(|(when, _)| *when).min().unwrap_or(now);
        let valid = sizes
            .iter()
            .rposition(|(when, _)| *when < oldest)
            .unwrap_or(0);
        let most = sizes[valid..].iter().map(|(_, size)| *size).max().unwrap();
        assert!(held <= most, "{told:?} of {sizes:?} at {now} s");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn quotas_held_by_clients_fit_the_reservoir_over_restarts(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(quotas_of_clients_fit(steps));
    }
}
