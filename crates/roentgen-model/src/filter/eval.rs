//! Does a trace match? (filter-expressions.md 4.) One evaluator over four kinds of subject: the trace,
//! a segment of a `service` block, a call of an `edge` block, an element of a root cause.
//!
//! Allocates nothing for traces of usual size; for large ones a list of each segment's subsegments,
//! once, and only if a block asks for them.

mod subjects;

use std::cell::OnceCell;

use self::subjects::{EdgeCall, Element, NodeSegment, any_element};
use super::EvalContext;
use super::condition::{
    AnnotationPlace, AnnotationTest, AnnotationValueTest, CauseKind, Condition, Flag, NodeSelector,
    Number, NumberOperator, NumberTest, Predicate, Text, TextOperator, TextTest,
};
use crate::assembly::facts::{
    AnnotationValue, Call, EntityFacts, EntityKind, EntityOrdinal, Flags, HttpFacts, Node, NodeKey,
    NodeKind, RootCause, TimeRange, TraceFacts,
};
use crate::time::round_to_millis;

/// Up to here, finding a segment's subsegments by looking at all entities beats a list of them.
const SCANNED_ENTITIES_MAX: usize = 64;

pub(super) fn matches(condition: &Condition, facts: &TraceFacts, context: &EvalContext) -> bool {
    let range = context.service_range.as_ref();
    holds(
        condition,
        &Trace {
            facts,
            range,
            owned: OnceCell::new(),
        },
    )
}

/// Coverage as a summary shows it.
pub(super) fn round_coverage(coverage: f64) -> f64 {
    (coverage * 1000.0).round() / 1000.0
}

/// What a condition is asked about. Keywords that the checker does not let into a subject's scope
/// are unset there.
trait Subject {
    fn flag(&self, flag: Flag) -> bool;
    fn number(&self, number: Number) -> Option<f64>;
    /// Shows the values one by one until `seen` says true, and says whether it did.
    fn any_text(&self, text: Text, seen: &mut dyn FnMut(&str) -> bool) -> bool;
    /// The same for the values of an annotation.
    fn any_annotation(
        &self,
        place: AnnotationPlace,
        key: &str,
        seen: &mut dyn FnMut(&AnnotationValue) -> bool,
    ) -> bool;
    /// Selectors and root causes, which only traces have.
    fn complex(&self, predicate: &Predicate) -> bool;
}

fn holds<S: Subject>(condition: &Condition, subject: &S) -> bool {
    match condition {
        Condition::And(sides) => sides.iter().all(|side| holds(side, subject)),
        Condition::Or(sides) => sides.iter().any(|side| holds(side, subject)),
        Condition::Not(inner) => !holds(inner, subject),
        Condition::Group(group) => holds(group, subject),
        Condition::Is(predicate) => match predicate {
            Predicate::Flag(flag) => subject.flag(*flag),
            Predicate::Number(number, test) => {
                subject.number(*number).is_some_and(|value| match test {
                    NumberTest::Set => true,
                    NumberTest::Compare(operator, operand) => operator.holds(value, *operand),
                })
            }
            Predicate::Text(text, test) => text_holds(subject, *text, test),
            Predicate::Annotation(test) => annotation_holds(subject, test),
            complex => subject.complex(complex),
        },
    }
}

fn text_holds<S: Subject>(subject: &S, text: Text, test: &TextTest) -> bool {
    match test {
        TextTest::Set => subject.any_text(text, &mut |_| true),
        TextTest::Compare(TextOperator::NotEqual, operand) => {
            set_and_none(|seen| subject.any_text(text, &mut |v| seen(v == &**operand)))
        }
        TextTest::Compare(operator, operand) => {
            subject.any_text(text, &mut |value| operator.holds(value, operand))
        }
    }
}

