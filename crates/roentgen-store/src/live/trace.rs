//! One live trace.

use std::sync::Arc;

use roentgen_model::assembly::facts::LinkFacts;
use roentgen_model::document::facts::{Document, DocumentEntity};
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Stamp, TraceId, UnixNanos};

use crate::accept::Holdings;
use crate::facts::Recorded;
use crate::merge::{DocumentKey, Effect, Version, Winners};
use crate::view::BlockHandle;
use crate::wal::DocumentPosition;

/// Where a document's text lies.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Log(DocumentPosition),
    /// Among the documents of the trace's copy in this block, known by its stamp.
    Block(Arc<BlockHandle>),
}

/// The copy of a live trace in a block: hidden from reads while the trace is live (HOME-2).
#[derive(Clone, Debug)]
pub(crate) struct SealedHome {
    pub(crate) block: Arc<BlockHandle>,
    /// The minute rows the copy contributes; totals subtract them.
    pub(crate) rows: Arc<[EdgeRow]>,
}

/// Where else the trace is.
#[derive(Clone, Debug)]
pub(crate) enum Home {
    /// Not looked up yet: reads by id merge, searches show what a block has.
    Unknown,
    /// No block has it.
    Live,
    /// A block has a copy; its documents are among the winners.
    Reopened(SealedHome),
}

/// A document that was logged since the trace became live, in order of stamps.
#[derive(Clone, Debug)]
pub(crate) struct LiveArrival {
    pub(crate) stamp: Stamp,
    /// Stamp of its log record: documents of one record make one revision.
    pub(crate) record: Stamp,
    pub(crate) position: DocumentPosition,
    /// Kept while the home is unknown, because what the block has decides who wins; `None` also for a
    /// note that a document was refused for size.
    pub(crate) document: Option<Arc<Document>>,
}

/// A live trace.
#[derive(Debug)]
pub(crate) struct LiveTrace {
    pub(crate) winners: Winners<Text>,
    /// Everything whose log bit this trace must settle one day, what was beaten included: replay needs
    /// it for equal revisions (LOG-3).
    pub(crate) arrivals: Vec<LiveArrival>,
    pub(crate) home: Home,
    /// Revision of the copy in the block; 0 without one.
    base_revision: u32,
    changing_records: u32,
    last_changing_record: Stamp,
    pub(crate) limit_exceeded: bool,
    /// See [`super::LiveTraces::next_change`].
    pub(crate) change: u64,
    /// When it became live, and when it last changed.
    pub(crate) opened: UnixNanos,
    pub(crate) changed: UnixNanos,
    /// First change the assembler has not worked off.
    pub(crate) waits_since: Option<UnixNanos>,
    /// T0 as last assembled.
    pub(crate) t0: Option<UnixNanos>,
    /// When the last assembly ended, and how long it took.
    pub(crate) assembled: UnixNanos,
    pub(crate) assembly_nanos: i64,
    pub(crate) reopenings: u32,
    /// Estimated memory.
    pub(crate) cost: i64,
    /// LINK-1: links whose source is known, as last assembled or sealed.
    pub(crate) links: Arc<[LinkFacts]>,
    /// Linked traces that [`crate::links::Awaited`] knows of this trace.
    pub(crate) awaits: Vec<TraceId>,
}

impl LiveTrace {
    pub(crate) fn new(now: UnixNanos) -> Self {
        Self {
            winners: Winners::default(),
            arrivals: Vec::new(),
            home: Home::Unknown,
            base_revision: 0,
            changing_records: 0,
            last_changing_record: Stamp(i64::MIN),
            limit_exceeded: false,
            change: 0,
            opened: now,
            changed: now,
            waits_since: None,
            t0: None,
            assembled: UnixNanos(i64::MIN),
            assembly_nanos: 0,
            reopenings: 0,
            cost: 0,
            links: Arc::default(),
            awaits: Vec::new(),
        }
    }

    /// Takes a logged document in; arrivals must come in order of stamps.
    pub(crate) fn add(&mut self, arrival: LiveArrival) {
        match &arrival.document {
            Some(document) => {
                let text = Text::Log(arrival.position);
                let effect = self.winners.add(arrival.stamp, Arc::clone(document), text);
                self.count(effect, arrival.record);
            }
            None => self.limit_exceeded = true,
        }
        let keeps_document = matches!(self.home, Home::Unknown);
        let document = arrival.document.filter(|_| keeps_document);
        self.arrivals.push(LiveArrival {
            document,
            ..arrival
        });
    }

    fn count(&mut self, effect: Effect, record: Stamp) {
        if effect == Effect::Changes && self.last_changing_record != record {
            self.changing_records += 1;
            self.last_changing_record = record;
        }
    }

    pub(crate) fn recorded(&self) -> Recorded {
        Recorded {
            revision: self.base_revision.saturating_add(self.changing_records),
            limit_exceeded: self.limit_exceeded,
        }
    }

