//! The shop's groups and sampling rules, so that pages about them have something to show.

use std::collections::BTreeMap;

use anyhow::Context;
use roentgen_control::Control;
use roentgen_control::groups::{DEFAULT_GROUP_NAME, GroupUpdate, InsightsUpdate, NewGroup};
use roentgen_model::UnixNanos;
use roentgen_model::filter::GroupSelector;
use roentgen_model::sampling::rule::SamplingRule;

/// Name and expression of each group.
const GROUPS: [(&str, &str); 3] = [
    (
        "checkout",
        "service(\"orders-api/prod\") OR service(\"shop-web\")",
    ),
    ("payment-faults", "service(\"pay\") { fault }"),
    ("slow", "responsetime > 1"),
];

/// Makes what is not there yet; what somebody changed or deleted in an earlier run of an existing data
/// directory stays as it is, but that deleted groups and rules come again.
///
/// # Errors
/// When the settings cannot be written.
pub(crate) async fn furnish(control: &Control, now: UnixNanos) -> anyhow::Result<()> {
    for (name, expression) in GROUPS {
        if control.group(GroupSelector::Name(name)).is_none() {
            let group = NewGroup {
                name: name.to_owned(),
                expression: expression.to_owned(),
                ..NewGroup::default()
            };
            let created = control.create_group(group, now).await;
            created.with_context(|| format!("make the group `{name}`"))?;
        }
    }
    let watched = GroupUpdate {
        expression: None,
        insights: InsightsUpdate {
            insights_enabled: Some(true),
            notifications_enabled: None,
        },
    };
    let default = GroupSelector::Name(DEFAULT_GROUP_NAME);
    let updated = control.update_group(default, watched, now).await;
    updated.context("watch the shop for insights")?;
    for rule in rules() {
        let known = control.sampling_rules();
        if !known.iter().any(|record| record.rule.name == rule.name) {
            let name = rule.name.clone();
            let created = control
                .create_sampling_rule(rule, BTreeMap::new(), now)
                .await;
            created.with_context(|| format!("make the sampling rule `{name}`"))?;
        }
    }
    Ok(())
}

fn rules() -> [SamplingRule; 2] {
    let orders = SamplingRule {
        name: "orders".to_owned(),
        priority: 100,
        fixed_rate: 0.5,
        reservoir_size: 10,
        http_method: "POST".to_owned(),
        url_path: "/orders*".to_owned(),
        ..SamplingRule::default_rule()
    };
    let health = SamplingRule {
        name: "health checks".to_owned(),
        priority: 200,
        fixed_rate: 0.0,
        reservoir_size: 0,
        url_path: "/health*".to_owned(),
        ..SamplingRule::default_rule()
    };
    [orders, health]
}
