//! Lists and objects of a request, split into the texts of their values, bounded while they are read:
//! eight mebibytes of `1,1,1` are four million values.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Members of one object. More than any request has, and few enough to hold.
const MEMBERS_MAX: usize = 10_000;

/// The values of a list, and how many there were.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    /// At most as many as asked for.
    pub(crate) values: Vec<&'a RawValue>,
    pub(crate) count: usize,
}

/// Splits an object; of members given twice the last counts.
///
/// # Errors
/// Not an object, or one of more than 10,000 members.
pub(crate) fn split_object(text: &str) -> Result<HashMap<String, &RawValue>, serde_json::Error> {
    read(text, ObjectSeed)
}

/// Splits a list, keeping at most `items_max` values.
///
/// # Errors
/// Not a list.
pub(crate) fn split_list(text: &str, items_max: usize) -> Result<Items<'_>, serde_json::Error> {
    read(text, ListSeed { items_max })
}

fn read<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> Result<S::Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct ObjectSeed;

impl<'a> DeserializeSeed<'a> for ObjectSeed {
    type Value = HashMap<String, &'a RawValue>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ObjectSeed {
    type Value = HashMap<String, &'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut values = HashMap::new();
        while let Some((name, value)) = map.next_entry()? {
            values.insert(name, value);
            if values.len() > MEMBERS_MAX {
                let problem = format!("expected at most {MEMBERS_MAX} members");
                return Err(M::Error::custom(problem));
            }
        }
        Ok(values)
    }
}

struct ListSeed {
    items_max: usize,
}

impl<'a> DeserializeSeed<'a> for ListSeed {
    type Value = Items<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for ListSeed {
    type Value = Items<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut values = Vec::new();
        while values.len() < self.items_max {
            let Some(value) = list.next_element()? else {
                return Ok(Items {
                    count: values.len(),
                    values,
                });
            };
            values.push(value);
        }
        let mut count = values.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Items { values, count })
    }
}