    /// Nothing that arrived says anything the copy in the block does not say.
    pub(crate) fn is_as_sealed(&self, base_limit_exceeded: bool) -> bool {
        let is_reopened = matches!(self.home, Home::Reopened(_));
        is_reopened && self.changing_records == 0 && self.limit_exceeded == base_limit_exceeded
    }

    /// The home was looked up and there is none.
    pub(crate) fn has_no_copy(&mut self) {
        self.home = Home::Live;
        self.forget_arrived_documents();
    }

    /// The home was looked up: what arrived is added to the block's documents anew, in order of
    /// stamps, so that it wins and counts as if the trace had never been sealed (HOME-2, LOG-3).
    pub(crate) fn take_over(&mut self, base: &Base) {
        let mut winners = Winners::default();
        for (stamp, document) in &base.documents {
            let text = Text::Block(Arc::clone(&base.home.block));
            winners.add(*stamp, Arc::clone(document), text);
        }
        self.winners = winners;
        self.home = Home::Reopened(base.home.clone());
        self.base_revision = base.recorded.revision;
        self.changing_records = 0;
        self.last_changing_record = Stamp(i64::MIN);
        self.limit_exceeded = base.recorded.limit_exceeded;
        self.links = Arc::clone(&base.links);
        self.reopenings = self.reopenings.saturating_add(1);
        for arrival in std::mem::take(&mut self.arrivals) {
            self.add(arrival);
        }
        self.forget_arrived_documents();
    }

    /// The trace was sealed as it was at `change`, but more came since (SEAL-2): what was sealed is
    /// settled, its texts lie in the new block now, and the trace counts as reopened.
    pub(crate) fn was_sealed_before(&mut self, home: SealedHome, sealed: &[Stamp], revision: u32) {
        let total = self.recorded().revision;
        self.base_revision = revision;
        self.changing_records = total.saturating_sub(revision);
        let is_sealed = |stamp: &Stamp| sealed.binary_search(stamp).is_ok();
        self.arrivals.retain(|arrival| !is_sealed(&arrival.stamp));
        self.move_texts(&home.block, |stamp| is_sealed(&stamp));
        self.home = Home::Reopened(home);
        self.reopenings = self.reopenings.saturating_add(1);
        // Its age begins anew, else it would be sealed at every look.
        self.opened = self.changed;
    }

    /// The block that holds the copy was merged into another (COMPACT-1), where the copy may contribute
    /// other rows (LINK-1).
    pub(crate) fn home_was_merged(
        &mut self,
        block: &Arc<BlockHandle>,
        rows: Option<&Arc<[EdgeRow]>>,
    ) {
        if let Home::Reopened(home) = &mut self.home {
            home.block = Arc::clone(block);
            if let Some(rows) = rows {
                home.rows = Arc::clone(rows);
            }
        }
        for winner in self.winners.values_mut() {
            if matches!(winner.text, Text::Block(_)) {
                winner.text = Text::Block(Arc::clone(block));
            }
        }
    }

    fn move_texts(&mut self, block: &Arc<BlockHandle>, moves: impl Fn(Stamp) -> bool) {
        for winner in self.winners.values_mut() {
            if matches!(winner.text, Text::Block(_)) || moves(winner.version.stamp) {
                winner.text = Text::Block(Arc::clone(block));
            }
        }
    }

    fn forget_arrived_documents(&mut self) {
        for arrival in &mut self.arrivals {
            arrival.document = None;
        }
        self.arrivals.shrink_to_fit();
    }
}

impl Holdings for LiveTrace {
    fn holding(&self, key: DocumentKey) -> Option<(Version, u32)> {
        self.winners
            .get(key)
            .map(|winner| (winner.version, winner.document.text_bytes))
    }

    fn bytes(&self) -> u64 {
        self.winners.bytes()
    }
}

/// What a block has of a trace.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) home: SealedHome,
    pub(crate) recorded: Recorded,
    /// Links whose source is known.
    pub(crate) links: Arc<[LinkFacts]>,
    /// Oldest stamp first.
    pub(crate) documents: Vec<(Stamp, Arc<Document>)>,
}

/// Estimated memory of a parsed document in a live trace, assembled facts included.
///
/// Fitted to the heap of 30,000 live traces of one document with two calls each: 8.0 kB a document
/// (design: 0.6 kB), of which a third is the trace's own and the rest goes by entities, twice (parsed
/// and assembled).
pub(crate) fn document_cost(document: &Document) -> i64 {
    fn entities(entity: &DocumentEntity) -> i64 {
        let annotations = i64::try_from(entity.annotations.len()).unwrap_or(i64::MAX / 1_000);
        1 + annotations / 4 + entity.subsegments.iter().map(entities).sum::<i64>()
    }
    // A sixteenth of the text stands for the strings that are kept of it.
    2_400 + 1_400 * entities(&document.entity) + i64::from(document.text_bytes) / 16
}
