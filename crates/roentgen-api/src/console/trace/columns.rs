//! A trace as columns: arrays per field over one table of strings. Printed as text at once, since 50,000
//! rows of values would cost more than their text.

use std::collections::HashMap;
use std::fmt::{Display, Write};

use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::{EntityFacts, EntityKind, Namespace, Parent, TraceFacts};
use roentgen_model::document::outline::{Outline, OutlineRow, Thrown};
use roentgen_query::explore::trace::skewed_entities;
use serde_json::json;

/// What one row takes, roughly.
const ROW_BYTES: usize = 120;

/// Strings by their place; the first is the empty one and means none.
struct Strings<'a> {
    places: HashMap<&'a str, usize>,
    list: Vec<&'a str>,
}

impl<'a> Strings<'a> {
    fn new() -> Self {
        Self {
            places: HashMap::from([("", 0)]),
            list: vec![""],
        }
    }

    fn place(&mut self, text: &'a str) -> usize {
        // Most cells of most columns.
        if text.is_empty() {
            return 0;
        }
        let next = self.list.len();
        let place = *self.places.entry(text).or_insert(next);
        if place == next {
            self.list.push(text);
        }
        place
    }
}

/// The JSON text of a trace's rows.
pub(super) fn print(outline: &Outline) -> String {
    let facts = &*outline.facts;
    let mut out = String::with_capacity(facts.entities.len() * ROW_BYTES + 1024);
    print_head(&mut out, facts);
    let missing: Vec<Option<String>> = (outline.rows.iter())
        .map(|row| row.missing_parent.map(|id| id.to_string()))
        .collect();
    let mut strings = Strings::new();
    let rows = || facts.entities.iter();
    column(&mut out, "id", outline.rows.iter(), |out, row| {
        push(out, format_args!("\"{}\"", row.id));
    });
    column(&mut out, "missingParent", missing.iter(), |out, id| {
        push(out, strings.place(id.as_deref().unwrap_or("")));
    });
    column(&mut out, "name", rows(), |out, row| {
        push(out, strings.place(&row.name));
    });
    // Rows of one segment mostly follow each other.
    let mut last = (None, 0);
    column(&mut out, "service", rows(), |out, row| {
        if row.segment != last.0 {
            let owner = row.segment.map(|segment| &*facts.entity(segment).name);
            last = (row.segment, strings.place(owner.unwrap_or("")));
        }
        push(out, last.1);
    });
    column(&mut out, "origin", rows(), |out, row| {
        let node = row.node.as_ref().and_then(|node| node.node_type.as_deref());
        push(out, strings.place(node.unwrap_or("")));
    });
    column(&mut out, "namespace", rows(), |out, row| {
        let namespace = match row.namespace {
            None => "",
            Some(Namespace::Aws) => "aws",
            Some(Namespace::Remote) => "remote",
        };
        push(out, strings.place(namespace));
    });
    column(&mut out, "method", rows(), |out, row| {
        push(out, strings.place(row.http.method.as_deref().unwrap_or("")));
    });
    column(&mut out, "operation", outline.rows.iter(), |out, row| {
        push(out, strings.place(row.operation.as_deref().unwrap_or("")));
    });
    column(&mut out, "url", rows(), |out, row| {
        push(out, strings.place(row.http.url.as_deref().unwrap_or("")));
    });
    print_numbers(&mut out, outline);
    column(
        &mut out,
        "exceptions",
        outline.exceptions.iter(),
        |out, one| {
            let Thrown { row, name, message } = one;
            push(
                out,
                json!({ "row": row, "type": &**name, "message": &**message }),
            );
        },
    );
    column(&mut out, "strings", strings.list.iter(), |out, text| {
        out.push_str(&serde_json::Value::from(*text).to_string());
    });
    out.push('}');
    out
}

fn print_head(out: &mut String, facts: &TraceFacts) {
    let nanos = |time: Option<UnixNanos>| {
        time.map_or_else(|| "null".to_owned(), |time| format!("\"{}\"", time.0))
    };
    let root = facts.root.map_or("null".to_owned(), |row| row.to_string());
    push(
        out,
        format_args!(
            "{{\"traceId\":\"{}\",\"startUnixNanos\":{},\"endUnixNanos\":{},\"revision\":{},\
             \"inProgress\":{},\"limitExceeded\":{},\"documents\":{},\"documentBytes\":{},\
             \"rootRow\":{root},\"count\":{},\"skew\":{}",
            facts.trace_id,
            nanos(Some(facts.start)),
            nanos(facts.end),
            facts.head.revision,
            facts.is_partial,
            facts.head.limit_exceeded,
            facts.head.documents,
            facts.head.document_bytes,
            facts.entities.len(),
            skewed_entities(facts),
        ),
    );
}

fn print_numbers(out: &mut String, outline: &Outline) {
    let facts = &*outline.facts;
    let rows = || facts.entities.iter();
    column(out, "parent", rows(), |out, row| match row.parent {
        Parent::Entity(parent) => push(out, parent),
        Parent::None | Parent::Unknown => out.push_str("-1"),
    });
    column(out, "kind", rows(), |out, row| {
        out.push_str(match row.kind {
            EntityKind::Segment => "0",
            EntityKind::Subsegment => "1",
            EntityKind::Inferred => "2",
        });
    });
    column(out, "segmentRow", rows(), |out, row| {
        push(out, row.segment.map_or(-1, i64::from));
    });
    column(out, "start", rows(), |out, row| {
        push(out, micros(row.start.0.saturating_sub(facts.start.0)));
    });
    column(out, "duration", rows(), |out, row| {
        push(out, row.response_time_nanos().map_or(-1, micros));
    });
    let pairs = rows().zip(&outline.rows);
    column(out, "flags", pairs, |out, (row, more)| {
        push(out, flags(row, more));
    });
    column(out, "status", rows(), |out, row| {
        push(out, row.http.status.unwrap_or(0));
    });
}

/// Whole microseconds, halves up.
fn micros(nanos: i64) -> i64 {
    nanos.saturating_add(500).div_euclid(1000)
}

fn flags(row: &EntityFacts, more: &OutlineRow) -> u32 {
    let own = |flag: bool, bit: u32| if flag { 1 << bit } else { 0 };
    own(row.flags.error, 0)
        | own(row.flags.fault, 1)
        | own(row.flags.throttle, 2)
        | own(row.end.is_none(), 3)
        | own(more.has_exceptions, 4)
        | own(more.has_sql, 5)
        | own(more.has_annotations, 6)
        | own(more.has_metadata, 7)
        | own(more.has_links, 8)
        | own(more.has_exception_reference && !more.has_exceptions, 9)
}

fn column<T>(
    out: &mut String,
    name: &str,
    items: impl Iterator<Item = T>,
    mut print: impl FnMut(&mut String, T),
) {
    push(out, format_args!(",\"{name}\":["));
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        print(out, item);
    }
    out.push(']');
}

fn push(out: &mut String, value: impl Display) {
    write!(out, "{value}").expect("writing to a string does not fail");
}
