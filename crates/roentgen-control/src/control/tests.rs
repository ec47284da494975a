use super::*;

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

fn names(control: &Control) -> Vec<String> {
    control
        .sampling_rules()
        .into_iter()
        .map(|r| r.rule.name)
        .collect()
}

#[tokio::test]
async fn rules_are_sorted_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = control(path.clone(), at(0)).await;
    assert_eq!(names(&first), ["Default"]);
    first
        .create_sampling_rule(rule("b", 5), at(1))
        .await
        .unwrap();
    first
        .create_sampling_rule(rule("a", 5), at(2))
        .await
        .unwrap();
    first
        .create_sampling_rule(rule("z", 1), at(3))
        .await
        .unwrap();
    let gone = first
        .delete_sampling_rule(&RuleSelector::Name("z".into()), at(4))
        .await
        .unwrap();
    assert_eq!(gone.created_at, at(3));
    let arn = RuleSelector::Arn(rule_arn(&scope(), "b"));
    let update = SamplingRuleUpdate {
        fixed_rate: Some(0.5),
        ..Default::default()
    };
    first
        .update_sampling_rule(&arn, update, at(5))
        .await
        .unwrap();
    let key = first.token_key();
    let before = first.sampling_rules();
    drop(first);

    let second = Control::open(ControlSettings::new(path, scope()), [9; 32], at(6))
        .await
        .unwrap();
    assert_eq!(names(&second), ["a", "b", "Default"]);
    assert_eq!(second.sampling_rules(), before);
    assert_eq!(second.token_key(), key);
    assert_eq!(
        second
            .sampling_targets(vec![], at(7))
            .last_rule_modification,
        at(5)
    );
}

#[tokio::test]
async fn broken_constraints_are_named() {
    let control = control(None, at(0)).await;
    let cases: [(&str, SamplingRule); 9] = [
        ("RuleName", rule("", 1)),
        ("RuleName", rule(&"n".repeat(33), 1)),
        ("Default", rule("Default", 1)),
        ("Priority", rule("a", 0)),
        ("Priority", rule("a", 10_000)),
        (
            "FixedRate",
            SamplingRule {
                fixed_rate: 1.01,
                ..rule("a", 1)
            },
        ),
        (
            "FixedRate",
            SamplingRule {
                fixed_rate: f64::NAN,
                ..rule("a", 1)
            },
        ),
        (
            "ServiceType",
            SamplingRule {
                service_type: String::new(),
                ..rule("a", 1)
            },
        ),
        (
            "HTTPMethod",
            SamplingRule {
                http_method: "x".repeat(11),
                ..rule("a", 1)
            },
        ),
    ];
    for (member, bad) in cases {
        let error = control.create_sampling_rule(bad, at(0)).await.unwrap_err();
        assert!(error.to_string().contains(member), "{member}: {error}");
    }
    assert_eq!(names(&control), ["Default"]);
}

#[tokio::test]
async fn default_rule_changes_only_in_rate_and_reservoir() {
    let control = control(None, at(0)).await;
    let default = RuleSelector::Name("Default".into());
    let update = SamplingRuleUpdate {
        reservoir_size: Some(9),
        ..Default::default()
    };
    let record = control
        .update_sampling_rule(&default, update, at(1))
        .await
        .unwrap();
    assert_eq!(
        (record.rule.reservoir_size, record.created_at),
        (9, UnixNanos(0))
    );
    let update = SamplingRuleUpdate {
        host: Some("x".into()),
        ..Default::default()
    };
    assert!(
        control
            .update_sampling_rule(&default, update, at(1))
            .await
            .is_err()
    );
    assert!(control.delete_sampling_rule(&default, at(1)).await.is_err());
}

#[tokio::test]
async fn twenty_sixth_custom_rule_is_refused() {
    let control = control(None, at(0)).await;
    for n in 0..25 {
        control
            .create_sampling_rule(rule(&format!("r{n}"), 1), at(0))
            .await
            .unwrap();
    }
    let error = control
        .create_sampling_rule(rule("one more", 1), at(0))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ControlError::RuleLimit { limit: 25 }),
        "{error}"
    );
    assert_eq!(control.sampling_rules().len(), 26);
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
    let answer = control.sampling_targets(reports, at(0));
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
    assert_eq!(control.sampling_targets(reports, at(1)).targets.len(), 1);
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
    first.create_sampling_rule(size, at(0)).await.unwrap();
    let answer = first.sampling_targets(vec![report("shop", 1, 900, at(0))], at(0));
    assert_eq!(answer.targets[0].reservoir_quota, 10);
    first.write_statistics().await.unwrap();
    drop(first);

    let second = control(path, at(5)).await;
    let answer = second.sampling_targets(vec![report("shop", 2, 900, at(6))], at(6));
    assert_eq!(answer.targets[0].reservoir_quota, 0, "SAMP-1");
    let answer = second.sampling_targets(vec![report("shop", 2, 900, at(36))], at(36));
    assert_eq!(answer.targets[0].reservoir_quota, 10);
    let starts: Vec<_> = second
        .statistics_windows(at(36))
        .iter()
        .map(|w| w.start)
        .collect();
    assert_eq!(starts, [at(30), at(0)]);
}
