use std::path::PathBuf;

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
        .create_sampling_rule(rule("b", 5), BTreeMap::new(), at(1))
        .await
        .unwrap();
    first
        .create_sampling_rule(rule("a", 5), BTreeMap::new(), at(2))
        .await
        .unwrap();
    first
        .create_sampling_rule(rule("z", 1), BTreeMap::new(), at(3))
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
            .sampling_targets(vec![], vec![], at(7))
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
        let error = control
            .create_sampling_rule(bad, BTreeMap::new(), at(0))
            .await
            .unwrap_err();
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
            .create_sampling_rule(rule(&format!("r{n}"), 1), BTreeMap::new(), at(0))
            .await
            .unwrap();
    }
    let error = control
        .create_sampling_rule(rule("one more", 1), BTreeMap::new(), at(0))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ControlError::RuleLimit { limit: 25 }),
        "{error}"
    );
    assert_eq!(control.sampling_rules().len(), 26);
}
