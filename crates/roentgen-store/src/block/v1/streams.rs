//! Whole tables as streams of items, for compaction.

use std::collections::VecDeque;

use super::columns::Rows;
use super::docs::DocsRows;
use super::reader::BlockDocuments;
use super::table::{OpenTable, RowsReader};
use crate::source::StoreError;

/// Adds rows of `docs` and returns the bytes of their texts.
pub(super) fn docs_rows_into(
    docs: &OpenTable,
    rows: &Rows,
    out: &mut Vec<BlockDocuments>,
) -> Result<usize, StoreError> {
    DocsRows::new(rows)
        .and_then(|rows| rows.append_to(out))
        .map_err(|e| docs.wrong(e))
}

/// All documents, trace by trace; stops after the first error.
pub(super) struct DocumentsStream {
    docs: OpenTable,
    rows: RowsReader,
    /// Traces read and not yet given; the last one may go on in the next batch.
    ready: VecDeque<BlockDocuments>,
    is_over: bool,
}

impl DocumentsStream {
    pub(super) fn new(docs: OpenTable, rows: RowsReader) -> Self {
        Self {
            docs,
            rows,
            ready: VecDeque::new(),
            is_over: false,
        }
    }

    fn read(&mut self) -> Result<(), StoreError> {
        let Some(rows) = self.rows.next().transpose()? else {
            self.is_over = true;
            return Ok(());
        };
        let mut more: Vec<_> = self.ready.pop_back().into_iter().collect();
        docs_rows_into(&self.docs, &rows, &mut more)?;
        self.ready.extend(more);
        Ok(())
    }
}

impl Iterator for DocumentsStream {
    type Item = Result<BlockDocuments, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over && self.ready.len() < 2 {
            if let Err(error) = self.read() {
                self.is_over = true;
                self.ready.clear();
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// Batches of rows as single items; stops after the first error.
pub(super) struct Flattened<T, D> {
    rows: RowsReader,
    decode: D,
    ready: std::vec::IntoIter<T>,
    is_over: bool,
}

impl<T, D> Flattened<T, D>
where
    D: FnMut(&Rows, &mut Vec<T>) -> Result<(), StoreError>,
{
    pub(super) fn new(rows: RowsReader, decode: D) -> Self {
        Self {
            rows,
            decode,
            ready: Vec::new().into_iter(),
            is_over: false,
        }
    }
}

impl<T, D> Iterator for Flattened<T, D>
where
    D: FnMut(&Rows, &mut Vec<T>) -> Result<(), StoreError>,
{
    type Item = Result<T, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(Ok(item));
            }
            if self.is_over {
                return None;
            }
            let mut items = Vec::new();
            let read = self.rows.next()?;
            if let Err(error) = read.and_then(|rows| (self.decode)(&rows, &mut items)) {
                self.is_over = true;
                return Some(Err(error));
            }
            self.ready = items.into_iter();
        }
    }
}
