use super::*;

#[test]
fn day_names_are_those_of_the_calendar() {
    for (secs, name) in [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (951_782_400, "2000-02-29"),
        (1_709_164_799, "2024-02-28"),
        (1_709_164_800, "2024-02-29"),
        (1_795_176_000, "2026-11-20"),
        (4_107_542_400, "2100-03-01"),
    ] {
        assert_eq!(day_name(UnixNanos::from_secs(secs)), name, "{secs}");
    }
}

#[test]
fn block_id_reads_only_what_it_prints() {
    let id = BlockId(0xfe);
    assert_eq!(id.to_string(), "00000000000000fe");
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in [
        "",
        "fe",
        "00000000000000FE",
        "+0000000000000fe",
        "000000000000000fe",
    ] {
        assert_eq!(text.parse::<BlockId>(), Err(BlockIdError), "{text}");
    }
}
