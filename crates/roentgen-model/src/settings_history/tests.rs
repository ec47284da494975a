use super::*;
use crate::assembly::sample::{TRACE_ID, facts, sample};

fn version(version: u32, since: i64, expression: &str) -> GroupVersion {
    GroupVersion {
        version,
        since: Stamp(since),
        expression: expression.into(),
    }
}

fn group(name: &str, versions: Vec<GroupVersion>) -> GroupHistory {
    GroupHistory {
        id: format!("ID-{name}").into(),
        name: name.into(),
        arn: format!("arn:aws:xray:us-east-1:000000000000:group/{name}/ID-{name}").into(),
        versions,
        deleted: None,
    }
}

/// A faulty trace of 100 ms whose documents came at this stamp.
fn trace_at(stamp: i64) -> TraceFacts {
    let mut facts = facts(&[sample("front", 1, 0..100).fault().root()]);
    facts.head.first_stamp = Stamp(stamp);
    facts.head.last_stamp = Stamp(stamp);
    facts
}

fn members(history: &SettingsHistory, stamp: i64) -> Vec<(String, u32)> {
    let judged = history.judge(&trace_at(stamp));
    let memberships = judged.memberships.into_iter();
    memberships
        .map(|member| (member.group_id.to_string(), member.version))
        .collect()
}

fn member(name: &str, version: u32) -> (String, u32) {
    (format!("ID-{name}"), version)
}

#[test]
fn traces_are_judged_by_the_version_valid_at_their_last_change() {
    let faulty = group(
        "faulty",
        vec![version(1, 10, "fault"), version(2, 20, "ok")],
    );
    let history = SettingsHistory::new(vec![faulty], Vec::new());
    assert_eq!(members(&history, 9), []);
    assert_eq!(members(&history, 10), [member("faulty", 1)]);
    assert_eq!(members(&history, 19), [member("faulty", 1)]);
    assert_eq!(members(&history, 20), []);
    assert_eq!(history.current_version("ID-faulty"), Some(2));
    assert_eq!(history.newest_change(), Some(Stamp(20)));
}

#[test]
fn deleted_group_keeps_its_old_members_and_gets_no_new_ones() {
    let mut gone = group("gone", vec![version(1, 10, "")]);
    gone.deleted = Some(Stamp(30));
    let again = GroupHistory {
        id: "ID-again".into(),
        ..group("gone", vec![version(1, 40, "fault")])
    };
    let history = SettingsHistory::new(vec![gone, again], Vec::new());
    assert_eq!(members(&history, 29), [member("gone", 1)]);
    assert_eq!(members(&history, 30), []);
    assert_eq!(members(&history, 40), [member("again", 1)]);
    assert_eq!(history.current_version("ID-gone"), None);
}

#[test]
fn group_that_names_another_follows_it_through_time() {
    let inner = group("inner", vec![version(1, 10, "fault"), version(2, 20, "ok")]);
    let outer = group("outer", vec![version(1, 15, r#"group.name = "inner""#)]);
    let history = SettingsHistory::new(vec![outer, inner], Vec::new());
    assert_eq!(
        members(&history, 16),
        [member("inner", 1), member("outer", 1)]
    );
    assert_eq!(members(&history, 25), []);
}

#[test]
fn group_whose_expression_cannot_be_used_is_skipped_and_named() {
    let mut inner = group("inner", vec![version(1, 10, "fault")]);
    inner.deleted = Some(Stamp(20));
    let outer = group("outer", vec![version(1, 10, r#"group.name = "inner""#)]);
    let other = group("other", vec![version(1, 10, "fault")]);
    let history = SettingsHistory::new(vec![outer, inner, other], Vec::new());
    let judged = history.judge(&trace_at(21));
    assert_eq!(judged.skipped, ["ID-outer".into()]);
    assert_eq!(members(&history, 21), [member("other", 1)]);
}

#[test]
fn current_expressions_are_those_of_groups_that_exist() {
    let mut gone = group("gone", vec![version(1, 10, "ok")]);
    gone.deleted = Some(Stamp(20));
    let slow = group(
        "slow",
        vec![version(1, 10, "ok"), version(2, 20, "duration > 1")],
    );
    let arn = slow.arn.to_string();
    let history = SettingsHistory::new(vec![gone, slow], Vec::new());
    let find = |selector| history.expression(selector).map(Cow::into_owned);
    assert_eq!(
        find(GroupSelector::Name("slow")).as_deref(),
        Some("duration > 1")
    );
    assert_eq!(
        find(GroupSelector::Arn(&arn)).as_deref(),
        Some("duration > 1")
    );
    assert_eq!(find(GroupSelector::Name("gone")), None);
    assert_eq!(find(GroupSelector::Name("Default")).as_deref(), Some(""));
}

#[test]
fn indexed_share_is_that_of_the_first_document() {
    let change = |since, percentage| IndexingChange {
        since: Stamp(since),
        percentage,
    };
    let history = SettingsHistory::new(Vec::new(), vec![change(20, 100.0), change(10, 0.0)]);
    assert!(history.is_indexed(TRACE_ID, Stamp(9)));
    assert!(!history.is_indexed(TRACE_ID, Stamp(10)));
    assert!(!history.is_indexed(TRACE_ID, Stamp(19)));
    assert!(history.is_indexed(TRACE_ID, Stamp(20)));
    assert_eq!(history.newest_change(), Some(Stamp(20)));
}

#[test]
fn share_of_ids_is_about_the_percentage() {
    let id = |at: u32| {
        let mut bytes = [7; 16];
        bytes[4..8].copy_from_slice(&at.to_be_bytes());
        TraceId::from_bytes(bytes)
    };
    let count = |percentage| {
        (0..20_000)
            .filter(|at| is_in_share(id(*at), percentage))
            .count()
    };
    assert_eq!((count(0.0), count(100.0)), (0, 20_000));
    assert!((900..1_100).contains(&count(5.0)), "{}", count(5.0));
    assert!((1..10).contains(&count(0.01)), "{}", count(0.01));
}
