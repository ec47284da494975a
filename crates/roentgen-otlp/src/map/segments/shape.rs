//! What a span must have, and which documents it gives (otlp.md 2, 3 and 7).

use std::time::Duration;

use roentgen_model::UnixNanos;
use sha2::{Digest, Sha256};

use super::keys::{Attributes, Key};
use super::settings::{EpochCheck, LocalRoot, MapSettings};
use super::{IdProblem, RefusalReason};
use crate::proto::Span;

/// Bits of `flags`: whether the sender says where the parent is, and that it is elsewhere.
const PARENT_IS_REMOTE: u32 = 0x300;
/// How old the time in a trace id may be, and how far ahead (otlp.md 2).
const EPOCH_AGE_MAX: Duration = Duration::from_secs(28 * 24 * 3600);
const EPOCH_AHEAD_MAX: Duration = Duration::from_secs(5 * 60);

/// `SpanKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// The ids of a span, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    /// Not the span itself.
    pub(super) parent_id: Option<[u8; 8]>,
    pub(super) epoch_problem: Option<&'static str>,
}

/// One document of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The only one, a segment.
    Segment,
    /// The only one, a subsegment.
    Subsegment,
    /// Of a pair: the service, whose document has an id of its own.
    Service,
    /// Of a pair: the call the service makes.
    Dependency,
}

impl Kind {
    pub(super) fn of(span: &Span) -> Self {
        match span.kind {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The protocol's name without its prefix.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "UNSPECIFIED",
            Self::Internal => "INTERNAL",
            Self::Server => "SERVER",
            Self::Client => "CLIENT",
            Self::Producer => "PRODUCER",
            Self::Consumer => "CONSUMER",
        }
    }

    /// Kinds that talk to something else.
    pub(super) const fn is_dependency(self) -> bool {
        matches!(self, Self::Client | Self::Producer | Self::Consumer)
    }
}

impl Part {
    pub(super) const fn is_subsegment(self) -> bool {
        matches!(self, Self::Subsegment | Self::Dependency)
    }
}

/// Checks what makes or breaks a span.
pub(super) fn check(
    span: &Span,
    settings: &MapSettings,
    now: UnixNanos,
) -> Result<Ids, RefusalReason> {
    let trace_id = id::<16>(&span.trace_id).map_err(RefusalReason::TraceId)?;
    let span_id = id::<8>(&span.span_id).map_err(RefusalReason::SpanId)?;
    let parent_id = match id::<8>(&span.parent_span_id) {
        Ok(parent_id) => Some(parent_id).filter(|parent_id| *parent_id != span_id),
        Err(IdProblem::Missing | IdProblem::Zero) => None,
        Err(problem) => return Err(RefusalReason::ParentId(problem)),
    };
    check_times(span, settings, now)?;
    let epoch_problem = match settings.epoch_check {
        EpochCheck::Off => None,
        EpochCheck::Warn | EpochCheck::Reject => epoch_problem(trace_id, now),
    };
    match epoch_problem {
        Some(problem) if settings.epoch_check == EpochCheck::Reject => {
            Err(RefusalReason::Epoch(problem))
        }
        epoch_problem => Ok(Ids {
            trace_id,
            span_id,
            parent_id,
            epoch_problem,
        }),
    }
}

fn check_times(span: &Span, settings: &MapSettings, now: UnixNanos) -> Result<(), RefusalReason> {
    let start = match i64::try_from(span.start_time_unix_nano) {
        Ok(0) => return Err(RefusalReason::NoStart),
        Ok(start) => UnixNanos(start),
        Err(_) => return Err(RefusalReason::TimeRange("start_time_unix_nano")),
    };
    if i64::try_from(span.end_time_unix_nano).is_err() {
        return Err(RefusalReason::TimeRange("end_time_unix_nano"));
    }
    let Some(window) = &settings.window else {
        return Ok(());
    };
    if now.nanos_since(start) > nanos(window.age_max) {
        return Err(RefusalReason::Window("too long ago"));
    }
    if start.nanos_since(now) > nanos(window.ahead_max) {
        return Err(RefusalReason::Window("too far in the future"));
    }
    Ok(())
}

/// What is wrong with the time that a trace id begins with.
pub(super) fn epoch_problem(trace_id: [u8; 16], now: UnixNanos) -> Option<&'static str> {
    let [a, b, c, d, ..] = trace_id;
    let epoch = UnixNanos::from_secs(u32::from_be_bytes([a, b, c, d]).into());
    if now.nanos_since(epoch) > nanos(EPOCH_AGE_MAX) {
        Some("is more than 28 days ago")
    } else if epoch.nanos_since(now) > nanos(EPOCH_AHEAD_MAX) {
        Some("is more than 5 minutes ahead")
    } else {
        None
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// An id of `N` bytes that are not all zero.
pub(super) fn id<const N: usize>(bytes: &[u8]) -> Result<[u8; N], IdProblem> {
    match <[u8; N]>::try_from(bytes) {
        Ok(id) if id == [0; N] => Err(IdProblem::Zero),
        Ok(id) => Ok(id),
        Err(_) if bytes.is_empty() => Err(IdProblem::Missing),
        Err(_) => Err(IdProblem::Length(bytes.len())),
    }
}

/// True of the first span of a service.
pub(super) fn is_local_root(
    span: &Span,
    ids: &Ids,
    attributes: &Attributes<'_>,
    settings: &MapSettings,
) -> bool {
    if attributes.has(Key::AwsSpanKind) {
        return attributes.is_text(Key::AwsSpanKind, "LOCAL_ROOT");
    }
    let by_flags = settings.local_root == LocalRoot::AttributeOrFlags;
    by_flags && (ids.parent_id.is_none() || span.flags & PARENT_IS_REMOTE == PARENT_IS_REMOTE)
}

/// The documents of a span (otlp.md 3).
pub(super) const fn parts(is_local_root: bool, kind: Kind, has_parent: bool) -> &'static [Part] {
    match (is_local_root, kind) {
        (_, Kind::Server) | (true, Kind::Internal) => &[Part::Segment],
        (true, _) => &[Part::Service, Part::Dependency],
        (false, _) if has_parent => &[Part::Subsegment],
        (false, _) => &[Part::Segment],
    }
}

/// An id that the same span gets each time: of its service's document, or of an exception (our choice;
/// the reference takes random ones, and a batch sent again would double).
pub(super) fn derived_id(ids: &Ids, purpose: &str, number: usize) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(ids.trace_id);
    hash.update(ids.span_id);
    hash.update(purpose);
    hash.update(number.to_be_bytes());
    let digest = hash.finalize();
    let mut id = [0; 8];
    id.iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    if id == [0; 8] { [1; 8] } else { id }
}
