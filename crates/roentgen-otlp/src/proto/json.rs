//! Reads OTLP/JSON (otlp.md 1.3): lowerCamelCase, unknown keys ignored, ids in hex, 64-bit integers as
//! text or number, enums as numbers. More is understood than is legal: `null` for what is not there, ids
//! in base64, names of enums.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    AnyValue, ArrayValue, DecodeError, ExportRequest, KeyValueList, Resource, ResourceSpans, Scope,
    ScopeSpans, UnreadSpan, Value,
};

/// `SpanKind` by number.
const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
/// `Status.StatusCode` by number.
const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
/// Up to here a float holds every integer.
const FLOAT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RequestFrame {
    #[serde(deserialize_with = "or_default")]
    resource_spans: Vec<ResourceFrame>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceFrame {
    #[serde(deserialize_with = "or_default")]
    resource: Resource,
    #[serde(deserialize_with = "or_default")]
    scope_spans: Vec<ScopeFrame>,
    /// Before protocol 0.15.
    #[serde(deserialize_with = "or_default")]
    instrumentation_library_spans: Vec<ScopeFrame>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScopeFrame {
    #[serde(deserialize_with = "or_default", alias = "instrumentationLibrary")]
    scope: Scope,
    #[serde(deserialize_with = "or_default")]
    spans: Vec<Box<RawValue>>,
    #[serde(deserialize_with = "or_default")]
    schema_url: String,
}

pub(super) fn request(bytes: &[u8]) -> Result<ExportRequest, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::Json(error.to_string()))?;
    let frame: RequestFrame = object(text)?;
    let scope_spans = |frame: ScopeFrame| ScopeSpans {
        scope: frame.scope,
        schema_url: frame.schema_url,
        spans: frame.spans.into_iter().map(UnreadSpan::Json).collect(),
    };
    let resource_spans = |frame: ResourceFrame| {
        let libraries = frame.instrumentation_library_spans;
        let all = frame.scope_spans.into_iter().chain(libraries);
        ResourceSpans {
            resource: frame.resource,
            scope_spans: all.map(scope_spans).collect(),
        }
    };
    let resources = frame.resource_spans.into_iter();
    Ok(ExportRequest {
        resource_spans: resources.map(resource_spans).collect(),
    })
}

/// Reads an object; a list of values, which the reader of structures would take as well, is none.
pub(super) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, DecodeError> {
    if text.trim_start().starts_with('[') {
        return Err(DecodeError::Json(
            "expected an object, found a list".to_owned(),
        ));
    }
    serde_json::from_str(text).map_err(|error| DecodeError::Json(error.to_string()))
}

/// A value, or the default for `null`.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Hex of any case; base64 where the length says so (a 16-byte id has 24 characters then, an 8-byte one
/// 12). A wrong number of bytes is for the span's verdict to name.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: Cow<'de, str> = or_default(deserializer)?;
    let decoded = match text.len() {
        12 | 24 => base64_bytes(&text),
        _ => hex_bytes(&text),
    };
    decoded.ok_or_else(|| D::Error::custom(format!("expected an id in hex, found `{text}`")))
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE];
    engines.iter().find_map(|engine| engine.decode(text).ok())
}

/// An unsigned integer as number or decimal text.
pub(super) fn unsigned<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    let Some(Number(number)) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(T::default());
    };
    number
        .try_into()
        .map_err(|_| D::Error::custom(format!("`{number}` is out of range")))
}

/// An integer as number or decimal text. A float without a fraction counts.
struct Number(i128);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, as number or text")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value.into()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
                if value.fract() == 0.0 && value.abs() <= FLOAT_INTEGER_MAX {
                    #[expect(clippy::cast_possible_truncation, reason = "an integer in range")]
                    return Ok(Number(value as i128));
                }
                Err(E::custom(format!("expected an integer, found `{value}`")))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                let number = text.parse().map(Number);
                number.map_err(|_| E::custom(format!("expected an integer, found `{text}`")))
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

pub(super) fn span_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, SPAN_KINDS)
}

pub(super) fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, STATUS_CODES)
}

/// A number, or the name that has it.
fn enumeration<'de, D: Deserializer<'de>>(
    deserializer: D,
    names: &[&str],
) -> Result<i32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrName {
        Number(i32),
        Name(String),
    }
    match Option::<NumberOrName>::deserialize(deserializer)? {
        None => Ok(0),
        Some(NumberOrName::Number(number)) => Ok(number),
        Some(NumberOrName::Name(name)) => {
            let place = names.iter().position(|known| *known == name);
            let number = place.and_then(|place| i32::try_from(place).ok());
            let number = number.or_else(|| name.parse().ok());
            number.ok_or_else(|| D::Error::custom(format!("`{name}` is no value of this enum")))
        }
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

/// Reads the object of one member; of several the last counts.
struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value object like {\"stringValue\": …}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value = match key.as_ref() {
                "stringValue" => map.next_value::<Option<_>>()?.map(Value::String),
                "boolValue" => map.next_value::<Option<_>>()?.map(Value::Bool),
                "intValue" => match map.next_value::<Option<Number>>()? {
                    Some(Number(number)) => Some(Value::Int(int(number)?)),
                    None => None,
                },
                "doubleValue" => {
                    let double = map.next_value::<Option<Double>>()?;
                    double.map(|Double(double)| Value::Double(double))
                }
                "arrayValue" => map.next_value::<Option<ArrayValue>>()?.map(Value::Array),
                "kvlistValue" => map.next_value::<Option<KeyValueList>>()?.map(Value::Map),
                "bytesValue" => {
                    let text = map.next_value::<Option<Cow<'de, str>>>()?;
                    let bytes = text.map(|text| {
                        let problem = "`bytesValue`: expected base64";
                        base64_bytes(&text).ok_or_else(|| A::Error::custom(problem))
                    });
                    bytes.transpose()?.map(Value::Bytes)
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            found = value.or(found);
        }
        Ok(AnyValue { value: found })
    }
}

fn int<E: Error>(number: i128) -> Result<i64, E> {
    i64::try_from(number).map_err(|_| E::custom(format!("`intValue`: `{number}` is out of range")))
}

/// A number, or the name of one that JSON has no number for.
struct Double(f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum NumberOrText {
            Number(f64),
            Text(String),
        }
        match NumberOrText::deserialize(deserializer)? {
            NumberOrText::Number(number) => Ok(Self(number)),
            // The parser knows `NaN`, `Infinity` and `-Infinity`.
            NumberOrText::Text(text) => text
                .parse()
                .map(Self)
                .map_err(|_| D::Error::custom(format!("expected a number, found `{text}`"))),
        }
    }
}
