//! One open table: its footer, and rows by number.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelectionPolicy,
};
use parquet::file::metadata::{ColumnChunkMask, PageIndexPolicy, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::checked::{CheckedFile, FileSums};
use super::columns::{ColumnError, Rows};
use super::schema::Table;
use crate::files::Disk;
use crate::source::StoreError;

/// A table of a block: where it is, and its footer once that was needed.
#[derive(Debug)]
pub(super) struct TableFile {
    table: Table,
    path: PathBuf,
    sums: Arc<FileSums>,
    footer: OnceLock<ArrowReaderMetadata>,
}

impl TableFile {
    pub(super) fn new(table: Table, dir: &Path, sums: FileSums) -> Self {
        let path = dir.join(table.file_name());
        Self {
            table,
            path,
            sums: Arc::new(sums),
            footer: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.sums.bytes
    }

    pub(super) fn file(&self, disk: &dyn Disk) -> Result<CheckedFile, StoreError> {
        CheckedFile::open(disk, &self.path, Arc::clone(&self.sums))
    }

    /// Opens the file, and reads its footer the first time.
    pub(super) fn open(&self, disk: &dyn Disk) -> Result<OpenTable, StoreError> {
        let file = self.file(disk)?;
        if let Some(footer) = self.footer.get() {
            return Ok(OpenTable::new(file, footer.clone()));
        }
        // Of the column indexes only those of the sort keys are asked: trace_id and t0 come first.
        let mask = match self.table {
            Table::Docs | Table::Traces => ColumnChunkMask::columns([0]),
            Table::Spans | Table::Edges => ColumnChunkMask::none(),
        };
        let options = ArrowReaderOptions::new()
            .with_page_index_policy(PageIndexPolicy::Required)
            .with_column_index_mask(mask);
        let footer = ArrowReaderMetadata::load(&file, options).map_err(|e| file.failed(e))?;
        if footer.schema().fields() != self.table.schema().fields() {
            return Err(file.damaged("its schema is not that of block v1"));
        }
        Ok(OpenTable::new(
            file,
            self.footer.get_or_init(|| footer).clone(),
        ))
    }
}

/// A table with an open file.
#[derive(Clone, Debug)]
pub(super) struct OpenTable {
    pub(super) file: CheckedFile,
    footer: ArrowReaderMetadata,
}

impl OpenTable {
    fn new(file: CheckedFile, footer: ArrowReaderMetadata) -> Self {
        Self { file, footer }
    }

    pub(super) fn groups(&self) -> &[RowGroupMetaData] {
        self.footer.metadata().row_groups()
    }

    /// The rows of each row group, numbered over the whole table.
    pub(super) fn group_rows(&self) -> Vec<Range<u64>> {
        let mut next = 0;
        let of = |group: &RowGroupMetaData| {
            let first = next;
            next += u64::try_from(group.num_rows()).unwrap_or_default();
            first..next
        };
        self.groups().iter().map(of).collect()
    }

    pub(super) fn rows_total(&self) -> u64 {
        self.group_rows().last().map_or(0, |group| group.end)
    }

    /// The value of a key of the file's metadata.
    pub(super) fn described(&self, key: &str) -> Option<&str> {
        let metadata = self
            .footer
            .metadata()
            .file_metadata()
            .key_value_metadata()?;
        metadata.iter().find(|kv| kv.key == key)?.value.as_deref()
    }

    /// Least and greatest value of a 64-bit column in a row group; `None`: unknown or all null.
    pub(super) fn number_bounds(&self, group: usize, column: &str) -> Option<(i64, i64)> {
        let columns = self.groups().get(group)?.columns();
        let chunk = columns
            .iter()
            .find(|c| c.column_path().string() == column)?;
        match chunk.statistics()? {
            Statistics::Int64(bounds) => Some((*bounds.min_opt()?, *bounds.max_opt()?)),
            _ => None,
        }
    }

    /// The rows of each page of the first column, in a row group whose first row is given.
    pub(super) fn first_column_pages(&self, group: usize, rows: &Range<u64>) -> Vec<Range<u64>> {
        let index = self.footer.metadata().page_index();
        let Some(offsets) = index.and_then(|i| i.offset_index(group, 0)) else {
            return vec![rows.clone()];
        };
        let first_row = |row: i64| rows.start + u64::try_from(row).unwrap_or_default();
        let starts = offsets
            .page_locations()
            .iter()
            .map(|page| first_row(page.first_row_index));
        let starts: Vec<u64> = starts.collect();
        let ends = starts.iter().skip(1).copied().chain([rows.end]);
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| *start..end)
            .collect()
    }

    /// Least and greatest values of the pages of the first column.
    pub(super) fn first_column_index(&self, group: usize) -> Option<&ColumnIndexMetaData> {
        self.footer.metadata().page_index()?.column_index(group, 0)
    }

    /// Reads the given rows (ascending, not overlapping) of some columns (`None`: all).
    pub(super) fn read(
        &self,
        columns: Option<&[&str]>,
        ranges: &[Range<u64>],
        batch_rows: usize,
    ) -> Result<RowsReader, StoreError> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.file.clone(),
            self.footer.clone(),
        );
        let projection = match columns {
            None => ProjectionMask::all(),
            Some(names) => {
                let fields = self.footer.schema().fields().iter().enumerate();
                let wanted = fields.filter(|(_, f)| names.contains(&f.name().as_str()));
                ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(index, _)| index))
            }
        };
        let mut groups = Vec::new();
        let mut selected: Vec<Range<usize>> = Vec::new();
        let mut total = 0;
        let mut ranges = ranges.iter().cloned().peekable();
        for (group, rows) in self.group_rows().into_iter().enumerate() {
            let mut is_needed = false;
            while let Some(range) = ranges.peek_mut() {
                let end = range.end.min(rows.end);
                if range.start < end {
                    is_needed = true;
                    let at = |row: u64| total + usize::try_from(row - rows.start).unwrap_or(0);
                    selected.push(at(range.start)..at(end));
                    range.start = end;
                }
                if range.start < range.end {
                    break;
                }
                ranges.next();
            }
            if is_needed {
                groups.push(group);
                total += usize::try_from(rows.end - rows.start).unwrap_or_default();
            }
        }
        let selection = RowSelection::from_consecutive_ranges(selected.into_iter(), total);
        let reader = builder
            .with_projection(projection)
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_row_selection_policy(RowSelectionPolicy::Selectors)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|e| self.file.failed(e))?;
        Ok(RowsReader {
            reader,
            file: self.file.clone(),
            is_over: total == 0,
        })
    }

    /// Reads all of one read into memory at once.
    pub(super) fn read_whole(
        &self,
        columns: &[&str],
        range: &Range<u64>,
    ) -> Result<Option<Rows>, StoreError> {
        let rows = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        self.read(Some(columns), std::slice::from_ref(range), rows)?
            .next()
            .transpose()
    }

    pub(super) fn wrong(&self, error: ColumnError) -> StoreError {
        self.file.failed(error)
    }
}

/// Rows in batches; stops after the first error.
pub(super) struct RowsReader {
    reader: ParquetRecordBatchReader,
    file: CheckedFile,
    is_over: bool,
}

impl Iterator for RowsReader {
    type Item = Result<Rows, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.reader.next();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch.map(|batch| batch.map(Rows::from).map_err(|e| self.file.failed(e)))
    }
}

impl std::fmt::Debug for RowsReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowsReader")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
