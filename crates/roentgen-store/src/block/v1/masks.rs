//! PLAN-1 on columns: a whole row group of `traces` at once gives two masks, *sure* ⊆ truth ⊆
//! *possible*.

use arrow::array::{Array, BooleanArray, Int64Array, ListArray, StringArray};
use arrow::buffer::BooleanBuffer;
use roentgen_model::filter::{NumberOperator, TextOperator};
use roentgen_model::time::round_to_millis;

use super::columns::{ColumnError, Rows};
use crate::plan::{Columns, FlagColumn, NumberColumn, SetColumn, TextColumn};

/// Which rows match for certain, and which may.
#[derive(Clone, Debug)]
pub(super) struct Masks {
    pub(super) sure: BooleanBuffer,
    pub(super) possible: BooleanBuffer,
}

impl Masks {
    fn exact(mask: BooleanBuffer) -> Self {
        Self {
            sure: mask.clone(),
            possible: mask,
        }
    }

    fn constant(value: bool, rows: usize) -> Self {
        Self::exact(constant(value, rows))
    }

    fn and(self, other: &Self) -> Self {
        Self {
            sure: &self.sure & &other.sure,
            possible: &self.possible & &other.possible,
        }
    }

    fn or(self, other: &Self) -> Self {
        Self {
            sure: &self.sure | &other.sure,
            possible: &self.possible | &other.possible,
        }
    }

    fn not(&self) -> Self {
        Self {
            sure: !&self.possible,
            possible: !&self.sure,
        }
    }
}

fn constant(value: bool, rows: usize) -> BooleanBuffer {
    if value {
        BooleanBuffer::new_set(rows)
    } else {
        BooleanBuffer::new_unset(rows)
    }
}

/// Adds the names of the columns that [`masks`] reads.
pub(super) fn add_columns(plan: &Columns, names: &mut Vec<&'static str>) {
    match plan {
        Columns::All | Columns::None | Columns::Unknown => {}
        Columns::And(parts) | Columns::Or(parts) => {
            parts.iter().for_each(|part| add_columns(part, names));
        }
        Columns::Not(part) => add_columns(part, names),
        Columns::Flag(flag) => names.push(flag_name(*flag)),
        Columns::Number { column, .. } | Columns::Set(SetColumn::Number(column)) => {
            names.push(number_name(*column));
        }
        Columns::Text { column, .. } | Columns::Set(SetColumn::Text(column)) => {
            names.push(text_name(*column));
        }
        Columns::Node { .. } => names.push("nodes"),
    }
}

/// Evaluates a plan on rows of `traces`: for each row what [`Columns::masks`] says of its facts.
pub(super) fn masks(plan: &Columns, rows: &Rows) -> Result<Masks, ColumnError> {
    let evaluate = |part: &Columns| masks(part, rows);
    let count = rows.len();
    Ok(match plan {
        Columns::All => Masks::constant(true, count),
        Columns::None => Masks::constant(false, count),
        Columns::Unknown => Masks {
            sure: constant(false, count),
            possible: constant(true, count),
        },
        Columns::And(parts) => {
            let all = Masks::constant(true, count);
            parts
                .iter()
                .try_fold(all, |all, part| Ok(all.and(&evaluate(part)?)))?
        }
        Columns::Or(parts) => {
            let none = Masks::constant(false, count);
            parts
                .iter()
                .try_fold(none, |any, part| Ok(any.or(&evaluate(part)?)))?
        }
        Columns::Not(part) => evaluate(part)?.not(),
        Columns::Flag(flag) => Masks::exact(rows.flags(flag_name(*flag))?.values().clone()),
        Columns::Number {
            column,
            compare,
            value,
        } => Masks::exact(number_mask(
            rows.numbers(number_name(*column))?,
            *column,
            *compare,
            *value,
        )),
        Columns::Text {
            column,
            compare,
            value,
        } => Masks::exact(text_mask(rows.texts(text_name(*column))?, *compare, value)),
        Columns::Set(SetColumn::Number(column)) => {
            Masks::exact(set_mask(rows.numbers(number_name(*column))?))
        }
        Columns::Set(SetColumn::Text(column)) => {
            Masks::exact(set_mask(rows.texts(text_name(*column))?))
        }
        Columns::Node {
            name,
            node_type,
            account_id,
            exact,
        } => {
            let wanted = [name, node_type, account_id].map(Option::as_deref);
            let possible = node_mask(rows, wanted)?;
            let sure = if *exact {
                possible.clone()
            } else {
                constant(false, count)
            };
            Masks { sure, possible }
        }
    })
}

