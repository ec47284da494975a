//! ASM-1: which document and which entity wins, and what hangs where.

use crate::document::facts::Document;
use crate::ids::SegmentId;
use crate::time::Stamp;

/// A document with its order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub stamp: Stamp,
    pub document: &'a Document,
}

/// The winning entities of a trace as a forest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Parents before children, siblings (and tops) by (start, id).
    pub entities: Vec<ResolvedEntity>,
    /// Entities ignored because a segment and a subsegment claim one id.
    pub conflicts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedEntity {
    pub id: SegmentId,
    /// Index of the winning arrival.
    pub arrival: usize,
    /// Pre-order ordinal inside that document.
    pub ordinal: usize,
    pub is_segment: bool,
    pub parent: ResolvedParent,
    /// Indices into [`Resolved::entities`], by (start, id).
    pub children: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolvedParent {
    None,
    Entity(usize),
    Unknown(SegmentId),
}
