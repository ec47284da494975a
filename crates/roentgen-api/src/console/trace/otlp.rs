//! Spans as retrieval answers them, put into one message that OTLP/JSON receivers take.

use std::ops::ControlFlow;

use roentgen_query::retrieval::RetrievedSpan;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::state::OtelSpans;

/// `TracesData`, with a group for each run of spans of one resource and scope.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TracesData {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    resource: Box<RawValue>,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Debug, Serialize)]
struct ScopeSpans {
    scope: Box<RawValue>,
    spans: Vec<Span>,
}

/// Members keep their order.
type Span = serde_json::Map<String, serde_json::Value>;

/// The spans of these compiled segment documents.
pub(super) fn message<'a>(
    segments: impl Iterator<Item = &'a str>,
    spans_of: OtelSpans,
) -> Result<TracesData, ApiError> {
    let mut data = TracesData {
        resource_spans: Vec::new(),
    };
    let mut outcome = Ok(());
    for segment in segments {
        spans_of(segment, 0, &mut |span| match data.add(&span) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                outcome = Err(error);
                ControlFlow::Break(())
            }
        });
    }
    outcome.map(|()| data).map_err(ApiError::fault)
}

impl TracesData {
    fn add(&mut self, span: &RetrievedSpan) -> Result<(), serde_json::Error> {
        let mut members: Span = serde_json::from_str(&span.document)?;
        let mut take = |name: &str| {
            let value = members.shift_remove(name).unwrap_or_default();
            serde_json::value::to_raw_value(&value)
        };
        let (resource, scope) = (take("resource")?, take("scope")?);
        let is_same = |last: &&mut ResourceSpans| {
            let last_scope = last.scope_spans.last().map(|of| of.scope.get());
            last.resource.get() == resource.get() && last_scope == Some(scope.get())
        };
        match self.resource_spans.last_mut().filter(is_same) {
            Some(last) => {
                if let Some(of) = last.scope_spans.last_mut() {
                    of.spans.push(members);
                }
            }
            None => self.resource_spans.push(ResourceSpans {
                resource,
                scope_spans: vec![ScopeSpans {
                    scope,
                    spans: vec![members],
                }],
            }),
        }
        Ok(())
    }
}
