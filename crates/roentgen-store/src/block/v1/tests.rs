use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use roentgen_model::graph::{self, EdgeRow};
use roentgen_model::{Scope, SegmentId, Stamp, TraceFacts, UnixNanos};

use crate::block::{
    BlockDocument, BlockId, BlockMeta, BlockReader, BlockSummary, SealedTrace, write_block,
};
use crate::files::{Disk, RealDisk};
use crate::source::{QueryControl, StoreError};

mod damage;
mod facts;
mod format;
mod reads;
mod sample;
mod scans;

/// A block on a real disk that goes when this does.
struct Written {
    disk: Arc<dyn Disk>,
    root: tempfile::TempDir,
    dir: PathBuf,
    summary: BlockSummary,
    traces: Vec<SealedTrace>,
    edges: Vec<EdgeRow>,
}

/// Three row groups of `traces`: 40,000 traces, two in a second.
static LARGE: LazyLock<Written> = LazyLock::new(|| {
    write(
        (0..40_000)
            .map(|n| sample::plain(n, sample::NOON - 10_000 + i64::from(n) / 2))
            .collect(),
    )
});

impl Written {
    fn open(&self) -> Arc<BlockReader> {
        Arc::new(BlockReader::open(Arc::clone(&self.disk), &self.dir).unwrap())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(&self.dir).join(file)
    }
}

fn meta() -> BlockMeta {
    let scope = Scope::new("123456789012", "eu-west-1").unwrap();
    BlockMeta {
        id: BlockId(7),
        scope,
        level: 0,
        replaces: Vec::new(),
        taken_over: Vec::new(),
    }
}

fn control() -> QueryControl {
    QueryControl::default()
}

/// Some documents for a trace: as many as its head says, with texts of different lengths.
fn sealed(facts: TraceFacts) -> SealedTrace {
    let count = i64::from(facts.head.documents.max(1));
    let document = |n: i64| {
        let stamp = Stamp(facts.head.first_stamp.0 + n);
        let text = format!(
            "{{\"trace\":\"{}\",\"n\":{n},\"ü\":\"日本語\"}}",
            facts.trace_id
        );
        BlockDocument {
            segment_id: SegmentId::from_u64(u64::MAX - n.unsigned_abs()),
            start: UnixNanos(facts.start.0 + n),
            stamp,
            text: Bytes::from(text.repeat(1 + n.unsigned_abs() as usize % 3)),
        }
    };
    let documents = (0..count).map(document).collect();
    SealedTrace {
        facts: Arc::new(facts),
        documents,
    }
}

fn try_write(
    meta: BlockMeta,
    traces: &[SealedTrace],
    edges: &[EdgeRow],
) -> Result<Written, StoreError> {
    let root = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(root.path()).unwrap());
    let dir = Path::new("blocks/one").to_owned();
    disk.create_dir_all(&dir).unwrap();
    let summary = write_block(&*disk, &dir, meta, traces.to_vec(), edges.to_vec())?;
    let (traces, edges) = (traces.to_vec(), edges.to_vec());
    Ok(Written {
        disk,
        root,
        dir,
        summary,
        traces,
        edges,
    })
}

fn write(facts: Vec<TraceFacts>) -> Written {
    let edges = graph::merge_rows(facts.iter().flat_map(|f| graph::rows(f, 60)));
    let traces: Vec<SealedTrace> = facts.into_iter().map(sealed).collect();
    try_write(meta(), &traces, &edges).unwrap()
}
