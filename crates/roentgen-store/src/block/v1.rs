//! Format v1 (`docs/formats/block-v1.md`). Released formats are never edited: a change of a table's
//! schema is a new version beside this one.

mod bloom;
mod checked;
mod codes;
mod columns;
mod docs;
mod edges;
mod facts;
mod masks;
mod meta;
mod nodes;
mod properties;
pub(super) mod reader;
mod root_causes;
pub(super) mod scan;
mod schema;
mod spans;
mod streams;
mod table;
mod traces;
pub(super) mod writer;

pub(crate) use checked::CHECKSUMS_NAME;

#[cfg(test)]
mod tests;
