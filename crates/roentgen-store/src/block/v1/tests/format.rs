//! The released format, to the letter: a change here is a new version of the format, not a new snapshot.

use std::fmt::Write as _;

use arrow::datatypes::{DataType, Field};
use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{
    Class, EntityFacts, EntityKind, Flags, LinkReference, Namespace, NodeKey, NodeKind, Parent,
};
use roentgen_model::graph::RowKind;

use super::super::codes;
use super::super::masks::masks;
use super::super::schema::Table;
use super::{meta, sample, try_write, write};
use crate::block::{BlockId, BlockMeta, BlockReader, TakenOver, read_block_meta};
use crate::plan::Columns;

fn describe(field: &Field, depth: usize, out: &mut String) {
    let optional = if field.is_nullable() { "?" } else { "" };
    let (kind, inner): (String, Vec<_>) = match field.data_type() {
        DataType::List(item) => match item.data_type() {
            DataType::Struct(fields) => ("list of".to_owned(), fields.iter().cloned().collect()),
            other => (format!("list of {other}"), Vec::new()),
        },
        other => (other.to_string(), Vec::new()),
    };
    let indent = "  ".repeat(depth);
    writeln!(out, "{indent}{}{optional}: {kind}", field.name()).unwrap();
    inner
        .iter()
        .for_each(|field| describe(field, depth + 1, out));
}

#[test]
fn schemas_of_the_four_tables_are_those_of_version_1() {
    let mut out = String::new();
    for table in Table::ALL {
        writeln!(out, "{}", table.file_name()).unwrap();
        table
            .schema()
            .fields()
            .iter()
            .for_each(|field| describe(field, 1, &mut out));
    }
    insta::assert_snapshot!("schemas", out);
}

#[test]
fn codes_are_those_of_version_1() {
    let kinds = [
        EntityKind::Segment,
        EntityKind::Subsegment,
        EntityKind::Inferred,
    ];
    assert_eq!(kinds.map(codes::of_entity_kind), [0, 1, 2]);
    assert_eq!(
        [0, 1, 2, 3]
            .map(codes::entity_kind)
            .map(|k| k.map(codes::of_entity_kind)),
        [Some(0), Some(1), Some(2), None]
    );
    assert_eq!(
        [Namespace::Aws, Namespace::Remote].map(codes::of_namespace),
        [0, 1]
    );
    let kinds = [NodeKind::Real, NodeKind::Inferred, NodeKind::Client];
    assert_eq!(kinds.map(codes::of_node_kind), [0, 1, 2]);
    let references = [LinkReference::Parent, LinkReference::Child];
    assert_eq!(references.map(codes::of_link_reference), [0, 1]);
    let rows = [
        RowKind::RealNode,
        RowKind::InferredNode,
        RowKind::Call,
        RowKind::Client,
        RowKind::Link,
    ];
    assert_eq!(rows.map(codes::of_row_kind), [0, 1, 2, 3, 4]);
    let classes = [Class::Ok, Class::Error, Class::Throttle, Class::Fault];
    assert_eq!(classes.map(codes::of_class), [0, 1, 2, 3]);
    let parents = [Parent::None, Parent::Unknown, Parent::Entity(5)];
    assert_eq!(parents.map(codes::of_parent), [Some(-1), Some(-2), Some(5)]);
    assert_eq!(codes::of_parent(Parent::Entity(u32::MAX)), None);
    assert_eq!(codes::parent(-3), None);
}

#[test]
fn catalog_row_with_its_lists_is_read_back_from_the_files_alone() {
    let taken = |from, number| TakenOver {
        from: BlockId(from),
        trace_id: sample::plain(number, sample::NOON).trace_id,
    };
    let meta = BlockMeta {
        level: 2,
        replaces: vec![BlockId(1), BlockId(u64::MAX)],
        taken_over: vec![taken(1, 5), taken(3, 6)],
        ..meta()
    };
    let traces: Vec<_> = (0..3)
        .map(|n| super::sealed(sample::plain(n, sample::NOON + i64::from(n))))
        .collect();
    let written = try_write(meta.clone(), &traces, &[]).unwrap();
    let found = read_block_meta(&*written.disk, &written.dir).unwrap();
    assert_eq!(found, (meta.clone(), written.summary.clone()));
    let block = BlockReader::open(written.disk.clone(), &written.dir).unwrap();
    assert_eq!((block.meta(), block.summary()), (&meta, &written.summary));
}

