//! The checks of one document, in the order of segments.md 10.

use std::sync::Arc;

use super::json::{Kind, Value};
use super::{RefusalCode, name};
use crate::ids::{SegmentId, TraceId};
use crate::limits::START_AHEAD_SECS_MAX;
use crate::time::UnixNanos;

/// What a document is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) now: UnixNanos,
    /// Bytes of the text.
    pub(super) bytes_max: usize,
    /// Earlier starts are too old (segments.md 4).
    pub(super) start_min: UnixNanos,
    /// A start may not lie further ahead of `now` than [`START_AHEAD_SECS_MAX`].
    pub(super) check_start_ahead: bool,
    /// Also hold the time part of the trace id against `start_min`.
    pub(super) check_trace_id_time: bool,
    /// Characters of a string that are indexed.
    pub(super) chars_max: usize,
    /// False: [`Document::fingerprint`](super::facts::Document::fingerprint) is left 0, for whoever
    /// compares none.
    pub(super) with_fingerprint: bool,
}

/// The members the house looks at; absent and `null` are one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Members<'t> {
    pub(super) id: Option<Value<'t>>,
    pub(super) trace_id: Option<Value<'t>>,
    pub(super) parent_id: Option<Value<'t>>,
    pub(super) kind: Option<Value<'t>>,
    pub(super) name: Option<Value<'t>>,
    pub(super) start_time: Option<Value<'t>>,
    pub(super) end_time: Option<Value<'t>>,
    pub(super) in_progress: Option<Value<'t>>,
    pub(super) namespace: Option<Value<'t>>,
    pub(super) origin: Option<Value<'t>>,
    pub(super) user: Option<Value<'t>>,
    pub(super) resource_arn: Option<Value<'t>>,
    pub(super) http: Option<Value<'t>>,
    pub(super) aws: Option<Value<'t>>,
    pub(super) sql: Option<Value<'t>>,
    pub(super) annotations: Option<Value<'t>>,
    pub(super) cause: Option<Value<'t>>,
    pub(super) error: Option<Value<'t>>,
    pub(super) throttle: Option<Value<'t>>,
    pub(super) fault: Option<Value<'t>>,
    pub(super) links: Option<Value<'t>>,
    pub(super) subsegments: Option<Value<'t>>,
}

impl<'t> Members<'t> {
    pub(super) fn of(object: Value<'t>) -> Self {
        let mut found = Self::default();
        for (key, value) in object.members() {
            let slot = match key.as_str().as_deref() {
                Some("id") => &mut found.id,
                Some("trace_id") => &mut found.trace_id,
                Some("parent_id") => &mut found.parent_id,
                Some("type") => &mut found.kind,
                Some("name") => &mut found.name,
                Some("start_time") => &mut found.start_time,
                Some("end_time") => &mut found.end_time,
                Some("in_progress") => &mut found.in_progress,
                Some("namespace") => &mut found.namespace,
                Some("origin") => &mut found.origin,
                Some("user") => &mut found.user,
                Some("resource_arn") => &mut found.resource_arn,
                Some("http") => &mut found.http,
                Some("aws") => &mut found.aws,
                Some("sql") => &mut found.sql,
                Some("annotations") => &mut found.annotations,
                Some("cause") => &mut found.cause,
                Some("error") => &mut found.error,
                Some("throttle") => &mut found.throttle,
                Some("fault") => &mut found.fault,
                Some("links") => &mut found.links,
                Some("subsegments") => &mut found.subsegments,
                _ => continue,
            };
            *slot = (!value.is_null()).then_some(value);
        }
        found
    }
}

/// What the checks have read.
pub(super) struct Head {
    pub(super) trace_id: TraceId,
    pub(super) parent_id: Option<SegmentId>,
    pub(super) entity: EntityHead,
}

pub(super) struct EntityHead {
    pub(super) id: SegmentId,
    pub(super) name: Arc<str>,
    pub(super) start: UnixNanos,
    pub(super) end: Option<UnixNanos>,
}