/// 4.3. A value of another type equals no operand (no coercion), so it counts for `!=`: our choice,
/// since 4.2 asks for "set and no value equals".
fn annotation_holds<S: Subject>(subject: &S, test: &AnnotationTest) -> bool {
    let any = |seen: &mut dyn FnMut(&AnnotationValue) -> bool| {
        subject.any_annotation(test.place, &test.key, seen)
    };
    match &test.test {
        AnnotationValueTest::Truthy => any(&mut |value| *value != AnnotationValue::Boolean(false)),
        AnnotationValueTest::Set => any(&mut |_| true),
        AnnotationValueTest::Boolean {
            value: operand,
            negated,
        } => {
            let operand = AnnotationValue::Boolean(*operand);
            if *negated {
                set_and_none(|seen| any(&mut |value| seen(*value == operand)))
            } else {
                any(&mut |value| *value == operand)
            }
        }
        AnnotationValueTest::Number(NumberOperator::NotEqual, operand) => {
            let operand = AnnotationValue::Number(*operand);
            set_and_none(|seen| any(&mut |value| seen(*value == operand)))
        }
        AnnotationValueTest::Number(operator, operand) => any(&mut |value| match value {
            AnnotationValue::Number(value) => operator.holds(*value, *operand),
            AnnotationValue::String(_) | AnnotationValue::Boolean(_) => false,
        }),
        AnnotationValueTest::Text(TextOperator::NotEqual, operand) => {
            let equals = |value: &AnnotationValue| matches!(value, AnnotationValue::String(value) if value == operand);
            set_and_none(|seen| any(&mut |value| seen(equals(value))))
        }
        AnnotationValueTest::Text(operator, operand) => any(&mut |value| match value {
            AnnotationValue::String(value) => operator.holds(value, operand),
            AnnotationValue::Number(_) | AnnotationValue::Boolean(_) => false,
        }),
    }
}

/// `!=` of something with several values: set, and no value equals (4.2). `any` shows for each value
/// whether it equals, until one does.
fn set_and_none(any: impl FnOnce(&mut dyn FnMut(bool) -> bool) -> bool) -> bool {
    let mut is_set = false;
    let some_equal = any(&mut |equals| {
        is_set = true;
        equals
    });
    is_set && !some_equal
}

/// Trace scope.
struct Trace<'a> {
    facts: &'a TraceFacts,
    /// Selectors see only what ends in here (4.6).
    range: Option<&'a TimeRange>,
    /// (segment, entity) for each entity that a segment owns, sorted.
    owned: OnceCell<Vec<(EntityOrdinal, EntityOrdinal)>>,
}

