//! Sampling rules as records: validation and their form in the settings file (spec sampling.md 1, 2;
//! api.md Create-, Update-, DeleteSamplingRule).

use std::collections::BTreeMap;

use roentgen_model::sampling::rule::{DEFAULT_RULE_NAME, SamplingRateBoost, SamplingRule};
use roentgen_model::{Scope, UnixNanos};

use crate::{Control, ControlError, tags};

mod stored;
#[cfg(test)]
mod tests;

pub(crate) use stored::load;

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

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Sorted by (priority, name); `Default` is always there.
    pub(crate) records: Vec<SamplingRuleRecord>,
    pub(crate) last_modification: UnixNanos,
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

fn sort(records: &mut [SamplingRuleRecord]) {
    records.sort_by(|a, b| {
        a.rule
            .priority
            .cmp(&b.rule.priority)
            .then_with(|| a.rule.name.cmp(&b.rule.name))
    });
}

impl Control {
    /// All rules with `Default`, sorted by (priority, name).
    #[must_use]
    pub fn sampling_rules(&self) -> Vec<SamplingRuleRecord> {
        self.rules.read().records.clone()
    }

    /// Creates a custom rule with its tags, which the caller has checked.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for a broken constraint, an existing name or `Default`;
    /// [`ControlError::RuleLimit`] over the allowed number.
    pub async fn create_sampling_rule(
        &self,
        rule: SamplingRule,
        rule_tags: BTreeMap<String, String>,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        if rule.name == DEFAULT_RULE_NAME {
            return Err(ControlError::invalid(
                "the Default rule exists and cannot be created",
            ));
        }
        validate(&rule)?;
        if records.iter().any(|r| r.rule.name == rule.name) {
            let name = &rule.name;
            return Err(ControlError::invalid(format!(
                "a sampling rule named `{name}` exists"
            )));
        }
        let limit = self.settings.custom_rules_max;
        if records.len() > limit {
            return Err(ControlError::RuleLimit { limit });
        }
        let record = SamplingRuleRecord {
            rule,
            created_at: now,
            modified_at: now,
        };
        let arn = rule_arn(self.scope(), &record.rule.name);
        let storage = || ControlError::storage("write a sampling rule");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        stored::write(&mut transaction, self.scope(), &record, now).await?;
        tags::write(&mut transaction, self.scope(), &arn, &rule_tags).await?;
        transaction.commit().await.map_err(storage())?;
        self.tags.write().put(&arn, rule_tags);
        records.push(record.clone());
        self.publish_rules(records, now);
        Ok(record)
    }

    /// Changes a rule; of `Default` only rate, reservoir and boost.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for an unknown rule or a broken constraint.
    pub async fn update_sampling_rule(
        &self,
        selector: &RuleSelector,
        update: SamplingRuleUpdate,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        let record = self.find(&mut records, selector)?;
        record.rule = update.applied_to(&record.rule)?;
        record.modified_at = now;
        let changed = record.clone();
        let storage = || ControlError::storage("write a sampling rule");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        stored::write(&mut transaction, self.scope(), &changed, now).await?;
        transaction.commit().await.map_err(storage())?;
        self.publish_rules(records, now);
        Ok(changed)
    }

    /// Deletes a custom rule and returns it.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for `Default` or an unknown rule.
    pub async fn delete_sampling_rule(
        &self,
        selector: &RuleSelector,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        let deleted = self.find(&mut records, selector)?.clone();
        if deleted.rule.name == DEFAULT_RULE_NAME {
            return Err(ControlError::invalid("the Default rule cannot be deleted"));
        }
        let storage = || ControlError::storage("delete a sampling rule");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        stored::delete(&mut transaction, self.scope(), &deleted.rule.name, now).await?;
        let arn = rule_arn(self.scope(), &deleted.rule.name);
        tags::delete_all(&mut transaction, self.scope(), &arn).await?;
        transaction.commit().await.map_err(storage())?;
        records.retain(|r| r.rule.name != deleted.rule.name);
        self.publish_rules(records, now);
        self.tags.write().remove(&arn);
        self.targets.lock().forget_rule(&deleted.rule.name);
        Ok(deleted)
    }

    fn find<'r>(
        &self,
        records: &'r mut [SamplingRuleRecord],
        selector: &RuleSelector,
    ) -> Result<&'r mut SamplingRuleRecord, ControlError> {
        let scope = &self.settings.scope;
        let is_it = |r: &&mut SamplingRuleRecord| match selector {
            RuleSelector::Name(name) => r.rule.name == *name,
            RuleSelector::Arn(arn) => rule_arn(scope, &r.rule.name) == *arn,
        };
        let (RuleSelector::Name(wanted) | RuleSelector::Arn(wanted)) = selector;
        let unknown = || ControlError::invalid(format!("no sampling rule `{wanted}`"));
        records.iter_mut().find(is_it).ok_or_else(unknown)
    }

    fn publish_rules(&self, mut records: Vec<SamplingRuleRecord>, now: UnixNanos) {
        sort(&mut records);
        *self.rules.write() = Rules {
            records,
            last_modification: now,
        };
    }
}
