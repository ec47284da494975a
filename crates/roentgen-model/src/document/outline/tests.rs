use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::TraceId;
use crate::document::compile::{compile, compile_entity};
use crate::testing::{RandomTrace, TestTrace, trace};

fn stamped(documents: &[String]) -> Vec<(Stamp, &str)> {
    let texts = documents.iter().map(String::as_str);
    (1..).map(Stamp).zip(texts).collect()
}

fn texts(documents: &[Value]) -> Vec<String> {
    documents.iter().map(Value::to_string).collect()
}

fn shop() -> TestTrace {
    let trace_id = TraceId::parse_xray("1-6553f100-00112233445566778899aabb").unwrap();
    let documents = vec![
        json!({"trace_id": trace_id.to_string(), "id": "00000000000000a1", "name": "web",
            "start_time": 1_699_999_990, "end_time": 1_699_999_991,
            "links": [{"trace_id": "1-6553f100-00112233445566778899aabc", "id": "00000000000000ff"}],
            "subsegments": [{"id": "00000000000000a2", "name": "db", "namespace": "remote",
                "start_time": 1_699_999_990, "end_time": 1_699_999_991, "sql": {"user": "u"},
                "aws": {"operation": "Query"},
                "metadata": {}, "annotations": {"k": 1}, "cause": "00000000000000e1"}]}),
        json!({"trace_id": trace_id.to_string(), "id": "00000000000000b1", "name": "late",
            "type": "subsegment", "parent_id": "00000000000000b0",
            "start_time": 1_699_999_990, "end_time": 1_699_999_991, "metadata": {"n": 1},
            "cause": {"exceptions": [{"id": "00000000000000e1", "message": "no"}]}}),
    ];
    TestTrace {
        trace_id,
        documents,
    }
}

fn marks(row: &OutlineRow) -> String {
    let OutlineRow {
        id,
        missing_parent,
        operation,
        has_exceptions,
        has_exception_reference,
        has_sql,
        has_annotations,
        has_metadata,
        has_links,
    } = row;
    let mut text = id.to_string();
    text.push_str(&missing_parent.map_or(String::new(), |id| format!(" of {id}")));
    if let Some(operation) = operation {
        text.push_str(&format!(" {operation}"));
    }
    for (is_so, word) in [
        (*has_exceptions, " exceptions"),
        (*has_exception_reference, " reference"),
        (*has_sql, " sql"),
        (*has_annotations, " annotations"),
        (*has_metadata, " metadata"),
        (*has_links, " links"),
    ] {
        if is_so {
            text.push_str(word);
        }
    }
    text
}

#[test]
fn rows_tell_what_the_facts_leave_out() {
    let trace = shop();
    let documents = texts(&trace.documents);
    let outline = Outline::new(&stamped(&documents), Arc::new(trace.facts()));
    let found: Vec<_> = outline.rows.iter().map(marks).collect();
    let call = SegmentId::from_u64(0xa2);
    let inferred = inferred_segment_id(trace.trace_id, call);
    assert_eq!(
        found,
        [
            "00000000000000a1 links".to_owned(),
            "00000000000000a2 Query reference sql annotations".to_owned(),
            format!("{inferred} Query"),
            "00000000000000b1 of 00000000000000b0 exceptions metadata".to_owned(),
        ]
    );
}

/// The exceptions of a trace of these rows: id, parent (0 is none), whether it failed, `exceptions`.
fn thrown_in(rows: &[(u64, u64, bool, Value)]) -> Vec<(SegmentId, String, String)> {
    let trace_id = shop().trace_id;
    let document = |(id, parent, fault, exceptions): &(u64, u64, bool, Value)| {
        let mut document = json!({"trace_id": trace_id.to_string(), "id": format!("{id:016x}"),
            "name": "n", "start_time": 1_699_999_990, "end_time": 1_699_999_991, "fault": fault,
            "cause": {"exceptions": exceptions}});
        if *parent > 0 {
            document["parent_id"] = format!("{parent:016x}").into();
        }
        document
    };
    let documents = rows.iter().map(document).collect();
    let trace = TestTrace {
        trace_id,
        documents,
    };
    let documents = texts(&trace.documents);
    let outline = Outline::new(&stamped(&documents), Arc::new(trace.facts()));
    let shown = outline.exceptions.iter().map(|one| {
        let id = outline.rows[one.row].id;
        (id, one.name.to_string(), one.message.to_string())
    });
    shown.collect()
}

fn exception(id: u64, name: &str, more: &Value) -> Value {
    let mut exception = json!({"id": format!("{id:016x}"), "type": name, "message": "no"});
    let more = more.as_object().unwrap().clone();
    exception.as_object_mut().unwrap().extend(more);
    exception
}

