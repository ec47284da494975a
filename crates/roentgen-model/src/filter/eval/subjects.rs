//! What blocks ask about: segments, calls, elements of root causes.

use super::super::condition::{AnnotationPlace, CausePart, Flag, Number, Predicate, Text};
use super::{
    Subject, Trace, any_annotation_of, http_text, node_text, round_coverage, segment_text,
    shown_secs, status, status_flag,
};
use crate::assembly::facts::{
    AnnotationValue, Call, EntityFacts, EntityKind, EntityOrdinal, NodeKey, RootCause,
    RootCauseEntity, RootCauseException, RootCauseService,
};

/// A segment, real or inferred, in a `service` block.
pub(super) struct NodeSegment<'a> {
    pub(super) trace: &'a Trace<'a>,
    pub(super) ordinal: EntityOrdinal,
    pub(super) entity: &'a EntityFacts,
    pub(super) key: &'a NodeKey,
}

impl Subject for NodeSegment<'_> {
    fn flag(&self, flag: Flag) -> bool {
        match flag {
            Flag::Partial => self.trace.is_partial(self.ordinal),
            Flag::Inferred => self.entity.kind == EntityKind::Inferred,
            Flag::Root => self.trace.facts.root == Some(self.ordinal),
            other => status_flag(self.entity.flags, other),
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::ResponseTime => self.entity.response_time_nanos().map(shown_secs),
            Number::Duration => {
                self.entity.end?;
                let mut latest = self.entity.end;
                self.trace.any_owned(self.ordinal, |entity| {
                    latest = latest.max(entity.end);
                    false
                });
                latest.map(|end| shown_secs(end.nanos_since(self.entity.start)))
            }
            Number::HttpStatus => status(self.entity),
            Number::Index | Number::Coverage => None,
        }
    }

    fn any_text(&self, text: Text, seen: &mut dyn FnMut(&str) -> bool) -> bool {
        let value = match text {
            Text::Name | Text::Type | Text::AccountId => node_text(self.key, text),
            _ => http_text(&self.entity.http, text).or_else(|| segment_text(self.entity, text)),
        };
        value.is_some_and(seen)
    }

    fn any_annotation(
        &self,
        _: AnnotationPlace,
        key: &str,
        seen: &mut dyn FnMut(&AnnotationValue) -> bool,
    ) -> bool {
        self.trace
            .any_owned(self.ordinal, |entity| any_annotation_of(entity, key, seen))
    }

    fn complex(&self, _: &Predicate) -> bool {
        false
    }
}

/// A call in an `edge` block. Flags, times, `http` and plain annotations are those of the caller's
/// subsegment (of the called segment, where there is none). Everything that a subsegment cannot have
/// (`name`, `type`, `account.id`, `root`, `user`, `availabilityzone`, `instance.id`, `resource.arn`) is
/// that of the called segment (our choice).
pub(super) struct EdgeCall<'a> {
    pub(super) trace: &'a Trace<'a>,
    pub(super) call: &'a Call,
    pub(super) entity: &'a EntityFacts,
}

impl EdgeCall<'_> {
    fn called(&self) -> &EntityFacts {
        self.trace.facts.entity(self.call.destination_segment)
    }
}

