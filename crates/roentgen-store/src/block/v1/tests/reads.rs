//! Reads by id, and the streams that compaction merges.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::graph::{self, EdgeRow, RowTime};
use roentgen_model::{TraceId, UnixNanos};

use super::sample::{self, NOON, plain};
use super::{LARGE, Written, control, meta, sealed, try_write, write};
use crate::block::{
    BlockDocuments, BlockMeta, BlockReader, BlockWriter, HOUR_SLOT_SECS, MINUTE_SLOT_SECS,
    edge_order,
};
use crate::source::{ErrorKind, PageKey, QueryControl};

fn expected_documents(written: &Written) -> BTreeMap<TraceId, BlockDocuments> {
    let of = |t: &super::SealedTrace| BlockDocuments {
        trace_id: t.facts.trace_id,
        t0: t.facts.t0,
        limit_exceeded: t.facts.head.limit_exceeded,
        documents: t.documents.clone(),
    };
    written
        .traces
        .iter()
        .map(|t| (t.facts.trace_id, of(t)))
        .collect()
}

fn absent(number: u32) -> TraceId {
    plain(1_000_000 + number, NOON + i64::from(number % 1_000)).trace_id
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn documents_of_random_traces_come_back_by_id_and_as_a_stream(
        traces in sample::several(1..12),
        missing in sample::trace_id(),
    ) {
        let day = |t: &roentgen_model::TraceFacts| t.t0.secs().div_euclid(86_400);
        let first = day(&traces[0]);
        let written = write(traces.into_iter().filter(|t| day(t) == first).collect());
        let expected = expected_documents(&written);
        let block = written.open();
        let stream: Vec<_> = block.all_documents().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&stream, &expected.values().cloned().collect::<Vec<_>>());
        // In any order and twice, with one that is not there.
        let mut ids: Vec<_> = expected.keys().rev().chain(expected.keys()).copied().collect();
        ids.push(missing);
        prop_assert_eq!(&block.documents(&ids, &control()).unwrap(), &stream);
        let keys = block.locate(&ids, &control()).unwrap();
        let expected_keys: Vec<_> =
            stream.iter().map(|d| PageKey { t0: d.t0, trace_id: d.trace_id }).collect();
        prop_assert_eq!(keys, expected_keys);
        for id in expected.keys() {
            prop_assert!(block.might_contain(*id).unwrap(), "a bloom filter forgets nothing");
        }
    }

    #[test]
    fn edge_rows_come_back_by_range_and_as_a_stream(
        traces in sample::several(1..12),
        from in 0..130_i64,
        minutes in 0..60_i64,
    ) {
        let day = |t: &roentgen_model::TraceFacts| t.t0.secs().div_euclid(86_400);
        let first = day(&traces[0]);
        let traces: Vec<_> = traces.into_iter().filter(|t| day(t) == first).collect();
        let hours = graph::merge_rows(traces.iter().flat_map(|t| graph::rows(t, 3_600)));
        let written = with_hours(&write(traces), hours.clone());
        let block = written.open();
        let mut expected: Vec<(u32, EdgeRow)> = Vec::new();
        for (secs, rows) in [(MINUTE_SLOT_SECS, &written.edges), (HOUR_SLOT_SECS, &hours)] {
            let mut rows = rows.clone();
            rows.sort_by(edge_order);
            expected.extend(rows.into_iter().map(|row| (secs, row)));
        }
        let stream: Vec<_> = block.all_edges().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&stream, &expected);
        let start = UnixNanos::from_secs(NOON + (from - 5) * 60);
        let range = TimeRange { start, end: UnixNanos::from_secs(NOON + (from - 5 + minutes) * 60) };
        for (slot_secs, time) in [
            (MINUTE_SLOT_SECS, RowTime::Start),
            (MINUTE_SLOT_SECS, RowTime::Series),
            (HOUR_SLOT_SECS, RowTime::Start),
        ] {
            let in_range = |(secs, row): &&(u32, EdgeRow)| {
                *secs == slot_secs && range.contains(&row.key.slot(time))
            };
            let expected: Vec<_> =
                expected.iter().filter(in_range).map(|(_, row)| row.clone()).collect();
            let found = block.edge_rows(&range, time, slot_secs, &control()).unwrap();
            prop_assert_eq!(found, expected);
        }
    }
}

