//! Building and reading Arrow columns, by name and with types checked.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Int64Array, ListArray, RecordBatch,
    StringArray, StringBuilder, StructArray, TimestampNanosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, Fields, SchemaRef};
use arrow::error::ArrowError;
use roentgen_model::{TraceId, UnixNanos};

/// A decoded table does not have the shape or values it was written with.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}`: {what}")]
pub(super) struct ColumnError {
    pub(super) column: String,
    pub(super) what: &'static str,
}

impl ColumnError {
    pub(super) fn new(column: &str, what: &'static str) -> Self {
        Self {
            column: column.to_owned(),
            what,
        }
    }
}

/// Rows of a table or of the items of a list column.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    array: StructArray,
}

impl From<RecordBatch> for Rows {
    fn from(batch: RecordBatch) -> Self {
        Self {
            array: batch.into(),
        }
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.array.len()
    }

    /// The column with this name, whatever its type.
    #[cfg(test)]
    pub(super) fn any_column(&self, name: &str) -> Option<&ArrayRef> {
        self.array.column_by_name(name)
    }

    /// The column with this name and array type.
    pub(super) fn column<A: Array + 'static>(&self, name: &str) -> Result<&A, ColumnError> {
        let column = self.array.column_by_name(name);
        let column = column.ok_or_else(|| ColumnError::new(name, "is missing"))?;
        column
            .as_any()
            .downcast_ref()
            .ok_or_else(|| ColumnError::new(name, "has another type"))
    }

    pub(super) fn texts(&self, name: &str) -> Result<&StringArray, ColumnError> {
        self.column(name)
    }

    pub(super) fn flags(&self, name: &str) -> Result<&BooleanArray, ColumnError> {
        self.column(name)
    }

    pub(super) fn numbers(&self, name: &str) -> Result<&Int64Array, ColumnError> {
        self.column(name)
    }

    pub(super) fn times(&self, name: &str) -> Result<&TimestampNanosecondArray, ColumnError> {
        self.column(name)
    }

    pub(super) fn ids(&self, name: &str) -> Result<Ids<'_>, ColumnError> {
        self.column(name).map(Ids)
    }

    /// A list column whose items are rows.
    pub(super) fn lists(&self, name: &str) -> Result<Lists, ColumnError> {
        let list: &ListArray = self.column(name)?;
        let items: Option<&StructArray> = list.values().as_any().downcast_ref();
        let items = items.ok_or_else(|| ColumnError::new(name, "has another item type"))?;
        Ok(Lists {
            offsets: list.offsets().clone(),
            items: Self {
                array: items.clone(),
            },
        })
    }
}

/// A list column of rows: the items of all rows, and which belong to whom.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    offsets: OffsetBuffer<i32>,
    pub(super) items: Rows,
}

impl Lists {
    /// Where the items of one row lie in [`Self::items`].
    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        let at = |i: usize| self.offsets.get(i).and_then(|o| usize::try_from(*o).ok());
        at(row).unwrap_or_default()..at(row + 1).unwrap_or_default()
    }
}

/// A column of trace ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids<'a>(&'a FixedSizeBinaryArray);

impl Ids<'_> {
    pub(super) fn get(self, row: usize) -> TraceId {
        let bytes = self.0.value(row).first_chunk::<16>();
        TraceId::from_bytes(bytes.copied().unwrap_or_default())
    }
}

/// The value of a nullable time.
pub(super) fn time_at(column: &TimestampNanosecondArray, row: usize) -> Option<UnixNanos> {
    column.is_valid(row).then(|| UnixNanos(column.value(row)))
}

/// The value of a nullable number.
pub(super) fn number_at(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// Equal texts share their memory.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: HashSet<Arc<str>>,
}

/// Beyond this many texts the interner begins anew.
const INTERNED_MAX: usize = 1 << 16;

impl Interner {
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        if self.known.len() >= INTERNED_MAX {
            self.known.clear();
        }
        let new: Arc<str> = text.into();
        self.known.insert(Arc::clone(&new));
        new
    }

    pub(super) fn text_at(&mut self, column: &StringArray, row: usize) -> Option<Arc<str>> {
        column.is_valid(row).then(|| self.text(column.value(row)))
    }
}

/// Text columns in the making.
#[derive(Debug, Default)]
pub(super) struct Texts(StringBuilder);

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.0.append_value(text);
    }

    pub(super) fn push_option(&mut self, text: Option<&(impl AsRef<str> + ?Sized)>) {
        self.0.append_option(text.map(AsRef::as_ref));
    }

    pub(super) fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// The ends of lists in the making.
#[derive(Debug)]
pub(super) struct Ends(Vec<i32>);

impl Default for Ends {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Ends {
    /// Ends the current row's list after `items` more items.
    pub(super) fn push(&mut self, items: usize) {
        let last = self.0.last().copied().unwrap_or_default();
        let items = i32::try_from(items).expect("a batch is cut long before 2^31 items");
        self.0.push(
            last.checked_add(items)
                .expect("a batch is cut long before 2^31 items"),
        );
    }

    pub(super) fn finish(self, item: FieldRef, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(self.0.into());
        Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
    }

    /// A list of rows with these columns, in the order of the item's fields.
    pub(super) fn finish_rows(
        self,
        item: FieldRef,
        columns: Vec<ArrayRef>,
    ) -> Result<ArrayRef, ArrowError> {
        let rows = StructArray::try_new(fields_of(&item), columns, None)?;
        self.finish(item, Arc::new(rows))
    }
}

/// The fields of a field that holds rows.
pub(super) fn fields_of(item: &FieldRef) -> Fields {
    match item.data_type() {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    }
}

pub(super) fn times(values: Vec<UnixNanos>) -> ArrayRef {
    let nanos = values.into_iter().map(|t| t.0).collect::<Vec<i64>>();
    Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("UTC"))
}

pub(super) fn optional_times(values: Vec<Option<UnixNanos>>) -> ArrayRef {
    let nanos = values
        .into_iter()
        .map(|t| t.map(|t| t.0))
        .collect::<Vec<Option<i64>>>();
    Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("UTC"))
}

pub(super) fn ids(values: Vec<TraceId>) -> Result<ArrayRef, ArrowError> {
    if values.is_empty() {
        return Ok(Arc::new(FixedSizeBinaryArray::new_null(16, 0)));
    }
    let bytes = values.into_iter().map(TraceId::bytes);
    Ok(Arc::new(FixedSizeBinaryArray::try_from_iter(bytes)?))
}

/// Columns in the schema's order as a batch.
pub(super) fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(Arc::clone(schema), columns)
}