fn flag_name(flag: FlagColumn) -> &'static str {
    match flag {
        FlagColumn::HasFault => "has_fault",
        FlagColumn::HasError => "has_error",
        FlagColumn::HasThrottle => "has_throttle",
        FlagColumn::IsPartial => "is_partial",
        FlagColumn::RootOk => "root_ok",
        FlagColumn::HasInferred => "has_inferred",
    }
}

fn number_name(column: NumberColumn) -> &'static str {
    match column {
        NumberColumn::ResponseTimeMillis => "response_time_nanos",
        NumberColumn::DurationMillis => "duration_nanos",
        NumberColumn::HttpStatus => "http_status",
    }
}

fn text_name(column: TextColumn) -> &'static str {
    match column {
        TextColumn::HttpUrl => "http_url",
        TextColumn::HttpMethod => "http_method",
        TextColumn::UserAgent => "http_user_agent",
        TextColumn::ClientIp => "http_client_ip",
    }
}

fn set_mask(column: &dyn Array) -> BooleanBuffer {
    column.nulls().map_or_else(
        || constant(true, column.len()),
        |nulls| nulls.inner().clone(),
    )
}

fn number_mask(
    column: &Int64Array,
    meaning: NumberColumn,
    compare: NumberOperator,
    wanted: f64,
) -> BooleanBuffer {
    let shown = |nanos: i64| match meaning {
        NumberColumn::ResponseTimeMillis | NumberColumn::DurationMillis => round_to_millis(nanos),
        NumberColumn::HttpStatus => nanos,
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "filters compare as 64-bit floats"
    )]
    let holds = |value: i64| compare.holds(shown(value) as f64, wanted);
    let values = column.values();
    let mask = values
        .iter()
        .map(|value| holds(*value))
        .collect::<BooleanBuffer>();
    &mask & &set_mask(column)
}

fn text_mask(column: &StringArray, compare: TextOperator, wanted: &str) -> BooleanBuffer {
    let holds = |value: &str| compare.holds(value, wanted);
    column
        .iter()
        .map(|value| value.is_some_and(holds))
        .collect()
}

/// Rows in which one node has the wanted name (or is called by it), type and account.
fn node_mask(rows: &Rows, wanted: [Option<&str>; 3]) -> Result<BooleanBuffer, ColumnError> {
    let nodes = rows.lists("nodes")?;
    let items = &nodes.items;
    let [name, node_type, account_id] = wanted;
    let mut hits = constant(true, items.len());
    if let Some(name) = name {
        hits = &named(items, name)? & &hits;
    }
    for (column, wanted) in [("type", node_type), ("account_id", account_id)] {
        if let Some(wanted) = wanted {
            hits = &text_mask(items.texts(column)?, TextOperator::Equal, wanted) & &hits;
        }
    }
    let hits = BooleanArray::new(hits, None);
    let row_hits = |row| {
        nodes
            .range(row)
            .any(|item| item < hits.len() && hits.value(item))
    };
    Ok((0..rows.len()).map(row_hits).collect())
}

fn named(items: &Rows, name: &str) -> Result<BooleanBuffer, ColumnError> {
    let own = text_mask(items.texts("name")?, TextOperator::Equal, name);
    let others: &ListArray = items.column("other_names")?;
    let texts: Option<&StringArray> = others.values().as_any().downcast_ref();
    let texts = texts.ok_or_else(|| ColumnError::new("other_names", "has another item type"))?;
    if texts.is_empty() {
        return Ok(own);
    }
    let equal = text_mask(texts, TextOperator::Equal, name);
    let ends = others.value_offsets();
    let of_item = |(start, end): (&i32, &i32)| {
        let mut range = usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0);
        range.any(|at| at < equal.len() && equal.value(at))
    };
    let other: BooleanBuffer = ends.iter().zip(ends.iter().skip(1)).map(of_item).collect();
    Ok(&own | &other)
}
