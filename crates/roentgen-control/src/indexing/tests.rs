use std::path::PathBuf;

use roentgen_model::TraceId;

use super::*;
use crate::ControlSettings;

const DAY_SECS: i64 = 24 * 3600;

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

async fn open(path: Option<PathBuf>, now: UnixNanos) -> Control {
    let scope = Scope::new("000000000000", "us-east-1").unwrap();
    let settings = ControlSettings::new(path, scope);
    Control::open(settings, [7; 32], now).await.unwrap()
}

fn changes(control: &Control) -> Vec<(i64, f64)> {
    let indexing = control.indexing.read();
    let changes = indexing.changes.iter();
    changes.map(|c| (c.since.0, c.percentage)).collect()
}

async fn go(control: &Control, destination: Destination, secs: i64) {
    control
        .set_segment_destination(destination, None, at(secs))
        .await
        .unwrap();
}

#[tokio::test]
async fn share_in_force_has_a_history_that_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone(), at(0)).await;
    let rule = first.indexing_rule();
    assert_eq!(
        (rule.desired_percentage, rule.actual_percentage),
        (1.0, 100.0)
    );
    assert_eq!(rule.modified_at, UnixNanos(0));
    // Without effect while all is indexed.
    first.set_indexing_percentage(5.0, at(1)).await.unwrap();
    assert_eq!(changes(&first), []);
    go(&first, Destination::CloudWatchLogs, 2).await;
    let rule = first.set_indexing_percentage(0.5, at(3)).await.unwrap();
    assert_eq!(
        (rule.desired_percentage, rule.actual_percentage),
        (0.5, 0.5)
    );
    go(&first, Destination::CloudWatchLogs, 4).await;
    go(&first, Destination::XRay, 5).await;
    let expected = [(at(2).0, 5.0), (at(3).0, 0.5), (at(5).0, 100.0)];
    assert_eq!(changes(&first), expected);
    let before = first.indexing.read().clone();
    drop(first);

    let second = open(path, at(6)).await;
    assert_eq!(*second.indexing.read(), before);
    assert_eq!(second.segment_destination(), Destination::XRay);
    assert_eq!(second.indexing_rule().modified_at, at(3));
    let history = second.history();
    assert_eq!(history.newest_change(), Some(Stamp(at(5).0)));
    let id = |number: u8| TraceId::from_bytes([number; 16]);
    let indexed = |secs: i64| {
        let stamp = Stamp(at(secs).0);
        let ids = (0..=255).map(id);
        ids.filter(|id| history.is_indexed(*id, stamp)).count()
    };
    assert_eq!(indexed(1), 256);
    assert!(indexed(2) < 64);
    assert!(indexed(3) <= indexed(2));
    assert_eq!(indexed(5), 256);
}

#[tokio::test]
async fn groups_and_shares_change_one_after_the_other() {
    let control = open(None, at(0)).await;
    let group = crate::groups::NewGroup {
        name: "g".into(),
        ..Default::default()
    };
    control.create_group(group, at(9)).await.unwrap();
    go(&control, Destination::CloudWatchLogs, 1).await;
    assert_eq!(changes(&control), [(at(9).0 + 1, 1.0)]);
    assert!(control.history().current_version("none").is_none());
    let id = control.groups()[1].id.clone();
    assert_eq!(control.history().current_version(&id), Some(1));
}

#[tokio::test]
async fn key_is_taken_before_segments_go_to_logs_and_never_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone(), at(0)).await;
    let logs = Destination::CloudWatchLogs;
    let key = || Some("arn:aws:kms:us-east-1:000000000000:key/1".to_owned());
    first
        .set_segment_destination(logs, key(), at(1))
        .await
        .unwrap();
    assert_eq!(first.indexing.read().log_key, key());
    go(&first, Destination::XRay, 2).await;
    drop(first);
    let second = open(path, at(3)).await;
    let error = second.set_segment_destination(logs, key(), at(4)).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`CloudWatchLogsConfiguration.SpansLogGroupKmsKeyId`"),
        "{error}"
    );
    assert_eq!(second.segment_destination(), Destination::XRay);
    assert_eq!(second.indexing.read().log_key, key());
}

#[tokio::test]
async fn shares_are_forgotten_once_no_data_can_be_of_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone(), at(0)).await;
    go(&first, Destination::CloudWatchLogs, 1).await;
    first.set_indexing_percentage(2.0, at(2)).await.unwrap();
    first
        .set_indexing_percentage(3.0, at(32 * DAY_SECS))
        .await
        .unwrap();
    assert_eq!(changes(&first).len(), 3);
    drop(first);
    let second = open(path, at(32 * DAY_SECS + 2)).await;
    let kept = [(at(2).0, 2.0), (at(32 * DAY_SECS).0, 3.0)];
    assert_eq!(changes(&second), kept);
    second
        .set_indexing_percentage(4.0, at(65 * DAY_SECS))
        .await
        .unwrap();
    let kept = [(at(32 * DAY_SECS).0, 3.0), (at(65 * DAY_SECS).0, 4.0)];
    assert_eq!(changes(&second), kept);
}
