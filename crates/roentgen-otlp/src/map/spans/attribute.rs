//! Attributes and their values, and the walk that gives every member of a document one.

use std::collections::HashMap;

use roentgen_model::document::json::{Kind, Value, push_compact};

/// `AnyValue`.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyValue {
    String(String),
    Bool(bool),
    Int(i64),
    /// Finite.
    Double(f64),
    Array(Vec<AnyValue>),
}

/// A list of attributes with distinct keys, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    list: Vec<(String, AnyValue)>,
    places: HashMap<String, usize>,
}

impl Attributes {
    /// Key and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AnyValue)> {
        self.list.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&AnyValue> {
        let place = self.places.get(key)?;
        self.list.get(*place).map(|(_, value)| value)
    }

    /// Adds an attribute. A key that has another value already keeps it, and this value goes under
    /// `other_key`, unless that is taken too.
    pub(super) fn add_or(&mut self, key: &str, other_key: &str, value: AnyValue) {
        match self.get(key) {
            None => self.insert(key, value),
            Some(known) if *known == value => {}
            Some(_) if self.get(other_key).is_none() => self.insert(other_key, value),
            Some(_) => {}
        }
    }

    /// Adds an attribute whose key is not taken yet.
    pub(super) fn add(&mut self, key: &str, value: impl Into<AnyValue>) {
        self.add_or(key, key, value.into());
    }

    fn insert(&mut self, key: &str, value: AnyValue) {
        self.places.insert(key.to_owned(), self.list.len());
        self.list.push((key.to_owned(), value));
    }
}

impl From<String> for AnyValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&str> for AnyValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<bool> for AnyValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// The value of a member: scalars typed, arrays of scalars as arrays, what is nested deeper as JSON
/// text. `null` has none.
pub(super) fn any_value(value: Value<'_>) -> Option<AnyValue> {
    match value.kind() {
        Kind::Null => None,
        Kind::Array => {
            let scalars: Option<Vec<AnyValue>> = value.elements().map(scalar).collect();
            Some(scalars.map_or_else(|| json_text(value).into(), AnyValue::Array))
        }
        Kind::Object => Some(json_text(value).into()),
        Kind::Boolean | Kind::Number | Kind::String => scalar(value),
    }
}

fn scalar(value: Value<'_>) -> Option<AnyValue> {
    match value.kind() {
        Kind::String => value.as_str().map(|text| AnyValue::String(text.into())),
        Kind::Boolean => value.as_bool().map(AnyValue::Bool),
        Kind::Number => value.as_number().map(number),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// An integer where the text is one; what no float holds stays text.
fn number(text: &str) -> AnyValue {
    let double = || text.parse::<f64>().ok().filter(|value| value.is_finite());
    let integer = text.parse().ok().map(AnyValue::Int);
    integer
        .or_else(|| double().map(AnyValue::Double))
        .unwrap_or_else(|| text.into())
}

/// A member's JSON, without white space.
pub(super) fn json_text(value: Value<'_>) -> String {
    let mut text = String::new();
    push_compact(&mut text, value.raw());
    text
}

/// The value at a path of member names.
pub(super) fn at_path<'t>(object: Value<'t>, path: &str) -> Option<Value<'t>> {
    path.split('.')
        .try_fold(object, |object, name| object.get(name))
}

/// The key of a member that has no attribute of its own: `aws.xray.<path>`; `aws.xray` is not repeated.
pub(super) fn leftover_key(path: &str) -> String {
    format!(
        "aws.xray.{}",
        path.strip_prefix("aws.xray.").unwrap_or(path)
    )
}

/// Adds every member of `object`, which stands at `path`, that `has_home` does not know. Objects that
/// `is_opened` says are gone through; all others are one value.
pub(super) fn add_leftovers(
    attributes: &mut Attributes,
    object: Value<'_>,
    path: &str,
    has_home: &dyn Fn(&str) -> bool,
    is_opened: &dyn Fn(&str) -> bool,
) {
    for (key, value) in object.members() {
        let name = key.as_str().unwrap_or_default();
        // A name with a dot is no path, however much it looks like one.
        let is_path = !name.contains('.');
        let path = if path.is_empty() {
            name.into_owned()
        } else {
            format!("{path}.{name}")
        };
        if is_path && has_home(&path) {
            continue;
        }
        if is_path && value.kind() == Kind::Object && is_opened(&path) {
            add_leftovers(attributes, value, &path, has_home, is_opened);
        } else if let Some(value) = any_value(value) {
            attributes.add(&leftover_key(&path), value);
        }
    }
}