/// The same block with hour rows too, as compaction writes it: from the streams of the first.
fn with_hours(from: &Written, mut hours: Vec<EdgeRow>) -> Written {
    let block = from.open();
    let dir = std::path::PathBuf::from("blocks/merged");
    from.disk.create_dir_all(&dir).unwrap();
    let meta = BlockMeta {
        level: 1,
        replaces: vec![block.meta().id],
        ..meta()
    };
    let mut writer = BlockWriter::create(&*from.disk, &dir, meta).unwrap();
    for documents in block.all_documents().unwrap().map(Result::unwrap) {
        let BlockDocuments {
            trace_id,
            t0,
            limit_exceeded,
            documents,
        } = documents;
        for document in &documents {
            writer
                .document(trace_id, t0, limit_exceeded, document)
                .unwrap();
        }
    }
    for facts in block.all_facts().unwrap() {
        writer.trace(&facts.unwrap()).unwrap();
    }
    for row in block.all_edges().unwrap() {
        let (secs, row) = row.unwrap();
        writer.edge(secs, &row).unwrap();
    }
    hours.sort_by(edge_order);
    hours
        .iter()
        .for_each(|row| writer.edge(HOUR_SLOT_SECS, row).unwrap());
    let summary = writer.finish().unwrap();
    let root = tempfile::tempdir().unwrap();
    let copy = root.path().join(&dir);
    std::fs::create_dir_all(&copy).unwrap();
    for file in std::fs::read_dir(from.root.path().join(&dir)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let disk = Arc::new(crate::files::RealDisk::open(root.path()).unwrap());
    let (traces, edges) = (from.traces.clone(), from.edges.clone());
    Written {
        disk,
        root,
        dir,
        summary,
        traces,
        edges,
    }
}

#[test]
fn block_of_several_row_groups_answers_by_id() {
    let block = LARGE.open();
    let expected = expected_documents(&LARGE);
    let mut ids: Vec<_> = expected.keys().step_by(397).copied().collect();
    ids.extend((0..50).map(absent));
    let found = block.documents(&ids, &control()).unwrap();
    let wanted: Vec<_> = ids
        .iter()
        .filter_map(|id| expected.get(id))
        .cloned()
        .collect();
    assert_eq!(found, wanted);
    let facts = block.facts(&ids, &control()).unwrap();
    let mut keys: Vec<_> = wanted.iter().map(|d| (d.t0, d.trace_id)).collect();
    keys.sort_unstable();
    assert_eq!(
        facts.iter().map(|f| (f.t0, f.trace_id)).collect::<Vec<_>>(),
        keys
    );
    let mut all: Vec<_> = LARGE
        .traces
        .iter()
        .map(|t| (t.facts.t0, t.facts.trace_id))
        .collect();
    all.sort_unstable();
    let keys = block
        .trace_ids()
        .unwrap()
        .map(|key| key.map(|k| (k.t0, k.trace_id)));
    assert_eq!(keys.collect::<Result<Vec<_>, _>>().unwrap(), all);
}

#[test]
fn bloom_filter_says_no_for_nearly_all_absent_ids() {
    let block = LARGE.open();
    let maybe = (0..2_000)
        .filter(|n| block.might_contain(absent(*n)).unwrap())
        .count();
    assert!(maybe < 100, "{maybe} of 2,000 where 20 are expected");
    let ids = LARGE.traces.iter().step_by(7).map(|t| t.facts.trace_id);
    assert!(ids.into_iter().all(|id| block.might_contain(id).unwrap()));
}

/// Counts the bytes that are read from it, and fails beyond a number of them.
#[derive(Debug)]
struct CountingDisk {
    disk: Arc<dyn crate::files::Disk>,
    bytes: Arc<AtomicU64>,
    bytes_max: u64,
}

#[derive(Debug)]
struct CountingReader(Arc<dyn crate::files::DiskReader>, Arc<AtomicU64>, u64);

impl crate::files::DiskReader for CountingReader {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, offset: u64, len: usize) -> std::io::Result<bytes::Bytes> {
        if self.1.fetch_add(len as u64, Ordering::Relaxed) + len as u64 > self.2 {
            return Err(std::io::Error::other("the disk is gone"));
        }
        self.0.read_at(offset, len)
    }
}

impl crate::files::Disk for CountingDisk {
    fn create_dir_all(&self, dir: &std::path::Path) -> std::io::Result<()> {
        self.disk.create_dir_all(dir)
    }

    fn list(&self, dir: &std::path::Path) -> std::io::Result<Vec<crate::files::DirectoryEntry>> {
        self.disk.list(dir)
    }

    fn rename(&self, from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove_file(&self, path: &std::path::Path) -> std::io::Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &std::path::Path) -> std::io::Result<()> {
        self.disk.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &std::path::Path) -> std::io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn create(&self, path: &std::path::Path) -> std::io::Result<Box<dyn crate::files::DiskWriter>> {
        self.disk.create(path)
    }

