//! Writes documents as JSON text, straight into one buffer.
//!
//! A comma is due unless the text ends in an opening bracket or a colon, so nothing needs to remember
//! where it is, and what turned out to be empty is cut off again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keys::{last_of_each, value_of};
use crate::proto::{AnyValue, KeyValue, Value};

/// JSON text being written.
#[derive(Debug, Default)]
pub(super) struct Json(String);

impl Json {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes back everything after this length.
    pub(super) fn cut(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Starts a text of its own, an object, right after the one before.
    pub(super) fn begin(&mut self) {
        self.0.push('{');
    }

    /// Starts a member whose name needs no escapes.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.comma();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self
    }

    /// Starts a member of any name.
    pub(super) fn key(&mut self, key: &str) -> &mut Self {
        self.comma();
        push_string(&mut self.0, key);
        self.0.push(':');
        self
    }

    pub(super) fn open(&mut self, bracket: char) {
        self.comma();
        self.0.push(bracket);
    }

    pub(super) fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A member that is an object; left out when `write` writes nothing.
    pub(super) fn object(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let before = self.len();
        self.name(name).open('{');
        let inside = self.len();
        write(self);
        if self.len() == inside {
            self.cut(before);
        } else {
            self.close('}');
        }
    }

    pub(super) fn string(&mut self, text: &str) {
        self.comma();
        push_string(&mut self.0, text);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub(super) fn integer(&mut self, value: i64) {
        self.comma();
        if value < 0 {
            self.0.push('-');
        }
        push_digits(&mut self.0, value.unsigned_abs(), 1);
    }

    /// JSON text as it is; several members or elements may be in it.
    pub(super) fn raw(&mut self, text: &str) {
        self.comma();
        self.0.push_str(text);
    }

    pub(super) fn text_member(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name).string(text);
        }
    }

    /// Epoch seconds with all the nanoseconds there are.
    pub(super) fn seconds(&mut self, unix_nanos: u64) {
        const NANOS: u64 = 1_000_000_000;
        self.comma();
        push_digits(&mut self.0, unix_nanos / NANOS, 1);
        self.0.push('.');
        push_digits(&mut self.0, unix_nanos % NANOS, 9);
        let zeros = self.0.len() - self.0.trim_end_matches('0').len();
        // One digit stays behind the point.
        self.0.truncate(self.0.len() - zeros.min(8));
    }

    /// Bytes in lower-case hex, as a string.
    pub(super) fn hex(&mut self, bytes: &[u8]) {
        self.comma();
        self.0.push('"');
        push_hex(&mut self.0, bytes);
        self.0.push('"');
    }

    /// A trace id in X-Ray's form (otlp.md 2).
    pub(super) fn trace_id(&mut self, id: [u8; 16]) {
        let (time, rest) = id.split_at(4);
        self.comma();
        self.0.push_str("\"1-");
        push_hex(&mut self.0, time);
        self.0.push('-');
        push_hex(&mut self.0, rest);
        self.0.push('"');
    }

    /// The value as plain JSON: bytes in base64, numbers that JSON lacks as text, what is empty as null.
    /// Recurses as deep as values nest, which reading them bounds.
    pub(super) fn value(&mut self, value: &AnyValue) {
        match &value.value {
            None => self.raw("null"),
            Some(value) => self.some_value(value),
        }
    }

    /// As [`Self::value`].
    pub(super) fn some_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Bool(value) => self.bool(*value),
            Value::Int(value) => self.integer(*value),
            Value::Double(value) => self.double(*value),
            Value::Bytes(bytes) => self.string(&STANDARD.encode(bytes)),
            Value::Array(array) => {
                self.open('[');
                array.values.iter().for_each(|value| self.value(value));
                self.close(']');
            }
            Value::Map(map) => {
                self.open('{');
                self.members(&map.values);
                self.close('}');
            }
        }
    }

    /// A list of attributes as members; of equal keys the last, and none without a value.
    pub(super) fn members(&mut self, list: &[KeyValue]) {
        for pair in last_of_each(list) {
            if let Some(value) = value_of(pair) {
                self.key(&pair.key).value(value);
            }
        }
    }

    pub(super) fn double(&mut self, value: f64) {
        if value.is_finite() {
            self.raw(
                &serde_json::Number::from_f64(value).map_or_else(String::new, |n| n.to_string()),
            );
        } else if value.is_nan() {
            self.string("NaN");
        } else if value > 0.0 {
            self.string("Infinity");
        } else {
            self.string("-Infinity");
        }
    }

    fn comma(&mut self) {
        match self.0.as_bytes().last() {
            None | Some(b'{' | b'[' | b':') => {}
            Some(_) => self.0.push(','),
        }
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(done..at).unwrap_or_default());
        done = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                out.push_str("\\u00");
                push_hex(out, &[control]);
            }
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out.push('"');
}

pub(super) fn push_hex(out: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 0xf));
    }
}

/// Decimal digits, at least so many.
fn push_digits(out: &mut String, mut value: u64, digits_min: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        at -= 1;
        if value == 0 {
            break;
        }
    }
    let at = at.min(digits.len() - digits_min);
    let digits = digits.get(at..).unwrap_or_default();
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}
