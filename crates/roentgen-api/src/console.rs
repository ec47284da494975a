//! The console's API (docs/console-api.md): what pages need beside X-Ray's operations. JSON, versioned by
//! path; closed to foreign origins and hosts, since only pages of ours call it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Response;
use roentgen_model::TraceId;
use uuid::Uuid;

use self::answer::Answer;
use crate::error::{ApiError, ErrorCode};
use crate::operations::Call;
use crate::origin::refuse_foreign_host;
use crate::principal::Principal;
use crate::router::{error_members, panic_text, report, response_of};
use crate::state::Shared;
use crate::wire::body::Body;

mod answer;
mod daemons;
mod facets;
mod question;
mod sample;
mod search;
mod server;
mod trace;

/// The routes under `/api/v1`.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let guard = from_fn_with_state(
        shared.api.settings.allowed_origins.clone(),
        refuse_foreign_host,
    );
    let daemons = to(shared, "ConsoleDaemons", daemons::answer);
    Router::new()
        .route("/api/v1/daemons", get(daemons.clone()).post(daemons))
        .route(
            "/api/v1/server",
            get(to(shared, "ConsoleServer", server::answer)),
        )
        .route(
            "/api/v1/traces/{id}",
            get(to(shared, "ConsoleTrace", trace::rows)),
        )
        .route(
            "/api/v1/traces/{id}/segments/{segment}",
            get(to(shared, "ConsoleSegment", trace::segment)),
        )
        .route(
            "/api/v1/traces/{id}/documents.json",
            get(to(shared, "ConsoleDocuments", trace::documents)),
        )
        .route(
            "/api/v1/traces/{id}/otlp.json",
            get(to(shared, "ConsoleOtlp", trace::otlp)),
        )
        .route(
            "/api/v1/search",
            post(to(shared, "ConsoleSearch", search::answer)),
        )
        .route(
            "/api/v1/facets",
            post(to(shared, "ConsoleFacets", facets::answer)),
        )
        .route(
            "/api/v1/sample-trace",
            post(to(shared, "ConsoleSample", sample::answer)),
        )
        .route(
            "/api/v1/{*path}",
            any(to(shared, "ConsoleUnknown", unknown)),
        )
        .layer(guard)
}

async fn unknown(_: Ask) -> Result<Answer, ApiError> {
    let message = "the console's API has no such path";
    Err(ApiError::new(ErrorCode::UnknownOperation, message))
}

/// An error's members, those about a filter expression with it.
fn error_shape(error: &ApiError) -> serde_json::Map<String, serde_json::Value> {
    let mut members = error_members(error);
    if let Some(filter) = &error.filter {
        members.insert("position".to_owned(), filter.position().into());
        members.insert("length".to_owned(), filter.length().into());
        members.extend(
            filter
                .suggestion()
                .map(|word| ("suggestion".to_owned(), word.into())),
        );
    }
    members
}

/// One request of a page.
#[derive(Debug)]
struct Ask {
    call: Call,
    head: http::request::Parts,
    body: axum::body::Body,
    request_id: Uuid,
}

impl Ask {
    /// A part of the path, decoded; empty if the route has none of this name.
    async fn path_part(&mut self, name: &str) -> Result<String, ApiError> {
        let parts = RawPathParams::from_request_parts(&mut self.head, &()).await;
        let parts = parts.map_err(|error| ApiError::invalid(error.to_string()))?;
        let part = parts.iter().find(|(found, _)| *found == name);
        Ok(part.map_or("", |(_, text)| text).to_owned())
    }

    /// The trace id of the path, in X-Ray's form or W3C's.
    async fn trace_id(&mut self) -> Result<TraceId, ApiError> {
        let id = self.path_part("id").await?;
        TraceId::parse_any(&id).map_err(|error| ApiError::invalid(format!("`id`: {error}")))
    }

    /// The whole body, within the bounds of any request.
    async fn body(&mut self) -> Result<Body, ApiError> {
        let body = std::mem::take(&mut self.body);
        self.call.shared.bodies.read(&self.head.headers, body).await
    }

    fn accepts_gzip(&self) -> bool {
        crate::encoding::accepts(&self.head.headers, "gzip")
    }
}

/// A route's handler. `name` is for our metrics and log.
fn to<F, R>(
    shared: &Arc<Shared>,
    name: &'static str,
    answer: F,
) -> impl Fn(Request) -> BoxFuture<'static, Response<axum::body::Body>> + Clone + Send + Sync + 'static
where
    F: Fn(Ask) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Result<Answer, ApiError>> + Send + 'static,
{
    let shared = Arc::clone(shared);
    move |request| respond(Arc::clone(&shared), name, answer, request).boxed()
}

/// Answers one request; a panic inside ends here (style 2.3).
async fn respond<F, R>(
    shared: Arc<Shared>,
    name: &'static str,
    answer: F,
    request: Request,
) -> Response<axum::body::Body>
where
    F: Fn(Ask) -> R,
    R: Future<Output = Result<Answer, ApiError>> + Send,
{
    let started = Instant::now();
    let request_id = Uuid::new_v4();
    let (head, body) = request.into_parts();
    let call = Call {
        principal: Principal::administrator(shared.api.settings.scope.clone()),
        now: shared.api.clock.now(),
        shared: Arc::clone(&shared),
    };
    let ask = Ask {
        call,
        head,
        body,
        request_id,
    };
    let answering = AssertUnwindSafe(async { answer(ask).await }).catch_unwind();
    let answered = answering.await.unwrap_or_else(|panic| {
        shared.api.metrics.panicked();
        let text = panic_text(panic.as_ref());
        Err(ApiError::fault(format!("panic: {text}")))
    });
    let response = match answered {
        Ok(answer) => answer.into_response(request_id),
        Err(error) => {
            report(&error, name, request_id);
            response_of(&error, error_shape(&error), request_id)
        }
    };
    let status = response.status().as_u16();
    let metrics = &shared.api.metrics;
    metrics.answered(name, status, started.elapsed());
    response
}
