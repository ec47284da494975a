use std::path::PathBuf;

use super::*;
use crate::ControlSettings;

const DAY_SECS: i64 = 24 * 3600;

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").unwrap()
}

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

async fn open(path: Option<PathBuf>, now: UnixNanos) -> Control {
    Control::open(ControlSettings::new(path, scope()), [7; 32], now)
        .await
        .unwrap()
}

fn new(name: &str, expression: &str) -> NewGroup {
    NewGroup {
        name: name.into(),
        expression: expression.into(),
        ..NewGroup::default()
    }
}

fn expression(text: &str) -> GroupUpdate {
    GroupUpdate {
        expression: Some(text.into()),
        insights: InsightsUpdate::default(),
    }
}

fn insights(insights_enabled: Option<bool>, notifications_enabled: Option<bool>) -> GroupUpdate {
    GroupUpdate {
        expression: None,
        insights: InsightsUpdate {
            insights_enabled,
            notifications_enabled,
        },
    }
}

async fn create(control: &Control, name: &str, expression: &str, now: UnixNanos) -> Group {
    control
        .create_group(new(name, expression), now)
        .await
        .unwrap()
}

async fn update(control: &Control, name: &str, change: GroupUpdate, now: UnixNanos) -> Group {
    control
        .update_group(GroupSelector::Name(name), change, now)
        .await
        .unwrap()
}

fn names(control: &Control) -> Vec<String> {
    let groups = control.groups();
    groups.iter().map(|group| group.name.to_string()).collect()
}

/// (name, [(version, since, expression)], deleted) of everything that is kept.
type Past = Vec<(String, Vec<(u32, i64, String)>, Option<i64>)>;

fn past(control: &Control) -> Past {
    let groups = control.groups.read();
    let of_version = |version: &GroupVersion| {
        let text = version.expression.to_string();
        (version.version, version.since.0, text)
    };
    let of_group = |group: &GroupHistory| {
        let versions = group.versions.iter().map(of_version).collect();
        let deleted = group.deleted.map(|stamp| stamp.0);
        (group.name.to_string(), versions, deleted)
    };
    groups.histories.iter().map(of_group).collect()
}

#[tokio::test]
async fn groups_with_their_versions_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone(), at(0)).await;
    let made = create(&first, "slow", "responsetime > 5", at(1)).await;
    create(&first, "all.of_it-1", "", at(2)).await;
    create(&first, "gone", "fault", at(3)).await;
    let changed = update(&first, "slow", expression("responsetime > 6"), at(4)).await;
    assert_eq!((made.version, changed.version), (1, 2));
    assert_eq!(made.id, changed.id);
    update(&first, "slow", insights(Some(true), Some(true)), at(5)).await;
    update(&first, "Default", insights(Some(true), None), at(6)).await;
    first
        .delete_group(GroupSelector::Name("gone"), at(7))
        .await
        .unwrap();
    let (groups, before) = (first.groups(), past(&first));
    assert_eq!(names(&first), ["Default", "all.of_it-1", "slow"]);
    drop(first);

    let second = open(path, at(8)).await;
    assert_eq!(second.groups(), groups);
    assert_eq!(past(&second), before);
    assert_eq!(second.history().newest_change(), Some(Stamp(at(7).0)));
    assert_eq!(second.history().current_version(&made.id), Some(2));
    let slow = &second.groups()[2];
    assert!(slow.insights.notifications_enabled);
    assert!(second.groups()[0].insights.insights_enabled);
    let again = create(&second, "gone", "fault", at(9)).await;
    let groups = second.groups.read();
    let other = groups.histories.iter().find(|g| g.deleted.is_some());
    assert_ne!(
        other.unwrap().id,
        again.id,
        "a group created again is another"
    );
}

#[tokio::test]
async fn arn_ends_with_a_unique_id() {
    let control = open(None, at(0)).await;
    let group = create(&control, "g", "", at(1)).await;
    let start = "arn:aws:xray:us-east-1:000000000000:group/g/";
    assert_eq!(group.arn.strip_prefix(start), Some(&*group.id));
    assert_eq!(group.id.len(), 32);
    let allowed = |b: u8| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b);
    assert!(group.id.bytes().all(allowed), "{}", group.id);
    let other = create(&control, "h", "", at(1)).await;
    assert_ne!(group.id, other.id);
    let found = control.group(GroupSelector::Arn(&group.arn));
    assert_eq!(found.as_ref(), Some(&group));
    assert!(!group.is_default());
    assert!(control.groups()[0].is_default());
}

