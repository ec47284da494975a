//! The invariants of sampling.md 5, by simulation.

use proptest::prelude::*;

use super::*;

const RULE: &str = "checkout";

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

fn id(client: usize) -> String {
    format!("{client:024x}")
}

fn given(reservoir: &Reservoir) -> u64 {
    reservoir.clients().map(|(_, c)| u64::from(c.quota)).sum()
}

/// Lets every client report `rounds` times, 10 s apart, in the given order; returns the last quotas.
fn settle(
    reservoir: &mut Reservoir,
    size: u32,
    counts: &[u64],
    order: &[usize],
    rounds: i64,
) -> Vec<u32> {
    let mut quotas = vec![0; counts.len()];
    for round in 0..rounds {
        for &client in order {
            let now = at(round * 10);
            quotas[client] = reservoir.report(RULE, size, &id(client), counts[client], now);
            assert!(
                given(reservoir) <= u64::from(size),
                "sum of quotas over the reservoir"
            );
        }
    }
    quotas
}

#[test]
fn one_client_gets_the_whole_reservoir() {
    assert_eq!(settle(&mut Reservoir::default(), 50, &[3], &[0], 1), [50]);
    assert_eq!(
        settle(&mut Reservoir::default(), u32::MAX, &[3], &[0], 1),
        [u32::MAX]
    );
}

#[test]
fn empty_reservoir_gives_nothing() {
    assert_eq!(
        settle(&mut Reservoir::default(), 0, &[3, 9], &[0, 1], 3),
        [0, 0]
    );
}

#[test]
fn client_without_traffic_gets_nothing_and_the_rest_goes_to_the_others() {
    assert_eq!(
        settle(&mut Reservoir::default(), 10, &[0, 100], &[0, 1], 3),
        [0, 10]
    );
}

#[test]
fn share_of_a_client_that_left_is_free_after_the_activity_window() {
    let mut reservoir = Reservoir::default();
    settle(&mut reservoir, 10, &[100, 100], &[0, 1], 4);
    assert_eq!(reservoir.report(RULE, 10, &id(0), 100, at(60)), 5);
    assert_eq!(reservoir.report(RULE, 10, &id(0), 100, at(61)), 10);
}

#[test]
fn restored_quotas_count_as_given_for_one_window() {
    let mut reservoir = Reservoir::default();
    reservoir.restore(
        &id(7),
        Client {
            last_seen: at(-500),
            rate: 5.0,
            quota: 8,
        },
        at(0),
    );
    assert_eq!(reservoir.report(RULE, 10, &id(0), 1000, at(1)), 2);
    assert_eq!(reservoir.report(RULE, 10, &id(0), 1000, at(31)), 10);
}

proptest! {
    #[test]
    fn settled_quotas_use_the_reservoir_fairly_in_any_order(
        size in 0_u32..40,
        counts in proptest::collection::vec(0_u64..400, 1..12),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let order: Vec<usize> = order.into_iter().filter(|c| *c < counts.len()).collect();
        let straight: Vec<usize> = (0..counts.len()).collect();
        let quotas = settle(&mut Reservoir::default(), size, &counts, &order, 6);
        let other = settle(&mut Reservoir::default(), size, &counts, &straight, 6);
        prop_assert_eq!(&quotas, &other);
        let sum: u32 = quotas.iter().sum();
        let traffic = counts.iter().any(|c| *c > 0);
        prop_assert_eq!(sum, if traffic { size } else { 0 });
        for (a, qa) in counts.iter().zip(&quotas) {
            for (b, qb) in counts.iter().zip(&quotas) {
                prop_assert!(a != b || qa.abs_diff(*qb) <= 1);
            }
        }
    }

    #[test]
    fn sum_of_quotas_never_exceeds_the_reservoir(
        size in 0_u32..30,
        reports in proptest::collection::vec((0_usize..8, 0_u64..300, 0_i64..20), 1..120),
    ) {
        let mut reservoir = Reservoir::default();
        let mut now = 0;
        for (client, count, wait) in reports {
            now += wait;
            reservoir.report(RULE, size, &id(client), count, at(now));
            prop_assert!(given(&reservoir) <= u64::from(size));
        }
    }
}

/// A reservoir that so many clients have reported to at `at(0)`.
fn crowd(clients: usize) -> Reservoir {
    let mut reservoir = Reservoir::default();
    for client in 0..clients {
        let client_id = id(client);
        let client = Client {
            last_seen: at(0),
            rate: 1.0,
            quota: 0,
        };
        reservoir.restore(&client_id, client, at(0));
    }
    reservoir
}

#[test]
fn many_clients_are_told_longer_intervals() {
    for (clients, secs) in [(1, 10), (1_000, 10), (1_001, 20), (2_000, 20), (2_001, 30)] {
        assert_eq!(crowd(clients).interval_secs(), secs, "{clients} clients");
    }
}

#[test]
fn clients_stay_active_for_three_of_the_intervals_they_were_told() {
    let mut reservoir = crowd(2_001);
    reservoir.report(RULE, 10, &id(0), 1, at(1));
    reservoir.report(RULE, 10, &id(0), 1, at(90));
    assert_eq!(reservoir.clients().count(), 2_001);
    reservoir.report(RULE, 10, &id(0), 1, at(91));
    assert_eq!(reservoir.clients().count(), 1);
    // Who was told 30 s when there were many is waited for although there are few now.
    reservoir.report(RULE, 10, &id(1), 1, at(91));
    reservoir.report(RULE, 10, &id(0), 1, at(150));
    assert_eq!(reservoir.clients().count(), 2);
}

#[test]
fn client_beyond_the_bound_gets_nothing() {
    let mut reservoir = crowd(CLIENTS_MAX);
    assert_eq!(reservoir.report(RULE, 100_000, "one more", 100, at(1)), 0);
    assert_eq!(reservoir.clients().count(), CLIENTS_MAX);
    assert!(reservoir.report(RULE, 100_000, &id(7), 100, at(1)) > 0);
}

#[test]
fn lowered_reservoir_is_kept_to_once_each_client_has_reported() {
    let mut reservoir = Reservoir::default();
    settle(&mut reservoir, 10, &[100, 100, 100], &[0, 1, 2], 3);
    for client in 0..3 {
        reservoir.report(RULE, 4, &id(client), 100, at(30));
    }
    assert!(given(&reservoir) <= 4, "{}", given(&reservoir));
    for round in 4..6 {
        for client in 0..3 {
            reservoir.report(RULE, 4, &id(client), 100, at(round * 10));
        }
    }
    assert_eq!(given(&reservoir), 4);
}
