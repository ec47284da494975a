//! The items of one trace and their rows.

use std::sync::Arc;

use super::{EdgeKey, EdgeRow, EdgeSums, RowKind, RowTime, RowTotals};
use crate::assembly::facts::{
    Call, Class, EntityFacts, EntityKind, EntityOrdinal, LinkFacts, LinkReference, Membership,
    NodeKey, Parent, TimeRange, TraceFacts,
};
use crate::histogram::round_nanos;
use crate::time::UnixNanos;

/// The rows of one trace, for slots of `slot_secs` (60 or 3,600), sorted by key.
#[must_use]
pub fn rows(facts: &TraceFacts, slot_secs: i64) -> Vec<EdgeRow> {
    rows_where(facts, slot_secs, |_| true)
}

/// The rows of those items of a trace whose deciding time (TIME-1) lies in the half-open range; for
/// the minutes that a range cuts. Adjacent ranges add up to [`rows`] of their union.
#[must_use]
pub fn rows_in_range(
    facts: &TraceFacts,
    slot_secs: i64,
    time: RowTime,
    range: &TimeRange,
) -> Vec<EdgeRow> {
    rows_where(facts, slot_secs, |item| range.contains(&item.time(time)))
}

fn rows_where(
    facts: &TraceFacts,
    slot_secs: i64,
    counts: impl Fn(&Item<'_>) -> bool,
) -> Vec<EdgeRow> {
    let memberships: Arc<[Membership]> = facts.head.memberships.as_slice().into();
    let mut totals = RowTotals::default();
    items(facts, |item| {
        if counts(&item) {
            totals.add(item.row(slot_secs, &memberships));
        }
    });
    totals.into_rows()
}

/// One thing that is counted.
struct Item<'a> {
    kind: RowKind,
    source: Option<&'a NodeKey>,
    destination: &'a NodeKey,
    called_name: Option<&'a Arc<str>>,
    /// `None` while in progress.
    class: Option<Class>,
    /// Exact.
    response_time_nanos: i64,
    duration_nanos: i64,
    start: UnixNanos,
    end: Option<UnixNanos>,
    /// Decides in which range of a graph it counts (TIME-1).
    deciding_start: UnixNanos,
    /// Decides in which window of a series it counts (TIME-1).
    series_time: UnixNanos,
}

impl Item<'_> {
    /// What is in progress has no end yet and counts by its start in series too.
    fn time(&self, time: RowTime) -> UnixNanos {
        match time {
            RowTime::Series if self.class.is_some() => self.series_time,
            RowTime::Start | RowTime::Series => self.deciding_start,
        }
    }

    fn row(&self, slot_secs: i64, memberships: &Arc<[Membership]>) -> EdgeRow {
        let complete = self.class.is_some();
        let when_complete = |nanos: i64| if complete { nanos } else { 0 };
        EdgeRow {
            key: EdgeKey {
                kind: self.kind,
                source: self.source.cloned(),
                destination: self.destination.clone(),
                called_name: self.called_name.cloned(),
                memberships: Arc::clone(memberships),
                class: self.class,
                response_time_nanos: round_nanos(when_complete(self.response_time_nanos)),
                duration_nanos: round_nanos(when_complete(self.duration_nanos)),
                start_slot: slot(self.time(RowTime::Start), slot_secs),
                end_slot: slot(self.time(RowTime::Series), slot_secs),
            },
            sums: EdgeSums {
                count: i64::from(complete),
                in_progress: i64::from(!complete),
                response_time_sum_nanos: when_complete(self.response_time_nanos),
                earliest_start: self.start,
                latest_end: self.end.unwrap_or(self.start),
            },
        }
    }
}

/// Start of the slot a time lies in.
fn slot(time: UnixNanos, slot_secs: i64) -> UnixNanos {
    let secs = slot_secs.max(1);
    UnixNanos::from_secs(time.secs().div_euclid(secs).saturating_mul(secs))
}

fn items<'a>(facts: &'a TraceFacts, mut take: impl FnMut(Item<'a>)) {
    let durations = facts.segment_durations_nanos();
    for (entity, duration) in facts.entities.iter().zip(durations) {
        if let Some(key) = &entity.node {
            take(node_item(facts, entity, key, duration));
        }
    }
    for call in &facts.calls {
        take(call_item(facts, call));
    }
    facts
        .links
        .iter()
        .filter_map(|link| link_item(facts, link))
        .for_each(take);
}

fn node_item<'a>(
    facts: &'a TraceFacts,
    entity: &'a EntityFacts,
    key: &'a NodeKey,
    duration_nanos: Option<i64>,
) -> Item<'a> {
    let inferred = entity.kind == EntityKind::Inferred;
    let caller = if inferred {
        calling_segment(facts, entity)
    } else {
        None
    };
    Item {
        kind: if inferred {
            RowKind::InferredNode
        } else {
            RowKind::RealNode
        },
        source: None,
        destination: key,
        called_name: None,
        class: entity.end.map(|_| entity.flags.class()),
        response_time_nanos: entity.response_time_nanos().unwrap_or_default(),
        duration_nanos: duration_nanos.unwrap_or_default(),
        start: entity.start,
        end: entity.end,
        deciding_start: caller.unwrap_or(entity).start,
        series_time: entity.end.unwrap_or(entity.start),
    }
}

/// The segment whose subsegment made this inferred one; `None` below an orphan.
fn calling_segment<'a>(facts: &'a TraceFacts, inferred: &EntityFacts) -> Option<&'a EntityFacts> {
    let Parent::Entity(call) = inferred.parent else {
        return None;
    };
    facts
        .entity(call)
        .segment
        .map(|segment| facts.entity(segment))
}

fn call_item<'a>(facts: &'a TraceFacts, call: &'a Call) -> Item<'a> {
    let entity = facts.entity(call.entity);
    let caller = call
        .source_segment
        .map(|segment: EntityOrdinal| facts.entity(segment));
    Item {
        kind: if caller.is_some() {
            RowKind::Call
        } else {
            RowKind::Client
        },
        source: Some(&facts.node(call.source).key),
        destination: &facts.node(call.destination).key,
        called_name: call.alias.as_ref(),
        class: entity.end.map(|_| entity.flags.class()),
        response_time_nanos: entity.response_time_nanos().unwrap_or_default(),
        duration_nanos: 0,
        start: entity.start,
        end: entity.end,
        deciding_start: caller.unwrap_or(entity).start,
        // Entry edges count in series by start, calls by end.
        series_time: entity
            .end
            .filter(|_| caller.is_some())
            .unwrap_or(entity.start),
    }
}

/// A link edge, once its source is known (LINK-1). Only `parent` links make one (service-graph.md
/// 3.4). It is complete when the linked entity has ended, because then its age is known, and counts
/// as ok: link edges have no statistics (our choice).
fn link_item<'a>(facts: &'a TraceFacts, link: &'a LinkFacts) -> Option<Item<'a>> {
    let source = link.source.as_ref()?;
    let segment = facts.entity(link.segment);
    let destination = segment.node.as_ref()?;
    (link.reference == LinkReference::Parent).then(|| Item {
        kind: RowKind::Link,
        source: Some(&source.node),
        destination,
        called_name: None,
        class: source.end.map(|_| Class::Ok),
        response_time_nanos: source.end.map_or(0, |sent| segment.start.nanos_since(sent)),
        duration_nanos: 0,
        start: segment.start,
        end: segment.end,
        deciding_start: segment.start,
        series_time: segment.start,
    })
}
