//! Table `docs`: documents as sent, by (trace id, stamp).

use std::sync::Arc;

use arrow::array::{
    BinaryArray, BinaryBuilder, BooleanArray, Int64Array, RecordBatch, UInt64Array,
};
use arrow::error::ArrowError;
use bytes::Bytes;
use roentgen_model::{SegmentId, Stamp, TraceId, UnixNanos};

use super::columns::{ColumnError, Ids, Rows, batch, ids, times};
use super::schema::Table;
use crate::block::BlockDocument;
use crate::block::v1::reader::BlockDocuments;

/// Rows of `docs` in the making.
#[derive(Debug, Default)]
pub(super) struct DocsBatch {
    trace_ids: Vec<TraceId>,
    t0: Vec<UnixNanos>,
    segment_ids: Vec<u64>,
    starts: Vec<UnixNanos>,
    received: Vec<i64>,
    limit_exceeded: Vec<bool>,
    documents: BinaryBuilder,
    /// Bytes of the texts.
    pub(super) bytes: usize,
}

impl DocsBatch {
    pub(super) fn rows(&self) -> usize {
        self.trace_ids.len()
    }

    pub(super) fn push(
        &mut self,
        trace_id: TraceId,
        t0: UnixNanos,
        limit_exceeded: bool,
        document: &BlockDocument,
    ) {
        let BlockDocument {
            segment_id,
            start,
            stamp,
            text,
        } = document;
        self.trace_ids.push(trace_id);
        self.t0.push(t0);
        self.segment_ids.push(segment_id.as_u64());
        self.starts.push(*start);
        self.received.push(stamp.0);
        self.limit_exceeded.push(limit_exceeded);
        self.documents.append_value(text);
        self.bytes += text.len();
    }

    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let Self {
            trace_ids,
            t0,
            segment_ids,
            starts,
            received,
            limit_exceeded,
            ..
        } = self;
        let mut documents = self.documents;
        batch(
            Table::Docs.schema(),
            vec![
                ids(trace_ids)?,
                times(t0),
                Arc::new(UInt64Array::from(segment_ids)),
                times(starts),
                Arc::new(Int64Array::from(received)),
                Arc::new(BooleanArray::from(limit_exceeded)),
                Arc::new(documents.finish()),
            ],
        )
    }
}

/// Decoded rows of `docs`.
#[derive(Debug)]
pub(super) struct DocsRows<'a> {
    trace_ids: Ids<'a>,
    rows: &'a Rows,
}

impl<'a> DocsRows<'a> {
    pub(super) fn new(rows: &'a Rows) -> Result<Self, ColumnError> {
        Ok(Self {
            trace_ids: rows.ids("trace_id")?,
            rows,
        })
    }

    /// Adds the rows to what came before: a row continues the last trace or begins the next. Returns
    /// the bytes of the texts.
    pub(super) fn append_to(&self, out: &mut Vec<BlockDocuments>) -> Result<usize, ColumnError> {
        let mut bytes = 0;
        let t0 = self.rows.times("t0")?;
        let segment_ids: &UInt64Array = self.rows.column("segment_id")?;
        let starts = self.rows.times("start")?;
        let received = self.rows.numbers("received")?;
        let limit_exceeded = self.rows.flags("limit_exceeded")?;
        let texts: &BinaryArray = self.rows.column("document")?;
        for row in 0..self.rows.len() {
            bytes += texts.value(row).len();
            let trace_id = self.trace_ids.get(row);
            let document = BlockDocument {
                segment_id: SegmentId::from_u64(segment_ids.value(row)),
                start: UnixNanos(starts.value(row)),
                stamp: Stamp(received.value(row)),
                text: Bytes::copy_from_slice(texts.value(row)),
            };
            match out.last_mut().filter(|last| last.trace_id == trace_id) {
                Some(last) => last.documents.push(document),
                None => out.push(BlockDocuments {
                    trace_id,
                    t0: UnixNanos(t0.value(row)),
                    limit_exceeded: limit_exceeded.value(row),
                    documents: vec![document],
                }),
            }
        }
        Ok(bytes)
    }
}