impl Subject for Trace<'_> {
    fn flag(&self, flag: Flag) -> bool {
        match flag {
            Flag::Ok => self.root().is_some_and(|root| root.flags.ok()),
            Flag::Error => self.facts.has_error,
            Flag::Fault => self.facts.has_fault,
            Flag::Throttle => self.facts.has_throttle,
            Flag::Partial => self.facts.is_partial,
            Flag::Inferred => self
                .facts
                .entities
                .iter()
                .any(|e| e.kind == EntityKind::Inferred),
            Flag::Root | Flag::First | Flag::Last | Flag::Remote => false,
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::ResponseTime => self.facts.response_time_nanos.map(shown_secs),
            Number::Duration => self.facts.duration_nanos.map(shown_secs),
            Number::HttpStatus => self.root().and_then(status),
            Number::Index | Number::Coverage => None,
        }
    }

    fn any_text(&self, text: Text, seen: &mut dyn FnMut(&str) -> bool) -> bool {
        let segments = || self.facts.entities.iter().filter(|e| e.node.is_some());
        match text {
            Text::HttpUrl | Text::HttpMethod | Text::HttpUserAgent | Text::HttpClientIp => self
                .root()
                .and_then(|root| http_text(&root.http, text))
                .is_some_and(seen),
            Text::User | Text::AvailabilityZone | Text::InstanceId | Text::ResourceArn => {
                segments()
                    .filter_map(|segment| segment_text(segment, text))
                    .any(seen)
            }
            Text::AccountId => self
                .facts
                .nodes
                .iter()
                .filter_map(|n| n.key.account_id.as_deref())
                .any(seen),
            Text::Name | Text::Type | Text::Message => false,
        }
    }

    fn any_annotation(
        &self,
        _: AnnotationPlace,
        key: &str,
        seen: &mut dyn FnMut(&AnnotationValue) -> bool,
    ) -> bool {
        self.facts
            .entities
            .iter()
            .any(|entity| any_annotation_of(entity, key, seen))
    }

    fn complex(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::Service {
                selector,
                block: None,
            } => self.has_node(selector),
            Predicate::Service {
                selector,
                block: Some(block),
            } => self.any_segment(selector, |segment| holds(block, &segment)),
            Predicate::Edge {
                source,
                destination,
                block,
            } => self.facts.calls.iter().any(|call| {
                let entity = self.facts.entity(call.entity);
                self.sees(entity)
                    && source.selects(self.facts.node(call.source))
                    && destination.selects(self.facts.node(call.destination))
                    && (block.as_deref()).is_none_or(|block| {
                        holds(
                            block,
                            &EdgeCall {
                                trace: self,
                                call,
                                entity,
                            },
                        )
                    })
            }),
            Predicate::Cause { kind, part, block } => {
                let holds = |element: Element<'_>| {
                    block.as_deref().is_none_or(|block| holds(block, &element))
                };
                self.causes(*kind)
                    .iter()
                    .any(|cause| any_element(cause, *part, holds))
            }
            Predicate::CauseJson { kind, patterns } => {
                let all = [CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime];
                let kinds = all
                    .into_iter()
                    .filter(|k| kind.is_none_or(|wanted| wanted == *k));
                let causes = |k| self.causes(k).iter().map(move |cause| (k, cause));
                kinds
                    .flat_map(causes)
                    .any(|(k, cause)| patterns.iter().any(|p| p.matches(k, cause)))
            }
            Predicate::Flag(_)
            | Predicate::Number(..)
            | Predicate::Text(..)
            | Predicate::Annotation(_) => false,
        }
    }
}