#[test]
fn summary_counts_and_bounds_what_was_written() {
    let mut traces: Vec<_> = (0..4)
        .map(|n| sample::plain(n, sample::NOON + 60 * i64::from(n)))
        .collect();
    traces.swap(0, 3);
    let written = write(traces);
    let summary = &written.summary;
    let secs = roentgen_model::UnixNanos::from_secs;
    assert_eq!(summary.t0, (secs(sample::NOON), secs(sample::NOON + 180)));
    let last_end = roentgen_model::UnixNanos(secs(sample::NOON + 180).0 + 500_000_000);
    assert_eq!(summary.event, (secs(sample::NOON), last_end));
    assert_eq!(summary.segment_ends.map(|e| e.1), Some(last_end));
    assert_eq!(
        summary.edge_slots,
        Some(summary.t0),
        "samples start on whole minutes"
    );
    assert_eq!(
        (summary.traces, summary.documents, summary.entities),
        (4, 8, 4)
    );
    assert_eq!(summary.edge_rows, written.edges.len() as u64);
    let texts = written
        .traces
        .iter()
        .flat_map(|t| &t.documents)
        .map(|d| d.text.len() as u64);
    assert_eq!(summary.document_bytes, texts.sum::<u64>());
    let names = [
        "docs.parquet",
        "traces.parquet",
        "spans.parquet",
        "edges.parquet",
        "checksums",
    ];
    let bytes = names.map(|n| std::fs::metadata(written.path(n)).unwrap().len());
    assert_eq!(summary.file_bytes, bytes.iter().sum::<u64>());
    let files = std::fs::read_dir(written.path(".")).unwrap().count();
    assert_eq!(files, names.len());
}

/// api calls db, which it knows as `the-db` and which has not answered; the call is an error, api faults.
fn renamed_call() -> TraceFacts {
    let plain = sample::plain(1, sample::NOON);
    let mut root = plain.entities[0].clone();
    root.flags.fault = true;
    let mut call = EntityFacts {
        kind: EntityKind::Subsegment,
        parent: Parent::Entity(0),
        name: "the-db".into(),
        namespace: Some(Namespace::Remote),
        node: None,
        ..root.clone()
    };
    call.flags = Flags {
        error: true,
        ..Flags::default()
    };
    let mut called = sample::segment(root.start, None);
    called.parent = Parent::Entity(1);
    called.segment = Some(2);
    called.node = Some(NodeKey {
        name: "db".into(),
        node_type: None,
        account_id: None,
    });
    let entities = vec![root, call, called];
    TraceFacts::new(
        plain.trace_id,
        plain.head,
        entities,
        plain.links,
        plain.root_causes,
    )
}

#[test]
fn nodes_and_calls_of_traces_tell_names_and_outcomes() {
    let written = write(vec![renamed_call()]);
    let tables = written.open().facts_tables().unwrap();
    let rows = tables
        .traces
        .read_whole(&["nodes", "calls"], &(0..1))
        .unwrap()
        .unwrap();
    let list = |column: &str, names: &[&str]| {
        let items = rows.lists(column).unwrap().items;
        let mut out = Vec::new();
        for row in 0..items.len() {
            let value = |name: &&str| {
                let column = items.any_column(name).unwrap();
                arrow::util::display::array_value_to_string(column, row).unwrap()
            };
            out.push(names.iter().map(value).collect::<Vec<_>>().join(" "));
        }
        out
    };
    let outcome = [
        "has_ok",
        "has_error",
        "has_throttle",
        "has_fault",
        "has_in_progress",
    ]
    .as_slice();
    let times = ["response_time_least_nanos", "response_time_greatest_nanos"].as_slice();
    let nodes = ["name", "other_names", "kind", "is_root"].as_slice();
    assert_eq!(
        list("nodes", &[nodes, outcome, times].concat()),
        [
            "api [] 0 true false false false true false 500000000 500000000",
            "db [the-db] 0 false true false false false true  ",
            "api [] 2 false false false false false false  ",
        ]
    );
    let calls = ["source", "destination", "alias", "calls"].as_slice();
    assert_eq!(
        list("calls", &[calls, outcome, times].concat()),
        [
            "0 1 the-db 1 false true false false false 500000000 500000000",
            "2 0  1 false false false true false 500000000 500000000",
        ]
    );
}

#[test]
fn node_is_found_by_the_name_its_caller_knows() {
    let written = write(vec![renamed_call(), sample::plain(2, sample::NOON + 1)]);
    let tables = written.open().facts_tables().unwrap();
    let rows = tables
        .traces
        .read_whole(&["nodes"], &(0..2))
        .unwrap()
        .unwrap();
    for (name, expected) in [
        ("the-db", [true, false]),
        ("db", [true, false]),
        ("api", [true, true]),
        ("x", [false; 2]),
    ] {
        let node = Columns::Node {
            name: Some(name.into()),
            node_type: None,
            account_id: None,
            exact: true,
        };
        let found = masks(&node, &rows).unwrap();
        assert_eq!(
            [found.sure.value(0), found.sure.value(1)],
            expected,
            "{name}"
        );
        assert_eq!(found.sure, found.possible, "{name}");
    }
}
