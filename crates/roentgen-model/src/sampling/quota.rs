//! Sharing a rule's reservoir among its clients (spec sampling.md 5, "Quota assignment", our method).
//!
//! The sum of the quotas last answered to active clients never exceeds the reservoir: a client whose
//! share grew gets it only as far as the others have been told of theirs.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// Seconds between two reports of a client, as answered to it while there are few.
pub const REPORT_INTERVAL_SECS: i64 = 10;
/// With more active clients of a rule than the first number, its clients report less often (our choice).
const LONGER_INTERVALS: [(usize, i64); 2] = [(2_000, 30), (1_000, 20)];
/// Clients that are known of a rule. Others get no quota and borrow.
pub const CLIENTS_MAX: usize = 5_000;
/// How long a quota is valid (documented sample: five minutes).
pub const QUOTA_TTL_SECS: i64 = 300;
/// A client is active for so many of its rule's intervals after its last report.
const ACTIVITY_INTERVALS: i64 = 3;
/// The time that makes while there are few clients.
pub const ACTIVITY_WINDOW_SECS: i64 = ACTIVITY_INTERVALS * REPORT_INTERVAL_SECS;

const RATE_WEIGHT: f64 = 0.5;
const HEADROOM: f64 = 1.2;
const NANOS_PER_SEC: i64 = 1_000_000_000;

/// The clients of one rule and what they were last answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reservoir {
    clients: BTreeMap<String, Client>,
    /// The longest interval that an active client may have been told, and until when.
    longer: Option<(i64, UnixNanos)>,
}

/// What is known of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Client {
    pub last_seen: UnixNanos,
    /// Requests per second, exponentially weighted.
    pub rate: f64,
    /// Traces per second, as last answered.
    pub quota: u32,
}

impl Reservoir {
    /// Takes a client's report of `request_count` requests since its last one and answers its share of
    /// `size` traces a second.
    ///
    /// Clients that have not reported within the activity window are forgotten first. One more than
    /// [`CLIENTS_MAX`] is not taken up and gets 0.
    pub fn report(
        &mut self,
        rule_name: &str,
        size: u32,
        client_id: &str,
        request_count: u64,
        now: UnixNanos,
    ) -> u32 {
        self.forget_inactive(now);
        let previous = self.clients.get(client_id).copied();
        if previous.is_none() && self.clients.len() >= CLIENTS_MAX {
            return 0;
        }
        let rate = rate_after(previous, request_count, now);
        let given = previous.map_or(0, |c| c.quota);
        self.clients.insert(
            client_id.to_owned(),
            Client {
                last_seen: now,
                rate,
                quota: given,
            },
        );
        let others: u64 = self
            .clients
            .iter()
            .filter(|(id, _)| *id != client_id)
            .map(|(_, c)| u64::from(c.quota))
            .sum();
        let free = u32::try_from(u64::from(size).saturating_sub(others)).unwrap_or(u32::MAX);
        let quota = self.share(rule_name, size, client_id, now).min(free);
        if let Some(client) = self.clients.get_mut(client_id) {
            client.quota = quota;
        }
        quota
    }

    /// When the client that was just answered should report again.
    #[must_use]
    pub fn interval_secs(&self) -> i64 {
        let clients = self.clients.len();
        let longer = LONGER_INTERVALS.iter().find(|(many, _)| clients > *many);
        longer.map_or(REPORT_INTERVAL_SECS, |(_, secs)| *secs)
    }

    /// The active clients with their state, for writing down (SAMP-1).
    pub fn clients(&self) -> impl Iterator<Item = (&str, &Client)> {
        self.clients
            .iter()
            .map(|(id, client)| (id.as_str(), client))
    }

    /// Takes back what was written down: the quotas count as given for one activity window from `now`
    /// (SAMP-1).
    pub fn restore(&mut self, client_id: &str, client: Client, now: UnixNanos) {
        self.clients.insert(
            client_id.to_owned(),
            Client {
                last_seen: now,
                ..client
            },
        );
    }