/// Checks 3 to 13 of segments.md 10, in that order.
pub(super) fn check(
    members: &Members<'_>,
    is_subsegment: bool,
    limits: &Limits,
) -> Result<Head, RefusalCode> {
    let id = read_id(members.id)?;
    let trace_id = read_trace_id(members.trace_id)?;
    let start = read_start(members.start_time);
    let too_old = start.is_ok_and(|start| start < limits.start_min);
    let id_time = UnixNanos::from_secs(i64::from(trace_id.epoch_secs()));
    if too_old || limits.check_trace_id_time && id_time < limits.start_min {
        return Err(RefusalCode::InvalidTraceId);
    }
    let name = read_name(members.name, is_subsegment)?;
    let start = start?;
    if limits.check_start_ahead && start > ahead(limits.now) {
        return Err(RefusalCode::InvalidStartTime);
    }
    let end = match members.end_time {
        Some(end) => Some(read_time(end).ok_or(RefusalCode::InvalidEndTime)?),
        None if members.in_progress.and_then(Value::as_bool) == Some(true) => None,
        None => return Err(RefusalCode::MissingEndTime),
    };
    if is_subsegment && members.parent_id.is_none() {
        return Err(RefusalCode::MissingParentId);
    }
    let parent_id = match members.parent_id {
        Some(parent) => Some(read_segment_id(parent).ok_or(RefusalCode::InvalidParentId)?),
        None => None,
    };
    // `segment` counts as absent (segments.md 1, our choice).
    if members
        .kind
        .is_some_and(|kind| !is_subsegment && !kind.is_text("segment"))
    {
        return Err(RefusalCode::InvalidType);
    }
    Ok(Head {
        trace_id,
        parent_id,
        entity: EntityHead {
            id,
            name,
            start,
            end,
        },
    })
}

pub(super) fn read_id(id: Option<Value<'_>>) -> Result<SegmentId, RefusalCode> {
    // `[]` and `{}` count as missing (segments.md 10, check 3).
    let present = id.filter(|id| !matches!(id.kind(), Kind::Array | Kind::Object));
    let id = present.ok_or(RefusalCode::MissingId)?;
    read_segment_id(id).ok_or(RefusalCode::InvalidId)
}

pub(super) fn read_segment_id(id: Value<'_>) -> Option<SegmentId> {
    id.as_str()?.parse().ok()
}

pub(super) fn read_trace_id(id: Option<Value<'_>>) -> Result<TraceId, RefusalCode> {
    let id = id.ok_or(RefusalCode::MissingTraceId)?;
    let parsed = id.as_str().and_then(|id| TraceId::parse_xray(&id).ok());
    parsed.ok_or(RefusalCode::InvalidTraceId)
}

pub(super) fn read_name(
    value: Option<Value<'_>>,
    is_subsegment: bool,
) -> Result<Arc<str>, RefusalCode> {
    let text = value
        .ok_or(RefusalCode::MissingName)?
        .as_str()
        .ok_or(RefusalCode::InvalidName)?;
    let valid = if is_subsegment {
        name::is_subsegment_name
    } else {
        name::is_segment_name
    };
    if valid(&text) {
        Ok(text.into())
    } else {
        Err(RefusalCode::InvalidName)
    }
}

pub(super) fn read_start(start: Option<Value<'_>>) -> Result<UnixNanos, RefusalCode> {
    let start = start.ok_or(RefusalCode::MissingStartTime)?;
    read_time(start).ok_or(RefusalCode::InvalidStartTime)
}

pub(super) fn read_time(time: Value<'_>) -> Option<UnixNanos> {
    UnixNanos::from_decimal_secs(time.as_number()?)
}

pub(super) fn ahead(of: UnixNanos) -> UnixNanos {
    UnixNanos(of.0.saturating_add(UnixNanos::from_secs(START_AHEAD_SECS_MAX).0))
}
