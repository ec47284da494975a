use proptest::prelude::*;

use super::*;
use crate::assembly::random::{documents, spaced};
use crate::assembly::sample::{arrivals, sample};

/// Ids in pre-order, indented by depth; `?` marks an unknown parent, `s` a segment.
fn drawing(resolved: &Resolved) -> String {
    let mut depths: Vec<usize> = Vec::new();
    let mut lines = Vec::new();
    for entity in &resolved.entities {
        let (depth, mark) = match entity.parent {
            ResolvedParent::Entity(parent) => (depths[parent] + 1, ""),
            ResolvedParent::Unknown(_) => (0, "?"),
            ResolvedParent::None => (0, ""),
        };
        depths.push(depth);
        let kind = if entity.is_segment { "s" } else { "" };
        lines.push(format!(
            "{}{:x}{kind}{mark}",
            ".".repeat(depth),
            entity.id.as_u64()
        ));
    }
    lines.join(" ")
}

fn check(documents: &[Document], expect: &str) -> Resolved {
    let forwards = arrivals(documents);
    let resolved = resolve(&forwards);
    assert_eq!(drawing(&resolved), expect);
    // The order of the slice never matters, stamps do.
    let mut backwards = forwards;
    backwards.reverse();
    assert_eq!(drawing(&resolve(&backwards)), expect);
    resolved
}

#[test]
fn resolve_without_documents_is_empty() {
    check(&[], "");
}

#[test]
fn resolve_sorts_siblings_by_start_then_id() {
    let root = sample("a", 1, 0..9)
        .child(sample("late", 2, 5..6))
        .child(sample("b", 4, 1..2))
        .child(sample("c", 3, 1..2));
    check(
        &[root.root(), sample("d", 0, 0..1).root()],
        "0s 1s .3 .4 .2",
    );
}

#[test]
fn resolve_complete_document_replaces_in_progress_with_its_embedded_subsegments() {
    let open = sample("a", 1, 0..9)
        .in_progress()
        .child(sample("gone", 2, 1..2));
    let independent = sample("stays", 4, 2..3).subsegment(1);
    let complete = sample("a", 1, 0..9).child(sample("b", 3, 1..2));
    check(&[open.root(), independent, complete.root()], "1s .3 .4");
}

#[test]
fn resolve_in_progress_after_complete_is_ignored() {
    let complete = sample("a", 1, 0..9).child(sample("b", 3, 1..2));
    let open = sample("a", 1, 0..9).in_progress();
    let resolved = check(&[complete.root(), open.root()], "1s .3");
    assert_eq!(resolved.winners, [0]);
}

#[test]
fn resolve_later_of_equal_state_replaces() {
    let first = sample("a", 1, 0..9)
        .in_progress()
        .child(sample("b", 2, 1..2));
    let second = sample("a", 1, 0..9)
        .in_progress()
        .child(sample("c", 3, 1..2));
    check(&[first.root(), second.root()], "1s .3");
    let first = sample("a", 1, 0..9).child(sample("b", 2, 1..2));
    let second = sample("a", 1, 0..9).child(sample("c", 3, 1..2));
    check(&[first.root(), second.root()], "1s .3");
}

#[test]
fn resolve_equal_document_keeps_the_earlier_stamp() {
    let a = sample("a", 1, 0..9).root();
    let resolved = resolve(&arrivals(&[a.clone(), a]));
    assert_eq!(resolved.winners, [0]);
    assert_eq!(resolved.entities[0].arrival, 0);
}

#[test]
fn resolve_independent_copy_replaces_embedded_one_alone_and_children_stay() {
    let embedded = sample("x", 2, 1..5)
        .in_progress()
        .child(sample("y", 3, 2..3));
    let segment = sample("a", 1, 0..9).child(embedded);
    let copy = sample("x", 2, 1..6)
        .child(sample("z", 4, 3..4))
        .subsegment(1);
    let resolved = check(&[segment.root(), copy], "1s .2 ..3 ..4");
    assert_eq!(resolved.entities[1].arrival, 1);
    assert_eq!(resolved.entities[2].arrival, 0);
    assert_eq!(resolved.winners, [0, 1]);
}

