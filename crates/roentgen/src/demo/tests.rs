use std::collections::BTreeSet;

use roentgen_model::document::{DocumentSettings, parse};

use super::*;

fn opening() -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000)
}

fn first_minutes(seed: u64, secs: i64) -> Vec<String> {
    let mut shop = Shop::new(seed, opening());
    shop.due(UnixNanos::from_secs(opening().secs() + secs))
}

#[test]
fn same_seed_gives_the_same_documents() {
    assert_eq!(first_minutes(7, 30), first_minutes(7, 30));
    assert_ne!(first_minutes(7, 30), first_minutes(8, 30));
}

#[test]
fn every_document_of_five_minutes_is_valid_and_fits_a_datagram() {
    let documents = first_minutes(42, 300);
    assert!(documents.len() > 5_000, "{}", documents.len());
    let now = UnixNanos::from_secs(opening().secs() + 300);
    for text in documents {
        assert!(text.len() < 60_000);
        for parsed in parse(text.as_bytes(), now, &DocumentSettings::default()) {
            assert!(parsed.outcome.is_ok(), "{:?} of {text}", parsed.outcome);
        }
    }
}

#[test]
fn first_twenty_seconds_show_every_service_and_a_fault() {
    let documents = first_minutes(42, 20);
    let names: BTreeSet<String> = (documents.iter())
        .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap())
        .filter(|value| value.get("type").is_none())
        .map(|value| value["name"].as_str().unwrap().to_owned())
        .collect();
    for service in [
        "shop-frontend",
        "orders-api/prod",
        "create-order",
        "order-events",
        "mail-worker",
        "cart",
        "shop/cart-node",
        "shop-web",
        "pay",
        "shop-graph",
        "fulfil-order",
        "reserve-stock",
    ] {
        assert!(names.contains(service), "{service} in {names:?}");
    }
    assert!(documents.iter().any(|text| text.contains("\"fault\":true")));
}

#[test]
fn incidents_come_and_go() {
    use incident::{Incident, at};
    let after = |secs| at(opening(), UnixNanos::from_secs(opening().secs() + secs));
    let seen = [0, 9, 67, 70, 114, 180, 220].map(after);
    let expect = [
        Incident::None,
        Incident::FailingPayments,
        Incident::FailingPayments,
        Incident::None,
        Incident::SlowDatabase,
        Incident::None,
        Incident::FailingPayments,
    ];
    assert_eq!(seen, expect);
}

#[test]
fn history_ends_where_the_shop_opens_and_begins_after_what_is_there() {
    let documents = |after| {
        let mut shop = Shop::new(7, opening());
        shop.remember(history::history(7, opening(), UnixNanos::from_secs(after)));
        // The first request comes in at the opening.
        shop.due(UnixNanos(opening().0 - 1))
    };
    let whole = documents(0);
    assert_eq!(whole, documents(0));
    assert!((12_000..20_000).contains(&whole.len()), "{}", whole.len());
    let hour = documents(opening().secs() - 3600);
    assert!(hour.len() < whole.len() * 2 / 3, "{}", hour.len());
    assert!(documents(opening().secs()).is_empty());
    for text in whole {
        for parsed in parse(text.as_bytes(), opening(), &DocumentSettings::default()) {
            assert!(parsed.outcome.is_ok(), "{:?} of {text}", parsed.outcome);
        }
    }
}

#[test]
fn past_incident_of_the_payments_is_not_over_for_ten_minutes_at_the_opening() {
    let minutes = (1..=150).filter(|ago| incident::before(*ago) == Incident::FailingPayments);
    let minutes: Vec<i64> = minutes.collect();
    assert!(minutes.len() > 10 && minutes[0] < 8, "{minutes:?}");
    assert!(
        minutes[minutes.len() - 1] < 100,
        "half an hour of calm goes before"
    );
}
