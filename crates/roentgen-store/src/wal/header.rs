//! File headers.
