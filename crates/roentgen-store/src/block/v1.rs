//! Format v1 (`docs/formats/block-v1.md`). Released formats are never edited: a change of a table's
//! schema is a new version beside this one.

pub(super) mod reader;
pub(super) mod scan;
pub(super) mod writer;
