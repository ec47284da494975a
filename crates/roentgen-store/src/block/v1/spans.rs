//! Table `spans`: the entities of all traces, in the order of `traces`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, UInt8Array,
    UInt32Array,
};
use arrow::error::ArrowError;
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::{
    AnnotationValue, EntityFacts, EntityKind, Flags, HttpFacts, NodeKey, Parent,
};

use super::codes;
use super::columns::{
    ColumnError, Ends, Interner, Rows, Texts, batch, number_at, optional_times, time_at, times,
};
use super::schema::{Table, item_of};

/// Typed annotations in the making, as items of a list.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    keys: Texts,
    strings: Texts,
    numbers: Vec<Option<f64>>,
    booleans: Vec<Option<bool>>,
}

impl Annotations {
    pub(super) fn push(&mut self, key: &str, value: &AnnotationValue) {
        let (string, number, boolean) = match value {
            AnnotationValue::String(text) => (Some(text), None, None),
            AnnotationValue::Number(number) => (None, Some(*number), None),
            AnnotationValue::Boolean(boolean) => (None, None, Some(*boolean)),
        };
        self.keys.push(key);
        self.strings.push_option(string);
        self.numbers.push(number);
        self.booleans.push(boolean);
    }

    pub(super) fn columns(self) -> Vec<ArrayRef> {
        vec![
            self.keys.finish(),
            self.strings.finish(),
            Arc::new(Float64Array::from(self.numbers)),
            Arc::new(BooleanArray::from(self.booleans)),
        ]
    }
}

/// Rows of `spans` in the making.
#[derive(Debug, Default)]
pub(super) struct SpansBatch {
    kinds: Vec<u8>,
    parents: Vec<i32>,
    segments: Vec<Option<u32>>,
    names: Texts,
    starts: Vec<UnixNanos>,
    ends: Vec<Option<UnixNanos>>,
    flags: [Vec<bool>; 3],
    namespaces: Vec<Option<u8>>,
    node: [Texts; 3],
    http: [Texts; 4],
    http_status: Vec<Option<i64>>,
    others: [Texts; 4],
    annotation_ends: Ends,
    annotations: Annotations,
}

impl SpansBatch {
    pub(super) fn rows(&self) -> usize {
        self.kinds.len()
    }

    /// Adds an entity. `None`: an ordinal is beyond what the table can hold.
    pub(super) fn push(&mut self, entity: &EntityFacts) -> Option<()> {
        let EntityFacts {
            kind,
            parent,
            segment,
            name,
            start,
            end,
            flags:
                Flags {
                    error,
                    throttle,
                    fault,
                },
            namespace,
            node,
            http:
                HttpFacts {
                    method,
                    url,
                    user_agent,
                    client_ip,
                    status,
                },
            user,
            resource_arn,
            instance_id,
            availability_zone,
            annotations,
        } = entity;
        self.parents.push(codes::of_parent(*parent)?);
        self.kinds.push(codes::of_entity_kind(*kind));
        self.segments.push(*segment);
        self.names.push(name);
        self.starts.push(*start);
        self.ends.push(*end);
        for (column, flag) in self.flags.iter_mut().zip([error, throttle, fault]) {
            column.push(*flag);
        }
        self.namespaces.push(namespace.map(codes::of_namespace));
        let [node_name, node_type, account_id] = &mut self.node;
        node_name.push_option(node.as_ref().map(|n| &n.name));
        node_type.push_option(node.as_ref().and_then(|n| n.node_type.as_ref()));
        account_id.push_option(node.as_ref().and_then(|n| n.account_id.as_ref()));
        for (column, text) in self
            .http
            .iter_mut()
            .zip([method, url, user_agent, client_ip])
        {
            column.push_option(text.as_ref());
        }
        self.http_status.push(*status);
        let others = [user, resource_arn, instance_id, availability_zone];
        for (column, text) in self.others.iter_mut().zip(others) {
            column.push_option(text.as_ref());
        }
        for (key, value) in annotations {
            self.annotations.push(key, value);
        }
        self.annotation_ends.push(annotations.len());
        Some(())
    }

    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt8Array::from(self.kinds)),
            Arc::new(Int32Array::from(self.parents)),
            Arc::new(UInt32Array::from(self.segments)),
            self.names.finish(),
            times(self.starts),
            optional_times(self.ends),
        ];
        for flag in self.flags {
            columns.push(Arc::new(BooleanArray::from(flag)));
        }
        columns.push(Arc::new(UInt8Array::from(self.namespaces)));
        columns.extend(self.node.into_iter().chain(self.http).map(Texts::finish));
        columns.push(Arc::new(Int64Array::from(self.http_status)));
        columns.extend(self.others.into_iter().map(Texts::finish));
        let item = item_of(Table::Spans, "annotations");
        columns.push(
            self.annotation_ends
                .finish_rows(item, self.annotations.columns())?,
        );
        batch(Table::Spans.schema(), columns)
    }
}

