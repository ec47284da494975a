//! Insights and their events as clients see them (groups-insights.md 3 and 5).

use sha2::{Digest, Sha256};

use super::{Counts, minutes_between};
use crate::assembly::facts::NodeKey;
use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// Nodes in `TopAnomalousServices` (our choice).
pub const ANOMALOUS_NODES_MAX: usize = 10;

/// A UUID of version 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsightId(pub [u8; 16]);

/// An insight.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    pub id: InsightId,
    /// When the counts became anomalous: the start of a minute.
    pub start: UnixNanos,
    /// When they were normal again; `None` while active.
    pub end: Option<UnixNanos>,
    pub picture: Picture,
    /// `LastUpdateTime`: end of the last minute that changed something.
    pub updated: UnixNanos,
}

/// What an insight shows at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub root_cause: NodeKey,
    /// `TopAnomalousServices`: most affected first, 1–10.
    pub anomalous: Vec<NodeKey>,
    /// Entry edges of the group over the incident window so far.
    pub clients: Counts,
    /// The root cause's requests in its incident.
    pub root_cause_counts: Counts,
}

/// One recorded state of an insight.
#[derive(Clone, Debug, PartialEq)]
pub struct InsightEvent {
    pub time: UnixNanos,
    pub summary: String,
    pub picture: Picture,
}

impl InsightId {
    /// The id of what began there and then in a group: stable, so that judging again gives the same one
    /// (INS-1). `generation` tells apart insights that are not to be taken for one another.
    #[must_use]
    pub fn derive(group: &str, start: UnixNanos, root_cause: &NodeKey, generation: u32) -> Self {
        let NodeKey {
            name,
            node_type,
            account_id,
        } = root_cause;
        let mut digest = Sha256::new();
        for text in [
            Some(group),
            Some(name),
            node_type.as_deref(),
            account_id.as_deref(),
        ] {
            digest.update([u8::from(text.is_some())]);
            let text = text.unwrap_or_default();
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.update(start.0.to_be_bytes());
        digest.update(generation.to_be_bytes());
        Self::version_4(&digest.finalize())
    }

    /// The id of an event's notification.
    #[must_use]
    pub fn of_event(self, time: UnixNanos) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(time.0.to_be_bytes());
        Self::version_4(&digest.finalize())
    }

    /// Reads the text of any UUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        if groups.iter().map(|group| group.len()).ne([8, 4, 4, 4, 12]) {
            return None;
        }
        let digits = groups.concat();
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u128::from_str_radix(&digits, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }

    fn version_4(digest: &[u8]) -> Self {
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(digest) {
            *byte = *from;
        }
        let number = u128::from_be_bytes(bytes);
        let without = number & !(0xf << 76) & !(0b11 << 62);
        Self((without | 4 << 76 | 0b10 << 62).to_be_bytes())
    }
}

impl std::fmt::Display for InsightId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = format!("{:032x}", u128::from_be_bytes(self.0));
        let (a, rest) = digits.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl Insight {
    /// `Summary` (our texts).
    #[must_use]
    pub fn summary(&self) -> String {
        self.picture.summary(self.start, self.end)
    }
}

impl Picture {
    /// The text for an insight with this incident window.
    #[must_use]
    pub fn summary(&self, start: UnixNanos, end: Option<UnixNanos>) -> String {
        let NodeKey {
            name, node_type, ..
        } = &self.root_cause;
        let whose = match node_type {
            Some(node_type) => format!("Faults from {name} ({node_type})"),
            None => format!("Faults from {name}"),
        };
        let Counts { total, faults, .. } = self.root_cause_counts;
        match end {
            None => {
                let (since, affected) = (time_of_day(start), self.clients.faults);
                format!(
                    "{whose} are above the expected range. {faults} of {total} requests failed since {since} UTC and {affected} client requests were affected."
                )
            }
            Some(end) => {
                let minutes = minutes_between(start, end);
                format!(
                    "Incident closed. {whose} were above the expected range for {minutes} minutes, {faults} of {total} requests failed."
                )
            }
        }
    }

    /// Whether so much changed since the last event that another is due (our thresholds): another root
    /// cause or set of anomalous services, a share of faults 10 points off, or doubled.
    #[must_use]
    pub fn differs_notably(&self, last: &Self) -> bool {
        let sorted = |picture: &Self| {
            let mut nodes = picture.anomalous.clone();
            nodes.sort_unstable();
            nodes
        };
        self.root_cause != last.root_cause
            || sorted(self) != sorted(last)
            || moved(self.clients, last.clients)
            || moved(self.root_cause_counts, last.root_cause_counts)
    }
}

/// Percentages are compared by whole numbers: no float decides whether an event goes out.
fn moved(now: Counts, then: Counts) -> bool {
    let (now_total, then_total) = (u128::from(now.total), u128::from(then.total));
    let (now_faults, then_faults) = (u128::from(now.faults), u128::from(then.faults));
    // Both shares over the common denominator, 0 where nothing was asked.
    let now_share = if now_total == 0 {
        0
    } else {
        now_faults * then_total.max(1)
    };
    let then_share = if then_total == 0 {
        0
    } else {
        then_faults * now_total.max(1)
    };
    let whole = now_total.max(1) * then_total.max(1);
    let ten_points = now_share.abs_diff(then_share) * 10 >= whole;
    let doubled = then_share > 0 && now_share >= then_share * 2;
    ten_points || doubled
}

fn time_of_day(time: UnixNanos) -> String {
    let minutes = time.secs().div_euclid(60).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
