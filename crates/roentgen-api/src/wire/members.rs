//! Reads members of a request, each error naming the member at fault.
//!
//! Values stay JSON text until asked for, so that times are read from their decimal digits and not
//! through a float. `null` is as absent, unknown members are ignored, of members given twice the last
//! counts.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use roentgen_model::UnixNanos;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::json::{split_list, split_object};
use crate::error::ApiError;

#[cfg(test)]
mod tests;

/// The members of one JSON object.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    path: String,
    values: HashMap<String, &'a RawValue>,
}

/// One member that is there and not `null`.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// `SamplingRule.Priority`, `TraceIds[3]`.
    path: String,
    json: &'a str,
}

impl<'a> Members<'a> {
    /// The members of a request's body; an empty body is `{}`.
    pub(crate) fn of_body(body: &'a [u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body)
            .map_err(|e| ApiError::invalid(format!("the body is not UTF-8: {e}")))?;
        let blank = text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        let text = if blank { "{}" } else { text };
        let values = split_object(text)
            .map_err(|e| ApiError::invalid(format!("expected a JSON object as the body: {e}")))?;
        Ok(Self {
            path: String::new(),
            values,
        })
    }

    /// A member, if it is there and not `null`.
    pub(crate) fn optional(&self, name: &str) -> Option<Member<'a>> {
        let json = self.values.get(name)?.get();
        (json != "null").then(|| Member {
            path: self.path_of(name),
            json,
        })
    }

    /// A member that has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<Member<'a>, ApiError> {
        self.optional(name)
            .ok_or_else(|| ApiError::invalid(format!("`{}` is required", self.path_of(name))))
    }

    /// A text member that may be absent.
    pub(crate) fn optional_text(
        &self,
        name: &str,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<String>, ApiError> {
        self.optional(name).map(|m| m.text(chars)).transpose()
    }

    /// `NextToken`; empty is as absent.
    pub(crate) fn next_token(&self) -> Result<Option<String>, ApiError> {
        let token = self.optional_text("NextToken", 0..=usize::MAX)?;
        Ok(token.filter(|token| !token.is_empty()))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

impl<'a> Member<'a> {
    /// An error about this member: `` `Path` `` and what is wrong with it.
    pub(crate) fn refuse(&self, problem: impl std::fmt::Display) -> ApiError {
        ApiError::invalid(format!("`{}`: {problem}", self.path))
    }

    /// A string with so many characters.
    pub(crate) fn text(&self, chars: RangeInclusive<usize>) -> Result<String, ApiError> {
        let text: String = self.read("a string")?;
        let count = text.chars().count();
        if chars.contains(&count) {
            return Ok(text);
        }
        let (min, max) = (chars.start(), chars.end());
        let expected = if *max == usize::MAX {
            format!("at least {min}")
        } else {
            format!("{min} to {max}")
        };
        Err(self.refuse(format!("expected {expected} characters, found {count}")))
    }

    /// One of the given strings, by its position in the list.
    pub(crate) fn choice(&self, choices: &[&str]) -> Result<usize, ApiError> {
        let text: String = self.read("a string")?;
        choices
            .iter()
            .position(|choice| *choice == text)
            .ok_or_else(|| {
                let list: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                self.refuse(format!("expected {}", list.join(" or ")))
            })
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Result<bool, ApiError> {
        self.read("a boolean")
    }

    /// A finite number in the range.
    pub(crate) fn double(&self, range: RangeInclusive<f64>) -> Result<f64, ApiError> {
        let value: f64 = self.read("a number")?;
        if range.contains(&value) {
            return Ok(value);
        }
        let (min, max) = (range.start(), range.end());
        Err(self.refuse(format!(
            "expected a number from {min} to {max}, found {value}"
        )))
    }

    /// A whole number in the range; `5.0` is whole.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>) -> Result<i64, ApiError> {
        let value = serde_json::from_str::<i64>(self.json)
            .ok()
            .or_else(|| self.whole_float());
        let value = value.ok_or_else(|| self.unexpected("a whole number"))?;
        if range.contains(&value) {
            return Ok(value);
        }
        let (min, max) = (range.start(), range.end());
        Err(self.refuse(format!(
            "expected a whole number from {min} to {max}, found {value}"
        )))
    }

    /// Nanoseconds since the epoch as a text of digits, which JavaScript's numbers do not hold.
    pub(crate) fn nanos_text(&self) -> Result<UnixNanos, ApiError> {
        let nanos = self.read::<String>("a text of nanoseconds")?.parse();
        nanos
            .map(UnixNanos)
            .map_err(|_| self.unexpected("a text of nanoseconds"))
    }

    /// Epoch seconds as a number, read from its decimal digits, or an ISO 8601 string (our choice).
    pub(crate) fn time(&self) -> Result<UnixNanos, ApiError> {
        let time = if self.json.starts_with('"') {
            iso_8601(&self.read::<String>("a time")?)
        } else {
            UnixNanos::from_decimal_secs(self.json)
        };
        time.ok_or_else(|| self.unexpected("a time as epoch seconds or an ISO 8601 string"))
    }

    /// As [`Member::time`]; a number of more than the year 2262 holds is milliseconds, as the X-Ray SDK
    /// for Java reports its counts (seen in 2.21).
    pub(crate) fn time_or_millis(&self) -> Result<UnixNanos, ApiError> {
        let millis = || {
            let millis = serde_json::from_str::<i64>(self.json).ok()?;
            millis.checked_mul(1_000_000).map(UnixNanos)
        };
        self.time().or_else(|error| millis().ok_or(error))
    }

    /// The members of an object.
    pub(crate) fn object(&self) -> Result<Members<'a>, ApiError> {
        let values = split_object(self.json).map_err(|_| self.unexpected("an object"))?;
        Ok(Members {
            path: self.path.clone(),
            values,
        })
    }

    /// The items of a list of so many; a `null` item is refused.
    pub(crate) fn list(&self, items: RangeInclusive<usize>) -> Result<Vec<Self>, ApiError> {
        let list = split_list(self.json, *items.end()).map_err(|_| self.unexpected("a list"))?;
        let found = list.count;
        if !items.contains(&found) {
            let (min, max) = (items.start(), items.end());
            let expected = if found < *min {
                format!("at least {min}")
            } else {
                format!("at most {max}")
            };
            return Err(self.refuse(format!("expected {expected} items, found {found}")));
        }
        let item = |(index, value): (usize, &&'a RawValue)| {
            let item = Self {
                path: format!("{}[{index}]", self.path),
                json: value.get(),
            };
            if item.json == "null" {
                Err(item.refuse("must not be null"))
            } else {
                Ok(item)
            }
        };
        list.values.iter().enumerate().map(item).collect()
    }

    /// The entries of an object of so many, in their order.
    pub(crate) fn entries(
        &self,
        items: RangeInclusive<usize>,
    ) -> Result<Vec<(String, Self)>, ApiError> {
        let object = self.object()?;
        if !items.contains(&object.values.len()) {
            let found = object.values.len();
            return Err(self.refuse(format!(
                "expected at most {} entries, found {found}",
                items.end()
            )));
        }
        let mut names: Vec<_> = object.values.keys().cloned().collect();
        names.sort_unstable();
        names
            .into_iter()
            .map(|name| object.required(&name).map(|value| (name, value)))
            .collect()
    }

    fn read<T: DeserializeOwned>(&self, expected: &str) -> Result<T, ApiError> {
        serde_json::from_str(self.json).map_err(|_| self.unexpected(expected))
    }

    fn whole_float(&self) -> Option<i64> {
        let value = serde_json::from_str::<f64>(self.json).ok()?;
        let exact = value.fract() == 0.0 && value.abs() < 9e15;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and bounded on the line above"
        )]
        exact.then_some(value as i64)
    }

    fn unexpected(&self, expected: &str) -> ApiError {
        self.refuse(format!("expected {expected}, found {}", excerpt(self.json)))
    }
}

/// Start of a value for an error message.
fn excerpt(json: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut chars = json.chars();
    let head: String = chars.by_ref().take(CHARS_MAX).collect();
    if chars.next().is_some() {
        format!("`{head}…`")
    } else {
        format!("`{head}`")
    }
}

/// `2024-03-14T10:00:00Z`, with fraction and offset or without; without an offset it is UTC.
fn iso_8601(text: &str) -> Option<UnixNanos> {
    let naive = |text: &str| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .ok()
            .or_else(|| {
                Some(
                    NaiveDate::parse_from_str(text, "%Y-%m-%d")
                        .ok()?
                        .and_time(NaiveTime::MIN),
                )
            })
    };
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => naive(text)?.and_utc(),
    };
    time.timestamp_nanos_opt().map(UnixNanos)
}
