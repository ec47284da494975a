//! Which values the traces found have, by key, each with the filter clause that selects exactly the
//! traces counted for it (filter-expressions.md 10).
//!
//! Memory is bounded: values of a key, keys of annotations, and the bytes of all texts. Who comes after
//! a bound is not counted, and the facet says that it is capped; what is counted is counted exactly.

use std::collections::HashMap;
use std::sync::Arc;

use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{Class, TimeRange};

use super::aggregates::ClassCounts;

mod clause;
mod key;
#[cfg(test)]
mod tests;
mod values;

pub use key::FacetKey;

/// Distinct values of one key.
const VALUES_MAX: usize = 2_000;
/// Annotation keys looked at.
const ANNOTATION_KEYS_MAX: usize = 500;
/// Bytes of all values' texts together.
const TEXT_BYTES_MAX: usize = 32 << 20;

/// Which keys to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FacetsRequest {
    /// Every fixed key, and every annotation.
    #[default]
    All,
    Keys(Vec<FacetKey>),
}

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum FacetValue {
    Text(Arc<str>),
    /// Bits of a float; zero is the positive one.
    Number(u64),
    Boolean(bool),
    /// Services of a root cause.
    Path(Vec<Arc<str>>),
}

/// Counts per key and value.
#[derive(Clone, Debug)]
pub struct Facets {
    fixed: Vec<(FacetKey, Values)>,
    annotations: HashMap<Arc<str>, Values>,
    /// New keys of annotations are taken in.
    takes_annotations: bool,
    text_bytes: usize,
    /// Selectors see only what ends in here (filter-expressions.md 4.6).
    seen: Option<TimeRange>,
}

#[derive(Clone, Debug, Default)]
struct Values {
    /// Traces that have any.
    traces: u64,
    counts: HashMap<FacetValue, ClassCounts>,
    is_capped: bool,
}

/// A key with its most frequent values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    pub key: FacetKey,
    /// Traces that have a value.
    pub traces: u64,
    /// Values counted; there are more if it is capped.
    pub distinct: usize,
    pub is_capped: bool,
    /// Most frequent first.
    pub values: Vec<FacetCount>,
}

/// A value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// As people read it.
    pub text: String,
    /// The expression that selects the traces counted here.
    pub filter: String,
    pub classes: ClassCounts,
}

impl Facets {
    /// Counts of nothing.
    #[must_use]
    pub fn new(request: FacetsRequest, seen: Option<TimeRange>) -> Self {
        let takes_annotations = request == FacetsRequest::All;
        let keys = match request {
            FacetsRequest::All => FacetKey::FIXED.to_vec(),
            FacetsRequest::Keys(keys) => keys,
        };
        let mut facets = Self {
            fixed: Vec::new(),
            annotations: HashMap::new(),
            takes_annotations,
            text_bytes: 0,
            seen,
        };
        for key in keys {
            match key {
                FacetKey::Annotation(name) => {
                    facets.annotations.entry(name).or_default();
                }
                key if facets.fixed.iter().all(|(known, _)| *known != key) => {
                    facets.fixed.push((key, Values::default()));
                }
                _ => {}
            }
        }
        facets
    }

    /// Counts a trace of this class once for each of its distinct values.
    pub fn add(&mut self, facts: &TraceFacts, class: Class) {
        let mut found = Vec::new();
        for (key, values) in &mut self.fixed {
            found.clear();
            values::of_trace(key, facts, self.seen.as_ref(), &mut found);
            values.add(key, &mut found, class, &mut self.text_bytes);
        }
        if !self.takes_annotations && self.annotations.is_empty() {
            return;
        }
        for (name, mut found) in values::annotations(facts) {
            if !self.annotations.contains_key(name) {
                if !self.takes_annotations || self.annotations.len() >= ANNOTATION_KEYS_MAX {
                    continue;
                }
                self.annotations.insert(Arc::clone(name), Values::default());
            }
            if let Some(values) = self.annotations.get_mut(name) {
                let key = FacetKey::Annotation(Arc::clone(name));
                values.add(&key, &mut found, class, &mut self.text_bytes);
            }
        }
    }

    /// The fixed keys in their order, then `annotations_max` annotations, those of most traces first;
    /// each with its `values_max` most frequent values.
    #[must_use]
    pub fn top(&self, annotations_max: usize, values_max: usize) -> Vec<Facet> {
        let fixed = self.fixed.iter();
        let fixed = fixed.map(|(key, values)| values.facet(key.clone(), "", values_max));
        let mut annotations: Vec<_> = self.annotations.iter().collect();
        annotations.sort_by(|(a, x), (b, y)| y.traces.cmp(&x.traces).then_with(|| a.cmp(b)));
        let annotations = annotations.into_iter().take(annotations_max);
        let annotations = annotations.map(|(name, values)| {
            values.facet(FacetKey::Annotation(Arc::clone(name)), "", values_max)
        });
        fixed.chain(annotations).collect()
    }

    /// The most frequent values of a key that begin so, in any case.
    #[must_use]
    pub fn values(&self, key: &FacetKey, prefix: &str, values_max: usize) -> Vec<FacetCount> {
        let values = match key {
            FacetKey::Annotation(name) => self.annotations.get(name),
            key => {
                let found = self.fixed.iter().find(|(known, _)| known == key);
                found.map(|(_, values)| values)
            }
        };
        let facet = values.map(|values| values.facet(key.clone(), prefix, values_max));
        facet.map_or_else(Vec::new, |facet| facet.values)
    }
}

impl Values {
    /// Counts the distinct ones of `found`.
    fn add(
        &mut self,
        key: &FacetKey,
        found: &mut Vec<FacetValue>,
        class: Class,
        text_bytes: &mut usize,
    ) {
        found.sort_unstable();
        found.dedup();
        self.traces += u64::from(!found.is_empty());
        for value in found.drain(..) {
            if let Some(counts) = self.counts.get_mut(&value) {
                counts.add(class);
                continue;
            }
            let bytes = *text_bytes + value.text_bytes();
            if self.counts.len() >= VALUES_MAX || bytes > TEXT_BYTES_MAX || !key.can_select(&value)
            {
                self.is_capped = true;
                continue;
            }
            *text_bytes = bytes;
            self.counts.entry(value).or_default().add(class);
        }
    }

    fn facet(&self, key: FacetKey, prefix: &str, values_max: usize) -> Facet {
        let prefix = prefix.to_lowercase();
        let texts = self.counts.iter().map(|(value, counts)| {
            let text = value.text();
            (value, text, counts)
        });
        let begins = |text: &str| prefix.is_empty() || text.to_lowercase().starts_with(&prefix);
        let mut values: Vec<_> = texts.filter(|(_, text, _)| begins(text)).collect();
        values.sort_by(|(_, a, x), (_, b, y)| {
            let by_count = y.total().cmp(&x.total());
            by_count.then_with(|| a.cmp(b))
        });
        let top = values.into_iter().take(values_max);
        let values = top.map(|(value, text, classes)| FacetCount {
            filter: key.clause(value),
            text,
            classes: *classes,
        });
        Facet {
            values: values.collect(),
            key,
            traces: self.traces,
            distinct: self.counts.len(),
            is_capped: self.is_capped,
        }
    }
}
