//! `/api/v1/facets`: what an editor of filters offers, from the newest traces.

use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::Filter;
use roentgen_query::explore::aggregates::AggregatesRequest;
use roentgen_query::explore::facets::{Facet, FacetCount, FacetKey, Facets, FacetsRequest};
use roentgen_query::explore::search::{Search, SearchRequest, Sort};
use roentgen_store::source::TimeBasis;
use serde::Serialize;

use super::Ask;
use super::answer::Answer;
use super::question::{read_count, read_filter, read_key, read_range};
use crate::error::ApiError;
use crate::wire::members::Members;

/// Traces looked at: an editor cannot wait for all.
const SCANNED_MAX: u64 = 10_000;
const LIMIT: usize = 20;
const LIMIT_MAX: i64 = 100;
const PREFIX_CHARS_MAX: usize = 500;
/// All keys of annotations.
const ANNOTATIONS: &str = "annotation";

#[derive(Debug, Serialize)]
struct FacetsResult {
    keys: Vec<KeyShape>,
    values: Vec<ValueShape>,
    scanned: u64,
    /// Nothing in range was left out.
    complete: bool,
}

#[derive(Debug, Serialize)]
struct KeyShape {
    key: String,
    count: u64,
}

#[derive(Debug, Serialize)]
struct ValueShape {
    value: String,
    filter: String,
    count: u64,
}

/// What is asked for.
#[derive(Clone, Debug)]
enum Wanted {
    Keys,
    AnnotationKeys,
    Values(FacetKey),
}

#[derive(Clone, Debug)]
struct Question {
    range: TimeRange,
    filter: Option<Arc<Filter>>,
    wanted: Wanted,
    prefix: String,
    limit: usize,
}

pub(super) async fn answer(mut ask: Ask) -> Result<Answer, ApiError> {
    let body = ask.body().await?;
    let question = read_question(&Members::of_body(&body.bytes)?, &ask)?;
    let gzip = ask.accepts_gzip();
    let read = ask.call.read(move |call, reader, control| {
        let request = question.search(call.principal.scope.clone());
        let mut search = Search::new(request);
        while !search.is_over() && search.progress().scanned < SCANNED_MAX {
            control.check()?;
            search.step(reader, control)?;
        }
        let sums = search.aggregates();
        let (keys, values) = sums
            .map(|sums| question.pick(&sums.facets))
            .unwrap_or_default();
        let result = FacetsResult {
            keys,
            values,
            scanned: search.progress().scanned,
            complete: search.is_over(),
        };
        Answer::json(&result, gzip)
    });
    read.await
}

fn read_question(members: &Members<'_>, ask: &Ask) -> Result<Question, ApiError> {
    let wanted = match members.optional("key") {
        None => Wanted::Keys,
        Some(key) if key.text(0..=usize::MAX)? == ANNOTATIONS => Wanted::AnnotationKeys,
        Some(key) => Wanted::Values(read_key(&key)?),
    };
    let prefix = members.optional_text("prefix", 0..=PREFIX_CHARS_MAX)?;
    Ok(Question {
        range: read_range(members)?,
        filter: read_filter(members, ask.call.api())?,
        wanted,
        prefix: prefix.unwrap_or_default(),
        limit: read_count(members, "limit", LIMIT, 1..=LIMIT_MAX)?,
    })
}

impl Question {
    fn search(&self, scope: roentgen_model::Scope) -> SearchRequest {
        let facets = match &self.wanted {
            Wanted::Keys | Wanted::AnnotationKeys => FacetsRequest::All,
            Wanted::Values(key) => FacetsRequest::Keys(vec![key.clone()]),
        };
        SearchRequest {
            scopes: vec![scope],
            basis: TimeBasis::Event,
            range: self.range.clone(),
            filter: self.filter.clone(),
            sort: Sort::Newest,
            rows_max: 0,
            after: None,
            aggregates: Some(AggregatesRequest {
                timeline_windows: 1,
                facets,
            }),
        }
    }

    fn pick(&self, facets: &Facets) -> (Vec<KeyShape>, Vec<ValueShape>) {
        let begins = |text: &str| {
            let prefix = self.prefix.to_lowercase();
            text.to_lowercase().starts_with(&prefix)
        };
        match &self.wanted {
            Wanted::Keys => {
                let all = facets.top(usize::MAX, 0).into_iter();
                let keys = all.filter(|facet| facet.traces > 0);
                let keys = keys.map(|facet| key_shape(&facet));
                let keys = keys.filter(|shape| begins(&shape.key));
                (keys.take(self.limit).collect(), Vec::new())
            }
            Wanted::AnnotationKeys => {
                let all = facets.top(usize::MAX, 0).into_iter();
                let names = all.filter_map(annotation_shape);
                let names = names.filter(|shape| begins(&shape.value));
                (Vec::new(), names.take(self.limit).collect())
            }
            Wanted::Values(key) => {
                let values = facets.values(key, &self.prefix, self.limit);
                (Vec::new(), values.into_iter().map(value_shape).collect())
            }
        }
    }
}

fn key_shape(facet: &Facet) -> KeyShape {
    KeyShape {
        key: facet.key.to_string(),
        count: facet.traces,
    }
}

/// An annotation's key as a value; its filter selects the traces that have it.
fn annotation_shape(facet: Facet) -> Option<ValueShape> {
    let filter = facet.key.presence()?;
    let FacetKey::Annotation(name) = facet.key else {
        return None;
    };
    Some(ValueShape {
        value: name.to_string(),
        filter,
        count: facet.traces,
    })
}

fn value_shape(value: FacetCount) -> ValueShape {
    let FacetCount {
        text,
        filter,
        classes,
    } = value;
    ValueShape {
        value: text,
        filter,
        count: classes.total(),
    }
}
