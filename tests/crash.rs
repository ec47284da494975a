//! The binary killed at random moments: what was acknowledged is there, and counts once.

mod answers;
mod feed;
mod kill;
