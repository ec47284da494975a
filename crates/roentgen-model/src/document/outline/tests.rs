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
        has_exceptions,
        has_exception_reference,
        has_sql,
        has_annotations,
        has_metadata,
        has_links,
    } = row;
    let mut text = id.to_string();
    text.push_str(&missing_parent.map_or(String::new(), |id| format!(" of {id}")));
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
            "00000000000000a2 reference sql annotations".to_owned(),
            inferred.to_string(),
            "00000000000000b1 of 00000000000000b0 exceptions metadata".to_owned(),
        ]
    );
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
