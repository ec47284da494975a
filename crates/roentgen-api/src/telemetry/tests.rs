use super::{
    AGE_SECS_MAX, AGENTS_MAX, AgentCounts, AgentId, RECORDS_PER_AGENT_MAX, TelemetryRecord,
    TelemetryRecords,
};
use roentgen_model::UnixNanos;

fn agent(hostname: &str) -> AgentId {
    AgentId {
        hostname: Some(hostname.to_owned()),
        ..AgentId::default()
    }
}

fn record(secs: i64, received: u64) -> TelemetryRecord {
    TelemetryRecord {
        timestamp: UnixNanos::from_secs(secs),
        counts: AgentCounts {
            segments_received: received,
            ..AgentCounts::default()
        },
    }
}

fn names(records: &TelemetryRecords, now: i64) -> Vec<String> {
    let agents = records.agents(UnixNanos::from_secs(now)).into_iter();
    agents.filter_map(|agent| agent.id.hostname).collect()
}

#[test]
fn last_records_of_an_agent_are_kept_and_all_are_counted() {
    let records = TelemetryRecords::default();
    let count = i64::try_from(RECORDS_PER_AGENT_MAX).unwrap() + 5;
    for secs in 0..count {
        let now = UnixNanos::from_secs(secs);
        records.add(agent("a"), vec![record(secs, 2)], now);
    }
    let [agent] = &records.agents(UnixNanos::from_secs(count))[..] else {
        panic!("one agent")
    };
    assert_eq!(agent.records.len(), RECORDS_PER_AGENT_MAX);
    assert_eq!(agent.records[0].timestamp, UnixNanos::from_secs(5));
    assert_eq!(agent.totals.segments_received, 2 * count.unsigned_abs());
}

#[test]
fn agent_that_has_been_silent_longest_makes_room() {
    let records = TelemetryRecords::default();
    let add = |name: &str, secs| {
        records.add(
            agent(name),
            vec![record(secs, 1)],
            UnixNanos::from_secs(secs),
        );
    };
    for number in 0..AGENTS_MAX {
        add(
            &format!("agent-{number}"),
            10 + i64::try_from(number).unwrap(),
        );
    }
    add("agent-0", 1_000);
    add("new", 1_001);
    let names = names(&records, 1_001);
    assert_eq!(names.len(), AGENTS_MAX);
    assert_eq!(names[..2], ["new", "agent-0"]);
    assert!(!names.contains(&"agent-1".to_owned()));
}

#[test]
fn agent_is_forgotten_after_a_silent_day_and_so_are_old_records() {
    let records = TelemetryRecords::default();
    records.add(agent("a"), vec![record(0, 1)], UnixNanos::from_secs(0));
    records.add(
        agent("b"),
        vec![record(0, 1), record(10, 1)],
        UnixNanos::from_secs(10),
    );
    assert_eq!(names(&records, AGE_SECS_MAX), ["b", "a"]);
    assert_eq!(names(&records, AGE_SECS_MAX + 1), ["b"]);
    let [b] = &records.agents(UnixNanos::from_secs(AGE_SECS_MAX + 1))[..] else {
        panic!("one agent")
    };
    assert_eq!(b.records, [record(10, 1)]);
    assert_eq!(b.totals.segments_received, 2);
}

#[test]
fn call_without_records_is_no_report() {
    let records = TelemetryRecords::default();
    records.add(agent("a"), Vec::new(), UnixNanos::from_secs(0));
    assert!(names(&records, 0).is_empty());
}