#[test]
fn resolve_later_copy_of_equal_state_replaces_the_embedded_one() {
    let segment = sample("a", 1, 0..9).child(sample("x", 2, 1..5)).root();
    let copy = sample("x", 2, 1..6).subsegment(1);
    let first = [segment.clone(), copy.clone()];
    assert_eq!(check(&first, "1s .2").entities[1].arrival, 1);
    assert_eq!(check(&[copy, segment], "1s .2").entities[1].arrival, 1);
}

#[test]
fn resolve_complete_embedded_copy_beats_later_independent_one_in_progress() {
    let segment = sample("a", 1, 0..9).child(sample("x", 2, 1..5));
    let copy = sample("x", 2, 1..6)
        .in_progress()
        .child(sample("z", 4, 3..4))
        .subsegment(1);
    let resolved = check(&[segment.root(), copy], "1s .2 ..4");
    assert_eq!(resolved.entities[1].arrival, 0);
}

#[test]
fn resolve_independent_subsegment_attaches_to_embedded_parent_in_any_order() {
    let segment = || sample("a", 1, 0..9).child(sample("x", 2, 1..5)).root();
    let below = || sample("y", 3, 2..3).subsegment(2);
    check(&[segment(), below()], "1s .2 ..3");
    check(&[below(), segment()], "1s .2 ..3");
}

#[test]
fn resolve_orphan_is_a_top_with_unknown_parent() {
    check(
        &[
            sample("y", 3, 2..3).subsegment(9),
            sample("a", 1, 5..9).root(),
        ],
        "3? 1s",
    );
}

#[test]
fn resolve_segment_and_subsegment_of_one_id_keep_the_earlier() {
    let segment = || sample("a", 1, 0..9).child(sample("in", 5, 0..1)).root();
    let subsegment = || {
        sample("b", 1, 0..9)
            .child(sample("in", 6, 0..1))
            .subsegment(8)
    };
    assert_eq!(check(&[segment(), subsegment()], "1s .5").conflicts, 1);
    assert_eq!(check(&[subsegment(), segment()], "1? .6").conflicts, 1);
}

#[test]
fn resolve_embedded_subsegment_with_a_segments_id_goes_with_its_subtree() {
    let first = sample("a", 1, 0..9).root();
    let second = sample("b", 2, 1..9)
        .child(sample("clash", 1, 2..3).child(sample("gone", 3, 2..3)))
        .child(sample("kept", 4, 3..4));
    assert_eq!(check(&[first, second.root()], "1s 2s .4").conflicts, 1);
}

#[test]
fn resolve_id_twice_in_one_document_keeps_the_first() {
    let root = sample("a", 1, 0..9)
        .child(sample("x", 2, 5..6))
        .child(sample("x again", 2, 1..2).child(sample("gone", 3, 1..2)));
    let resolved = check(&[root.root()], "1s .2");
    assert_eq!(resolved.entities[1].ordinal, 1);
}

#[test]
fn resolve_cuts_cycles_at_the_earliest_member() {
    let own_parent = sample("a", 1, 0..9).segment(Some(1));
    check(&[own_parent], "1s?");
    let three = [
        sample("a", 1, 5..9).subsegment(3),
        sample("b", 2, 4..9).subsegment(1),
        sample("c", 3, 4..9).subsegment(2),
        sample("hangs on", 4, 1..2).subsegment(1),
    ];
    check(&three, "2? .3 ..1 ...4");
}

