//! Response-time histograms (service-graph.md 4.1).

/// Rounds a time as histograms show it: to 1 ms below 1 s, to 3 significant digits from 1 s up.
/// Nanoseconds in, nanoseconds out; negative counts as 0.
#[must_use]
pub fn round_nanos(nanos: i64) -> i64 {
    let millis = crate::time::round_to_millis(nanos.max(0));
    let mut unit = 1;
    while millis / unit >= 1000 {
        unit *= 10;
    }
    (millis + unit / 2) / unit * unit * 1_000_000
}
