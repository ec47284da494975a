//! VIEW-1: what one query sees. A view is immutable: the blocks, each with the traces that are not at
//! home there, and the live snapshot. Seal, reopening, compaction and retention publish the next view
//! in one step.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard, RwLock};
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceId, UnixNanos};

use crate::block::{BlockId, BlockReader};
use crate::files::Disk;
use crate::live::{LiveEntry, SealedHome, Snapshot, TraceKey};
use crate::minute_changes::MinuteChanges;

/// An open block. Once retired, its files go with the last view (or live trace) that can reach them.
pub(crate) struct BlockHandle {
    pub(crate) reader: Arc<BlockReader>,
    pub(crate) dir: PathBuf,
    disk: Arc<dyn Disk>,
    is_retired: AtomicBool,
}

impl BlockHandle {
    pub(crate) fn new(reader: Arc<BlockReader>, dir: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self {
            reader,
            dir,
            disk,
            is_retired: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> BlockId {
        self.reader.meta().id
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.reader.meta().scope
    }

    /// The catalog knows the block no more: delete its files when nobody can reach them.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
    }
}

impl BlockHandle {
    /// See [`Self::retire`].
    pub(crate) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Acquire)
    }
}

impl Drop for BlockHandle {
    fn drop(&mut self) {
        if !self.is_retired.load(Ordering::Acquire) {
            return;
        }
        // What fails here is deleted at the next start: it has no catalog row.
        if let Err(error) = self.disk.remove_dir_all(&self.dir) {
            let dir = self.dir.display();
            tracing::warn!(%dir, %error, "failed to delete a retired block; the next start does");
        }
    }
}

impl fmt::Debug for BlockHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockHandle({})", self.dir.display())
    }
}

/// Traces with a copy in a block that is not their home, with the minute rows that copy contributes.
pub(crate) type Away = HashMap<TraceId, Arc<[EdgeRow]>>;

/// A block in a view.
#[derive(Clone, Debug)]
pub(crate) struct BlockEntry {
    pub(crate) handle: Arc<BlockHandle>,
    /// Moved traces, and those that are live again (HOME-1, HOME-2).
    pub(crate) away: Arc<Away>,
}

/// One view.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) blocks: Vec<BlockEntry>,
    pub(crate) live: Snapshot,
}

impl View {
    pub(crate) fn blocks_of<'a>(
        &'a self,
        scope: &'a Scope,
    ) -> impl Iterator<Item = &'a BlockEntry> {
        self.blocks
            .iter()
            .filter(move |entry| entry.handle.scope() == scope)
    }

    fn entry_mut(&mut self, block: BlockId) -> Option<&mut BlockEntry> {
        self.blocks
            .iter_mut()
            .find(|entry| entry.handle.id() == block)
    }

    /// Hides the copy of a trace.
    pub(crate) fn hide(&mut self, home: &SealedHome, trace_id: TraceId) {
        let Some(entry) = self.entry_mut(home.block.id()) else {
            return;
        };
        if !entry.away.contains_key(&trace_id) {
            Arc::make_mut(&mut entry.away).insert(trace_id, Arc::clone(&home.rows));
        }
    }
}

/// The current view, and the right to publish the next.
#[derive(Debug)]
pub(crate) struct ViewCell {
    current: RwLock<Arc<View>>,
    publisher: Mutex<Shown>,
    /// What publications changed of the series.
    pub(crate) minute_changes: MinuteChanges,
}

/// T0 under which live traces are shown in the current view.
type Shown = HashMap<TraceKey, UnixNanos>;

impl ViewCell {
    pub(crate) fn new(blocks: Vec<BlockEntry>) -> Self {
        let view = View {
            blocks,
            live: Snapshot::default(),
        };
        Self {
            current: RwLock::new(Arc::new(view)),
            publisher: Mutex::default(),
            minute_changes: MinuteChanges::default(),
        }
    }

    /// The view of now. Reads by id look at the live traces first and take it after.
    pub(crate) fn current(&self) -> Arc<View> {
        Arc::clone(&self.current.read())
    }

