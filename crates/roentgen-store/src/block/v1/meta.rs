//! What the files say of their block, as JSON in their key-value metadata (SEAL-1).

use std::sync::Arc;

use roentgen_model::{Scope, Stamp, TraceId, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::block::{BlockMeta, BlockSummary, TakenOver};

/// In every file: format and identity of the block.
pub(super) const IDENTITY_KEY: &str = "roentgen.block";
/// In `traces`: the catalog row with its lists.
pub(super) const CATALOG_KEY: &str = "roentgen.catalog";
/// In `traces`: for each row group, the row of `spans` where its entities begin.
pub(super) const SPANS_KEY: &str = "roentgen.spans_first";
/// The version this folder reads and writes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    format: u32,
    id: String,
    account: Arc<str>,
    region: Arc<str>,
    level: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredCatalogRow {
    block: StoredIdentity,
    replaces: Vec<String>,
    /// (block, trace id).
    taken_over: Vec<(String, String)>,
    t0: (i64, i64),
    event: (i64, i64),
    segment_ends: Option<(i64, i64)>,
    trace_ids: (String, String),
    stamps: (i64, i64),
    edge_slots: Option<(i64, i64)>,
    traces: u64,
    documents: u64,
    entities: u64,
    edge_rows: u64,
    document_bytes: u64,
}

/// The metadata of every file.
pub(super) fn identity_json(meta: &BlockMeta) -> String {
    to_json(&identity(meta))
}

/// The catalog row for the metadata of `traces`. The files' bytes are not part of it.
pub(super) fn catalog_json(meta: &BlockMeta, summary: &BlockSummary) -> String {
    let BlockMeta {
        id: _,
        scope: _,
        level: _,
        replaces,
        taken_over,
    } = meta;
    let BlockSummary {
        t0,
        event,
        segment_ends,
        trace_ids,
        stamps,
        edge_slots,
        traces,
        documents,
        entities,
        edge_rows,
        document_bytes,
        file_bytes: _,
    } = summary;
    let nanos = |pair: &(UnixNanos, UnixNanos)| (pair.0.0, pair.1.0);
    let taken = |t: &TakenOver| (t.from.to_string(), t.trace_id.to_string());
    to_json(&StoredCatalogRow {
        block: identity(meta),
        replaces: replaces.iter().map(ToString::to_string).collect(),
        taken_over: taken_over.iter().map(taken).collect(),
        t0: nanos(t0),
        event: nanos(event),
        segment_ends: segment_ends.as_ref().map(nanos),
        trace_ids: (trace_ids.0.to_string(), trace_ids.1.to_string()),
        stamps: (stamps.0.0, stamps.1.0),
        edge_slots: edge_slots.as_ref().map(nanos),
        traces: *traces,
        documents: *documents,
        entities: *entities,
        edge_rows: *edge_rows,
        document_bytes: *document_bytes,
    })
}

/// Reads [`catalog_json`]; `None` if it is not one of this version.
pub(super) fn parse_catalog(json: &str, file_bytes: u64) -> Option<(BlockMeta, BlockSummary)> {
    let row: StoredCatalogRow = serde_json::from_str(json).ok()?;
    let StoredIdentity {
        format,
        id,
        account,
        region,
        level,
    } = row.block;
    if format != FORMAT {
        return None;
    }
    let nanos = |pair: (i64, i64)| (UnixNanos(pair.0), UnixNanos(pair.1));
    let trace_id = |text: &str| TraceId::parse_xray(text).ok();
    let taken = |(from, id): &(String, String)| {
        Some(TakenOver {
            from: from.parse().ok()?,
            trace_id: trace_id(id)?,
        })
    };
    let meta = BlockMeta {
        id: id.parse().ok()?,
        scope: Scope::new(&account, &region)?,
        level,
        replaces: row
            .replaces
            .iter()
            .map(|id| id.parse().ok())
            .collect::<Option<_>>()?,
        taken_over: row.taken_over.iter().map(taken).collect::<Option<_>>()?,
    };
    let summary = BlockSummary {
        t0: nanos(row.t0),
        event: nanos(row.event),
        segment_ends: row.segment_ends.map(nanos),
        trace_ids: (trace_id(&row.trace_ids.0)?, trace_id(&row.trace_ids.1)?),
        stamps: (Stamp(row.stamps.0), Stamp(row.stamps.1)),
        edge_slots: row.edge_slots.map(nanos),
        traces: row.traces,
        documents: row.documents,
        entities: row.entities,
        edge_rows: row.edge_rows,
        document_bytes: row.document_bytes,
        file_bytes,
    };
    Some((meta, summary))
}

fn identity(meta: &BlockMeta) -> StoredIdentity {
    StoredIdentity {
        format: FORMAT,
        id: meta.id.to_string(),
        account: Arc::clone(&meta.scope.account),
        region: Arc::clone(&meta.scope.region),
        level: meta.level,
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs of texts and numbers have a JSON form")
}