#[tokio::test]
async fn version_grows_with_the_expression_only() {
    let control = open(None, at(0)).await;
    create(&control, "g", "fault", at(1)).await;
    for (change, version) in [
        (insights(Some(true), None), 1),
        (expression("fault"), 1),
        (expression("error"), 2),
        (expression(""), 3),
    ] {
        assert_eq!(update(&control, "g", change, at(2)).await.version, version);
    }
}

#[tokio::test]
async fn changes_are_valid_after_each_other_when_the_clock_stands_or_steps_back() {
    let control = open(None, at(10)).await;
    create(&control, "g", "fault", at(10)).await;
    update(&control, "g", expression("error"), at(10)).await;
    update(&control, "g", expression("throttle"), at(3)).await;
    let start = at(10).0;
    let versions = vec![
        (1, start, "fault".into()),
        (2, start + 1, "error".into()),
        (3, start + 2, "throttle".into()),
    ];
    assert_eq!(past(&control), [("g".into(), versions, None)]);
}

#[tokio::test]
async fn watchers_see_each_change() {
    let control = open(None, at(0)).await;
    let mut watched = control.watch_history();
    assert_eq!(watched.borrow_and_update().newest_change(), None);
    let group = create(&control, "g", "fault", at(1)).await;
    assert!(watched.has_changed().unwrap());
    let seen = Arc::clone(&watched.borrow_and_update());
    assert_eq!(seen.current_version(&group.id), Some(1));
    control
        .delete_group(GroupSelector::Arn(&group.arn), at(2))
        .await
        .unwrap();
    let seen = Arc::clone(&watched.borrow_and_update());
    assert_eq!(seen.current_version(&group.id), None);
}

