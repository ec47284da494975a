use std::path::Path;
use std::sync::Arc;

use roentgen_model::UnixNanos;

use super::*;
use crate::files::{Disk, SimulatedDisk};
use crate::wal::DocumentPosition;

struct Setting {
    folder: tempfile::TempDir,
    disk: SimulatedDisk,
}

impl Setting {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk: SimulatedDisk::new(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalog.db")
    }

    fn open(&self) -> (Catalog, CatalogState) {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        Catalog::open(&CatalogLocation::File(self.path()), disk).unwrap()
    }

    /// A complete catalog with these blocks.
    fn with(blocks: &[BlockRow]) -> (Self, Catalog) {
        let setting = Self::new();
        let (catalog, _) = setting.open();
        catalog.rebuild(blocks, &[], &[], Stamp(0)).unwrap();
        (setting, catalog)
    }
}

fn row(id: u64) -> BlockRow {
    let nanos = |n: i64| UnixNanos(n);
    BlockRow {
        id: BlockId(id),
        scope: Scope::new("000000000000", "us-east-1").unwrap(),
        level: 0,
        summary: BlockSummary {
            t0: (
                nanos(86_400_000_000_000 * 20_000),
                nanos(86_400_000_000_000 * 20_000 + 7),
            ),
            event: (nanos(-5), nanos(i64::MAX)),
            segment_ends: None,
            trace_ids: (TraceId::from_bytes([1; 16]), TraceId::from_bytes([255; 16])),
            stamps: (Stamp(3), Stamp(4)),
            edge_slots: Some((nanos(60), nanos(120))),
            traces: 1,
            documents: u64::MAX,
            entities: 3,
            edge_rows: 4,
            document_bytes: 5,
            file_bytes: 6,
        },
        state: BlockState::Ok,
    }
}

fn moved(block: u64, trace: u8) -> MovedTrace {
    MovedTrace {
        block: BlockId(block),
        trace_id: TraceId::from_bytes([trace; 16]),
        edge_rows: Bytes::from(vec![trace; 3]),
    }
}

fn bits(indexes: &[(u32, u32)]) -> SettledBits {
    let mut bits = SettledBits::default();
    indexes
        .iter()
        .for_each(|(file, index)| bits.add_index(*file, *index));
    bits
}

fn ids(contents: &CatalogContents) -> Vec<u64> {
    contents.blocks.iter().map(|block| block.id.0).collect()
}

#[test]
fn what_is_published_is_loaded_after_reopening() {
    let setting = Setting::new();
    let (catalog, state) = setting.open();
    assert_eq!(state, CatalogState::Created);
    catalog.rebuild(&[], &[], &[], Stamp(0)).unwrap();
    let mut other = row(u64::MAX);
    other.scope = Scope::new("123456789012", "eu-west-1").unwrap();
    other.level = 7;
    other.summary.segment_ends = Some((UnixNanos(1), UnixNanos(2)));
    other.summary.edge_slots = None;
    let publication = Publication {
        blocks: vec![row(1), other.clone()],
        settled: bits(&[(1, 0), (1, 900), (2, 3)]),
        last_stamp: Stamp(50),
        ..Publication::default()
    };
    catalog.publish(&publication).unwrap();
    let sealed_again = Publication {
        blocks: vec![row(2)],
        moved: vec![moved(1, 9), moved(1, 8), moved(77, 1)],
        settled: bits(&[(1, 1)]),
        last_stamp: Stamp(40),
        ..Publication::default()
    };
    catalog.publish(&sealed_again).unwrap();
    drop(catalog);

    let (catalog, state) = setting.open();
    assert_eq!(state, CatalogState::Opened);
    let contents = catalog.load().unwrap();
    assert_eq!(contents.blocks, [row(1), row(2), other]);
    assert_eq!(contents.blocks[0].day(), 20_000);
    assert_eq!(
        contents.moved,
        [moved(1, 8), moved(1, 9)],
        "moved rows of unknown blocks are left out"
    );
    let mut settled = SettledBitmaps::default();
    settled.apply(&bits(&[(1, 0), (1, 1), (1, 900), (2, 3)]));
    assert_eq!(contents.settled, settled);
    assert_eq!(contents.last_stamp, Stamp(50));
}

