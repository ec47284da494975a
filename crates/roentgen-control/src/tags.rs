//! Tags of groups and sampling rules (spec security.md 6). They vanish with their resource.

use std::collections::BTreeMap;

use roentgen_model::Scope;
use roentgen_model::filter::GroupSelector;
use sqlx::{SqliteConnection, SqlitePool};

use crate::sampling_rules::rule_arn;
use crate::{Control, ControlError};

#[cfg(test)]
mod tests;

/// Tags of one resource.
pub const RESOURCE_TAGS_MAX: usize = 50;

/// All tags of a scope, by the resource's ARN.
#[derive(Debug, Default)]
pub(crate) struct Tags(BTreeMap<String, BTreeMap<String, String>>);

impl Tags {
    pub(crate) fn put(&mut self, arn: &str, tags: BTreeMap<String, String>) {
        if tags.is_empty() {
            self.0.remove(arn);
        } else {
            self.0.insert(arn.to_owned(), tags);
        }
    }

    pub(crate) fn remove(&mut self, arn: &str) {
        self.0.remove(arn);
    }

    fn of(&self, arn: &str) -> BTreeMap<String, String> {
        self.0.get(arn).cloned().unwrap_or_default()
    }
}

impl Control {
    /// The tags of a group or sampling rule, by key.
    ///
    /// # Errors
    /// [`ControlError::NoResource`].
    pub fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, ControlError> {
        self.check_resource(arn)?;
        Ok(self.tags.read().of(arn))
    }

    /// Adds tags or changes their values; keys and values are checked by the caller.
    ///
    /// # Errors
    /// [`ControlError::NoResource`], [`ControlError::TooManyTags`].
    pub async fn tag(
        &self,
        arn: &str,
        added: BTreeMap<String, String>,
    ) -> Result<(), ControlError> {
        let _one_change = self.changing.lock().await;
        let mut tags = self.tags(arn)?;
        tags.extend(added);
        if tags.len() > RESOURCE_TAGS_MAX {
            return Err(ControlError::TooManyTags {
                arn: arn.to_owned(),
                found: tags.len(),
                limit: RESOURCE_TAGS_MAX,
            });
        }
        self.keep_tags(arn, tags).await
    }

    /// Removes tags; keys that are not there are ignored.
    ///
    /// # Errors
    /// [`ControlError::NoResource`].
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), ControlError> {
        let _one_change = self.changing.lock().await;
        let mut tags = self.tags(arn)?;
        tags.retain(|key, _| !keys.contains(key));
        self.keep_tags(arn, tags).await
    }

    async fn keep_tags(
        &self,
        arn: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), ControlError> {
        let storage = || ControlError::storage("write tags");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        delete_all(&mut transaction, self.scope(), arn).await?;
        write(&mut transaction, self.scope(), arn, &tags).await?;
        transaction.commit().await.map_err(storage())?;
        self.tags.write().put(arn, tags);
        Ok(())
    }

    fn check_resource(&self, arn: &str) -> Result<(), ControlError> {
        let is_rule = |name: &str| rule_arn(self.scope(), name) == arn;
        let rules = self.rules.read();
        let exists = self.group(GroupSelector::Arn(arn)).is_some()
            || rules
                .records
                .iter()
                .any(|record| is_rule(&record.rule.name));
        if exists {
            return Ok(());
        }
        Err(ControlError::NoResource {
            name: arn.to_owned(),
        })
    }
}

pub(crate) async fn load(pool: &SqlitePool, scope: &Scope) -> Result<Tags, ControlError> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT arn, key, value FROM resource_tag WHERE account = ? AND region = ?")
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .fetch_all(pool)
            .await
            .map_err(ControlError::storage("read tags"))?;
    let mut tags = Tags::default();
    for (arn, key, value) in rows {
        tags.0.entry(arn).or_default().insert(key, value);
    }
    Ok(tags)
}

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    scope: &Scope,
    arn: &str,
    tags: &BTreeMap<String, String>,
) -> Result<(), ControlError> {
    for (key, value) in tags {
        sqlx::query("INSERT INTO resource_tag VALUES (?, ?, ?, ?, ?)")
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(arn)
            .bind(key)
            .bind(value)
            .execute(&mut *connection)
            .await
            .map_err(ControlError::storage("write tags"))?;
    }
    Ok(())
}

pub(crate) async fn delete_all(
    connection: &mut SqliteConnection,
    scope: &Scope,
    arn: &str,
) -> Result<(), ControlError> {
    sqlx::query("DELETE FROM resource_tag WHERE account = ? AND region = ? AND arn = ?")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(arn)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(ControlError::storage("delete tags"))
}
