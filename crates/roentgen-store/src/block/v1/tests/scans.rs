//! Scans: PLAN-1, PAGE-1 and the time bases against the plain evaluator on every trace.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use super::super::masks::{add_columns, masks};
use super::sample::{self, NOON};
use super::{LARGE, Written, control, write};
use crate::block::{BlockReader, ScanBounds};
use crate::plan::{Columns, FlagColumn, NumberColumn, Plan, SetColumn, TextColumn};
use crate::search::{eval_context, is_in_range, matches, page_key};
use crate::source::{PageKey, TimeBasis};
use roentgen_model::filter::{NumberOperator, TextOperator};

fn number_compare() -> impl Strategy<Value = (&'static str, NumberOperator)> {
    select(vec![
        ("=", NumberOperator::Equal),
        ("!=", NumberOperator::NotEqual),
        ("<", NumberOperator::Less),
        ("<=", NumberOperator::LessOrEqual),
        (">", NumberOperator::Greater),
        (">=", NumberOperator::GreaterOrEqual),
    ])
}

fn flag() -> impl Strategy<Value = (String, Columns)> {
    let flags = vec![
        ("fault", FlagColumn::HasFault),
        ("error", FlagColumn::HasError),
        ("throttle", FlagColumn::HasThrottle),
        ("partial", FlagColumn::IsPartial),
        ("ok", FlagColumn::RootOk),
        ("inferred", FlagColumn::HasInferred),
    ];
    select(flags).prop_map(|(text, flag)| (text.to_owned(), Columns::Flag(flag)))
}

fn number() -> impl Strategy<Value = (String, Columns)> {
    let columns = vec![
        ("responsetime", NumberColumn::ResponseTimeMillis, 1000.0),
        ("duration", NumberColumn::DurationMillis, 1000.0),
        ("http.status", NumberColumn::HttpStatus, 1.0),
    ];
    (select(columns), number_compare(), 0..600_i32, any::<bool>()).prop_map(
        |((name, column, scale), (text, compare), value, set)| {
            if set {
                return (name.to_owned(), Columns::Set(SetColumn::Number(column)));
            }
            let value = if scale > 1.0 {
                f64::from(value) / 100.0
            } else {
                f64::from(value)
            };
            let text = format!("{name} {text} {value}");
            (
                text,
                Columns::Number {
                    column,
                    compare,
                    value: value * scale,
                },
            )
        },
    )
}

fn text() -> impl Strategy<Value = (String, Columns)> {
    let columns = vec![
        ("http.url", TextColumn::HttpUrl),
        ("http.method", TextColumn::HttpMethod),
        ("http.useragent", TextColumn::UserAgent),
        ("http.clientip", TextColumn::ClientIp),
    ];
    let compares = vec![
        ("=", TextOperator::Equal),
        ("!=", TextOperator::NotEqual),
        ("CONTAINS", TextOperator::Contains),
        ("BEGINSWITH", TextOperator::BeginsWith),
        ("ENDSWITH", TextOperator::EndsWith),
    ];
    let words = vec!["a", "api", "i", "日", "checkout", "🦀"];
    (
        select(columns),
        select(compares),
        select(words),
        any::<bool>(),
    )
        .prop_map(|((name, column), (text, compare), word, set)| {
            if set {
                return (name.to_owned(), Columns::Set(SetColumn::Text(column)));
            }
            (
                format!("{name} {text} \"{word}\""),
                Columns::Text {
                    column,
                    compare,
                    value: word.into(),
                },
            )
        })
}