#[test]
fn merge_swaps_inputs_for_output_and_hangs_later_moves_on_it() {
    let (_setting, catalog) = Setting::with(&[row(1), row(2), row(3)]);
    let sealed = Publication {
        moved: vec![moved(1, 1), moved(3, 3)],
        ..Publication::default()
    };
    catalog.publish(&sealed).unwrap();
    let merge = Publication {
        blocks: vec![row(4)],
        replaced: vec![BlockId(1), BlockId(2)],
        moved: vec![moved(4, 2)],
        ..Publication::default()
    };
    catalog.publish(&merge).unwrap();
    let contents = catalog.load().unwrap();
    assert_eq!(ids(&contents), [3, 4]);
    assert_eq!(
        contents.moved,
        [moved(3, 3), moved(4, 2)],
        "moved rows go with their block"
    );
    catalog.remove_blocks(&[BlockId(3), BlockId(99)]).unwrap();
    let contents = catalog.load().unwrap();
    assert_eq!(
        (ids(&contents), contents.moved),
        (vec![4], vec![moved(4, 2)])
    );
}

#[test]
fn trace_that_is_listed_as_moved_stays_as_it_is() {
    let (_setting, catalog) = Setting::with(&[row(1)]);
    let mut again = moved(1, 1);
    again.edge_rows = Bytes::from_static(b"other");
    let sealed = Publication {
        moved: vec![moved(1, 1), again],
        ..Publication::default()
    };
    catalog.publish(&sealed).unwrap();
    assert_eq!(catalog.load().unwrap().moved, [moved(1, 1)]);
}

#[test]
fn publications_that_fail_change_nothing() {
    let (setting, catalog) = Setting::with(&[row(1), row(2)]);
    let change = Publication {
        blocks: vec![row(3)],
        replaced: vec![BlockId(1)],
        moved: vec![moved(2, 2)],
        settled: bits(&[(1, 1)]),
        last_stamp: Stamp(99),
    };
    let is_unchanged = |catalog: &Catalog| {
        let contents = catalog.load().unwrap();
        assert_eq!(contents.blocks, [row(1), row(2)]);
        assert_eq!((contents.moved.len(), contents.last_stamp), (0, Stamp(0)));
        assert_eq!(contents.settled, SettledBitmaps::default());
    };
    let duplicate = Publication {
        blocks: vec![row(3), row(2)],
        ..change.clone()
    };
    assert!(matches!(
        catalog.publish(&duplicate),
        Err(CatalogError::DuplicateBlock(BlockId(2)))
    ));
    is_unchanged(&catalog);
    let unknown = Publication {
        replaced: vec![BlockId(1), BlockId(8)],
        ..change.clone()
    };
    assert!(matches!(
        catalog.publish(&unknown),
        Err(CatalogError::UnknownBlock(BlockId(8)))
    ));
    is_unchanged(&catalog);
    setting.disk.cut_power_at(setting.disk.steps() + 1);
    assert!(matches!(
        catalog.publish(&change),
        Err(CatalogError::Disk { .. })
    ));
    assert!(matches!(
        catalog.settle(&bits(&[(1, 1)]), Stamp(5)),
        Err(CatalogError::Disk { .. })
    ));
    is_unchanged(&catalog);
    drop(catalog);
    setting.disk.lose_power(0);
    let (catalog, state) = setting.open();
    assert_eq!(state, CatalogState::Opened);
    is_unchanged(&catalog);
    catalog.publish(&change).unwrap();
    assert_eq!(ids(&catalog.load().unwrap()), [2, 3]);
}

#[test]
fn settled_bits_add_up_and_files_are_forgotten() {
    let (_setting, catalog) = Setting::with(&[]);
    catalog.settle(&bits(&[(1, 5), (2, 1)]), Stamp(7)).unwrap();
    catalog.settle(&bits(&[(1, 6), (1, 5)]), Stamp(6)).unwrap();
    catalog.forget_log_files(&[2, 9]).unwrap();
    let contents = catalog.load().unwrap();
    let mut expected = SettledBitmaps::default();
    expected.apply(&bits(&[(1, 5), (1, 6)]));
    assert_eq!(
        (contents.settled, contents.last_stamp),
        (expected, Stamp(7))
    );
    let bitmap = DocumentPosition {
        file: 1,
        frame_offset: 0,
        document_index_in_file: 6,
        index_in_frame: 0,
    };
    assert_eq!(SettledBits::from_iter([bitmap]), bits(&[(1, 6)]));
}