#[tokio::test]
async fn refusals_name_what_is_wrong_and_change_nothing() {
    let control = open(None, at(0)).await;
    create(&control, "a", "fault", at(1)).await;
    create(&control, "b", r#"group.name = "a""#, at(1)).await;
    for (new, message) in [
        (
            new("", ""),
            "`GroupName`: expected 1 to 32 characters, found 0",
        ),
        (new(&"n".repeat(33), ""), "`GroupName`: expected 1 to 32"),
        (
            new("n n", ""),
            "`GroupName`: expected letters, digits and `_.-`",
        ),
        (new("grün", ""), "`GroupName`: expected letters"),
        (new("a", ""), "`GroupName`: a group named `a` exists"),
        (
            new("Default", ""),
            "`GroupName`: a group named `Default` exists",
        ),
        (new("c", "responsetime >"), "Invalid filter expression:"),
        (new("c", r#"group.name = "zz""#), "unknown group `zz`"),
        (new("c", r#"group.name = "c""#), "refers to itself"),
    ] {
        let error = control.create_group(new, at(2)).await.unwrap_err();
        let error = error.to_string();
        assert!(error.contains(message), "{message}: {error}");
    }
    for (name, change, message) in [
        ("a", expression(r#"group.name = "b""#), "refers to itself"),
        ("a", expression("nonsense"), "Invalid filter expression:"),
        (
            "Default",
            expression("fault"),
            "`FilterExpression`: the Default",
        ),
        ("zz", expression("fault"), "`GroupName`: no group `zz`"),
        ("a", insights(None, Some(true)), "needs `InsightsEnabled`"),
        (
            "a",
            insights(Some(false), Some(true)),
            "needs `InsightsEnabled`",
        ),
    ] {
        let selector = GroupSelector::Name(name);
        let error = control.update_group(selector, change, at(2)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
    }
    for name in ["Default", "zz"] {
        let selector = GroupSelector::Name(name);
        assert!(control.delete_group(selector, at(2)).await.is_err());
    }
    assert_eq!(names(&control), ["Default", "a", "b"]);
    assert_eq!(past(&control).len(), 2);
    assert_eq!(control.history().newest_change(), Some(Stamp(at(1).0 + 1)));
}

#[tokio::test]
async fn insights_switched_off_take_notifications_with_them() {
    let control = open(None, at(0)).await;
    create(&control, "g", "", at(1)).await;
    update(&control, "g", insights(Some(true), Some(true)), at(2)).await;
    let group = update(&control, "g", insights(Some(false), None), at(3)).await;
    assert_eq!(group.insights, InsightsConfiguration::default());
}

#[tokio::test]
async fn named_group_may_go_and_a_circle_is_found_when_it_comes_again() {
    let control = open(None, at(0)).await;
    create(&control, "a", "fault", at(1)).await;
    create(&control, "b", r#"group.name = "a""#, at(2)).await;
    control
        .delete_group(GroupSelector::Name("a"), at(3))
        .await
        .unwrap();
    let circle = new("a", r#"group.name = "b""#);
    let error = control.create_group(circle, at(4)).await.unwrap_err();
    assert!(error.to_string().contains("refers to itself"), "{error}");
    create(&control, "a", "error", at(5)).await;
    assert!(Filter::parse(r#"group.name = "b""#, &*control.history()).is_ok());
}

#[tokio::test]
async fn twenty_sixth_group_is_refused() {
    let control = open(None, at(0)).await;
    for number in 0..25 {
        create(&control, &format!("g{number}"), "", at(1)).await;
    }
    let error = control.create_group(new("more", ""), at(2)).await;
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "the account already has 25 groups, the most allowed");
    control
        .delete_group(GroupSelector::Name("g3"), at(3))
        .await
        .unwrap();
    create(&control, "more", "", at(4)).await;
}

#[tokio::test]
async fn past_is_forgotten_once_no_data_can_be_of_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone(), at(0)).await;
    create(&first, "gone", "", at(1)).await;
    first
        .delete_group(GroupSelector::Name("gone"), at(2))
        .await
        .unwrap();
    create(&first, "g", "fault", at(3)).await;
    update(&first, "g", expression("error"), at(4)).await;
    update(&first, "g", expression("throttle"), at(5)).await;
    let kept = |versions: &[u32]| -> Vec<u32> { versions.to_vec() };
    let versions = |control: &Control| -> Vec<(String, Vec<u32>)> {
        let past = past(control).into_iter();
        past.map(|(name, versions, _)| (name, versions.iter().map(|v| v.0).collect()))
            .collect()
    };
    // 30 days of data and two of margin: not yet.
    update(&first, "g", expression("ok"), at(32 * DAY_SECS - 1)).await;
    assert_eq!(
        versions(&first),
        [
            ("gone".into(), kept(&[1])),
            ("g".into(), kept(&[1, 2, 3, 4]))
        ]
    );
    // Version 2 was superseded at 5 s, 3 is valid until the last change.
    update(
        &first,
        "g",
        insights(Some(true), None),
        at(32 * DAY_SECS + 5),
    )
    .await;
    let expected = [("g".to_owned(), kept(&[3, 4]))];
    assert_eq!(versions(&first), expected);
    drop(first);
    let second = open(path.clone(), at(32 * DAY_SECS + 6)).await;
    assert_eq!(versions(&second), expected);
    drop(second);
    let third = open(path, at(65 * DAY_SECS)).await;
    assert_eq!(versions(&third), [("g".to_owned(), kept(&[4]))]);
}

#[test]
fn number_of_kept_changes_is_bounded() {
    let version = |number: u32| GroupVersion {
        version: number,
        since: Stamp(at(i64::from(number)).0),
        expression: "".into(),
    };
    let mut groups = Groups::default();
    groups.histories.push(GroupHistory {
        id: "A".into(),
        name: "g".into(),
        arn: group_arn(&scope(), "g", "A").into(),
        versions: (1..=1_010).map(version).collect(),
        deleted: None,
    });
    let settings = ControlSettings::new(None, scope());
    groups.prune(settings.history_cut(&groups.changes(), at(1_011)));
    let kept: Vec<_> = groups.histories[0].versions.iter().collect();
    assert_eq!(kept.len(), 1_000);
    assert_eq!((kept[0].version, kept[999].version), (11, 1_010));
    groups.prune(settings.history_cut(&groups.changes(), at(1_012)));
    assert_eq!(groups.histories[0].versions.len(), 1_000);
}
