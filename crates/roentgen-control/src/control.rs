//! [`Control`]: the settings of one server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use roentgen_model::settings_history::SettingsHistory;
use roentgen_model::{Scope, Stamp, UnixNanos};
use sqlx::SqlitePool;
use tokio::sync::watch;

use crate::encryption::EncryptionConfigs;
use crate::groups::{self, GROUPS_MAX, Groups};
use crate::indexing::{self, Indexing};
use crate::policies::{self, ResourcePolicy};
use crate::sampling_rules::{self, CUSTOM_RULES_MAX, Rules};
use crate::sampling_targets::{self, BOOST_ANOMALIES_PER_MINUTE, Targets};
use crate::tags::{self, Tags};
use crate::{ControlError, database};

const TOKEN_KEY: &str = "token_key";
/// A trace may count from so long after its documents came (LIMIT-1, a start ahead) and stay until its
/// whole day is over: the history outlives the data by it.
const HISTORY_MARGIN: Duration = Duration::from_secs(2 * 24 * 3600);
/// Changes of groups, and of indexing, that are kept: each costs a check of its expressions. Beyond it
/// the oldest are forgotten; documents of that time are then judged as by the oldest known.
const HISTORY_CHANGES_MAX: usize = 1_000;

/// Where settings are kept, and for whom.
#[derive(Clone, Debug)]
pub struct ControlSettings {
    /// `control.db`; `None` keeps everything in memory (tests).
    pub path: Option<PathBuf>,
    pub scope: Scope,
    /// Custom sampling rules allowed; AWS's 25 unless configured.
    pub custom_rules_max: usize,
    /// Groups allowed beside `Default`; AWS's 25 unless configured.
    pub groups_max: usize,
    /// The retention of traces: how long expressions of groups and shares of indexing are kept that
    /// are no longer valid. 30 days unless configured.
    pub data_kept: Duration,
    /// Traces of anomalies that a boost of sampling aims at (sampling.md 6); 10 unless configured.
    pub boost_anomalies_per_minute: f64,
}

impl ControlSettings {
    /// The settings of `scope` in the file at `path`.
    #[must_use]
    pub fn new(path: Option<PathBuf>, scope: Scope) -> Self {
        Self {
            path,
            scope,
            custom_rules_max: CUSTOM_RULES_MAX,
            groups_max: GROUPS_MAX,
            data_kept: Duration::from_secs(30 * 24 * 3600),
            boost_anomalies_per_minute: BOOST_ANOMALIES_PER_MINUTE,
        }
    }

    /// What was superseded at this stamp or before may be forgotten, by age and by number: `changes`
    /// are all that are kept, ascending.
    pub(crate) fn history_cut(&self, changes: &[Stamp], now: UnixNanos) -> Stamp {
        let kept = self.data_kept.saturating_add(HISTORY_MARGIN).as_nanos();
        let by_age = Stamp(
            now.0
                .saturating_sub(i64::try_from(kept).unwrap_or(i64::MAX)),
        );
        let over = changes.len().checked_sub(HISTORY_CHANGES_MAX);
        let by_number = over.and_then(|over| changes.get(over));
        by_number.map_or(by_age, |by_number| by_age.max(*by_number))
    }
}

/// The settings of one server: reads are answered from memory, changes are durable before they are
/// answered. Quotas and statistics are written by [`Control::write_statistics`] only (SAMP-1).
#[derive(Debug)]
pub struct Control {
    pub(crate) pool: SqlitePool,
    pub(crate) settings: ControlSettings,
    token_key: [u8; 32],
    encryption: EncryptionConfigs,
    pub(crate) rules: RwLock<Rules>,
    pub(crate) targets: Mutex<Targets>,
    pub(crate) groups: RwLock<Groups>,
    pub(crate) indexing: RwLock<Indexing>,
    pub(crate) tags: RwLock<Tags>,
    /// By name.
    pub(crate) policies: RwLock<Vec<ResourcePolicy>>,
    history: watch::Sender<Arc<SettingsHistory>>,
    /// Of unique ids.
    pub(crate) random: Mutex<StdRng>,
    /// One change of settings at a time, over its write to the file.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

impl Control {
    /// Opens the settings, creating the file if there is none. `seed` makes the key for page tokens on
    /// first use, and unique ids. Quotas as last written count as given for one activity window from `now`.
    ///
    /// # Errors
    /// [`ControlError::Storage`] and [`ControlError::Damaged`].
    pub async fn open(
        settings: ControlSettings,
        seed: [u8; 32],
        now: UnixNanos,
    ) -> Result<Self, ControlError> {
        let pool = database::open(settings.path.as_deref()).await?;
        let mut random = StdRng::from_seed(seed);
        let mut first_key = vec![0; 32];
        random.fill_bytes(&mut first_key);
        let key = database::value_or_insert(&pool, TOKEN_KEY, || first_key).await?;
        let token_key = key.try_into().map_err(|_| ControlError::Damaged {
            what: "token key",
            reason: "expected 32 bytes".into(),
        })?;
        let encryption = EncryptionConfigs::open(&pool, &settings.scope).await?;
        let (scope, cut) = (&settings.scope, settings.history_cut(&[], now));
        let groups = groups::load(&pool, scope, cut).await?;
        let indexing = indexing::load(&pool, scope, cut).await?;
        let history = history_of(&groups, &indexing);
        Ok(Self {
            token_key,
            encryption,
            rules: RwLock::new(sampling_rules::load(&pool, scope).await?),
            targets: Mutex::new(sampling_targets::load(&pool, scope, now).await?),
            groups: RwLock::new(groups),
            indexing: RwLock::new(indexing),
            tags: RwLock::new(tags::load(&pool, scope).await?),
            policies: RwLock::new(policies::load(&pool, scope).await?),
            history: watch::Sender::new(history),
            random: Mutex::new(random),
            changing: tokio::sync::Mutex::new(()),
            pool,
            settings,
        })
    }

    /// The key that seals page tokens; the same after a restart.
    #[must_use]
    pub fn token_key(&self) -> [u8; 32] {
        self.token_key
    }

    /// What data is written under.
    #[must_use]
    pub fn encryption(&self) -> &EncryptionConfigs {
        &self.encryption
    }

    /// Whose settings these are.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.settings.scope
    }

    /// The settings that shape facts, with their past as long as data may be judged by it (ASM-2).
    #[must_use]
    pub fn history(&self) -> Arc<SettingsHistory> {
        self.history.borrow().clone()
    }

    /// The history as it changes; what is seen there is durable.
    #[must_use]
    pub fn watch_history(&self) -> watch::Receiver<Arc<SettingsHistory>> {
        self.history.subscribe()
    }

    /// When a change that is made now begins to be valid: after every one before.
    pub(crate) fn next_change(&self, now: UnixNanos) -> Stamp {
        let last = self.history.borrow().newest_change();
        last.map_or(Stamp(now.0), |last| {
            Stamp(now.0.max(last.0.saturating_add(1)))
        })
    }

    pub(crate) fn publish_history(&self) {
        let history = history_of(&self.groups.read(), &self.indexing.read());
        self.history.send_replace(history);
    }
}

fn history_of(groups: &Groups, indexing: &Indexing) -> Arc<SettingsHistory> {
    let (groups, changes) = (groups.histories.clone(), indexing.changes.clone());
    Arc::new(SettingsHistory::new(groups, changes))
}
