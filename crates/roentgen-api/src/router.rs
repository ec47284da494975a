//! From an HTTP request to an operation and back (api.md "Wire protocol").

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;
use futures::FutureExt;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use uuid::Uuid;

use crate::audit::{self, Caller};
use crate::console;
use crate::error::{ApiError, ErrorCode};
use crate::operation::Operation;
use crate::operations::{self, Call};
use crate::principal::Principal;
use crate::state::{ApiState, Shared};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// All routes, over one set of places for queries and request bodies.
#[derive(Debug)]
pub struct Routers {
    /// The X-Ray API, for every port.
    pub api: Router,
    /// What the console asks beside, for the port that serves its pages.
    pub console: Router,
}

/// The routes of the API and of the console.
#[must_use]
pub fn routers(state: ApiState) -> Routers {
    let shared = Arc::new(Shared::new(state));
    Routers {
        api: router(&shared),
        console: console::router(&shared),
    }
}

/// The whole X-Ray API: one route per operation, and a fallback that answers unknown paths in the
/// protocol's form. Foreign browser origins are refused on all of them.
///
/// For merging into a larger router, which then must not have a fallback of its own.
fn router(shared: &Arc<Shared>) -> Router {
    let route = |operation: Option<Operation>| {
        let shared = shared.clone();
        move |request: Request| respond(shared.clone(), operation, request)
    };
    let routes = Operation::ALL
        .iter()
        .fold(Router::new(), |routes, operation| {
            routes.route(operation.path(), any(route(Some(*operation))))
        });
    routes.fallback(route(None))
}

/// Answers one request; a panic inside ends here (style 2.3).
async fn respond(
    shared: Arc<Shared>,
    operation: Option<Operation>,
    request: Request,
) -> Response<Body> {
    let started = Instant::now();
    let request_id = Uuid::new_v4();
    let name = operation.map_or("Unknown", Operation::name);
    let answering =
        AssertUnwindSafe(answer(&shared, operation, request, request_id)).catch_unwind();
    let answer = answering.await.unwrap_or_else(|panic| {
        shared.api.metrics.panicked();
        Err(ApiError::fault(format!(
            "panic: {}",
            panic_text(panic.as_ref())
        )))
    });
    let response = match &answer {
        Ok(body) => success_response(body.clone(), request_id),
        Err(error) => {
            report(error, name, request_id);
            error_response(error, request_id)
        }
    };
    shared
        .api
        .metrics
        .answered(name, response.status().as_u16(), started.elapsed());
    response
}

async fn answer(
    shared: &Arc<Shared>,
    operation: Option<Operation>,
    request: Request,
    request_id: Uuid,
) -> Result<Bytes, ApiError> {
    let (head, body) = request.into_parts();
    shared
        .api
        .settings
        .allowed_origins
        .check_origin(&head.headers)?;
    let Some(operation) = operation else {
        let message = "no operation has this path";
        return Err(ApiError::new(ErrorCode::UnknownOperation, message));
    };
    if head.method != Method::POST {
        let message = format!("{} is called with POST", operation.name());
        return Err(ApiError::new(ErrorCode::MethodNotAllowed, message));
    }
    let now = shared.api.clock.now();
    shared.rates.request(operation, now)?;
    let body = shared.bodies.read(&head.headers, body).await?;
    let call = Call {
        shared: shared.clone(),
        principal: Principal::administrator(shared.api.settings.scope.clone()),
        now,
    };
    let answer = operations::answer(operation, &call, &body.bytes).await;
    let source = audit::source_address(&head.extensions);
    let caller = Caller {
        principal: &call.principal,
        source,
        request_id,
    };
    audit::record(operation, &caller, &body.bytes, answer.as_ref().err());
    answer
}

fn success_response(body: Bytes, request_id: Uuid) -> Response<Body> {
    response(StatusCode::OK, request_id, body)
}

/// The members of an error's body.
pub(crate) fn error_members(error: &ApiError) -> serde_json::Map<String, serde_json::Value> {
    let code = error.code;
    let mut members = serde_json::Map::new();
    members.insert(
        code.message_member().to_owned(),
        error.message.clone().into(),
    );
    if let Some(resource) = &error.resource_name {
        members.insert("ResourceName".to_owned(), resource.clone().into());
    }
    // Ours, for clients that read the body and not the header.
    members.insert("__type".to_owned(), code.name().into());
    members
}

/// An error in the protocol's form.
pub(crate) fn error_response(error: &ApiError, request_id: Uuid) -> Response<Body> {
    response_of(error, error_members(error), request_id)
}

/// An error with these members.
pub(crate) fn response_of(
    error: &ApiError,
    members: serde_json::Map<String, serde_json::Value>,
    request_id: Uuid,
) -> Response<Body> {
    let code = error.code;
    let body = serde_json::Value::Object(members).to_string();
    let mut response = response(code.status(), request_id, body.into());
    response
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(code.name()));
    if code == ErrorCode::MethodNotAllowed {
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn response(status: StatusCode, request_id: Uuid, body: Bytes) -> Response<Body> {
    let id = HeaderValue::try_from(request_id.to_string()).expect("a UUID is visible ASCII");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Faults are ours and an operator's; everything else is between the client and its request.
pub(crate) fn report(error: &ApiError, operation: &'static str, request_id: Uuid) {
    let chain = chain(error);
    if error.code == ErrorCode::InternalFailure {
        tracing::error!(operation, %request_id, error = chain, "request failed");
    } else {
        tracing::debug!(operation, %request_id, error = chain, "request refused");
    }
}

fn chain(error: &ApiError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