    fn open(&self, path: &std::path::Path) -> std::io::Result<Arc<dyn crate::files::DiskReader>> {
        Ok(Arc::new(CountingReader(
            self.disk.open(path)?,
            Arc::clone(&self.bytes),
            self.bytes_max,
        )))
    }

    fn open_log(&self, path: &std::path::Path) -> std::io::Result<Box<dyn crate::files::LogFile>> {
        self.disk.open_log(path)
    }

    fn free_bytes(&self) -> std::io::Result<u64> {
        self.disk.free_bytes()
    }
}

#[test]
fn read_of_one_trace_touches_a_small_part_of_the_block() {
    let bytes = Arc::new(AtomicU64::new(0));
    let disk = CountingDisk {
        disk: LARGE.disk.clone(),
        bytes: Arc::clone(&bytes),
        bytes_max: u64::MAX,
    };
    let block = BlockReader::open(Arc::new(disk), &LARGE.dir).unwrap();
    let id = |n: usize| LARGE.traces[n].facts.trace_id;
    block.documents(&[id(0)], &control()).unwrap();
    let before = bytes.load(Ordering::Relaxed);
    assert_eq!(block.documents(&[id(9_999)], &control()).unwrap().len(), 1);
    let documents = bytes.load(Ordering::Relaxed) - before;
    // Seven columns of one page each, a block of the bloom filter, all in pieces of 16 KiB.
    assert!(
        documents <= 400 << 10,
        "{documents} bytes of {}",
        LARGE.summary.file_bytes
    );
    let before = bytes.load(Ordering::Relaxed);
    assert!(block.might_contain(id(5_000)).unwrap());
    assert_eq!(
        bytes.load(Ordering::Relaxed) - before,
        16 << 10,
        "one piece of the filter"
    );
}

#[test]
fn read_beyond_its_memory_is_refused_and_a_cancelled_one_ends() {
    let block = LARGE.open();
    let ids: Vec<_> = LARGE.traces.iter().map(|t| t.facts.trace_id).collect();
    let small = QueryControl::new(10_000);
    let all = TimeRange {
        start: UnixNanos(i64::MIN),
        end: UnixNanos(i64::MAX),
    };
    let kind = |e: Option<crate::source::StoreError>| e.map(|e| e.kind());
    let over = Some(ErrorKind::OverBound);
    assert_eq!(kind(block.documents(&ids, &small).err()), over);
    assert_eq!(kind(block.facts(&ids, &small).err()), over);
    assert_eq!(
        kind(
            block
                .edge_rows(&all, RowTime::Start, MINUTE_SLOT_SECS, &small)
                .err()
        ),
        over
    );
    let cancelled = control();
    cancelled.cancel();
    let over = Some(ErrorKind::Cancelled);
    assert_eq!(kind(block.documents(&ids, &cancelled).err()), over);
    assert_eq!(kind(block.facts(&ids, &cancelled).err()), over);
    assert_eq!(
        kind(
            block
                .edge_rows(&all, RowTime::Start, MINUTE_SLOT_SECS, &cancelled)
                .err()
        ),
        over
    );
    assert_eq!(kind(block.verify(&cancelled).err()), over);
}

#[test]
fn documents_that_are_not_utf_8_come_back_as_sent() {
    let mut trace = sealed(plain(1, NOON));
    trace.documents[0].text = bytes::Bytes::from_static(&[0xff, 0x00, 0xfe]);
    trace.documents[1].text = bytes::Bytes::new();
    let written = try_write(meta(), std::slice::from_ref(&trace), &[]).unwrap();
    let found = written
        .open()
        .documents(&[trace.facts.trace_id], &control())
        .unwrap();
    assert_eq!(found[0].documents, trace.documents);
}

#[test]
fn failing_disk_is_unavailable_and_not_damage() {
    let written = write((0..40).map(|n| plain(n, NOON + i64::from(n))).collect());
    let ids: Vec<_> = written.traces.iter().map(|t| t.facts.trace_id).collect();
    let read = |bytes_max: u64| {
        let (disk, bytes) = (written.disk.clone(), Arc::default());
        let disk = CountingDisk {
            disk,
            bytes,
            bytes_max,
        };
        let block = BlockReader::open(Arc::new(disk), &written.dir)?;
        block.documents(&ids, &control())?;
        block.facts(&ids, &control())?;
        block.all_edges()?.collect::<Result<Vec<_>, _>>()
    };
    let all = (0..)
        .map(|n| n << 12)
        .find(|bytes| read(*bytes).is_ok())
        .unwrap();
    assert!(all > 100 << 10, "{all}");
    for bytes_max in (0..all).step_by(4 << 10) {
        let error = read(bytes_max).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Unavailable,
            "after {bytes_max} bytes: {error}"
        );
    }
}