    fn forget_inactive(&mut self, now: UnixNanos) {
        let interval = self.interval_secs();
        self.longer = self
            .longer
            .filter(|(longer, until)| *longer > interval && now <= *until);
        if interval > REPORT_INTERVAL_SECS && self.longer.is_none_or(|(secs, _)| secs <= interval) {
            let until = now.0.saturating_add(window_nanos(interval));
            self.longer = Some((interval, UnixNanos(until)));
        }
        let window = window_nanos(self.longer.map_or(interval, |(secs, _)| secs.max(interval)));
        self.clients
            .retain(|_, c| now.nanos_since(c.last_seen) <= window);
    }

    /// The settled share of one client: max-min fair by demand, then the rest in equal rounds.
    fn share(&self, rule_name: &str, size: u32, client_id: &str, now: UnixNanos) -> u32 {
        let minute = now.secs().div_euclid(60);
        let mut order: Vec<(u64, &str, u32)> = self
            .clients
            .iter()
            .filter(|(_, c)| c.rate > 0.0)
            .map(|(id, c)| (turn(id, rule_name, minute), id.as_str(), demand(c.rate)))
            .collect();
        order.sort_unstable();
        let mut shares = vec![0_u32; order.len()];
        let left = deal(size, &mut shares, |i| order.get(i).map_or(0, |c| c.2));
        deal(left, &mut shares, |_| u32::MAX);
        let at = order.iter().position(|(_, id, _)| *id == client_id);
        at.and_then(|i| shares.get(i).copied()).unwrap_or(0)
    }
}

const fn window_nanos(interval_secs: i64) -> i64 {
    ACTIVITY_INTERVALS * interval_secs * NANOS_PER_SEC
}

/// Gives out `units` one by one in rounds to all below their `limit`, in order; returns what is left.
/// Whole rounds are given at once, so that the time does not depend on `units`.
fn deal(mut units: u32, shares: &mut [u32], limit: impl Fn(usize) -> u32) -> u32 {
    loop {
        let room: Vec<(usize, u32)> = (shares.iter().enumerate())
            .map(|(i, s)| (i, limit(i).saturating_sub(*s)))
            .filter(|(_, room)| *room > 0)
            .collect();
        let Some(least) = room.iter().map(|(_, room)| *room).min() else {
            return units;
        };
        if units == 0 {
            return 0;
        }
        let takers = u32::try_from(room.len()).unwrap_or(u32::MAX);
        let rounds = (units / takers).min(least);
        let (each, count) = if rounds == 0 {
            (1, units as usize)
        } else {
            (rounds, room.len())
        };
        for (i, _) in room.into_iter().take(count) {
            if let Some(share) = shares.get_mut(i) {
                *share += each;
                units -= each;
            }
        }
    }
}

/// Whole traces a second that satisfy a client with some headroom, at least 1.
fn demand(rate: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    let whole = (HEADROOM * rate).ceil() as u32;
    whole.max(1)
}

fn rate_after(previous: Option<Client>, request_count: u64, now: UnixNanos) -> f64 {
    let elapsed_nanos = previous.map_or(REPORT_INTERVAL_SECS * NANOS_PER_SEC, |c| {
        now.nanos_since(c.last_seen)
            .clamp(NANOS_PER_SEC, 60 * NANOS_PER_SEC)
    });
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate needs no more than 52 bits"
    )]
    let measured = request_count as f64 / (elapsed_nanos as f64 / 1e9);
    previous.map_or(measured, |c| {
        RATE_WEIGHT * measured + (1.0 - RATE_WEIGHT) * c.rate
    })
}

/// Turn of a client within a round; changes once a minute, so that with more clients than units the
/// units move around.
fn turn(client_id: &str, rule_name: &str, minute: i64) -> u64 {
    let mut hash = Sha256::new();
    for part in [
        client_id.as_bytes(),
        b"/",
        rule_name.as_bytes(),
        b"/",
        &minute.to_be_bytes(),
    ] {
        hash.update(part);
    }
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
