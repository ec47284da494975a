//! Sampling rules in the settings file.

use std::collections::BTreeMap;

use roentgen_model::sampling::rule::{DEFAULT_RULE_NAME, SamplingRateBoost, SamplingRule};
use roentgen_model::{Scope, UnixNanos};
use serde::{Deserialize, Serialize};
use sqlx::{SqliteConnection, SqlitePool};

use super::{Rules, SamplingRuleRecord, sort};
use crate::{ControlError, database};

/// Of the whole file: every rule change of any scope moves it.
const LAST_RULE_MODIFICATION: &str = "last_rule_modification";

/// A rule as the settings file holds it.
#[derive(Serialize, Deserialize)]
struct StoredRule {
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
    fn named(self, name: String) -> SamplingRule {
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

/// Reads all rules of a scope, with `Default` as it starts if it was never changed.
pub(crate) async fn load(pool: &SqlitePool, scope: &Scope) -> Result<Rules, ControlError> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT name, body, created_at, modified_at FROM sampling_rule WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read sampling rules"))?;
    let mut records = Vec::with_capacity(rows.len() + 1);
    for (name, body, created_at, modified_at) in rows {
        let stored: StoredRule =
            serde_json::from_str(&body).map_err(|e| ControlError::Damaged {
                what: "sampling rule",
                reason: e.to_string(),
            })?;
        let rule = stored.named(name);
        let (created_at, modified_at) = (UnixNanos(created_at), UnixNanos(modified_at));
        records.push(SamplingRuleRecord {
            rule,
            created_at,
            modified_at,
        });
    }
    if !records.iter().any(|r| r.rule.name == DEFAULT_RULE_NAME) {
        let (created_at, modified_at) = (UnixNanos(0), UnixNanos(0));
        let rule = SamplingRule::default_rule();
        records.push(SamplingRuleRecord {
            rule,
            created_at,
            modified_at,
        });
    }
    sort(&mut records);
    let zero = || 0_i64.to_be_bytes().to_vec();
    let modified = database::value_or_insert(pool, LAST_RULE_MODIFICATION, zero).await?;
    let bytes: [u8; 8] = modified.try_into().map_err(|_| ControlError::Damaged {
        what: "time of the last rule change",
        reason: "expected 8 bytes".into(),
    })?;
    Ok(Rules {
        records,
        last_modification: UnixNanos(i64::from_be_bytes(bytes)),
    })
}

pub(super) async fn write(
    connection: &mut SqliteConnection,
    scope: &Scope,
    record: &SamplingRuleRecord,
    now: UnixNanos,
) -> Result<(), ControlError> {
    let body = serde_json::to_string(&StoredRule::from(record.rule.clone()))
        .expect("a rule of texts and finite numbers has a JSON form");
    sqlx::query("INSERT OR REPLACE INTO sampling_rule VALUES (?, ?, ?, ?, ?, ?)")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(&record.rule.name)
        .bind(body)
        .bind(record.created_at.0)
        .bind(record.modified_at.0)
        .execute(&mut *connection)
        .await
        .map_err(ControlError::storage("write a sampling rule"))?;
    database::put_value(connection, LAST_RULE_MODIFICATION, &now.0.to_be_bytes()).await
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    scope: &Scope,
    name: &str,
    now: UnixNanos,
) -> Result<(), ControlError> {
    sqlx::query("DELETE FROM sampling_rule WHERE account = ? AND region = ? AND name = ?")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(name)
        .execute(&mut *connection)
        .await
        .map_err(ControlError::storage("delete a sampling rule"))?;
    database::put_value(connection, LAST_RULE_MODIFICATION, &now.0.to_be_bytes()).await
}
