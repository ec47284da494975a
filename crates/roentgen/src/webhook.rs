//! Tells a web hook of insights' events in EventBridge's envelope (groups-insights.md 5). Best effort: an
//! event is told at most once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use prometheus_client::metrics::counter::Counter;
use roentgen_model::Scope;
use roentgen_query::insights::Notification;
use tokio::sync::{mpsc, watch};
use ureq::tls::{RootCerts, TlsConfig};

mod envelope;

#[cfg(test)]
mod tests;

/// Notifications that may wait; more are lost and counted.
pub(crate) const WAITING_MAX: usize = 1_000;
/// Tries of one notification, and the pauses between them.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// How long one try may take over all.
const TRY_MAX: Duration = Duration::from_secs(10);

/// Where notifications go. What it may hold of secrets (user, path, query) is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WebhookUrl {
    /// Without a user.
    uri: Uri,
    /// Of the user that the text named.
    authorization: Option<String>,
}

impl FromStr for WebhookUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri
            .authority()
            .filter(|_| is_web)
            .ok_or(())?
            .as_str()
            .to_owned();
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority.as_str()),
        };
        if host.is_empty() {
            return Err(());
        }
        let authorization = user.map(|user| format!("Basic {}", STANDARD.encode(user)));
        let mut parts = uri.into_parts();
        parts.authority = Some(host.parse().map_err(|_| ())?);
        let uri = Uri::from_parts(parts).map_err(|_| ())?;
        Ok(Self { uri, authorization })
    }
}

/// Scheme and host.
impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let host = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{host}/…")
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

/// Notifications by what became of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebhookMetrics {
    pub(crate) sent: Counter,
    pub(crate) failed: Counter,
}

/// Sends notifications one after the other.
pub(crate) struct Webhook {
    url: WebhookUrl,
    scope: Scope,
    agent: ureq::Agent,
    metrics: WebhookMetrics,
}

/// What became of one try.
enum Attempt {
    Taken,
    /// The receiver has surely not taken it: no connection, or a refusal that asks to come again.
    Again(String),
    /// It may have been taken; trying again could tell it twice.
    Lost(String),
}

impl Webhook {
    /// A sender to this address; certificates are judged by the system's roots.
    pub(crate) fn new(url: WebhookUrl, scope: Scope, metrics: WebhookMetrics) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        // A redirect could carry the event, and the user's name, to another host.
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(TRY_MAX))
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self {
            agent: config.new_agent(),
            url,
            scope,
            metrics,
        }
    }

    /// Sends until the server stops; what waits then is lost.
    pub(crate) async fn run(
        self,
        mut waiting: mpsc::Receiver<Notification>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let this = Arc::new(self);
        loop {
            let notification = tokio::select! {
                next = waiting.recv() => next,
                _ = stopping.wait_for(|stop| *stop) => None,
            };
            let Some(notification) = notification else {
                return;
            };
            tokio::select! {
                () = Arc::clone(&this).tell(&notification) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn tell(self: Arc<Self>, notification: &Notification) {
        let outcome = match envelope::text(&self.scope, notification) {
            Ok(body) => Arc::clone(&self).deliver(body).await,
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => {
                self.metrics.sent.inc();
            }
            Err(reason) => {
                self.metrics.failed.inc();
                let insight = notification.record.insight.id;
                tracing::warn!(%insight, url = %self.url, "an event could not be told: {reason}");
            }
        }
    }

    async fn deliver(self: Arc<Self>, body: String) -> Result<(), String> {
        let body: Arc<str> = body.into();
        let mut pauses = PAUSES.into_iter();
        loop {
            let (this, body) = (Arc::clone(&self), Arc::clone(&body));
            let attempt = tokio::task::spawn_blocking(move || this.attempt(&body));
            match attempt
                .await
                .context("send")
                .map_err(|error| error.to_string())?
            {
                Attempt::Taken => return Ok(()),
                Attempt::Lost(reason) => return Err(reason),
                Attempt::Again(reason) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(reason),
                },
            }
        }
    }

    fn attempt(&self, body: &str) -> Attempt {
        let mut request = self
            .agent
            .post(self.url.uri.clone())
            .header("Content-Type", "application/json");
        if let Some(authorization) = &self.url.authorization {
            request = request.header("Authorization", authorization);
        }
        match request.send(body) {
            Ok(response) => match response.status().as_u16() {
                200..=299 => Attempt::Taken,
                status @ (429 | 503) => Attempt::Again(format!("the receiver answered {status}")),
                status => Attempt::Lost(format!("the receiver answered {status}")),
            },
            Err(error) if never_connected(&error) => Attempt::Again("no connection".to_owned()),
            Err(ureq::Error::Timeout(_)) => Attempt::Lost("no answer in time".to_owned()),
            // The error's text may name the address.
            Err(_) => Attempt::Lost("the connection broke".to_owned()),
        }
    }
}

fn never_connected(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    use ureq::Timeout;
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Timeout(timeout) => matches!(timeout, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}