impl Subject for EdgeCall<'_> {
    fn flag(&self, flag: Flag) -> bool {
        match flag {
            Flag::Partial if self.entity.kind == EntityKind::Subsegment => {
                self.entity.end.is_none()
            }
            Flag::Partial => self.trace.is_partial(self.call.destination_segment),
            Flag::Inferred => self.called().kind == EntityKind::Inferred,
            Flag::Root => self.trace.facts.root == Some(self.call.destination_segment),
            other => status_flag(self.entity.flags, other),
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::ResponseTime | Number::Duration => {
                self.entity.response_time_nanos().map(shown_secs)
            }
            Number::HttpStatus => status(self.entity),
            Number::Index | Number::Coverage => None,
        }
    }

    fn any_text(&self, text: Text, seen: &mut dyn FnMut(&str) -> bool) -> bool {
        let value = match text {
            Text::Name | Text::Type | Text::AccountId => {
                node_text(&self.trace.facts.node(self.call.destination).key, text)
            }
            _ => http_text(&self.entity.http, text).or_else(|| segment_text(self.called(), text)),
        };
        value.is_some_and(seen)
    }

    fn any_annotation(
        &self,
        place: AnnotationPlace,
        key: &str,
        seen: &mut dyn FnMut(&AnnotationValue) -> bool,
    ) -> bool {
        let end = match place {
            AnnotationPlace::Own => return any_annotation_of(self.entity, key, seen),
            AnnotationPlace::Source => self.call.source_segment,
            AnnotationPlace::Destination => Some(self.call.destination_segment),
        };
        end.is_some_and(|segment| {
            self.trace
                .any_owned(segment, |entity| any_annotation_of(entity, key, seen))
        })
    }

    fn complex(&self, _: &Predicate) -> bool {
        false
    }
}

/// An element of a root cause, and where it stands in its list (4.4).
pub(super) struct Element<'a> {
    index: usize,
    count: usize,
    what: ElementOf<'a>,
}

#[derive(Clone, Copy)]
enum ElementOf<'a> {
    Service(&'a RootCauseService),
    Entity(&'a RootCauseEntity),
    Exception(&'a RootCauseException),
}

/// Shows the elements of one cause until `wanted` says true. Entities and exceptions are counted along
/// the paths of all services.
pub(super) fn any_element(
    cause: &RootCause,
    part: CausePart,
    mut wanted: impl FnMut(Element<'_>) -> bool,
) -> bool {
    let entities = || {
        cause
            .services
            .iter()
            .flat_map(|service| &service.entity_path)
    };
    let exceptions = || entities().flat_map(|entity| &entity.exceptions);
    let count = match part {
        CausePart::Service => cause.services.len(),
        CausePart::Entity => entities().count(),
        CausePart::Exception => exceptions().count(),
    };
    let mut wanted = |(index, what): (usize, ElementOf<'_>)| wanted(Element { index, count, what });
    match part {
        CausePart::Service => cause
            .services
            .iter()
            .map(ElementOf::Service)
            .enumerate()
            .any(&mut wanted),
        CausePart::Entity => entities()
            .map(ElementOf::Entity)
            .enumerate()
            .any(&mut wanted),
        CausePart::Exception => exceptions()
            .map(ElementOf::Exception)
            .enumerate()
            .any(&mut wanted),
    }
}

impl Subject for Element<'_> {
    fn flag(&self, flag: Flag) -> bool {
        match (flag, self.what) {
            (Flag::First, _) => self.index == 0,
            (Flag::Last, _) => self.index + 1 == self.count,
            (Flag::Inferred, ElementOf::Service(service)) => service.inferred,
            (Flag::Remote, ElementOf::Entity(entity)) => entity.remote,
            _ => false,
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match (number, self.what) {
            #[expect(clippy::cast_precision_loss, reason = "positions are far below 2^53")]
            (Number::Index, _) => Some(self.index as f64),
            (Number::Coverage, ElementOf::Entity(entity)) => entity.coverage.map(round_coverage),
            _ => None,
        }
    }

    fn any_text(&self, text: Text, seen: &mut dyn FnMut(&str) -> bool) -> bool {
        let value = match (text, self.what) {
            (_, ElementOf::Service(service)) => node_text(&service.node, text),
            (Text::Name, ElementOf::Entity(entity)) => Some(&*entity.name),
            (Text::Name, ElementOf::Exception(exception)) => Some(&*exception.name),
            (Text::Message, ElementOf::Exception(exception)) => Some(&*exception.message),
            _ => None,
        };
        value.is_some_and(seen)
    }

    fn any_annotation(
        &self,
        _: AnnotationPlace,
        _: &str,
        _: &mut dyn FnMut(&AnnotationValue) -> bool,
    ) -> bool {
        false
    }

    fn complex(&self, _: &Predicate) -> bool {
        false
    }
}
