//! OTLP over HTTP (otlp.md 1.2, 1.4, 1.6).

use ::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::any;

use super::answer::{self, Failure, FailureKind};
use super::cors::OriginVerdict;
use super::intake::{Encoding, Intake, Signal};
use super::metrics::Transport;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The paths `/v1/traces`, `/v1/logs` and `/v1/metrics`, with and without a slash behind. For merging
/// into a larger router.
pub fn http_routes(intake: &Intake) -> Router {
    Signal::ALL.iter().fold(Router::new(), |routes, signal| {
        let path = format!("/v1/{}", signal.name());
        let route = |intake: Intake| {
            let signal = *signal;
            move |request: Request| respond(intake.clone(), signal, request)
        };
        routes
            .route(&format!("{path}/"), any(route(intake.clone())))
            .route(&path, any(route(intake.clone())))
    })
}

/// A router for a port of its own: unknown paths are not found.
pub fn http_router(intake: &Intake) -> Router {
    http_routes(intake).fallback(|| async {
        text_response(
            StatusCode::NOT_FOUND,
            "nothing here; OTLP over HTTP has /v1/traces, /v1/logs and /v1/metrics",
        )
    })
}

async fn respond(intake: Intake, signal: Signal, request: Request) -> Response<Body> {
    let cors = &intake.shared.settings.cors;
    let verdict = cors.judge(request.headers());
    let mut response = answer(&intake, signal, &verdict, request).await;
    cors.mark(&verdict, response.headers_mut());
    let status = response.status();
    let outcome = if status.is_success() {
        "ok"
    } else if status == StatusCode::SERVICE_UNAVAILABLE {
        "busy"
    } else if status.is_server_error() {
        "fault"
    } else {
        "refused"
    };
    intake
        .shared
        .metrics
        .request(Transport::Http, signal, outcome);
    response
}

/// The checks in the order of otlp.md 1.2.
async fn answer(
    intake: &Intake,
    signal: Signal,
    verdict: &OriginVerdict,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let encoding = encoding(&head.headers);
    if *verdict == OriginVerdict::Foreign {
        let message = "requests from web pages of other origins are refused; \
                       add the origin to `otlp.cors.allowed_origins` to allow it";
        let failure = Failure::new(FailureKind::Forbidden, message);
        return failure_response(&failure, signal, encoding.unwrap_or(Encoding::Json));
    }
    if head.method == Method::OPTIONS
        && let Some(headers) = intake
            .shared
            .settings
            .cors
            .preflight(verdict, &head.headers)
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.headers_mut() = headers;
        return response;
    }
    if head.method != Method::POST {
        let mut response = text_response(StatusCode::METHOD_NOT_ALLOWED, "OTLP requests are POST");
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let Some(encoding) = encoding else {
        let message = "`Content-Type`: expected application/x-protobuf or application/json";
        return text_response(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    };
    let bytes_max = intake.shared.settings.http_bytes_max;
    let taken = async {
        let body = intake
            .shared
            .bodies
            .read(&head.headers, body, bytes_max)
            .await?;
        let answer = intake.take(signal, encoding, body.bytes).await;
        drop(body.share);
        answer
    };
    match taken.await {
        Ok(answer) => body_response(StatusCode::OK, encoding, answer.encode(signal, encoding)),
        Err(failure) => failure_response(&failure, signal, encoding),
    }
}

/// By the media type, whose parameters do not matter.
fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(PROTOBUF) {
        Some(Encoding::Protobuf)
    } else if media_type.eq_ignore_ascii_case(JSON) {
        Some(Encoding::Json)
    } else {
        None
    }
}

fn failure_response(failure: &Failure, signal: Signal, encoding: Encoding) -> Response<Body> {
    failure.report(signal);
    let mut response = body_response(failure.http_status(), encoding, failure.encode(encoding));
    if failure.kind == FailureKind::Busy {
        let seconds = HeaderValue::from(answer::RETRY_AFTER.as_secs());
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

fn body_response(status: StatusCode, encoding: Encoding, body: bytes::Bytes) -> Response<Body> {
    let media_type = match encoding {
        Encoding::Protobuf => PROTOBUF,
        Encoding::Json => JSON,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn text_response(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}
