//! `/api/v1/search`: a search as a stream of events, while it goes on (docs/console-api.md).
//!
//! The search goes step by step, each through the gate of all queries: a long one takes turns with others.
//! Whoever closes the connection drops the stream, and with it the step that runs.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use roentgen_query::explore::aggregates::AggregatesRequest;
use roentgen_query::explore::facets::FacetsRequest;
use roentgen_query::explore::search::{Search, SearchCursor, SearchRequest, Sort};
use roentgen_store::source::TimeBasis;
use tokio::sync::mpsc;

use super::Ask;
use super::answer::Answer;
use super::question::{read_count, read_filter, read_key, read_range};
use crate::encoding::GzipStream;
use crate::error::ApiError;
use crate::wire::members::Members;

mod events;
mod shapes;

use self::events::Events;

/// Rows of one search.
pub(super) const ROWS_MAX: usize = 5_000;
const ROWS: usize = 200;
/// How long a search may go on; then it says so, and where to go on.
const SEARCH_MAX: Duration = Duration::from_secs(120);
/// Values of a facet, and annotations that are facets without being named.
const FACET_VALUES: usize = 10;
const FACET_VALUES_MAX: i64 = 1_000;
const FACETS_MAX: usize = 64;
const WINDOWS: usize = 60;
const WINDOWS_MAX: i64 = 240;
/// Events that wait for a slow reader before the search waits too.
const WAITING_EVENTS_MAX: usize = 4;

const BASES: [(&str, TimeBasis); 3] = [
    ("Event", TimeBasis::Event),
    ("TraceId", TimeBasis::TraceId),
    ("Service", TimeBasis::Service),
];

const SORTS: [(&str, Sort); 6] = [
    ("newest", Sort::Newest),
    ("oldest", Sort::Oldest),
    ("slowest", Sort::Slowest),
    ("fastest", Sort::Fastest),
    ("longest", Sort::Longest),
    ("shortest", Sort::Shortest),
];

pub(super) async fn answer(mut ask: Ask) -> Result<Answer, ApiError> {
    let body = ask.body().await?;
    let members = Members::of_body(&body.bytes)?;
    let request = read_request(&members, &ask)?;
    let facet_values = read_count(&members, "facetValues", FACET_VALUES, 1..=FACET_VALUES_MAX)?;
    let is_gzip = ask.accepts_gzip();
    let (sender, mut receiver) = mpsc::channel::<Bytes>(WAITING_EVENTS_MAX);
    let range = request.range.clone();
    let events = Events {
        call: ask.call,
        request_id: ask.request_id,
        sender,
        gzip: is_gzip.then(GzipStream::new),
        range,
        facet_values,
        time_max: SEARCH_MAX,
    };
    // Runs as the body is read, and ends when that is dropped.
    let running = events.run(Search::new(request));
    let running = futures::stream::once(running).filter_map(|()| async { None });
    let pieces = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = futures::stream::select(pieces, running);
    let body = body.map(Ok::<Bytes, std::convert::Infallible>);
    Ok(Answer::events(Body::from_stream(body), is_gzip))
}

fn read_request(members: &Members<'_>, ask: &Ask) -> Result<SearchRequest, ApiError> {
    let range = read_range(members)?;
    let filter = read_filter(members, ask.call.api())?;
    let basis = read_choice(members, "timeRangeType", &BASES)?;
    let sort = read_choice(members, "sort", &SORTS)?;
    let rows_max = i64::try_from(ROWS_MAX).map_err(ApiError::fault)?;
    let rows_max = read_count(members, "rows", ROWS, 0..=rows_max)?;
    let wants = members.optional("aggregates").map(|m| m.boolean());
    let aggregates = if wants.transpose()?.unwrap_or(true) {
        Some(read_aggregates(members)?)
    } else {
        None
    };
    Ok(SearchRequest {
        scopes: vec![ask.call.principal.scope.clone()],
        basis,
        range,
        filter,
        sort,
        rows_max,
        after: read_after(members, sort)?,
        aggregates,
    })
}

fn read_choice<T: Copy>(
    members: &Members<'_>,
    name: &str,
    choices: &[(&str, T)],
) -> Result<T, ApiError> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let chosen = members.optional(name).map(|member| member.choice(&names));
    let chosen = choices.get(chosen.transpose()?.unwrap_or(0));
    let (_, choice) = chosen.ok_or_else(|| ApiError::fault("a choice that is none"))?;
    Ok(*choice)
}

fn read_after(members: &Members<'_>, sort: Sort) -> Result<Option<SearchCursor>, ApiError> {
    let Some(member) = members.optional("after") else {
        return Ok(None);
    };
    if sort != Sort::Newest {
        return Err(member.refuse("rows go on only with `sort` `newest`"));
    }
    let cursor = member.text(0..=usize::MAX)?.parse();
    cursor.map(Some).map_err(|error| member.refuse(error))
}

fn read_aggregates(members: &Members<'_>) -> Result<AggregatesRequest, ApiError> {
    let windows = read_count(members, "timelineBuckets", WINDOWS, 1..=WINDOWS_MAX)?;
    let facets = match members.optional("facets") {
        None => FacetsRequest::All,
        Some(list) => {
            let keys = list.list(0..=FACETS_MAX)?;
            FacetsRequest::Keys(keys.iter().map(read_key).collect::<Result<_, _>>()?)
        }
    };
    Ok(AggregatesRequest {
        timeline_windows: u32::try_from(windows).map_err(ApiError::fault)?,
        facets,
    })
}