#[test]
fn damaged_blocks_stay_marked() {
    let (setting, catalog) = Setting::with(&[row(1), row(2)]);
    catalog.mark_damaged(BlockId(2)).unwrap();
    assert!(matches!(
        catalog.mark_damaged(BlockId(5)),
        Err(CatalogError::UnknownBlock(_))
    ));
    drop(catalog);
    let states: Vec<_> = setting
        .open()
        .0
        .load()
        .unwrap()
        .blocks
        .iter()
        .map(|b| b.state)
        .collect();
    assert_eq!(states, [BlockState::Ok, BlockState::Damaged]);
}

#[test]
fn catalog_is_created_until_a_rebuild_has_finished() {
    let setting = Setting::new();
    for _ in 0..2 {
        assert_eq!(setting.open().1, CatalogState::Created);
    }
    let (catalog, _) = setting.open();
    catalog.settle(&bits(&[(1, 1)]), Stamp(9)).unwrap();
    catalog
        .rebuild(&[row(1)], &[moved(1, 1), moved(2, 2)], &[], Stamp(5))
        .unwrap();
    drop(catalog);
    let (catalog, state) = setting.open();
    assert_eq!(state, CatalogState::Opened);
    let contents = catalog.load().unwrap();
    assert_eq!(
        (ids(&contents), contents.moved),
        (vec![1], vec![moved(1, 1)])
    );
    assert_eq!(contents.settled, SettledBitmaps::default());
    assert_eq!(contents.last_stamp, Stamp(9), "the last stamp never falls");
}

fn overwrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damaged_catalog_is_set_aside_and_an_empty_one_made() {
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..100].fill(0x55),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes[4_096..].fill(0xff),
        |bytes| *bytes = b"no database at all, only some text that is long enough".to_vec(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let (setting, catalog) = Setting::with(&[row(1)]);
        catalog.close().unwrap();
        overwrite(&setting.path(), damage);
        let (catalog, state) = setting.open();
        let set_aside = setting.folder.path().join("catalog.db.damaged-1");
        assert_eq!(
            state,
            CatalogState::Damaged {
                set_aside: set_aside.clone()
            },
            "damage {number}"
        );
        assert!(std::fs::exists(&set_aside).unwrap());
        assert_eq!(ids(&catalog.load().unwrap()), [0u64; 0]);
        // A dropped connection is closed by a thread of its own, which may write to the file yet.
        catalog.close().unwrap();
        let (catalog, state) = setting.open();
        assert_eq!(state, CatalogState::Created, "not complete until rebuilt");
        catalog.close().unwrap();
        overwrite(&setting.path(), |bytes| bytes[..100].fill(0));
        let (catalog, state) = setting.open();
        let second = setting.folder.path().join("catalog.db.damaged-2");
        assert_eq!(state, CatalogState::Damaged { set_aside: second });
        catalog.rebuild(&[row(1)], &[], &[], Stamp(0)).unwrap();
    }
}

#[test]
fn catalog_of_a_later_version_is_refused_and_left_alone() {
    let (setting, catalog) = Setting::with(&[row(1)]);
    catalog.close().unwrap();
    let before = {
        // `user_version` stands at byte 60, big-endian.
        overwrite(&setting.path(), |bytes| {
            bytes[60..64].copy_from_slice(&9u32.to_be_bytes())
        });
        std::fs::read(setting.path()).unwrap()
    };
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new());
    let refused = Catalog::open(&CatalogLocation::File(setting.path()), disk);
    assert!(
        matches!(
            refused,
            Err(CatalogError::UnsupportedVersion { version: 9, .. })
        ),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(setting.path()).unwrap(), before);
}

#[test]
fn catalog_in_memory_works_and_methods_need_no_runtime() {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new());
    let (catalog, state) = Catalog::open(&CatalogLocation::Memory, disk).unwrap();
    assert_eq!(state, CatalogState::Created);
    let publish = |id| {
        let publication = Publication {
            blocks: vec![row(id)],
            ..Publication::default()
        };
        catalog.publish(&publication).unwrap();
    };
    std::thread::scope(|scope| {
        (1..=8).for_each(|id| {
            scope.spawn(move || publish(id));
        });
    });
    assert_eq!(ids(&catalog.load().unwrap()), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn catalog_may_be_used_inside_a_runtime() {
    let (_setting, catalog) = Setting::with(&[row(1)]);
    assert_eq!(ids(&catalog.load().unwrap()), [1]);
}
