use super::*;

fn node(name: &str) -> NodeKey {
    NodeKey {
        name: name.into(),
        node_type: None,
        account_id: None,
    }
}

fn at(number: i64) -> UnixNanos {
    minutes_after(UnixNanos(0), number)
}

fn minute(total: u64) -> Minute {
    let counts = Counts {
        total,
        faults: 1,
        ok: total - 1,
    };
    Minute {
        nodes: [(node("a"), counts), (node("b"), counts)].into(),
        clients: counts,
        calls: vec![(node("a"), node("b"))],
    }
}

fn groups() -> [GroupId; 2] {
    ["Default".into(), "G".into()]
}

#[test]
fn a_minute_comes_back_as_it_was_put() {
    let [default, other] = groups();
    let mut counts = MinuteCounts::default();
    let read = HashMap::from([(Arc::clone(&default), minute(5))]);
    assert_eq!(counts.put(at(1), &groups(), read), groups());
    assert_eq!(counts.minute(&default, at(1)), Some(minute(5)));
    assert_eq!(counts.minute(&other, at(1)), Some(Minute::default()));
    assert_eq!(counts.minute(&default, at(2)), None);
}

#[test]
fn only_groups_with_other_counts_have_changed() {
    let [default, other] = groups();
    let mut counts = MinuteCounts::default();
    let read = |total, of_other| {
        HashMap::from([
            (Arc::clone(&default), minute(total)),
            (Arc::clone(&other), minute(of_other)),
        ])
    };
    counts.put(at(1), &groups(), read(5, 2));
    assert_eq!(counts.put(at(1), &groups(), read(5, 2)), [] as [GroupId; 0]);
    assert_eq!(
        counts.put(at(1), &groups(), read(5, 3)),
        [Arc::clone(&other)]
    );
}

#[test]
fn over_the_bound_the_oldest_minutes_go() {
    let [default, _] = groups();
    let counts_of = |name: u32| {
        let counts = Counts {
            total: 1,
            faults: 0,
            ok: 1,
        };
        (node(&name.to_string()), counts)
    };
    let many = Minute {
        nodes: (0..10_000).map(counts_of).collect(),
        ..Minute::default()
    };
    let mut counts = MinuteCounts::default();
    for number in 0..300 {
        let read = HashMap::from([(Arc::clone(&default), many.clone())]);
        counts.put(at(number), &groups(), read);
    }
    assert!(counts.bytes <= BYTES_MAX);
    assert!(!counts.holds(at(0)));
    assert!(counts.holds(at(299)));
    counts.forget_before(at(300));
    assert_eq!(counts.bytes, 0);
}

#[test]
fn neighbours_are_read_together() {
    let minutes = [1, 2, 3, 7, 9, 10].map(at);
    assert_eq!(ranges(minutes), [at(1)..at(4), at(7)..at(8), at(9)..at(11)]);
}