#[test]
fn resolve_survives_a_chain_of_fifty_thousand() {
    let id = |n: u64| n + 1;
    let mut chain: Vec<Document> = (1..50_000u64)
        .map(|n| sample("x", id(n), 0..9).subsegment(id(n - 1)))
        .collect();
    chain.push(sample("root", id(0), 0..9).root());
    let resolved = resolve(&arrivals(&chain));
    assert_eq!(resolved.entities.len(), 50_000);
    assert!(
        resolved
            .entities
            .iter()
            .enumerate()
            .all(|(at, e)| e.id.as_u64() == at as u64 + 1)
    );
    // The same as one cycle.
    *chain.last_mut().unwrap() = sample("root", id(0), 0..9).segment(Some(id(49_999)));
    let resolved = resolve(&arrivals(&chain));
    assert_eq!(
        resolved.entities[0].parent,
        ResolvedParent::Unknown(SegmentId::from_u64(50_000))
    );
    assert_eq!(resolved.entities.len(), 50_000);
}

proptest! {
    /// ASM-1: exactly one entity an id, the greatest (complete, stamp) of its copies.
    #[test]
    fn resolve_keeps_the_greatest_copy_of_every_id(
        documents in documents(),
        versions in documents(),
    ) {
        let both: Vec<Document> = documents.into_iter().chain(versions).collect();
        let arrivals = spaced(&both);
        let resolved = resolve(&arrivals);
        let mut ids: Vec<_> = resolved.entities.iter().map(|e| e.id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), resolved.entities.len());
        for entity in &resolved.entities {
            let held = preorder(arrivals[entity.arrival].document)[entity.ordinal];
            prop_assert_eq!(held.id, entity.id);
            let rank = (held.end.is_some(), arrivals[entity.arrival].stamp);
            for &winner in &resolved.winners {
                let arrival = arrivals[winner];
                let copies = preorder(arrival.document);
                let same_kind = |(ordinal, copy): &(usize, &&DocumentEntity)| {
                    let is_segment = *ordinal == 0 && !arrival.document.is_subsegment;
                    copy.id == entity.id && is_segment == entity.is_segment
                };
                // Copies below an ignored one go with it: only without conflicts all compete.
                if resolved.conflicts == 0 {
                    for (_, copy) in copies.iter().enumerate().filter(same_kind) {
                        prop_assert!(rank >= (copy.end.is_some(), arrival.stamp));
                    }
                }
            }
        }
    }

    /// Parents come first and know their children, siblings are sorted, nobody is lost.
    #[test]
    fn resolve_gives_a_sorted_forest(documents in documents()) {
        let arrivals = spaced(&documents);
        let resolved = resolve(&arrivals);
        let told: usize = documents.iter().map(|d| preorder(d).len()).sum();
        prop_assert_eq!(resolved.entities.len() + resolved.conflicts as usize, told);
        let start = |at: usize| {
            let entity = &resolved.entities[at];
            (preorder(arrivals[entity.arrival].document)[entity.ordinal].start, entity.id)
        };
        for (at, entity) in resolved.entities.iter().enumerate() {
            if let ResolvedParent::Entity(parent) = entity.parent {
                prop_assert!(parent < at);
                prop_assert!(resolved.entities[parent].children.contains(&at));
            }
            prop_assert!(entity.children.is_sorted_by_key(|&child| start(child)));
        }
    }

    /// Losers may be forgotten as they lose.
    #[test]
    fn resolve_of_winners_is_resolve_of_all(documents in documents(), versions in documents()) {
        let both: Vec<Document> = documents.into_iter().chain(versions).collect();
        let all = spaced(&both);
        let resolved = resolve(&all);
        let mut kept: Vec<Arrival<'_>> = Vec::new();
        let mut conflicts = 0;
        for arrival in &all {
            kept.push(*arrival);
            let step = resolve(&kept);
            conflicts += step.conflicts;
            kept = step.winners.iter().map(|&at| kept[at]).collect();
        }
        if conflicts == 0 {
            let of_winners = resolve(&kept);
            let told = |resolved: &Resolved, arrivals: &[Arrival<'_>]| {
                let entities = resolved.entities.iter();
                let stamped = entities.map(|e| (e.id, arrivals[e.arrival].stamp, e.ordinal, e.parent));
                stamped.collect::<Vec<_>>()
            };
            prop_assert_eq!(told(&of_winners, &kept), told(&resolved, &all));
        }
    }
}
