//! Sampling rules as records: validation and their form in the settings file (spec sampling.md 1, 2;
//! api.md Create-, Update-, DeleteSamplingRule).

use std::collections::BTreeMap;

use roentgen_model::sampling::rule::{DEFAULT_RULE_NAME, SamplingRateBoost, SamplingRule};
use roentgen_model::{Scope, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::ControlError;

/// Custom rules per account and region.
pub const CUSTOM_RULES_MAX: usize = 25;

/// A rule with its history.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingRuleRecord {
    pub rule: SamplingRule,
    /// The epoch for `Default`.
    pub created_at: UnixNanos,
    pub modified_at: UnixNanos,
}

/// A change of a rule: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplingRuleUpdate {
    pub priority: Option<i32>,
    pub fixed_rate: Option<f64>,
    pub reservoir_size: Option<u32>,
    pub service_name: Option<String>,
    pub service_type: Option<String>,
    pub host: Option<String>,
    pub http_method: Option<String>,
    pub url_path: Option<String>,
    pub resource_arn: Option<String>,
    pub attributes: Option<BTreeMap<String, String>>,
    pub boost: Option<SamplingRateBoost>,
}

/// Which rule is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleSelector {
    Name(String),
    Arn(String),
}

/// The ARN of a rule; made from its name, no unique part (sampling.md 2).
#[must_use]
pub fn rule_arn(scope: &Scope, name: &str) -> String {
    format!(
        "arn:aws:xray:{}:{}:sampling-rule/{name}",
        scope.region, scope.account
    )
}

impl SamplingRuleUpdate {
    /// The rule after this change.
    pub(crate) fn applied_to(self, rule: &SamplingRule) -> Result<SamplingRule, ControlError> {
        let Self {
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            resource_arn,
            attributes,
            boost,
        } = self;
        let touches_matching = priority.is_some()
            || [
                &service_name,
                &service_type,
                &host,
                &http_method,
                &url_path,
                &resource_arn,
            ]
            .iter()
            .any(|text| text.is_some())
            || attributes.is_some();
        if rule.name == DEFAULT_RULE_NAME && touches_matching {
            return Err(ControlError::invalid(
                "only FixedRate, ReservoirSize and SamplingRateBoost of the Default rule can be changed",
            ));
        }
        let changed = SamplingRule {
            name: rule.name.clone(),
            priority: priority.unwrap_or(rule.priority),
            fixed_rate: fixed_rate.unwrap_or(rule.fixed_rate),
            reservoir_size: reservoir_size.unwrap_or(rule.reservoir_size),
            service_name: service_name.unwrap_or_else(|| rule.service_name.clone()),
            service_type: service_type.unwrap_or_else(|| rule.service_type.clone()),
            host: host.unwrap_or_else(|| rule.host.clone()),
            http_method: http_method.unwrap_or_else(|| rule.http_method.clone()),
            url_path: url_path.unwrap_or_else(|| rule.url_path.clone()),
            resource_arn: resource_arn.unwrap_or_else(|| rule.resource_arn.clone()),
            attributes: attributes.unwrap_or_else(|| rule.attributes.clone()),
            boost: boost.or(rule.boost),
        };
        validate(&changed)?;
        Ok(changed)
    }
}

/// Checks every constraint of sampling.md 2; empty match fields are refused (our choice: one SDK takes
/// an empty `ServiceType` for an unusable rule).
pub(crate) fn validate(rule: &SamplingRule) -> Result<(), ControlError> {
    let is_default = rule.name == DEFAULT_RULE_NAME;
    text("RuleName", &rule.name, 32)?;
    if rule.name.chars().any(char::is_control) {
        return Err(ControlError::invalid(
            "RuleName must not hold control characters",
        ));
    }
    if !is_default && !(1..=9999).contains(&rule.priority) {
        return Err(ControlError::invalid(
            "Priority must lie between 1 and 9999",
        ));
    }
    if !(0.0..=1.0).contains(&rule.fixed_rate) {
        return Err(ControlError::invalid("FixedRate must lie between 0 and 1"));
    }
    text("ServiceName", &rule.service_name, 64)?;
    text("ServiceType", &rule.service_type, 64)?;
    text("Host", &rule.host, 64)?;
    text("HTTPMethod", &rule.http_method, 10)?;
    text("URLPath", &rule.url_path, 128)?;
    text("ResourceARN", &rule.resource_arn, 500)?;
    if rule.attributes.len() > 5 {
        return Err(ControlError::invalid(
            "Attributes must have at most 5 entries",
        ));
    }
    for (key, value) in &rule.attributes {
        text("Attributes key", key, 32)?;
        text("Attributes value", value, 32)?;
    }
    if rule
        .boost
        .is_some_and(|boost| !(0.0..=1.0).contains(&boost.max_rate))
    {
        return Err(ControlError::invalid(
            "SamplingRateBoost.MaxRate must lie between 0 and 1",
        ));
    }
    Ok(())
}

fn text(member: &str, value: &str, chars_max: usize) -> Result<(), ControlError> {
    if (1..=chars_max).contains(&value.chars().count()) {
        return Ok(());
    }
    Err(ControlError::invalid(format!(
        "{member} must have 1 to {chars_max} characters"
    )))
}

/// A rule as the settings file holds it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredRule {
    priority: i32,
    fixed_rate: f64,
    reservoir_size: u32,
    service_name: String,
    service_type: String,
    host: String,
    http_method: String,
    url_path: String,
    resource_arn: String,
    attributes: BTreeMap<String, String>,
    boost: Option<(f64, u32)>,
}

impl From<SamplingRule> for StoredRule {
    fn from(rule: SamplingRule) -> Self {
        let SamplingRule {
            name: _,
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            resource_arn,
            attributes,
            boost,
        } = rule;
        let boost = boost.map(|b| (b.max_rate, b.cooldown_window_minutes));
        Self {
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            resource_arn,
            attributes,
            boost,
        }
    }
}

impl StoredRule {
    pub(crate) fn named(self, name: String) -> SamplingRule {
        let Self {
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            resource_arn,
            attributes,
            boost,
        } = self;
        let boost = boost.map(|(max_rate, cooldown_window_minutes)| SamplingRateBoost {
            max_rate,
            cooldown_window_minutes,
        });
        SamplingRule {
            name,
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            resource_arn,
            attributes,
            boost,
        }
    }
}
