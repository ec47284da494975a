//! Exception events from causes (otlp.md 10.3).

use roentgen_model::UnixNanos;
use roentgen_model::document::json::{Kind, Value};

use super::Event;
use super::attribute::{Attributes, add_leftovers, any_value, at_path};

/// What stands for a part of a frame that is not there.
const UNKNOWN: &str = "<unknown>";

/// One event per exception told here, in document order, at the end of the segment (our choice).
pub(super) fn events_from_cause(object: Value<'_>, end: Option<UnixNanos>) -> Vec<Event> {
    let exceptions = at_path(object, "cause.exceptions").into_iter();
    let events = exceptions.flat_map(Value::elements).map(|exception| Event {
        time: end,
        name: "exception",
        attributes: attributes_from_exception(exception),
    });
    events.collect()
}

fn attributes_from_exception(exception: Value<'_>) -> Attributes {
    let mut attributes = Attributes::default();
    for (member, key) in [("type", "exception.type"), ("message", "exception.message")] {
        if let Some(value) = exception.get(member).and_then(any_value) {
            attributes.add(key, value);
        }
    }
    if let Some(stack) = stacktrace(exception) {
        attributes.add("exception.stacktrace", stack);
    }
    let has_home =
        |path: &str| ["exception.type", "exception.message", "exception.stack"].contains(&path);
    add_leftovers(&mut attributes, exception, "exception", &has_home, &|_| {
        false
    });
    attributes
}

/// The stack in Java's layout; `None` if there are no frames.
fn stacktrace(exception: Value<'_>) -> Option<String> {
    let frames = exception.get("stack")?;
    frames.elements().next()?;
    let text = |object: Value<'_>, name: &str| {
        let value = object.get(name).and_then(Value::as_str);
        value.map(std::borrow::Cow::into_owned)
    };
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    let headline = [text(exception, "type"), text(exception, "message")];
    let headline: Vec<String> = headline.into_iter().flatten().collect();
    let mut stack = headline.join(": ");
    for frame in frames.elements() {
        let line = frame.get("line").filter(|line| line.kind() == Kind::Number);
        stack.push_str(&format!(
            "\n\tat {}({}: {})",
            or_unknown(text(frame, "label")),
            or_unknown(text(frame, "path")),
            line.map_or(UNKNOWN, Value::raw),
        ));
    }
    Some(stack)
}
