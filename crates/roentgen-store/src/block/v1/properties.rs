//! Encodings, pages, compression and filters of the four files.

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::meta;
use super::schema::Table;
use super::writer::GROUP_ROWS;
use crate::block::BlockMeta;

/// A by-id read decodes one page of documents.
const DOCUMENT_PAGE_BYTES: usize = 128 << 10;
/// Rows of the other pages of `docs`: a by-id read decodes one of each column it needs.
const DOCS_PAGE_ROWS: usize = 512;
/// Rows of the pages of `traces` and `spans`: facts are read for few traces at a time.
const PAGE_ROWS: usize = 2_048;
/// Wrong "maybe" of the bloom filter, one in a hundred: 1.2 bytes a trace.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// How the files of a table are encoded and compressed.
pub(super) fn properties(table: Table, meta: &BlockMeta) -> WriterPropertiesBuilder {
    // Light compression when sealing; what compaction rewrites is read for long (design 9).
    let level = if meta.level == 0 { 1 } else { 3 };
    let level = ZstdLevel::try_new(level).expect("zstd knows levels 1 to 22");
    let identity = KeyValue::new(meta::IDENTITY_KEY.to_owned(), meta::identity_json(meta));
    let builder = WriterProperties::builder()
        .set_created_by("roentgen block v1".to_owned())
        .set_compression(Compression::ZSTD(level))
        // Row groups end where this file says.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(vec![identity]));
    let builder = delta_columns(table).iter().fold(builder, |builder, name| {
        let column = ColumnPath::from(*name);
        let builder = builder.set_column_dictionary_enabled(column.clone(), false);
        builder.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED)
    });
    let trace_id = ColumnPath::from("trace_id");
    match table {
        Table::Docs => builder
            .set_write_batch_size(16)
            .set_data_page_size_limit(DOCUMENT_PAGE_BYTES)
            .set_data_page_row_count_limit(DOCS_PAGE_ROWS)
            .set_dictionary_enabled(false)
            .set_column_statistics_enabled(ColumnPath::from("document"), EnabledStatistics::None)
            .set_column_bloom_filter_fpp(trace_id.clone(), BLOOM_FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(trace_id, GROUP_ROWS as u64),
        Table::Traces | Table::Spans => builder
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_column_dictionary_enabled(trace_id, false),
        Table::Edges => builder,
    }
}

/// Columns of nearly distinct times and numbers: deltas are smaller than a dictionary, and a read of
/// few rows need not decode one.
fn delta_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Docs => &["t0", "start", "received"],
        Table::Traces => &[
            "t0",
            "start",
            "end",
            "duration_nanos",
            "response_time_nanos",
            "segment_end_least",
            "segment_end_greatest",
            "first_received",
            "last_received",
            "document_bytes",
        ],
        Table::Spans => &["start", "end"],
        Table::Edges => &[],
    }
}
