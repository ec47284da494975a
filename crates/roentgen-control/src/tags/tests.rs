use std::path::PathBuf;

use roentgen_model::UnixNanos;
use roentgen_model::sampling::rule::SamplingRule;

use super::*;
use crate::ControlSettings;
use crate::groups::NewGroup;
use crate::sampling_rules::RuleSelector;

const NOW: UnixNanos = UnixNanos::from_secs(1_795_000_000);

async fn open(path: Option<PathBuf>) -> Control {
    let scope = Scope::new("000000000000", "us-east-1").unwrap();
    let settings = ControlSettings::new(path, scope);
    Control::open(settings, [7; 32], NOW).await.unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

async fn group(control: &Control, name: &str, tags: BTreeMap<String, String>) -> String {
    let new = NewGroup {
        name: name.into(),
        tags,
        ..NewGroup::default()
    };
    control
        .create_group(new, NOW)
        .await
        .unwrap()
        .arn
        .to_string()
}

async fn rule(control: &Control, name: &str, tags: BTreeMap<String, String>) -> String {
    let rule = SamplingRule {
        name: name.into(),
        priority: 1,
        ..SamplingRule::default_rule()
    };
    control.create_sampling_rule(rule, tags, NOW).await.unwrap();
    rule_arn(control.scope(), name)
}

#[tokio::test]
async fn tags_survive_a_restart_and_vanish_with_their_resource() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone()).await;
    let of_group = group(&first, "g", tags(&[("team", "a"), ("stage", "b")])).await;
    let of_rule = rule(&first, "r", tags(&[("team", "c")])).await;
    let default_group = "arn:aws:xray:us-east-1:000000000000:group/Default";
    let default_rule = "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default";
    for arn in [&of_rule, default_group, default_rule] {
        first
            .tag(arn, tags(&[("team", "d"), ("x", "")]))
            .await
            .unwrap();
    }
    let gone = ["stage".to_owned(), "unknown".to_owned()];
    first.untag(&of_group, &gone).await.unwrap();
    drop(first);

    let second = open(path.clone()).await;
    assert_eq!(second.tags(&of_group).unwrap(), tags(&[("team", "a")]));
    for arn in [&of_rule, default_group, default_rule] {
        let expected = tags(&[("team", "d"), ("x", "")]);
        assert_eq!(second.tags(arn).unwrap(), expected, "{arn}");
    }
    let selector = GroupSelector::Arn(&of_group);
    second.delete_group(selector, NOW).await.unwrap();
    let selector = RuleSelector::Name("r".into());
    second.delete_sampling_rule(&selector, NOW).await.unwrap();
    for arn in [&of_group, &of_rule] {
        let error = second.tags(arn).unwrap_err();
        assert!(matches!(error, ControlError::NoResource { name } if name == *arn));
    }
    drop(second);
    // A rule has its ARN from its name: made again it begins without tags.
    let third = open(path).await;
    let of_rule = rule(&third, "r", tags(&[])).await;
    assert_eq!(third.tags(&of_rule).unwrap(), tags(&[]));
}

#[tokio::test]
async fn fifty_first_tag_is_refused_and_known_ones_may_change() {
    let control = open(None).await;
    let many: Vec<_> = (0..50).map(|n| format!("k{n}")).collect();
    let many: Vec<_> = many.iter().map(|key| (key.as_str(), "v")).collect();
    let arn = group(&control, "g", tags(&many)).await;
    let error = control.tag(&arn, tags(&[("more", "")])).await.unwrap_err();
    let message = format!("`{arn}` would have 51 tags, at most 50 are allowed");
    assert_eq!(error.to_string(), message);
    control.tag(&arn, tags(&[("k7", "w")])).await.unwrap();
    assert_eq!(control.tags(&arn).unwrap()["k7"], "w");
    assert_eq!(control.tags(&arn).unwrap().len(), 50);
}

#[tokio::test]
async fn unknown_resource_is_named() {
    let control = open(None).await;
    let foreign = "arn:aws:xray:us-east-1:111111111111:group/Default";
    for arn in [
        "x",
        foreign,
        "arn:aws:xray:us-east-1:000000000000:sampling-rule/r",
    ] {
        let none = [
            control.tags(arn).err(),
            control.tag(arn, tags(&[])).await.err(),
            control.untag(arn, &[]).await.err(),
        ];
        for error in none {
            assert_eq!(error.unwrap().to_string(), format!("no resource `{arn}`"));
        }
    }
}
