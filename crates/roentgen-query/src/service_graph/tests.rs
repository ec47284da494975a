use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::graph::ServiceGraph;
use roentgen_store::source::QueryControl;

use super::{GraphChanged, GraphCursor, HELD_GRAPHS_MAX, HELD_SECS, HeldGraphs, trace_graph};
use crate::testing::{put, scope, store, trace_id};

const NOW: UnixNanos = UnixNanos::from_secs(1_000_000);

fn graph(services: u64) -> Arc<ServiceGraph> {
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
    graph: &Arc<ServiceGraph>,
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
