use super::*;
use crate::conformance::documents::{Draft, trace_id};
use crate::conformance::{NOON, accept, scope};
use crate::engine::tests::by_hand_subject;

#[test]
fn read_by_id_looks_again_when_the_home_was_found_between_live_and_view() {
    let (subject, _clock) = by_hand_subject();
    let store = subject.store();
    let at = UnixNanos(NOON.0 - 60_000_000_000);
    let id = trace_id(at, 1);
    let key = TraceKey { scope: scope(), id };
    accept(store, &scope(), &[Draft::segment(id, 1, "shop", at).text()]);
    store.seal_now().unwrap();
    accept(store, &scope(), &[Draft::segment(id, 2, "shop", at).text()]);
    let look = look_at_live(&store.shared, &key).unwrap();
    // VIEW-1: the assembler takes the block's copy over and hides it, under the eyes of the read.
    store.assemble_now().unwrap();
    let view = store.shared.view.current();
    let completed = complete(&store.shared, &key, look, &view).unwrap();
    assert!(
        matches!(completed, Completed::LookAgain(_)),
        "one document of two would be shown"
    );
    let sight = live_sight(&store.shared, &key).unwrap().unwrap();
    assert_eq!(sight.winners.by_stamp().len(), 2);
}