/// As the compiler of plans does it: sure without a block, unless segments may be hidden (TIME-1).
fn node(basis: TimeBasis) -> impl Strategy<Value = (String, Columns)> {
    let names = select(vec![
        None,
        Some("api"),
        Some("a"),
        Some("日本語"),
        Some("nowhere"),
    ]);
    let types = select(vec![
        None,
        Some("remote"),
        Some("client"),
        Some("AWS::EC2::Instance"),
    ]);
    let accounts = select(vec![None, None, Some("123456789012")]);
    (names, types, accounts, any::<bool>()).prop_map(move |(name, node_type, account_id, block)| {
        let part = |key: &str, value: Option<&str>| value.map(|v| format!("{key}: \"{v}\""));
        let parts = [
            part("name", name),
            part("type", node_type),
            part("account.id", account_id),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let block_text = if block { " { fault }" } else { "" };
        let text = format!("service(id({})){block_text}", parts.join(", "));
        let columns = Columns::Node {
            name: name.map(Arc::from),
            node_type: node_type.map(Arc::from),
            account_id: account_id.map(Arc::from),
            exact: !block && basis != TimeBasis::Service,
        };
        (text, columns)
    })
}

/// A filter and columns for it.
fn condition(basis: TimeBasis) -> impl Strategy<Value = (String, Columns)> {
    let unknown = Just(("annotation.api".to_owned(), Columns::Unknown));
    let leaf = prop_oneof![flag(), number(), text(), node(basis), unknown];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| {
                (format!("({a} AND {b})"), Columns::And(vec![x, y]))
            }),
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| {
                (format!("({a} OR {b})"), Columns::Or(vec![x, y]))
            }),
            inner.prop_map(|(a, x)| (format!("!({a})"), Columns::Not(Box::new(x)))),
        ]
    })
}

fn plan(text: &str, columns: Columns) -> Plan {
    Plan {
        filter: Some(Arc::new(Filter::parse(text, &NoGroups).unwrap())),
        columns,
    }
}

/// Traces examined and matched, newest first.
type Found = (Vec<PageKey>, Vec<TraceFacts>);

fn scan(
    block: &Arc<BlockReader>,
    bounds: ScanBounds,
    plan: &Plan,
    skip: &dyn Fn(&TraceId) -> bool,
    matches_max: usize,
) -> Found {
    let mut scan = block.scan(bounds, Arc::new(plan.clone()));
    let (mut examined, mut found) = (Vec::new(), Vec::new());
    while let Some(chunk) = scan.next_chunk(matches_max, skip, &control()).unwrap() {
        assert!(chunk.matches.len() <= matches_max.max(1));
        for one in &chunk.matches {
            assert_eq!(chunk.examined[one.at], page_key(&one.facts));
        }
        examined.extend(chunk.examined);
        found.extend(chunk.matches.into_iter().map(|m| (*m.facts).clone()));
    }
    assert!(
        scan.next_chunk(1, skip, &control()).unwrap().is_none(),
        "over is over"
    );
    (examined, found)
}

fn expected(
    written: &Written,
    bounds: &ScanBounds,
    plan: &Plan,
    skip: &dyn Fn(&TraceId) -> bool,
) -> Found {
    let mut traces: Vec<_> = written
        .traces
        .iter()
        .map(|t| Arc::clone(&t.facts))
        .collect();
    traces.sort_unstable_by_key(|t| std::cmp::Reverse(page_key(t)));
    traces.retain(|t| {
        t.head.is_indexed
            && !skip(&t.trace_id)
            && bounds.after.is_none_or(|after| page_key(t) < after)
            && is_in_range(t, bounds.basis, &bounds.range)
    });
    let examined = traces.iter().map(|t| page_key(t)).collect();
    let context = eval_context(bounds.basis, &bounds.range);
    let found = traces.iter().filter(|t| matches(plan, t, &context));
    (examined, found.map(|t| (**t).clone()).collect())
}

fn basis() -> impl Strategy<Value = TimeBasis> {
    select(vec![
        TimeBasis::TraceId,
        TimeBasis::Event,
        TimeBasis::Service,
    ])
}

