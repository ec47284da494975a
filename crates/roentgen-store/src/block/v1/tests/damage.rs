//! Damage is found and named; misuse is refused.

use proptest::prelude::*;
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::graph::RowTime;

use super::sample::{NOON, plain};
use super::{Written, control, meta, sealed, try_write, write};
use crate::block::{BlockReader, BlockWriter, MINUTE_SLOT_SECS, ScanBounds};
use crate::plan::Plan;
use crate::source::{ErrorKind, StoreError, TimeBasis};

const FILES: [&str; 5] = [
    "docs.parquet",
    "traces.parquet",
    "spans.parquet",
    "edges.parquet",
    "checksums",
];

/// Everything a block can be asked, as text; the first error ends it.
fn answers(written: &Written) -> Result<String, StoreError> {
    let block = std::sync::Arc::new(BlockReader::open(written.disk.clone(), &written.dir)?);
    let ids: Vec<_> = written.traces.iter().map(|t| t.facts.trace_id).collect();
    let all = TimeRange {
        start: UnixNanos(i64::MIN),
        end: UnixNanos(i64::MAX),
    };
    let mut out = format!("{:?}", block.summary());
    for id in &ids {
        out += &format!("{}", block.might_contain(*id)?);
    }
    out += &format!("{:?}", block.documents(&ids, &control())?);
    out += &format!("{:?}", block.facts(&ids, &control())?);
    out += &format!(
        "{:?}",
        block.edge_rows(&all, RowTime::Start, MINUTE_SLOT_SECS, &control())?
    );
    let bounds = ScanBounds {
        basis: TimeBasis::TraceId,
        range: all,
        after: None,
    };
    let mut scan = block.scan(bounds, Plan::default().into());
    while let Some(chunk) = scan.next_chunk(10, &|_| false, &control())? {
        out += &format!("{chunk:?}");
    }
    Ok(out)
}

fn sample_block() -> Written {
    write((0..40).map(|n| plain(n, NOON + i64::from(n))).collect())
}

#[test]
fn every_flipped_byte_is_reported_with_the_file_or_changes_no_answer() {
    let written = sample_block();
    let good = answers(&written).unwrap();
    let mut found = 0;
    for name in FILES {
        let path = written.path(name);
        let bytes = std::fs::read(&path).unwrap();
        let step = (bytes.len() / 23).max(1);
        for at in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            let block = BlockReader::open(written.disk.clone(), &written.dir);
            let verified = block.and_then(|block| block.verify(&control()));
            let error = verified.expect_err("verification reads every byte");
            assert_eq!(error.kind(), ErrorKind::Damaged, "{name} at {at}: {error}");
            match answers(&written) {
                Ok(same) => assert_eq!(same, good, "{name} at {at}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Damaged, "{name} at {at}: {error}");
                    assert!(error.to_string().contains(name), "{name} at {at}: {error}");
                    found += 1;
                }
            }
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(
        found > 50,
        "most damage lies where answers are read: {found}"
    );
    assert_eq!(answers(&written).unwrap(), good);
}

#[test]
fn missing_shortened_or_lengthened_file_is_damage() {
    let written = sample_block();
    for name in FILES {
        let path = written.path(name);
        let bytes = std::fs::read(&path).unwrap();
        let mut longer = bytes.clone();
        longer.push(0);
        for changed in [&bytes[..bytes.len() - 1], &bytes[..0], &longer] {
            std::fs::write(&path, changed).unwrap();
            let error = answers(&written).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "{name}: {error}");
            assert!(error.to_string().contains(name), "{name}: {error}");
        }
        std::fs::remove_file(&path).unwrap();
        let error = answers(&written).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{name}: {error}");
        std::fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn files_of_another_block_under_this_name_are_damage() {
    let (one, other) = (sample_block(), write(vec![plain(900, NOON)]));
    for name in FILES {
        let own = std::fs::read(one.path(name)).unwrap();
        std::fs::copy(other.path(name), one.path(name)).unwrap();
        assert_eq!(
            answers(&one).unwrap_err().kind(),
            ErrorKind::Damaged,
            "{name}"
        );
        std::fs::write(one.path(name), own).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_bytes_instead_of_the_checksums_are_damage(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let written = write(vec![plain(1, NOON)]);
        std::fs::write(written.path("checksums"), bytes).unwrap();
        prop_assert_eq!(answers(&written).unwrap_err().kind(), ErrorKind::Damaged);
    }
}

#[test]
fn block_without_traces_is_refused() {
    assert_eq!(
        try_write(meta(), &[], &[]).map(|_| ()).unwrap_err().kind(),
        ErrorKind::Internal
    );
}

#[test]
fn traces_and_documents_that_do_not_belong_together_are_refused() {
    let mut trace = sealed(plain(1, NOON));
    trace.documents.clear();
    let refused = try_write(meta(), &[trace, sealed(plain(2, NOON))], &[]);
    assert_eq!(refused.map(|_| ()).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn traces_of_two_days_are_refused() {
    let traces = [sealed(plain(1, NOON)), sealed(plain(2, NOON + 86_400))];
    let refused = try_write(meta(), &traces, &[]);
    assert_eq!(refused.map(|_| ()).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn rows_out_of_order_are_refused_in_every_table() {
    let written = sample_block();
    let dir = std::path::Path::new("blocks/two");
    written.disk.create_dir_all(dir).unwrap();
    let mut writer = BlockWriter::create(&*written.disk, dir, meta()).unwrap();
    let [first, second] = [plain(1, NOON), plain(2, NOON + 1)];
    writer.trace(&second).unwrap();
    assert!(writer.trace(&first).is_err());
    assert!(writer.trace(&second).is_err(), "twice");
    let document = sealed(second.clone()).documents[0].clone();
    writer
        .document(second.trace_id, second.t0, false, &document)
        .unwrap();
    assert!(
        writer
            .document(second.trace_id, second.t0, false, &document)
            .is_err(),
        "twice"
    );
    let [.., last] = &written.edges[..] else {
        panic!("samples have edges")
    };
    let mut rows = written.edges.clone();
    rows.sort_by(crate::block::edge_order);
    assert_ne!(rows[0], rows[rows.len() - 1], "{last:?}");
    writer.edge(60, &rows[rows.len() - 1]).unwrap();
    assert!(writer.edge(60, &rows[0]).is_err());
    assert!(
        writer.edge(61, &rows[0]).is_err(),
        "neither minute nor hour"
    );
    assert!(writer.edge(3_600, &rows[0]).is_ok());
}
