//! A span's status (otlp.md 10.1).

use roentgen_model::document::json::{Kind, Value};

use super::attribute::at_path;
use super::{Status, subsegments};

/// An HTTP status of 400 and more.
const HTTP_FAILURE_MIN: i64 = 400;

/// Failed: an HTTP status of 400 or more, a cause, or a flag `error` or `fault` (our choice). The
/// message is the id of an exception told elsewhere; without one, that of the first failed child.
pub(super) fn status_from_segment(object: Value<'_>) -> Status {
    let is_error = is_error(object);
    let message = message(object).or_else(|| {
        let mut children = subsegments(object).filter(|child| self::is_error(*child));
        object.get("cause").and_then(|_| children.find_map(message))
    });
    Status {
        message: message.filter(|_| is_error),
        is_error,
    }
}

fn is_error(object: Value<'_>) -> bool {
    let http_status = at_path(object, "http.response.status").and_then(Value::as_integer);
    let flag = |name: &str| object.get(name).and_then(Value::as_bool) == Some(true);
    http_status.is_some_and(|status| status >= HTTP_FAILURE_MIN)
        || object.get("cause").is_some()
        || flag("error")
        || flag("fault")
}

fn message(object: Value<'_>) -> Option<String> {
    let cause = object.get("cause")?;
    let is_reference = cause.kind() == Kind::String;
    let text = cause.as_str().filter(|_| is_reference);
    text.map(std::borrow::Cow::into_owned)
}
