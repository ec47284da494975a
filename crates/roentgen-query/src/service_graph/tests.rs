use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::Membership;
use roentgen_model::graph::{EdgeRow, rows};
use roentgen_store::source::{QueryControl, TraceReader};

use super::{
    ComputedGraph, CountedGroup, GraphChanged, GraphCursor, HELD_GRAPHS_MAX, HELD_SECS, HeldGraphs,
    trace_graph,
};
use crate::testing::{put, scope, store, trace_id};

const NOW: UnixNanos = UnixNanos::from_secs(1_000_000);

fn graph(services: u64) -> Arc<ComputedGraph> {
    let (store, mine) = (store(), scope("000000000001"));
    let ids: Vec<_> = (1..=services).map(|number| trace_id(-10, number)).collect();
    for (number, id) in (1..).zip(&ids) {
        put(&store, &mine, *id, number, &format!("service-{number:03}"));
    }
    Arc::new(trace_graph(&store, &[mine], &ids, &QueryControl::default()).unwrap())
}

/// Ids of the services on a page, and where the next begins.
fn page(
    held: &HeldGraphs,
    graph: &Arc<ComputedGraph>,
    cursor: Option<GraphCursor>,
) -> Result<(Vec<usize>, Option<GraphCursor>), GraphChanged> {
    let page = held.page([1; 32], graph.clone(), cursor, NOW, 4)?;
    Ok((
        page.services()
            .map(|service| service.reference_id)
            .collect(),
        page.next,
    ))
}

/// The rows of one trace, a member of these (group, version).
fn rows_of_members(memberships: &[(&str, u32)]) -> Vec<EdgeRow> {
    let (store, mine, id) = (store(), scope("000000000001"), trace_id(-10, 1));
    put(&store, &mine, id, 1, "shop");
    let facts = store
        .facts(&[mine], &[id], &QueryControl::default())
        .unwrap();
    let memberships: Arc<[Membership]> = memberships
        .iter()
        .map(|(group, version)| Membership {
            group_id: (*group).into(),
            version: *version,
        })
        .collect();
    let mut rows = rows(&facts[0], 60);
    assert!(!rows.is_empty());
    for row in &mut rows {
        row.key.memberships = Arc::clone(&memberships);
    }
    rows
}

#[test]
fn older_version_of_the_counted_group_is_seen_in_the_rows() {
    let group = |version| CountedGroup {
        id: "A".into(),
        version,
    };
    let mut rows = rows_of_members(&[("A", 2), ("B", 1)]);
    assert!(!group(2).has_old_versions(&rows));
    assert!(group(3).has_old_versions(&rows));
    rows.extend(rows_of_members(&[("A", 1)]));
    assert!(group(2).has_old_versions(&rows));
    assert!(!group(2).has_old_versions(&rows_of_members(&[("B", 1)])));
}

#[test]
fn later_pages_say_what_the_whole_graph_says_of_group_versions() {
    let held = HeldGraphs::default();
    let mut graph = Arc::into_inner(graph(5)).unwrap();
    graph.has_old_versions = true;
    let first = held.page([1; 32], Arc::new(graph), None, NOW, 4).unwrap();
    assert!(first.has_old_versions());
    let found = held.find([1; 32], first.next.unwrap(), NOW).unwrap();
    let second = held.page([1; 32], found, first.next, NOW, 4).unwrap();
    assert!(second.has_old_versions());
}

#[test]
fn pages_go_through_all_services_once() {
    let (held, graph) = (HeldGraphs::default(), graph(5));
    let (first, next) = page(&held, &graph, None).unwrap();
    let (second, next) = page(&held, &graph, Some(next.unwrap())).unwrap();
    let (third, next) = page(&held, &graph, Some(next.unwrap())).unwrap();
    assert_eq!(
        (first, second, third),
        (vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9])
    );
    assert_eq!(next, None);
}

/// The bound of AWS's map, 10,000 nodes, is none here: every node comes on one page, and edges point
/// to the services of other pages by ids that hold for all pages.
#[test]
fn graph_of_more_than_ten_thousand_nodes_is_paged_whole() {
    const TRACES: usize = 5_001;
    let (held, graph) = (HeldGraphs::default(), graph(TRACES as u64));
    let (mut names, mut cursor, mut pages, mut edges) = (Vec::new(), None, 0, Vec::new());
    loop {
        let page = held
            .page(
                [1; 32],
                graph.clone(),
                cursor,
                NOW,
                super::SERVICES_PER_PAGE_MAX,
            )
            .unwrap();
        for service in page.services() {
            assert_eq!(service.reference_id, names.len());
            names.push(service.key.name.clone());
            let called = service.edges.iter().map(|edge| edge.destination);
            edges.extend(called.map(|called| (service.reference_id, called)));
        }
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((names.len(), pages), (2 * TRACES, 11));
    assert_eq!(edges.len(), TRACES, "each client calls its service");
    for (client, called) in edges {
        assert_eq!(names[client], names[called]);
    }
}

#[test]
fn graph_of_one_page_is_not_held() {
    let (held, graph) = (HeldGraphs::default(), graph(2));
    assert_eq!(page(&held, &graph, None).unwrap(), (vec![0, 1, 2, 3], None));
    assert!(held.held.lock().is_empty());
}

#[test]
fn graph_is_held_for_its_parameters_and_its_time() {
    let (held, graph) = (HeldGraphs::default(), graph(5));
    let cursor = page(&held, &graph, None).unwrap().1.unwrap();
    let at = |secs| UnixNanos::from_secs(NOW.secs() + secs);
    assert!(held.find([1; 32], cursor, at(HELD_SECS - 1)).is_some());
    assert!(held.find([2; 32], cursor, at(0)).is_none());
    assert!(held.find([1; 32], cursor, at(HELD_SECS)).is_none());
}

#[test]
fn cursor_of_another_list_of_nodes_is_refused() {
    let held = HeldGraphs::default();
    let cursor = page(&held, &graph(5), None).unwrap().1;
    assert_eq!(page(&held, &graph(6), cursor), Err(GraphChanged));
    assert!(page(&held, &graph(5), cursor).is_ok());
}

#[test]
fn oldest_graph_goes_when_there_are_too_many() {
    let (held, graph) = (HeldGraphs::default(), graph(3));
    let parameters = |number: usize| [u8::try_from(number).unwrap(); 32];
    let mut cursor = None;
    for number in 0..=HELD_GRAPHS_MAX {
        cursor = held
            .page(parameters(number), graph.clone(), None, NOW, 4)
            .unwrap()
            .next;
    }
    let cursor = cursor.unwrap();
    assert!(held.find(parameters(0), cursor, NOW).is_none());
    for number in 1..=HELD_GRAPHS_MAX {
        assert!(held.find(parameters(number), cursor, NOW).is_some());
    }
}