    /// The right to publish. Whoever holds it is the only one who removes live traces and changes
    /// homes, so that what was found out under it still holds when it is published.
    pub(crate) fn publisher(&self) -> Publisher<'_> {
        Publisher {
            cell: self,
            shown: self.publisher.lock(),
        }
    }
}

/// See [`ViewCell::publisher`].
pub(crate) struct Publisher<'a> {
    cell: &'a ViewCell,
    shown: MutexGuard<'a, Shown>,
}

impl Publisher<'_> {
    /// Publishes a change of the current view in one step.
    pub(crate) fn publish(&mut self, change: impl FnOnce(&mut Draft<'_>)) {
        let mut view = View::clone(&self.cell.current());
        let mut touched = Vec::new();
        change(&mut Draft {
            view: &mut view,
            shown: &mut self.shown,
            touched: &mut touched,
        });
        let before = std::mem::replace(&mut *self.cell.current.write(), Arc::new(view));
        // After the view: whoever learns of the change must see it.
        self.cell.minute_changes.note(touched);
        // May delete the files of retired blocks: not while readers wait for the next view.
        drop(before);
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.cell.current()
    }
}

/// The next view in the making.
pub(crate) struct Draft<'a> {
    view: &'a mut View,
    shown: &'a mut Shown,
    /// Minutes of series time whose rows change.
    touched: &'a mut Vec<(Scope, UnixNanos)>,
}

impl Draft<'_> {
    /// Shows this state of a live trace, and hides its copy in a block. Returns the rows that the trace
    /// contributed before.
    pub(crate) fn show(
        &mut self,
        key: &TraceKey,
        entry: LiveEntry,
        home: Option<&SealedHome>,
    ) -> Option<Arc<[EdgeRow]>> {
        let shown = self.shown.get(key);
        let before = shown.and_then(|t0| self.view.live.get(key, *t0));
        let before = before.map(|entry| &entry.rows);
        let before = before.or(home.map(|home| &home.rows)).cloned();
        self.touch(&key.scope, before.as_deref(), &entry.rows);
        self.withdraw(key);
        self.shown.insert(key.clone(), entry.facts.t0);
        self.view.live.insert(key, entry);
        if let Some(home) = home {
            self.view.hide(home, key.id);
        }
        before
    }

    /// Notes the minutes in which a trace counts or did before, if that is not the same.
    fn touch(&mut self, scope: &Scope, before: Option<&[EdgeRow]>, after: &[EdgeRow]) {
        if before.is_some_and(|before| before == after) {
            return;
        }
        let rows = before.unwrap_or_default().iter().chain(after);
        let mut minutes: Vec<_> = rows.map(|row| row.key.end_slot).collect();
        minutes.sort_unstable();
        minutes.dedup();
        let scoped = minutes.into_iter().map(|minute| (scope.clone(), minute));
        self.touched.extend(scoped);
    }

    /// Shows a live trace no more.
    pub(crate) fn withdraw(&mut self, key: &TraceKey) {
        if let Some(t0) = self.shown.remove(key) {
            self.view.live.remove(key, t0);
        }
    }

    /// The state in which a live trace is shown.
    pub(crate) fn shown_change(&self, key: &TraceKey) -> Option<u64> {
        let t0 = self.shown.get(key)?;
        self.view.live.get(key, *t0).map(|entry| entry.change)
    }

    pub(crate) fn hide(&mut self, home: &SealedHome, trace_id: TraceId) {
        self.view.hide(home, trace_id);
    }

    pub(crate) fn add_block(&mut self, handle: Arc<BlockHandle>, away: Away) {
        self.view.blocks.push(BlockEntry {
            handle,
            away: Arc::new(away),
        });
    }

    pub(crate) fn remove_blocks(&mut self, blocks: &HashSet<BlockId>) {
        self.view
            .blocks
            .retain(|entry| !blocks.contains(&entry.handle.id()));
    }
}
