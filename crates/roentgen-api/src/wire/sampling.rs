//! Sampling rules on the wire (api.md "Structures").

use std::collections::BTreeMap;

use roentgen_control::sampling_rules::{
    RuleSelector, SamplingRuleRecord, SamplingRuleUpdate, rule_arn,
};
use roentgen_model::Scope;
use roentgen_model::sampling::rule::{SamplingRateBoost, SamplingRule};
use serde::Serialize;

use super::members::{Member, Members};
use super::numbers::Time;
use crate::error::ApiError;

/// The model's integers have 32 bits.
const INTEGER_MAX: i64 = i32::MAX as i64;

/// `SamplingRuleRecord`. Every rule carries all members but the boost: SDKs skip rules that lack one
/// (sdk.md 3.5).
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SamplingRuleRecordShape {
    sampling_rule: SamplingRuleShape,
    created_at: Time,
    modified_at: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingRuleShape {
    rule_name: String,
    #[serde(rename = "RuleARN")]
    rule_arn: String,
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    priority: i32,
    fixed_rate: f64,
    reservoir_size: u32,
    service_name: String,
    service_type: String,
    host: String,
    #[serde(rename = "HTTPMethod")]
    http_method: String,
    #[serde(rename = "URLPath")]
    url_path: String,
    version: u32,
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling_rate_boost: Option<SamplingRateBoostShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingRateBoostShape {
    max_rate: f64,
    cooldown_window_minutes: u32,
}

impl SamplingRuleRecordShape {
    /// A record as an account's clients see it.
    pub(crate) fn new(record: SamplingRuleRecord, scope: &Scope) -> Self {
        let SamplingRuleRecord {
            rule,
            created_at,
            modified_at,
        } = record;
        let rule_arn = rule_arn(scope, &rule.name);
        let SamplingRule {
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
        } = rule;
        let boost = boost.map(|boost| SamplingRateBoostShape {
            max_rate: boost.max_rate,
            cooldown_window_minutes: boost.cooldown_window_minutes,
        });
        let sampling_rule = SamplingRuleShape {
            rule_name: name,
            rule_arn,
            resource_arn,
            priority,
            fixed_rate,
            reservoir_size,
            service_name,
            service_type,
            host,
            http_method,
            url_path,
            version: 1,
            attributes,
            sampling_rate_boost: boost,
        };
        Self {
            sampling_rule,
            created_at: Time(created_at),
            modified_at: Time(modified_at),
        }
    }
}

/// A rule to create. `RuleName` is required in practice, the ARN is ours to make, and there is one
/// version (our choices, sampling.md 2).
pub(crate) fn read_rule(rule: &Members<'_>) -> Result<SamplingRule, ApiError> {
    if let Some(arn) = rule.optional("RuleARN") {
        return Err(arn.refuse("the ARN of a new rule is made from its name and cannot be given"));
    }
    let version = rule.required("Version")?;
    if version.integer(1..=INTEGER_MAX)? != 1 {
        return Err(version.refuse("expected 1, the only version"));
    }
    Ok(SamplingRule {
        name: rule.required("RuleName")?.text(1..=32)?,
        priority: i32_of(&rule.required("Priority")?, 1..=9999)?,
        fixed_rate: rule.required("FixedRate")?.double(0.0..=1.0)?,
        reservoir_size: u32_of(&rule.required("ReservoirSize")?)?,
        service_name: rule.required("ServiceName")?.text(0..=64)?,
        service_type: rule.required("ServiceType")?.text(0..=64)?,
        host: rule.required("Host")?.text(0..=64)?,
        http_method: rule.required("HTTPMethod")?.text(0..=10)?,
        url_path: rule.required("URLPath")?.text(0..=128)?,
        resource_arn: rule.required("ResourceARN")?.text(0..=500)?,
        attributes: read_attributes(rule)?.unwrap_or_default(),
        boost: read_boost(rule)?,
    })
}

/// What to change of a rule.
pub(crate) fn read_rule_update(update: &Members<'_>) -> Result<SamplingRuleUpdate, ApiError> {
    let priority = update
        .optional("Priority")
        .map(|m| i32_of(&m, 1..=9999))
        .transpose()?;
    let fixed_rate = update
        .optional("FixedRate")
        .map(|m| m.double(0.0..=1.0))
        .transpose()?;
    Ok(SamplingRuleUpdate {
        priority,
        fixed_rate,
        reservoir_size: update
            .optional("ReservoirSize")
            .map(|m| u32_of(&m))
            .transpose()?,
        service_name: update.optional_text("ServiceName", 0..=64)?,
        service_type: update.optional_text("ServiceType", 0..=64)?,
        host: update.optional_text("Host", 0..=64)?,
        http_method: update.optional_text("HTTPMethod", 0..=10)?,
        url_path: update.optional_text("URLPath", 0..=128)?,
        resource_arn: update.optional_text("ResourceARN", 0..=500)?,
        attributes: read_attributes(update)?,
        boost: read_boost(update)?,
    })
}

/// Which rule: `RuleName` or `RuleARN`, not both.
pub(crate) fn read_rule_selector(members: &Members<'_>) -> Result<RuleSelector, ApiError> {
    let name = members.optional_text("RuleName", 1..=32)?;
    let arn = members.optional_text("RuleARN", 0..=usize::MAX)?;
    match (name, arn) {
        (Some(name), None) => Ok(RuleSelector::Name(name)),
        (None, Some(arn)) => Ok(RuleSelector::Arn(arn)),
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "expected `RuleName` or `RuleARN`, found both",
        )),
        (None, None) => Err(ApiError::invalid("`RuleName` or `RuleARN` is required")),
    }
}

fn read_attributes(rule: &Members<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let Some(member) = rule.optional("Attributes") else {
        return Ok(None);
    };
    let mut attributes = BTreeMap::new();
    for (key, value) in member.entries(0..=5)? {
        if !(1..=32).contains(&key.chars().count()) {
            return Err(member.refuse("expected keys of 1 to 32 characters"));
        }
        attributes.insert(key, value.text(1..=32)?);
    }
    Ok(Some(attributes))
}

fn read_boost(rule: &Members<'_>) -> Result<Option<SamplingRateBoost>, ApiError> {
    let Some(member) = rule.optional("SamplingRateBoost") else {
        return Ok(None);
    };
    let boost = member.object()?;
    Ok(Some(SamplingRateBoost {
        max_rate: boost.required("MaxRate")?.double(0.0..=1.0)?,
        cooldown_window_minutes: u32_of(&boost.required("CooldownWindowMinutes")?)?,
    }))
}

fn u32_of(member: &Member<'_>) -> Result<u32, ApiError> {
    let value = member.integer(0..=INTEGER_MAX)?;
    Ok(u32::try_from(value).expect("the range above fits"))
}

fn i32_of(member: &Member<'_>, range: std::ops::RangeInclusive<i32>) -> Result<i32, ApiError> {
    let value = member.integer(i64::from(*range.start())..=i64::from(*range.end()))?;
    Ok(i32::try_from(value).expect("the range is one of 32-bit integers"))
}
