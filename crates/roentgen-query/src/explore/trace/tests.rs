use bytes::Bytes;
use futures::FutureExt;
use roentgen_store::NaiveStore;
use roentgen_store::source::TraceWriter;

use super::*;
use crate::testing::{NOW_SECS, scope, store, trace_id};

fn put(store: &NaiveStore, documents: &[String]) {
    let texts = documents.iter().cloned().map(Bytes::from).collect();
    let verdicts = store.accept(&scope("123456789012"), texts).now_or_never();
    assert_eq!(verdicts.unwrap().unwrap().len(), documents.len());
}

fn document(id: u64, more: &str, from: f64, to: f64) -> String {
    let start = f64::from(u32::try_from(NOW_SECS - 60).unwrap());
    format!(
        r#"{{"trace_id":"{}","id":"{id:016x}","name":"n{id}","start_time":{},"end_time":{}{more}}}"#,
        trace_id(-60, 1),
        start + from,
        start + to,
    )
}

#[test]
fn outline_is_of_the_trace_asked_for() {
    let (store, control) = (store(), QueryControl::default());
    let scope = scope("123456789012");
    put(&store, &[document(1, "", 0.0, 1.0)]);
    let found = outline(&store, &scope, trace_id(-60, 1), &control).unwrap();
    assert_eq!(found.unwrap().rows.len(), 1);
    let none = outline(&store, &scope, trace_id(-60, 2), &control).unwrap();
    assert_eq!(none, None);
}

#[test]
fn entity_comes_with_the_documents_that_tell_of_it() {
    let (store, control) = (store(), QueryControl::default());
    let scope = scope("123456789012");
    let inner = r#","subsegments":[{"id":"0000000000000002","name":"n2","start_time":1710410340}]"#;
    let alone = r#","type":"subsegment","parent_id":"0000000000000001""#;
    let documents = [
        document(1, inner, 0.0, 1.0),
        document(2, alone, 0.0, 0.5),
        document(3, "", 0.0, 1.0),
    ];
    put(&store, &documents);
    let id = SegmentId::from_u64(2);
    let found = entity(&store, &scope, trace_id(-60, 1), id, 1000, &control);
    let found = found.unwrap().unwrap();
    let texts: Vec<_> = found.documents.iter().map(|d| d.text.to_vec()).collect();
    assert_eq!(texts, [documents[0].as_bytes(), documents[1].as_bytes()]);
    assert!(found.compiled.document.contains("end_time"));
    let none = SegmentId::from_u64(9);
    let none = entity(&store, &scope, trace_id(-60, 1), none, 1000, &control);
    assert_eq!(none.unwrap(), None);
}

#[test]
fn only_times_far_outside_the_parent_are_skewed() {
    let (store, control) = (store(), QueryControl::default());
    let child = |id, from, to| document(id, r#","parent_id":"0000000000000001""#, from, to);
    put(
        &store,
        &[
            document(1, "", 1.0, 2.0),
            child(2, 0.996, 2.004),
            child(3, 0.99, 1.5),
            child(4, 1.5, 2.01),
            child(5, 1.5, 1.6),
        ],
    );
    let found = outline(&store, &scope("123456789012"), trace_id(-60, 1), &control);
    assert_eq!(skewed_entities(&found.unwrap().unwrap().facts), 2);
}
