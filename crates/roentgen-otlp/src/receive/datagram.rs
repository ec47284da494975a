//! OTLP in the daemon's datagrams, as Lambda layers and light SDKs send it (otlp.md 1.7): behind the
//! header line a tag and a protobuf request in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::intake::{Intake, Signal};
use super::metrics::Transport;
use crate::map::segments::{MapSettings, Profile, documents_from_request};
use crate::proto::ExportRequest;

/// What a datagram's payload holds, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tagged<'a> {
    Sampled(&'a [u8]),
    Unsampled(&'a [u8]),
    Metrics(&'a [u8]),
}

/// `None` of a segment document.
fn tagged(payload: &[u8]) -> Option<Tagged<'_>> {
    if let Some(rest) = payload.strip_prefix(b"T1") {
        // A request in protobuf begins with byte 10, so its base64 with `C`: no tag is mistaken.
        return Some(match rest.split_first() {
            Some((b'S', base64)) => Tagged::Sampled(base64),
            Some((b'U', base64)) => Tagged::Unsampled(base64),
            _ => Tagged::Sampled(rest),
        });
    }
    payload.strip_prefix(b"M1").map(Tagged::Metrics)
}

impl Intake {
    /// The documents of the spans in a datagram's payload, by profile `endpoint`; `None` if the payload is
    /// none of OpenTelemetry's. Nobody reads an answer, so what is refused is counted only. Unsampled
    /// spans give no documents unless the settings keep them, metrics never do.
    #[must_use]
    pub fn documents_from_datagram(&self, payload: &[u8]) -> Option<Vec<Bytes>> {
        let tagged = tagged(payload)?;
        let (signal, base64) = match tagged {
            Tagged::Sampled(base64) | Tagged::Unsampled(base64) => (Signal::Traces, base64),
            Tagged::Metrics(base64) => (Signal::Metrics, base64),
        };
        let metrics = &self.shared.metrics;
        let refused = || {
            metrics.request(Transport::Datagram, signal, "refused");
            Some(Vec::new())
        };
        let Ok(bytes) = STANDARD.decode(base64.trim_ascii()) else {
            return refused();
        };
        if signal == Signal::Metrics {
            metrics.request(Transport::Datagram, signal, "ok");
            let points = super::other_signals::count_data_points(
                super::intake::Encoding::Protobuf,
                &bytes.into(),
            );
            metrics.declined(signal, points.unwrap_or(0));
            return Some(Vec::new());
        }
        let Ok(request) = ExportRequest::from_protobuf(bytes.into()) else {
            return refused();
        };
        metrics.request(Transport::Datagram, signal, "ok");
        if matches!(tagged, Tagged::Unsampled(_)) && !self.shared.settings.keeps_unsampled {
            metrics.unsampled(request.span_count() as u64);
            return Some(Vec::new());
        }
        let settings = MapSettings {
            profile: Profile::Endpoint,
            ..self.shared.settings.map.clone()
        };
        let batch = documents_from_request(&request, &settings, self.shared.now());
        metrics.spans_refused(batch.refusals.len() as u64);
        Some(batch.documents)
    }
}
