//! The Arrow schemas of the four tables. `docs/formats/block-v1.md` explains every column.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};

/// A table of a block, in the order of the list of checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Docs,
    Traces,
    Spans,
    Edges,
}

impl Table {
    pub(super) const ALL: [Self; 4] = [Self::Docs, Self::Traces, Self::Spans, Self::Edges];

    pub(super) const fn file_name(self) -> &'static str {
        match self {
            Self::Docs => "docs.parquet",
            Self::Traces => "traces.parquet",
            Self::Spans => "spans.parquet",
            Self::Edges => "edges.parquet",
        }
    }

    pub(super) fn schema(self) -> &'static SchemaRef {
        match self {
            Self::Docs => &DOCS,
            Self::Traces => &TRACES,
            Self::Spans => &SPANS,
            Self::Edges => &EDGES,
        }
    }
}

/// The field that a list column's items have.
pub(super) fn item_of(table: Table, column: &str) -> FieldRef {
    match table.schema().field_with_name(column).map(Field::data_type) {
        Ok(DataType::List(item)) => Arc::clone(item),
        _ => unreachable!("`{column}` is a list column of the schema"),
    }
}

pub(super) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn optional(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn list(name: &str, item: DataType) -> Field {
    required(name, DataType::List(Arc::new(required("item", item))))
}

fn rows(name: &str, fields: Vec<Field>) -> Field {
    list(name, DataType::Struct(Fields::from(fields)))
}

fn id16(name: &str) -> Field {
    required(name, DataType::FixedSizeBinary(16))
}

fn text(name: &str) -> Field {
    required(name, DataType::Utf8)
}

fn text_or_none(name: &str) -> Field {
    optional(name, DataType::Utf8)
}

fn flag(name: &str) -> Field {
    required(name, DataType::Boolean)
}

fn time(name: &str) -> Field {
    required(name, time_type())
}

fn time_or_none(name: &str) -> Field {
    optional(name, time_type())
}

fn annotations() -> Field {
    rows(
        "annotations",
        vec![
            text("key"),
            text_or_none("string"),
            optional("number", DataType::Float64),
            optional("boolean", DataType::Boolean),
        ],
    )
}

fn memberships() -> Field {
    rows(
        "memberships",
        vec![text("group_id"), required("version", DataType::UInt32)],
    )
}

/// What is kept of the segments of a node, or of the calls of an edge.
fn outcome() -> Vec<Field> {
    vec![
        flag("has_ok"),
        flag("has_error"),
        flag("has_throttle"),
        flag("has_fault"),
        flag("has_in_progress"),
        optional("response_time_least_nanos", DataType::Int64),
        optional("response_time_greatest_nanos", DataType::Int64),
    ]
}

static DOCS: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        id16("trace_id"),
        time("t0"),
        required("segment_id", DataType::UInt64),
        time("start"),
        required("received", DataType::Int64),
        flag("limit_exceeded"),
        required("document", DataType::Binary),
    ]))
});

static TRACES: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        time("t0"),
        id16("trace_id"),
        time("start"),
        time_or_none("end"),
        optional("duration_nanos", DataType::Int64),
        optional("response_time_nanos", DataType::Int64),
        time_or_none("segment_end_least"),
        time_or_none("segment_end_greatest"),
    ];
    let flags = [
        "has_fault",
        "has_error",
        "has_throttle",
        "root_ok",
        "is_partial",
        "has_inferred",
        "limit_exceeded",
        "is_indexed",
    ];
    fields.extend(flags.map(flag));
    fields.extend(
        [
            "root_service",
            "root_type",
            "http_method",
            "http_url",
            "http_user_agent",
            "http_client_ip",
        ]
        .map(text_or_none),
    );
    fields.extend([
        optional("http_status", DataType::Int64),
        required("revision", DataType::UInt32),
        required("first_received", DataType::Int64),
        required("last_received", DataType::Int64),
        required("entities", DataType::UInt32),
        required("documents", DataType::UInt32),
        required("document_bytes", DataType::UInt64),
    ]);
    let mut node = vec![
        text("name"),
        text_or_none("type"),
        text_or_none("account_id"),
    ];
    node.extend([
        list("other_names", DataType::Utf8),
        required("kind", DataType::UInt8),
    ]);
    node.push(flag("is_root"));
    node.extend(outcome());
    let mut call = ["source", "destination"]
        .map(|n| required(n, DataType::UInt32))
        .to_vec();
    call.extend([text_or_none("alias"), required("calls", DataType::UInt32)]);
    call.extend(outcome());
    fields.extend([rows("nodes", node), rows("calls", call), annotations()]);
    let lists = [
        "users",
        "urls",
        "availability_zones",
        "instance_ids",
        "resource_arns",
    ];
    fields.extend(lists.map(|name| list(name, DataType::Utf8)));
    fields.extend([
        memberships(),
        rows(
            "links",
            vec![
                required("segment", DataType::UInt32),
                id16("trace_id"),
                required("id", DataType::UInt64),
                required("reference", DataType::UInt8),
                text_or_none("source_name"),
                text_or_none("source_type"),
                text_or_none("source_account_id"),
                time_or_none("source_end"),
            ],
        ),
        text_or_none("root_causes"),
    ]);
    Arc::new(Schema::new(fields))
});

static SPANS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        required("kind", DataType::UInt8),
        required("parent", DataType::Int32),
        optional("segment", DataType::UInt32),
        text("name"),
        time("start"),
        time_or_none("end"),
        flag("error"),
        flag("throttle"),
        flag("fault"),
        optional("namespace", DataType::UInt8),
    ];
    fields.extend(
        [
            "node_name",
            "node_type",
            "node_account_id",
            "http_method",
            "http_url",
            "http_user_agent",
            "http_client_ip",
        ]
        .map(text_or_none),
    );
    fields.push(optional("http_status", DataType::Int64));
    fields.extend(["user", "resource_arn", "instance_id", "availability_zone"].map(text_or_none));
    fields.push(annotations());
    Arc::new(Schema::new(fields))
});

static EDGES: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        required("slot_secs", DataType::UInt32),
        required("kind", DataType::UInt8),
        text("destination_name"),
        text_or_none("destination_type"),
        text_or_none("destination_account_id"),
        text_or_none("source_name"),
        text_or_none("source_type"),
        text_or_none("source_account_id"),
        text_or_none("called_name"),
        memberships(),
        optional("class", DataType::UInt8),
        required("response_time_nanos", DataType::Int64),
        required("duration_nanos", DataType::Int64),
        time("start_slot"),
        time("end_slot"),
        required("count", DataType::Int64),
        required("in_progress", DataType::Int64),
        required("response_time_sum_nanos", DataType::Int64),
        time("earliest_start"),
        time("latest_end"),
    ]))
});
