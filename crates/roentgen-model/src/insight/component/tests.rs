use crate::insight::tests::node;

use super::*;

fn check(nodes: &[(&str, f64)], edges: &[(&str, &str)], expected: &[(&[&str], &str)]) {
    let nodes = nodes
        .iter()
        .map(|(name, excess)| (node(name), *excess))
        .collect();
    let edges = edges.iter().map(|(a, b)| (node(a), node(b))).collect();
    let expected: Vec<Component> = expected
        .iter()
        .map(|(nodes, root_cause)| Component {
            nodes: nodes.iter().map(|name| node(name)).collect(),
            root_cause: node(root_cause),
        })
        .collect();
    assert_eq!(components(&nodes, &edges), expected);
}

#[test]
fn nodes_without_edges_stand_alone() {
    check(
        &[("a", 1.0), ("b", 1.0)],
        &[],
        &[(&["a"], "a"), (&["b"], "b")],
    );
}

#[test]
fn the_root_cause_is_farthest_downstream() {
    check(
        &[("api", 90.0), ("orders", 50.0), ("table", 10.0)],
        &[("api", "orders"), ("orders", "table")],
        &[(&["api", "orders", "table"], "table")],
    );
}

#[test]
fn of_several_ends_the_largest_excess_wins_then_the_name() {
    let edges = [("api", "b"), ("api", "c")];
    check(
        &[("api", 9.0), ("b", 1.0), ("c", 2.0)],
        &edges,
        &[(&["api", "b", "c"], "c")],
    );
    check(
        &[("api", 9.0), ("b", 2.0), ("c", 2.0)],
        &edges,
        &[(&["api", "b", "c"], "b")],
    );
}

#[test]
fn a_node_outside_does_not_connect() {
    check(
        &[("a", 1.0), ("c", 1.0)],
        &[("a", "b"), ("b", "c"), ("a", "a")],
        &[(&["a"], "a"), (&["c"], "c")],
    );
}

#[test]
fn faults_in_a_ring_blame_a_node_of_the_ring_not_its_caller() {
    check(
        &[("api", 9.0), ("b", 1.0), ("c", 2.0)],
        &[("api", "b"), ("b", "c"), ("c", "b")],
        &[(&["api", "b", "c"], "c")],
    );
}
