//! `cause` (otlp.md 5.3): exceptions of exception events, else of the status.

use roentgen_model::SegmentId;

use super::document::Source;
use super::flags::has_failed;
use super::keys::{Key, integer};
use super::name::is_aws_api;
use super::shape::{Kind, derived_id};
use super::stack::{self, Language, Thrown};
use super::text::Json;
use crate::proto::{Event, Value};

const EXCEPTION: &str = "exception";
/// What the AWS SDK calls an attempt that failed.
const FAILED_ATTEMPT: &str = "HTTP request failure";

pub(super) fn write(json: &mut Json, source: &Source<'_>) {
    let before = json.len();
    json.name("cause").open('{');
    json.name("exceptions").open('[');
    let inside = json.len();
    let mut exceptions = Exceptions { source, count: 0 };
    for event in &source.span.events {
        exceptions.event(json, event);
    }
    if exceptions.count == 0 && has_failed(source) {
        exceptions.status(json);
    }
    if json.len() == inside {
        json.cut(before);
    } else {
        json.close(']');
        json.close('}');
    }
}

struct Exceptions<'s> {
    source: &'s Source<'s>,
    count: usize,
}

impl Exceptions<'_> {
    fn event(&mut self, json: &mut Json, event: &Event) {
        match event.name.as_str() {
            EXCEPTION => self.thrown(json, event),
            FAILED_ATTEMPT if is_aws_api(self.source) => self.attempt(json, event),
            _ => {}
        }
    }

    /// One exception, and those that caused it as far as the stack tells.
    fn thrown(&mut self, json: &mut Json, event: &Event) {
        let text = |key| event_text(event, key);
        let stack = text("exception.stacktrace").unwrap_or_default();
        let exported = Exported::of(event);
        // Ours are in Java's layout, whoever sent the segment.
        let language = if exported.id.is_some() {
            Language::Java
        } else {
            self.source.resource.language
        };
        let Thrown { frames, causes } = stack::parse(language, stack);
        let mut next = Some((text("exception.type"), text("exception.message"), frames));
        let mut causes = causes.into_iter();
        while let Some((kind, message, frames)) = next.take() {
            let cause = causes.next();
            json.open('{');
            match exported.id {
                Some(id) => json.name("id").string(id),
                None => self.id(json),
            }
            json.text_member("type", kind);
            json.text_member("message", message);
            match (exported.id, exported.is_remote) {
                (None, _) => self.remote(json),
                (Some(_), Some(is_remote)) => json.name("remote").bool(is_remote),
                (Some(_), None) => {}
            }
            json.text_member("cause", exported.cause);
            if !frames.is_empty() {
                json.name("stack").open('[');
                for frame in &frames {
                    json.open('{');
                    json.name("path").string(frame.path);
                    json.name("line").integer(frame.line);
                    json.name("label").string(frame.label);
                    json.close('}');
                }
                json.close(']');
            }
            if let Some(cause) = cause {
                let id = derived_id(&self.source.ids, EXCEPTION, self.count);
                json.name("cause").hex(&id);
                next = Some((cause.kind, cause.message, cause.frames));
            }
            json.close('}');
        }
    }

    fn attempt(&mut self, json: &mut Json, event: &Event) {
        let code = event_value(event, "http.response.status_code").and_then(integer);
        let (Some(code), Some(text)) = (code, event_text(event, "aws.http.error_message")) else {
            return;
        };
        let micros = event.time_unix_nano / 1_000;
        let (secs, micros) = (micros / 1_000_000, micros % 1_000_000);
        json.open('{');
        self.id(json);
        json.name("type").string("aws.http.error.event");
        json.name("message")
            .string(&format!("{code}@{secs}.{micros:06}@{text}"));
        json.name("remote").bool(true);
        json.close('}');
    }

    /// The message of the status, or of the HTTP status.
    fn status(&mut self, json: &mut Json) {
        let status = self.source.span.status.as_ref();
        let message = status.map(|status| status.message.as_str());
        let message = message.filter(|message| !message.is_empty());
        let message = message.or_else(|| self.source.attributes.text(Key::HttpStatusText));
        if message.is_some() {
            json.open('{');
            self.id(json);
            json.text_member("message", message);
            json.close('}');
        }
    }

    fn id(&mut self, json: &mut Json) {
        let id = derived_id(&self.source.ids, EXCEPTION, self.count);
        self.count += 1;
        json.name("id").hex(&id);
    }

    fn remote(&self, json: &mut Json) {
        if matches!(self.source.kind, Kind::Client | Kind::Producer) {
            json.name("remote").bool(true);
        }
    }
}

/// What our own exports say of an exception beside its event's usual attributes.
struct Exported<'e> {
    id: Option<&'e str>,
    is_remote: Option<bool>,
    cause: Option<&'e str>,
}

impl<'e> Exported<'e> {
    fn of(event: &'e Event) -> Self {
        let is_id = |id: &&str| id.parse::<SegmentId>().is_ok();
        let id = |key| event_text(event, key).filter(is_id);
        Self {
            id: id("aws.xray.exception.id"),
            is_remote: match event_value(event, "aws.xray.exception.remote") {
                Some(Value::Bool(value)) => Some(*value),
                _ => None,
            },
            cause: id("aws.xray.exception.cause"),
        }
    }
}

/// The value of an event's attribute; of equal keys the last.
fn event_value<'e>(event: &'e Event, key: &str) -> Option<&'e Value> {
    let mut pairs = event.attributes.iter().rev().filter(|pair| pair.key == key);
    pairs.find_map(|pair| pair.value.as_ref()?.value.as_ref())
}

fn event_text<'e>(event: &'e Event, key: &str) -> Option<&'e str> {
    match event_value(event, key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
