use roentgen_model::SegmentId;
use roentgen_model::limits::DOCUMENT_BYTES_MAX;

use super::*;
use crate::conformance::documents::{Draft, trace_id};

struct Nothing;

impl Holdings for Nothing {
    fn holding(&self, _: DocumentKey) -> Option<(Version, u32)> {
        None
    }

    fn bytes(&self) -> u64 {
        0
    }
}

#[test]
fn call_keeps_verdicts_in_order_of_documents() {
    let now = UnixNanos::from_secs(1_795_176_000);
    let good = Draft::segment(trace_id(now, 1), 1, "shop", now).text();
    let scope = Scope::new("000000000000", "us-east-1").unwrap();
    let texts = [format!("[{good},{good}]"), "x".to_owned(), good];
    let texts = texts
        .iter()
        .map(|text| Bytes::copy_from_slice(text.as_bytes()))
        .collect();
    let call = Call::parse(
        &scope,
        texts,
        DOCUMENT_BYTES_MAX,
        &StoreSettings::default(),
        now,
    );
    let places: Vec<usize> = call.documents.iter().map(|parsed| parsed.verdict).collect();
    assert_eq!(places, [0, 1, 3]);
    assert_eq!(call.verdicts.len(), 4);
    assert!(matches!(call.verdicts.get(2), Some(Verdict::Refused(_))));
    let first = &call.documents.first().unwrap().document;
    assert_eq!(first.entity.id, SegmentId::from_u64(1));
    assert_eq!(judge(&Nothing, first, Stamp(1), 10), Judgement::RefuseSize);
    assert_eq!(judge(&Nothing, first, Stamp(1), 1000), Judgement::Take);
}