/// Reads all entities of these rows, in order.
pub(super) fn entities(
    rows: &Rows,
    texts: &mut Interner,
    out: &mut Vec<EntityFacts>,
) -> Result<(), ColumnError> {
    let kinds: &UInt8Array = rows.column("kind")?;
    let parents: &Int32Array = rows.column("parent")?;
    let segments: &UInt32Array = rows.column("segment")?;
    let (starts, ends) = (rows.times("start")?, rows.times("end")?);
    let (error, throttle) = (rows.flags("error")?, rows.flags("throttle")?);
    let fault = rows.flags("fault")?;
    let namespaces: &UInt8Array = rows.column("namespace")?;
    let status = rows.numbers("http_status")?;
    let names = rows.texts("name")?;
    let nodes = ["node_name", "node_type", "node_account_id"];
    let [node_name, node_type, node_account] = nodes.map(|n| rows.texts(n));
    let (node_name, node_type, node_account) = (node_name?, node_type?, node_account?);
    let (method, url) = (rows.texts("http_method")?, rows.texts("http_url")?);
    let (agent, ip) = (
        rows.texts("http_user_agent")?,
        rows.texts("http_client_ip")?,
    );
    let (user, resource) = (rows.texts("user")?, rows.texts("resource_arn")?);
    let (instance, zone) = (rows.texts("instance_id")?, rows.texts("availability_zone")?);
    let annotations = AnnotationRows::new(rows)?;
    out.reserve(rows.len());
    for row in 0..rows.len() {
        let kind = codes::entity_kind(kinds.value(row));
        let parent = codes::parent(parents.value(row));
        let namespace = namespaces
            .is_valid(row)
            .then(|| codes::namespace(namespaces.value(row)));
        out.push(EntityFacts {
            kind: kind.ok_or_else(|| ColumnError::new("kind", "has an unknown value"))?,
            parent: parent.ok_or_else(|| ColumnError::new("parent", "has an unknown value"))?,
            segment: segments.is_valid(row).then(|| segments.value(row)),
            name: texts.text(names.value(row)),
            start: UnixNanos(starts.value(row)),
            end: time_at(ends, row),
            flags: Flags {
                error: error.value(row),
                throttle: throttle.value(row),
                fault: fault.value(row),
            },
            namespace: match namespace {
                Some(None) => return Err(ColumnError::new("namespace", "has an unknown value")),
                Some(known) => known,
                None => None,
            },
            node: texts.text_at(node_name, row).map(|name| NodeKey {
                name,
                node_type: texts.text_at(node_type, row),
                account_id: texts.text_at(node_account, row),
            }),
            http: HttpFacts {
                method: texts.text_at(method, row),
                url: texts.text_at(url, row),
                user_agent: texts.text_at(agent, row),
                client_ip: texts.text_at(ip, row),
                status: number_at(status, row),
            },
            user: texts.text_at(user, row),
            resource_arn: texts.text_at(resource, row),
            instance_id: texts.text_at(instance, row),
            availability_zone: texts.text_at(zone, row),
            annotations: annotations.get(row, texts)?,
        });
    }
    Ok(())
}

/// The annotations of each row.
struct AnnotationRows {
    lists: super::columns::Lists,
}

impl AnnotationRows {
    fn new(rows: &Rows) -> Result<Self, ColumnError> {
        Ok(Self {
            lists: rows.lists("annotations")?,
        })
    }

    fn get(
        &self,
        row: usize,
        texts: &mut Interner,
    ) -> Result<Vec<(Arc<str>, AnnotationValue)>, ColumnError> {
        let range = self.lists.range(row);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let items = &self.lists.items;
        let (keys, strings) = (items.texts("key")?, items.texts("string")?);
        let numbers: &Float64Array = items.column("number")?;
        let booleans = items.flags("boolean")?;
        let value = |at: usize, texts: &mut Interner| {
            if let Some(text) = texts.text_at(strings, at) {
                Some(AnnotationValue::String(text))
            } else if numbers.is_valid(at) {
                Some(AnnotationValue::Number(numbers.value(at)))
            } else {
                booleans
                    .is_valid(at)
                    .then(|| AnnotationValue::Boolean(booleans.value(at)))
            }
        };
        let pair = |at: usize| {
            let value = value(at, texts);
            let value = value.ok_or_else(|| ColumnError::new("annotations", "has no value"))?;
            Ok((texts.text(keys.value(at)), value))
        };
        range.map(pair).collect()
    }
}

/// True if every ordinal lies inside the trace and parents come first, as
/// [`roentgen_model::TraceFacts::new`] asks.
pub(super) fn ordinals_are_sound(entities: &[EntityFacts]) -> bool {
    entities.iter().enumerate().all(|(at, entity)| {
        let parent_ok = match entity.parent {
            Parent::Entity(parent) => (parent as usize) < at,
            Parent::None | Parent::Unknown => true,
        };
        let segment = entity.segment.map(|s| s as usize);
        let segment_ok = segment.is_none_or(|s| s <= at && entities.len() > s);
        let own = entity.kind == EntityKind::Subsegment || segment == Some(at);
        parent_ok && segment_ok && own
    })
}
