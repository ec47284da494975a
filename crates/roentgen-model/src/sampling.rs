//! Sampling (spec sampling.md 3 and 5): rule matching and quota assignment, pure.
