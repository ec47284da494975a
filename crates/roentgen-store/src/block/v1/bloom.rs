//! Finds the rows of a trace id in `docs`: id ranges of row groups, bloom filters, page index.

use std::ops::Range;

use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use roentgen_model::TraceId;
use twox_hash::XxHash64;

use super::table::OpenTable;
use crate::source::StoreError;

/// Bytes of one block of a split-block bloom filter.
const BLOCK_BYTES: u64 = 32;
/// Longest header before a filter's blocks, and some to spare.
const HEADER_BYTES_MAX: u64 = 64;

/// True if the id lies in the row group's range of ids.
fn in_range(group: &RowGroupMetaData, id: &TraceId) -> bool {
    let statistics = group
        .columns()
        .first()
        .and_then(ColumnChunkMetaData::statistics);
    let bounds = statistics.and_then(|s| s.min_bytes_opt().zip(s.max_bytes_opt()));
    let id = id.bytes();
    bounds.is_none_or(|(least, greatest)| least <= &id[..] && &id[..] <= greatest)
}

/// False: the bloom filter of the row group says that the id is not there. Reads only the one block of
/// the filter that decides.
fn may_hold(table: &OpenTable, group: &RowGroupMetaData, id: TraceId) -> Result<bool, StoreError> {
    let column = group.columns().first();
    let place = column.and_then(|c| c.bloom_filter_offset().zip(c.bloom_filter_length()));
    let Some((offset, length)) = place else {
        return Ok(true);
    };
    let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
        return Err(table
            .file
            .damaged("the place of a bloom filter is negative"));
    };
    // The header (a few bytes of Thrift) stands before a power of two of blocks.
    let blocks = 1u64 << (length / BLOCK_BYTES).max(1).ilog2();
    let header = length.checked_sub(blocks * BLOCK_BYTES);
    let Some(header) = header.filter(|bytes| *bytes <= HEADER_BYTES_MAX) else {
        return Err(table.file.damaged("the length of a bloom filter is odd"));
    };
    let hash = XxHash64::oneshot(0, &id.bytes());
    let index = ((hash >> 32) * blocks) >> 32;
    let place = offset + header + index * BLOCK_BYTES;
    let block = table
        .file
        .range(place, usize::try_from(BLOCK_BYTES).unwrap_or(0))?;
    // A filter of one block asks the same bits of it as the whole would.
    Ok(Sbbf::new(&block).check(&id.bytes()[..]))
}

/// True if a row group may hold the id.
pub(super) fn might_contain(table: &OpenTable, id: TraceId) -> Result<bool, StoreError> {
    for group in table.groups() {
        if in_range(group, &id) && may_hold(table, group, id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The pages (as rows of the table) that may hold any of these ids (ascending).
pub(super) fn candidate_pages(
    table: &OpenTable,
    ids: &[TraceId],
) -> Result<Vec<Range<u64>>, StoreError> {
    let mut out: Vec<Range<u64>> = Vec::new();
    for (at, (group, rows)) in table.groups().iter().zip(table.group_rows()).enumerate() {
        let mut wanted = Vec::new();
        for id in ids.iter().filter(|id| in_range(group, id)) {
            if may_hold(table, group, *id)? {
                wanted.push(id.bytes());
            }
        }
        let pages = table.first_column_pages(at, &rows);
        let index = table.first_column_index(at);
        let bounds = |page: usize| match index {
            Some(ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(bounds)) => {
                bounds.min_value(page).zip(bounds.max_value(page))
            }
            _ => None,
        };
        for (page, rows) in pages.into_iter().enumerate() {
            let hit = match bounds(page) {
                Some((least, greatest)) => {
                    let first = wanted.partition_point(|id| &id[..] < least);
                    wanted.get(first).is_some_and(|id| &id[..] <= greatest)
                }
                None => !wanted.is_empty(),
            };
            match out.last_mut() {
                Some(last) if hit && last.end == rows.start => last.end = rows.end,
                _ if hit => out.push(rows),
                _ => {}
            }
        }
    }
    Ok(out)
}
