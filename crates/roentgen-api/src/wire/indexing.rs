//! Transaction Search settings on the wire (api.md "Structures").

use roentgen_control::indexing::{Destination, INDEXING_RULE_NAME, IndexingRule};
use serde::Serialize;

use super::numbers::Time;

/// Values of `Destination`.
pub(crate) const DESTINATIONS: [(&str, Destination); 2] = [
    ("XRay", Destination::XRay),
    ("CloudWatchLogs", Destination::CloudWatchLogs),
];

/// The result of the operations on the destination.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DestinationResult {
    destination: &'static str,
    status: &'static str,
}

impl From<Destination> for DestinationResult {
    /// A change acts at once: never `PENDING`.
    fn from(destination: Destination) -> Self {
        let destination = match destination {
            Destination::XRay => "XRay",
            Destination::CloudWatchLogs => "CloudWatchLogs",
        };
        Self {
            destination,
            status: "ACTIVE",
        }
    }
}

/// `IndexingRule`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IndexingRuleShape {
    name: &'static str,
    modified_at: Time,
    rule: IndexingRuleValue,
}

/// A union: exactly one member.
#[derive(Debug, Serialize)]
enum IndexingRuleValue {
    Probabilistic(ProbabilisticRuleValue),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProbabilisticRuleValue {
    desired_sampling_percentage: f64,
    actual_sampling_percentage: f64,
}

impl From<IndexingRule> for IndexingRuleShape {
    fn from(rule: IndexingRule) -> Self {
        let IndexingRule {
            desired_percentage,
            actual_percentage,
            modified_at,
        } = rule;
        Self {
            name: INDEXING_RULE_NAME,
            modified_at: Time(modified_at),
            rule: IndexingRuleValue::Probabilistic(ProbabilisticRuleValue {
                desired_sampling_percentage: desired_percentage,
                actual_sampling_percentage: actual_percentage,
            }),
        }
    }
}
