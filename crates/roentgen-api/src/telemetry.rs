//! What agents count about themselves, by agent, for the console's daemon page; in memory only.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use roentgen_model::UnixNanos;

#[cfg(test)]
mod tests;

/// Agents known at once; the one that has been silent longest goes first.
const AGENTS_MAX: usize = 256;
/// Records kept of one agent, the oldest arrival goes first. An hour of an agent that sends one a minute.
const RECORDS_PER_AGENT_MAX: usize = 60;
/// Older records are ignored silently (api.md, our choice), and an agent silent for so long is forgotten.
pub(crate) const AGE_SECS_MAX: i64 = 24 * 3600;

/// Who an agent says it is; what it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId {
    pub hostname: Option<String>,
    pub instance_id: Option<String>,
    pub resource_arn: Option<String>,
}

/// Counts of one record, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts {
    pub segments_received: u64,
    pub segments_sent: u64,
    pub segments_spilled: u64,
    pub segments_rejected: u64,
    pub connection_errors: BackendConnectionErrors,
}

/// How uploads of an agent failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendConnectionErrors {
    pub timeout: u64,
    pub connection_refused: u64,
    pub http_4xx: u64,
    pub http_5xx: u64,
    pub unknown_host: u64,
    pub other: u64,
}

/// One agent's counts since its record before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryRecord {
    pub timestamp: UnixNanos,
    pub counts: AgentCounts,
}

/// What is known of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// When its last records arrived, by our clock.
    pub last_report: UnixNanos,
    /// Of all its records since it was first known.
    pub totals: AgentCounts,
    /// The last records, oldest arrival first.
    pub records: VecDeque<TelemetryRecord>,
}

/// The agents that report.
#[derive(Debug, Default)]
pub struct TelemetryRecords {
    agents: Mutex<HashMap<AgentId, Agent>>,
}

impl AgentCounts {
    fn plus(self, other: Self) -> Self {
        let (mine, theirs) = (self.connection_errors, other.connection_errors);
        Self {
            segments_received: self
                .segments_received
                .saturating_add(other.segments_received),
            segments_sent: self.segments_sent.saturating_add(other.segments_sent),
            segments_spilled: self.segments_spilled.saturating_add(other.segments_spilled),
            segments_rejected: self
                .segments_rejected
                .saturating_add(other.segments_rejected),
            connection_errors: BackendConnectionErrors {
                timeout: mine.timeout.saturating_add(theirs.timeout),
                connection_refused: mine
                    .connection_refused
                    .saturating_add(theirs.connection_refused),
                http_4xx: mine.http_4xx.saturating_add(theirs.http_4xx),
                http_5xx: mine.http_5xx.saturating_add(theirs.http_5xx),
                unknown_host: mine.unknown_host.saturating_add(theirs.unknown_host),
                other: mine.other.saturating_add(theirs.other),
            },
        }
    }
}

impl TelemetryRecords {
    /// Takes the records of one call. A call without any changes nothing.
    pub(crate) fn add(&self, id: AgentId, records: Vec<TelemetryRecord>, now: UnixNanos) {
        if records.is_empty() {
            return;
        }
        let mut agents = self.agents.lock();
        if agents.len() >= AGENTS_MAX && !agents.contains_key(&id) {
            let silent = agents.values().min_by_key(|agent| agent.last_report);
            let silent = silent.map(|agent| agent.id.clone());
            silent.map(|id| agents.remove(&id));
        }
        let agent = agents.entry(id.clone()).or_insert_with(|| Agent {
            id,
            last_report: now,
            totals: AgentCounts::default(),
            records: VecDeque::new(),
        });
        agent.last_report = now;
        for record in records {
            agent.totals = agent.totals.plus(record.counts);
            if agent.records.len() >= RECORDS_PER_AGENT_MAX {
                agent.records.pop_front();
            }
            agent.records.push_back(record);
        }
    }

    /// The agents that reported within the last day, with their records of that day; who reported last
    /// comes first.
    #[must_use]
    pub fn agents(&self, now: UnixNanos) -> Vec<Agent> {
        let oldest = UnixNanos::from_secs(now.secs().saturating_sub(AGE_SECS_MAX));
        let mut agents = self.agents.lock();
        agents.retain(|_, agent| {
            agent.records.retain(|record| record.timestamp >= oldest);
            agent.last_report >= oldest
        });
        let mut agents: Vec<Agent> = agents.values().cloned().collect();
        agents.sort_by(|a, b| {
            let by_report = b.last_report.cmp(&a.last_report);
            by_report.then_with(|| a.id.cmp(&b.id))
        });
        agents
    }
}