#[test]
fn request_failed_where_the_deepest_exception_was_thrown() {
    let own = |name| json!([exception(0xe1, name, &json!({}))]);
    let remote = json!([exception(0xe2, "Remote", &json!({"remote": true}))]);
    let thrown = thrown_in(&[
        (1, 0, true, own("Seen")),
        (2, 1, true, own("Early")),
        (3, 1, true, remote.clone()),
        (4, 3, true, own("Deep")),
        (5, 4, true, remote.clone()),
        (6, 4, false, own("Handled")),
        (7, 3, true, json!([])),
    ]);
    let named: Vec<_> = thrown
        .iter()
        .map(|(id, name, _)| (id.to_string(), &**name))
        .collect();
    let expected = [
        (format!("{:016x}", 4), "Deep"),
        (format!("{:016x}", 2), "Early"),
    ];
    assert_eq!(named, expected);
    // Where none was thrown, what was passed on counts.
    let passed = thrown_in(&[(1, 0, true, remote.clone()), (2, 1, true, remote)]);
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0].0, SegmentId::from_u64(2));
}

#[test]
fn exception_of_a_chain_is_the_one_that_caused_it() {
    let cause = |id: u64| json!({"cause": format!("{id:016x}")});
    let chain = json!([
        exception(0xe1, "Outer", &cause(0xe2)),
        exception(0xe2, "Inner", &json!({"message": "é".repeat(400)})),
    ]);
    let thrown = thrown_in(&[(1, 0, true, chain)]);
    assert_eq!(thrown[0].1, "Inner");
    assert_eq!(thrown[0].2, "é".repeat(300));
    let round = json!([
        exception(0xe1, "A", &cause(0xe2)),
        exception(0xe2, "B", &cause(0xe1))
    ]);
    assert_eq!(thrown_in(&[(1, 0, true, round)]).len(), 1);
    let bare = json!([{"id": format!("{:016x}", 0xe1)}]);
    assert_eq!(thrown_in(&[(1, 0, true, bare)])[0].1, "");
}

#[test]
fn no_more_exceptions_than_a_page_needs() {
    let own = json!([exception(0xe1, "E", &json!({}))]);
    let mut rows = vec![(1, 0, true, json!([]))];
    rows.extend((2..52).map(|id| (id, 1, true, own.clone())));
    let thrown = thrown_in(&rows);
    assert_eq!(thrown.len(), 20);
    assert_eq!(thrown[0].0, SegmentId::from_u64(2));
}

#[test]
fn one_entity_is_compiled_with_its_place() {
    let trace = shop();
    let documents = texts(&trace.documents);
    let documents = stamped(&documents);
    let id = |number| SegmentId::from_u64(number);
    let find = |id, bytes_max| compile_entity(trace.trace_id, &documents, id, bytes_max);
    let call = find(id(0xa2), 10_000).unwrap();
    assert_eq!(call.parent_id, Some(id(0xa1)));
    assert_eq!((call.segment_id, call.told_by), (Some(id(0xa1)), vec![0]));
    let orphan = find(id(0xb1), 10_000).unwrap();
    assert_eq!(
        (orphan.parent_id, orphan.segment_id),
        (Some(id(0xb0)), None)
    );
    let web = find(id(0xa1), 10_000).unwrap();
    assert!(web.has_subsegments && web.document.contains("\"sql\""));
    assert_eq!(web.links.len(), 1);
    let short = find(id(0xa1), 10).unwrap();
    assert!(!short.has_subsegments && !short.document.contains("subsegments"));
    let inferred = inferred_segment_id(trace.trace_id, id(0xa2));
    let inferred = find(inferred, 10).unwrap();
    assert!(inferred.document.contains("\"inferred\":true"));
    assert_eq!(inferred.parent_id, Some(id(0xa2)));
    assert_eq!(find(id(7), 10), None);
}

fn check_outline(trace: &RandomTrace) {
    let documents = stamped(&trace.documents);
    let facts = Arc::new(trace.facts());
    let outline = Outline::new(&documents, Arc::clone(&facts));
    assert_eq!(outline.facts, facts);
    assert_eq!(outline.rows.len(), facts.entities.len());
    for (row, entity) in outline.rows.iter().zip(&facts.entities) {
        let compiled = compile_entity(trace.trace_id, &documents, row.id, usize::MAX).unwrap();
        let compiled: Value = serde_json::from_str(&compiled.document).unwrap();
        assert_eq!(compiled["id"], row.id.to_string());
        assert_eq!(compiled["name"], *entity.name);
    }
    // Of another moment, the facts are made again.
    let earlier = stamped(&trace.documents[..1]);
    let old = Outline::new(&earlier, Arc::clone(&facts));
    assert_eq!(Outline::new(&documents, old.facts), outline);
    let entries = compile(trace.trace_id, &documents).segments;
    for (id, document) in entries {
        let alone = compile_entity(trace.trace_id, &documents, id, usize::MAX);
        assert_eq!(alone.unwrap().document, document);
    }
}

proptest! {
    #[test]
    fn outline_goes_with_the_facts(trace in trace(1_700_000_000..1_700_100_000)) {
        check_outline(&trace);
    }
}