impl Trace<'_> {
    fn root(&self) -> Option<&EntityFacts> {
        self.facts.root.map(|root| self.facts.entity(root))
    }

    fn causes(&self, kind: CauseKind) -> &[RootCause] {
        match kind {
            CauseKind::Fault => &self.facts.root_causes.fault,
            CauseKind::Error => &self.facts.root_causes.error,
            CauseKind::ResponseTime => &self.facts.root_causes.response_time,
        }
    }

    /// 4.6: what selectors see of a search by `TimeRangeType=Service`.
    fn sees(&self, entity: &EntityFacts) -> bool {
        self.range
            .is_none_or(|range| entity.end.is_some_and(|end| range.contains(&end)))
    }

    /// A selector without a block. Under a service range a node counts with a segment that is seen,
    /// a client with a call that is (our choice).
    fn has_node(&self, selector: &NodeSelector) -> bool {
        let nodes = || {
            self.facts
                .nodes
                .iter()
                .filter(|node| selector.selects(node))
        };
        if self.range.is_none() {
            return nodes().next().is_some();
        }
        let is_client = |call: &Call| self.facts.node(call.source).kind == NodeKind::Client;
        let enters = |call: &Call| {
            is_client(call)
                && self.sees(self.facts.entity(call.entity))
                && selector.selects(self.facts.node(call.source))
        };
        self.any_segment(selector, |_| true) || self.facts.calls.iter().any(enters)
    }

    /// Some seen segment of a selected node satisfies `wanted`.
    fn any_segment(
        &self,
        selector: &NodeSelector,
        mut wanted: impl FnMut(NodeSegment<'_>) -> bool,
    ) -> bool {
        // Nodes are few and segments many: find out first whether there is anything to look for, and
        // whether a node goes by the selected name without bearing it.
        let mut selected = self
            .facts
            .nodes
            .iter()
            .filter(|node| selector.selects(node))
            .peekable();
        if selected.peek().is_none() {
            return false;
        }
        let has_renamed = selected.any(|node| !selector.has_name(&node.key));
        let is_selected = |key: &NodeKey| {
            let direct = selector.has_name(key) && selector.has_type_and_account(key);
            let renamed = |node: &Node| node.key == *key && selector.selects(node);
            direct || (has_renamed && self.facts.nodes.iter().any(renamed))
        };
        (0u32..).zip(&self.facts.entities).any(|(ordinal, entity)| {
            let Some(key) = &entity.node else {
                return false;
            };
            self.sees(entity)
                && is_selected(key)
                && wanted(NodeSegment {
                    trace: self,
                    ordinal,
                    entity,
                    key,
                })
        })
    }

    /// Shows a segment and its own subsegments until `seen` says true.
    fn any_owned(&self, segment: EntityOrdinal, seen: impl FnMut(&EntityFacts) -> bool) -> bool {
        let entities = &self.facts.entities;
        if entities.len() <= SCANNED_ENTITIES_MAX {
            return entities
                .iter()
                .filter(|e| e.segment == Some(segment))
                .any(seen);
        }
        let owned = self.owned.get_or_init(|| {
            let owner = |(ordinal, e): (u32, &EntityFacts)| e.segment.map(|s| (s, ordinal));
            let mut owned: Vec<_> = (0u32..).zip(entities).filter_map(owner).collect();
            owned.sort_unstable();
            owned
        });
        let first = owned.partition_point(|(owner, _)| *owner < segment);
        let of_segment = owned
            .iter()
            .skip(first)
            .take_while(|(owner, _)| *owner == segment);
        of_segment
            .map(|(_, ordinal)| self.facts.entity(*ordinal))
            .any(seen)
    }

    fn is_partial(&self, segment: EntityOrdinal) -> bool {
        self.any_owned(segment, |entity| entity.end.is_none())
    }
}

/// Seconds as a summary shows them, so that `= 0.3` is true of what is shown as 0.3.
fn shown_secs(nanos: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of an i64 of nanoseconds fit"
    )]
    let millis = round_to_millis(nanos) as f64;
    millis / 1000.0
}

fn status(entity: &EntityFacts) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "no status code comes near 2^53")]
    entity.http.status.map(|status| status as f64)
}

fn status_flag(flags: Flags, flag: Flag) -> bool {
    match flag {
        Flag::Ok => flags.ok(),
        Flag::Error => flags.error,
        Flag::Fault => flags.fault,
        Flag::Throttle => flags.throttle,
        _ => false,
    }
}

fn http_text(http: &HttpFacts, text: Text) -> Option<&str> {
    match text {
        Text::HttpUrl => http.url.as_deref(),
        Text::HttpMethod => http.method.as_deref(),
        Text::HttpUserAgent => http.user_agent.as_deref(),
        Text::HttpClientIp => http.client_ip.as_deref(),
        _ => None,
    }
}

fn segment_text(segment: &EntityFacts, text: Text) -> Option<&str> {
    match text {
        Text::User => segment.user.as_deref(),
        Text::AvailabilityZone => segment.availability_zone.as_deref(),
        Text::InstanceId => segment.instance_id.as_deref(),
        Text::ResourceArn => segment.resource_arn.as_deref(),
        _ => None,
    }
}

fn node_text(key: &NodeKey, text: Text) -> Option<&str> {
    match text {
        Text::Name => Some(&key.name),
        Text::Type => key.node_type.as_deref(),
        Text::AccountId => key.account_id.as_deref(),
        _ => None,
    }
}

fn any_annotation_of(
    entity: &EntityFacts,
    key: &str,
    seen: &mut dyn FnMut(&AnnotationValue) -> bool,
) -> bool {
    let mut values = entity.annotations.iter().filter(|(k, _)| **k == *key);
    values.any(|(_, value)| seen(value))
}
