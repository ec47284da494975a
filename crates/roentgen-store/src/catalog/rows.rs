//! Rows of the tables, to and from values.
