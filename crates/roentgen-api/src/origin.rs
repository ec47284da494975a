//! No web page reads or writes traces (design 8): requests with a foreign `Origin` are refused on every
//! port, and console paths answer only to a `Host` that is ours (a page of a rebound name has no foreign
//! `Origin`).

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Response};

use crate::error::{ApiError, ErrorCode};
use crate::router::error_response;

#[cfg(test)]
mod tests;

/// Which origins and hosts are ours beside loopback.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    /// `https://traces.example.com`, lower case, without a trailing slash.
    origins: Arc<[String]>,
}

impl AllowedOrigins {
    /// From setting `allowed_origins`.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        let clean = |origin: String| origin.trim().trim_end_matches('/').to_ascii_lowercase();
        Self {
            origins: origins.into_iter().map(clean).collect(),
        }
    }

    /// Refuses what a foreign page sends. Clients that are no browser send no `Origin`.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        for origin in headers.get_all(ORIGIN) {
            if !self.knows_origin(origin) {
                let message = "requests from web pages of other origins are refused; \
                               add the origin to `allowed_origins` to allow it";
                return Err(ApiError::new(ErrorCode::AccessDenied, message));
            }
        }
        Ok(())
    }

    /// Refuses a `Host` that is neither loopback nor that of an allowed origin.
    ///
    /// # Errors
    /// `AccessDeniedException`.
    pub fn check_host(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let text = headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let authority = text.to_ascii_lowercase();
        let ours = |origin: &String| {
            origin
                .split_once("://")
                .is_some_and(|(_, allowed)| allowed == authority)
        };
        if is_loopback_authority(&authority) || self.origins.iter().any(ours) {
            return Ok(());
        }
        let message = "this host name is not served here; add its origin to `allowed_origins`";
        Err(ApiError::new(ErrorCode::AccessDenied, message))
    }

    fn knows_origin(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let origin = origin.to_ascii_lowercase();
        let loopback = || {
            let authority = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            authority.is_some_and(is_loopback_authority)
        };
        self.origins.contains(&origin) || loopback()
    }
}

/// Middleware for every route of a port: refuses foreign origins.
pub async fn refuse_foreign_origin(
    State(allowed): State<AllowedOrigins>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match allowed.check_origin(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error_response(&error, uuid::Uuid::new_v4()),
    }
}

/// Middleware for the console's paths: refuses foreign origins and hosts.
pub async fn refuse_foreign_host(
    State(allowed): State<AllowedOrigins>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let headers = request.headers();
    match allowed
        .check_origin(headers)
        .and_then(|()| allowed.check_host(headers))
    {
        Ok(()) => next.run(request).await,
        Err(error) => error_response(&error, uuid::Uuid::new_v4()),
    }
}

/// True for `localhost`, `*.localhost`, `127.0.0.0/8` and `[::1]`, with any port.
fn is_loopback_authority(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => host,
            Some((host, port)) if is_port(port) => host,
            _ => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) if is_port_number(port) => host,
            Some(_) => return false,
            None => authority,
        },
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost"
        || name.ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(is_port_number)
}

fn is_port_number(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}