fn on_one_day(traces: Vec<TraceFacts>) -> Vec<TraceFacts> {
    let day = |t: &TraceFacts| t.t0.secs().div_euclid(86_400);
    let first = day(&traces[0]);
    traces.into_iter().filter(|t| day(t) == first).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn scan_finds_and_examines_what_the_evaluator_does(
        traces in sample::several(1..24),
        (basis, (filter, columns)) in basis().prop_flat_map(|b| (Just(b), condition(b))),
        (start, secs) in (-600..7_200_i64, 0..7_200_i64),
        after in prop::option::weighted(0.3, any::<prop::sample::Index>()),
        matches_max in 0..6_usize,
        skipped in any::<u8>(),
    ) {
        let written = write(on_one_day(traces));
        let start = UnixNanos::from_secs(NOON + start);
        let range = TimeRange { start, end: UnixNanos(start.0 + secs * 1_000_000_000) };
        let after = after.map(|at| page_key(&at.get(&written.traces).facts));
        let bounds = ScanBounds { basis, range, after };
        let plan = plan(&filter, columns);
        let skip = |id: &TraceId| id.bytes()[15] % 8 == skipped;
        let found = scan(&written.open(), bounds.clone(), &plan, &skip, matches_max);
        prop_assert_eq!(found, expected(&written, &bounds, &plan, &skip), "{}", filter);
    }

    /// The columns say of every row what the reference says of its facts.
    #[test]
    fn masks_of_columns_equal_those_of_facts(
        traces in sample::several(1..24),
        (_, columns) in condition(TimeBasis::TraceId),
    ) {
        let written = write(on_one_day(traces));
        let tables = written.open().facts_tables().unwrap();
        let mut names = vec!["t0", "trace_id"];
        add_columns(&columns, &mut names);
        let all = 0..tables.traces.rows_total();
        let rows = tables.traces.read_whole(&names, &all).unwrap().unwrap();
        let found = masks(&columns, &rows).unwrap();
        let mut traces: Vec<_> = written.traces.iter().map(|t| &t.facts).collect();
        traces.sort_unstable_by_key(|t| page_key(t));
        for (row, facts) in traces.into_iter().enumerate() {
            let found = (found.sure.value(row), found.possible.value(row));
            prop_assert_eq!(found, columns.masks(facts), "{:?}", columns);
        }
    }
}

fn everything() -> ScanBounds {
    let range = TimeRange {
        start: UnixNanos(i64::MIN),
        end: UnixNanos(i64::MAX),
    };
    ScanBounds {
        basis: TimeBasis::TraceId,
        range,
        after: None,
    }
}

#[test]
fn scan_of_several_row_groups_resumes_after_any_page() {
    let block = LARGE.open();
    assert!(block.facts_tables().unwrap().traces.groups().len() >= 3);
    let nobody = |_: &TraceId| false;
    let rare = plan(
        "responsetime > 100",
        Columns::Number {
            column: NumberColumn::ResponseTimeMillis,
            compare: NumberOperator::Greater,
            value: 100_000.0,
        },
    );
    let (examined, found) = scan(&block, everything(), &rare, &nobody, 10);
    assert_eq!((examined.len(), found.len()), (40_000, 0));
    assert!(
        examined.is_sorted_by(|a, b| a > b),
        "newest first, each once"
    );
    for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
        let start = UnixNanos::from_secs(NOON - 1_000);
        let range = TimeRange {
            start,
            end: UnixNanos::from_secs(NOON - 900),
        };
        let mut bounds = ScanBounds {
            basis,
            range,
            after: None,
        };
        let whole = expected(&LARGE, &bounds, &Plan::default(), &nobody);
        assert!(whole.0.len() >= 200, "{basis:?}");
        let mut pages = Vec::new();
        // Pages of 70: each begins a new scan after the last key of the one before.
        loop {
            let mut page = block.scan(bounds.clone(), Arc::default());
            let chunk = page.next_chunk(70, &nobody, &control()).unwrap();
            let Some(chunk) = chunk.filter(|chunk| !chunk.examined.is_empty()) else {
                break;
            };
            bounds.after = chunk.examined.last().copied();
            pages.extend(chunk.matches.into_iter().map(|m| (*m.facts).clone()));
        }
        assert_eq!(pages, whole.1, "{basis:?}");
    }
}

#[test]
fn scan_out_of_range_reads_no_row_group() {
    let block = LARGE.open();
    let later = UnixNanos::from_secs(NOON + 80_000);
    for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
        let range = TimeRange {
            start: later,
            end: UnixNanos(i64::MAX),
        };
        let mut scan = block.scan(
            ScanBounds {
                basis,
                range,
                after: None,
            },
            Arc::default(),
        );
        // Not even an empty chunk: all are pruned by their statistics.
        assert!(
            scan.next_chunk(1, &|_| false, &control())
                .unwrap()
                .is_none(),
            "{basis:?}"
        );
    }
}

#[test]
fn cancelled_scan_ends_with_an_error_and_is_over() {
    let block = LARGE.open();
    let control = control();
    let mut scan = block.scan(everything(), Arc::default());
    assert!(scan.next_chunk(1, &|_| false, &control).unwrap().is_some());
    control.cancel();
    let error = scan.next_chunk(1, &|_| false, &control).unwrap_err();
    assert_eq!(error.kind(), crate::source::ErrorKind::Cancelled);
    assert!(
        scan.next_chunk(1, &|_| false, &super::control())
            .unwrap()
            .is_none()
    );
}
