use roentgen_model::graph;

use super::*;
use crate::accept::parse;
use crate::conformance::documents::{Draft, trace_id};
use crate::facts::{Recorded, assemble_winners};
use crate::merge::Winners;
use crate::settings::StoreSettings;
use roentgen_model::settings_history::SettingsHistory;

#[test]
fn rows_read_back_equal_those_written() {
    let at = UnixNanos::from_secs(1_795_176_000);
    let id = trace_id(at, 1);
    let mut winners = Winners::default();
    let members = r#""subsegments":[{"id":"00000000000000aa","name":"db","start_time":1795176000,
        "end_time":1795176001,"namespace":"remote","fault":true}]"#;
    let drafts = [
        Draft::segment(id, 1, "shop", at).with(members),
        Draft::segment(id, 2, "pay", at).below(1).in_progress(),
    ];
    for (stamp, draft) in (1..).zip(drafts) {
        let stamp = roentgen_model::Stamp(at.0 + stamp);
        let document =
            parse::parse_stored(&draft.text().into(), stamp, &StoreSettings::default()).unwrap();
        winners.add(stamp, document, ());
    }
    let recorded = Recorded {
        revision: 1,
        limit_exceeded: false,
    };
    let settings = StoreSettings::default().assembly();
    let assembled = assemble_winners(
        id,
        &winners,
        recorded,
        &SettingsHistory::default(),
        settings,
    );
    let rows = graph::rows(&assembled.facts, 60);
    assert!(rows.len() > 4, "{rows:?}");
    assert_eq!(decode(&encode(&rows)), Some(rows));
    assert_eq!(decode(b"[{}]"), None);
}
