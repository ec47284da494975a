use super::*;

fn version(stamp: i64, is_complete: bool, fingerprint: u128) -> Version {
    Version {
        stamp: Stamp(stamp),
        is_complete,
        fingerprint,
    }
}

#[test]
fn version_meets_winner_as_the_table_of_the_spec_says() {
    let (open, done) = (version(5, false, 1), version(5, true, 2));
    let cases = [
        (None, version(6, false, 1), Effect::Changes),
        (Some(open), version(6, true, 2), Effect::Changes),
        (Some(done), version(6, false, 1), Effect::Beaten),
        (Some(open), version(6, false, 3), Effect::Changes),
        (Some(open), version(6, false, 1), Effect::Equal),
        (Some(done), version(6, true, 2), Effect::Equal),
        (Some(done), version(6, true, 3), Effect::Changes),
        // What came earlier and is met later (replay over a block) does not win.
        (Some(done), version(4, true, 3), Effect::Beaten),
        (Some(open), version(4, true, 3), Effect::Changes),
    ];
    for (winner, arriving, expected) in cases {
        assert_eq!(
            arriving.effect_on(winner.as_ref()),
            expected,
            "{arriving:?} on {winner:?}"
        );
    }
}
