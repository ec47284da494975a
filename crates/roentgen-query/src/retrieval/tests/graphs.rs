use roentgen_model::TraceId;
use roentgen_model::assembly::facts::LinkReference;
use roentgen_store::NaiveStore;
use roentgen_store::source::QueryControl;

use super::{mine, put_texts};
use crate::retrieval::graph::LINKS_PER_SERVICE_MAX;
use crate::retrieval::{GraphLink, links_of, retrieved_graph};
use crate::service_graph::trace_graph;
use crate::testing::{NOW_SECS, store, trace_id};

/// Puts a segment with links to entity 1 of other traces.
fn put_linking(
    store: &NaiveStore,
    id: TraceId,
    number: u64,
    name: &str,
    links: &[(TraceId, &str)],
) {
    let link = |(to, reference): &(TraceId, &str)| {
        format!(
            r#"{{"trace_id":"{to}","id":"{:016x}","attributes":{{"aws.xray.reserved.reference_type":"{reference}"}}}}"#,
            1
        )
    };
    let links: Vec<_> = links.iter().map(link).collect();
    let start = NOW_SECS - 10;
    put_texts(
        store,
        vec![format!(
            r#"{{"trace_id":"{id}","id":"{number:016x}","name":"{name}","start_time":{start},"end_time":{start}.5,"links":[{}]}}"#,
            links.join(",")
        )],
    );
}

#[test]
fn services_have_the_links_of_their_segments() {
    let store = store();
    let [producer, other, consumer, second] = [1, 2, 3, 4].map(|n| trace_id(-10, n));
    put_linking(&store, producer, 1, "producer", &[(consumer, "child")]);
    let links = [
        (producer, "parent"),
        (other, "parent"),
        (producer, "parent"),
    ];
    put_linking(&store, consumer, 1, "consumer", &links);
    put_linking(&store, second, 1, "consumer", &[(producer, "parent")]);
    let ids = [producer, consumer, second];
    let control = QueryControl::default();
    let found = retrieved_graph(&store, &[mine()], &ids, &control).unwrap();
    assert_eq!(
        found.graph.graph,
        trace_graph(&store, &[mine()], &ids, &control)
            .unwrap()
            .graph
    );
    let links = |name: &str, is_client: bool| {
        let mut services = found.graph.graph.services.iter();
        let service = services
            .find(|service| &*service.key.name == name && service.is_client == is_client)
            .unwrap();
        links_of(&found.links, service).to_vec()
    };
    let link = |reference, source, destinations: &[TraceId]| GraphLink {
        reference,
        source,
        destinations: destinations.to_vec(),
    };
    assert_eq!(
        links("producer", false),
        [link(LinkReference::Child, producer, &[consumer])]
    );
    assert_eq!(
        links("consumer", false),
        [
            link(LinkReference::Parent, consumer, &[producer, other]),
            link(LinkReference::Parent, second, &[producer]),
        ]
    );
    assert_eq!(links("consumer", true), []);
}

#[test]
fn links_of_a_service_are_bounded() {
    let store = store();
    let of = trace_id(-10, 1_000);
    let ids: Vec<_> = (1..=60).map(|number| trace_id(-10, number)).collect();
    for id in &ids {
        put_linking(&store, *id, 1, "service", &[(of, "parent"), (of, "child")]);
    }
    let control = QueryControl::default();
    let found = retrieved_graph(&store, &[mine()], &ids, &control).unwrap();
    let counts: Vec<_> = found.links.values().map(Vec::len).collect();
    assert_eq!(counts, [LINKS_PER_SERVICE_MAX]);
}
