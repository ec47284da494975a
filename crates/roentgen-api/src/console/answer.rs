//! What the console's API answers with.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderName, HeaderValue, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::encoding;
use crate::error::ApiError;
use crate::router::REQUEST_ID;

/// An answer, packed already where that pays.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    content_type: HeaderValue,
    is_gzip: bool,
    more: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// JSON that is printed where it is made: for short answers.
    pub(super) fn json<T: Serialize>(value: &T, gzip: bool) -> Result<Self, ApiError> {
        let bytes = serde_json::to_vec(value).map_err(ApiError::fault)?;
        Ok(Self::json_text(bytes, gzip))
    }

    /// JSON text. Packs it when the client takes that, so call it where it may take a moment.
    pub(super) fn json_text(text: Vec<u8>, gzip: bool) -> Self {
        let packed = if gzip { encoding::gzip(&text) } else { None };
        Self {
            is_gzip: packed.is_some(),
            body: Body::from(packed.unwrap_or_else(|| Bytes::from(text))),
            content_type: HeaderValue::from_static("application/json"),
            more: Vec::new(),
        }
    }

    /// Server-sent events, packed already if `is_gzip`.
    pub(super) fn events(body: Body, is_gzip: bool) -> Self {
        Self {
            body,
            content_type: HeaderValue::from_static("text/event-stream"),
            is_gzip,
            more: Vec::new(),
        }
    }

    /// With a header of its own.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.push((name, value));
        self
    }

    pub(super) fn into_response(self, request_id: Uuid) -> Response<Body> {
        let Self {
            body,
            content_type,
            is_gzip,
            more,
        } = self;
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let id = HeaderValue::try_from(request_id.to_string()).expect("a UUID is visible ASCII");
        headers.insert(REQUEST_ID, id);
        headers.extend(more);
        response
    }
}
