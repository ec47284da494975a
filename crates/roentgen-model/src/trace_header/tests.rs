use proptest::prelude::*;

use super::{Sampled, TraceHeader};

const ROOT: &str = "1-6b0088ad-e4f14c05c95edc82e28c014d";

/// `written`: what the header read from `value` is written as; `-`: no header.
fn check(value: &str, written: &str, bad_roots: u32, duplicates: u32) {
    let read = TraceHeader::parse(value);
    let shown = read.as_ref().map_or("-".to_owned(), ToString::to_string);
    assert_eq!(
        shown,
        written.replace("R!", &format!("Root={ROOT}")),
        "`{value}`"
    );
    let read = read.unwrap_or_default();
    assert_eq!(
        (read.bad_roots, read.duplicates),
        (bad_roots, duplicates),
        "`{value}`"
    );
}

#[test]
fn vectors_of_the_specification_read_as_it_says() {
    check(&format!("Root={ROOT}"), "R!", 0, 0);
    check(
        &format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"),
        "R!;Parent=53995c3f42cd8ad8;Sampled=1",
        0,
        0,
    );
    check(
        &format!("Self=1-6b0088ae-000000000000000000000abc;Root={ROOT}; Sampled=0"),
        "R!;Sampled=0",
        0,
        0,
    );
    check(
        &format!("root={};sampled=?", ROOT.to_uppercase()),
        "R!;Sampled=?",
        0,
        0,
    );
    check(
        &format!("Root={ROOT};Lineage=1:5d0e11ab:0;CalledFrom=app=x"),
        "R!;Lineage=1:5d0e11ab:0;CalledFrom=app=x",
        0,
        0,
    );
    check("Root=1-6b88ad-e4f14c05c95edc82e28c014d", "", 1, 0);
    check("Sampled=1", "Sampled=1", 0, 0);
    check("", "-", 0, 0);
    check(";;;", "-", 0, 0);
}

#[test]
fn odd_fields_read_as_the_table_says() {
    // Key case, spaces, parts without `=`, empty values and keys.
    check(
        &format!(" ROOT={ROOT} ;\tPARENT=53995C3F42CD8AD8 "),
        "R!;Parent=53995c3f42cd8ad8",
        0,
        0,
    );
    check(&format!("junk;Root={ROOT};more junk;"), "R!", 0, 0);
    check(&format!("Root=;Root={ROOT};=x;Lineage="), "R!", 0, 0);
    check("junk", "-", 0, 0);
    // The first of equal keys wins, whatever its case.
    check(&format!("Root={ROOT};root=bad;A=1;a=2;A=3"), "R!;A=1", 0, 3);
    check(&format!("Root={ROOT};Sampled=maybe;Sampled=1"), "R!", 0, 1);
    // Malformed values.
    check(&format!("Root={ROOT};Parent=53995c3f42cd8ad"), "R!", 0, 0);
    check(&format!("Root={ROOT};Parent=0000000000000000"), "R!", 0, 0);
    check(
        "Root=1-6b0088ad-000000000000000000000000;Parent=53995c3f42cd8ad8",
        "",
        1,
        0,
    );
    check(
        &format!("Root=2{};Sampled=0", &ROOT[1..]),
        "Sampled=0",
        1,
        0,
    );
    check("Root=6b0088ade4f14c05c95edc82e28c014d", "", 1, 0);
    check("Parent=53995c3f42cd8ad8", "", 0, 0);
    // What could not be a header again.
    check(&format!("Root={ROOT};a=b\r\nx: y;ü=1;c=d"), "R!;c=d", 0, 0);
}

#[test]
fn extras_beyond_256_bytes_are_left_out_one_by_one() {
    let fits = "x".repeat(200);
    let does_not = "y".repeat(60);
    let value = format!("Root={ROOT};a={fits};b={does_not};c=z");
    check(&value, &format!("R!;a={fits};c=z"), 0, 0);
}

#[test]
fn sampled_is_read_in_its_three_forms_only() {
    let read = |text: &str| {
        TraceHeader::parse(&format!("Sampled={text}"))
            .unwrap()
            .sampled
    };
    assert_eq!(read("1"), Some(Sampled::Yes));
    assert_eq!(read("0"), Some(Sampled::No));
    assert_eq!(read("?"), Some(Sampled::Requested));
    assert_eq!(read("true"), None);
}

proptest! {
    #[test]
    fn what_is_written_reads_back_equal(value in "(Root|Parent|Sampled|x|Y)?[=; 01?a-f-]{0,60}") {
        if let Some(read) = TraceHeader::parse(&value) {
            let written = read.to_string();
            let again = TraceHeader::parse(&written).unwrap_or_default();
            prop_assert_eq!(again.to_string(), written);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(value in "\\PC*") {
        let _ = TraceHeader::parse(&value);
    }
}
