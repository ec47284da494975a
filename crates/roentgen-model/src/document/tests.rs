use proptest::prelude::*;

use super::facts::{DocumentEntity, Exception, Link};
use super::{Document, DocumentSettings, Parsed, Refusal, RefusalCode, compile, parse};
use crate::assembly::facts::{AnnotationValue, Flags, LinkReference, Namespace};
use crate::ids::TraceId;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::time::UnixNanos;

mod fixtures;

const NOW: UnixNanos = UnixNanos::from_secs(1_700_000_000);
const TRACE_ID: &str = "1-6553f100-00112233445566778899aabb";

/// A document with these members put into a complete segment; a member given here replaces the
/// segment's own (the last of two counts).
fn segment(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"name":"shop","id":"a000000000000001","trace_id":"{TRACE_ID}",
        "start_time":1699999990.5,"end_time":1699999991{comma}{members}}}"#
    )
}

fn subsegment(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    segment(&format!(
        r#""type":"subsegment","parent_id":"b000000000000001"{comma}{members}"#
    ))
}

/// A document without that member.
fn without(document: &str, member: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(document).unwrap();
    value.as_object_mut().unwrap().remove(member).unwrap();
    value.to_string()
}

fn parse_all(text: &[u8]) -> Vec<Parsed<'_>> {
    parse(text, NOW, &DocumentSettings::default())
}

fn outcome(text: &str) -> Result<Document, Refusal> {
    let mut all = parse_all(text.as_bytes());
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0).outcome
}

#[track_caller]
fn accepted(text: &str) -> Document {
    outcome(text).unwrap_or_else(|refusal| panic!("{refusal:?} for {text}"))
}

/// The entity of a segment with these members.
#[track_caller]
fn entity(members: &str) -> DocumentEntity {
    accepted(&segment(members)).entity
}

#[track_caller]
fn refused(text: &str, code: RefusalCode) {
    let refusal = outcome(text).expect_err(text);
    assert_eq!(refusal.code, code, "{text}");
}

#[track_caller]
fn refused_segment(members: &str, code: RefusalCode) {
    refused(&segment(members), code);
}

mod checks {
    use super::*;

    #[test]
    fn text_that_is_not_json_or_no_object_is_a_parse_error() {
        for text in [
            "",
            " ",
            "x",
            "{",
            "{]",
            "7",
            "\"a\"",
            "null",
            "{}{}",
            "{\"a\":1,}",
            "{'a':1}",
            "\u{feff}{}",
            "{\"a\":NaN}",
            "{\"a\":01}",
            "{\"a\":\"\n\"}",
            "[",
            "[{},]",
        ] {
            refused(text, RefusalCode::ParseError);
        }
        let refusal = outcome("7").unwrap_err();
        assert_eq!(refusal.id, None);
        assert_eq!(refusal.message, "Invalid segment. ErrorCode: ParseError");
        let invalid = [segment("").as_bytes(), b"\xff"].concat();
        let all = parse_all(&invalid);
        assert_eq!(all.len(), 1);
        assert_eq!(
            all[0].outcome.as_ref().unwrap_err().code,
            RefusalCode::ParseError
        );
    }

    #[test]
    fn each_missing_or_malformed_member_has_its_code() {
        use RefusalCode::*;
        let missing = [
            ("id", MissingId),
            ("trace_id", MissingTraceId),
            ("name", MissingName),
            ("start_time", MissingStartTime),
            ("end_time", MissingEndTime),
        ];
        for (member, code) in missing {
            refused(&without(&segment(""), member), code);
            refused_segment(&format!(r#""{member}":null"#), code);
        }
        refused(&without(&subsegment(""), "parent_id"), MissingParentId);
        let malformed = [
            (r#""id":[]"#, MissingId),
            (r#""id":{}"#, MissingId),
            (r#""id":7"#, InvalidId),
            (r#""id":"""#, InvalidId),
            (r#""id":"a00000000000001""#, InvalidId),
            (r#""id":"a00000000000000g""#, InvalidId),
            (r#""id":"a0000000000000011""#, InvalidId),
            (r#""trace_id":7"#, InvalidTraceId),
            (r#""trace_id":"""#, InvalidTraceId),
            (
                r#""trace_id":"2-6553f100-00112233445566778899aabb""#,
                InvalidTraceId,
            ),
            (
                r#""trace_id":"6553f10000112233445566778899aabb""#,
                InvalidTraceId,
            ),
            (
                r#""trace_id":"1-6553f100-00112233445566778899aab""#,
                InvalidTraceId,
            ),
            (r#""name":7"#, InvalidName),
            (r#""name":"""#, InvalidName),
            (r#""start_time":"1700000000""#, InvalidStartTime),
            (r#""start_time":1e400"#, InvalidStartTime),
            (r#""start_time":true"#, InvalidStartTime),
            (r#""start_time":1e99999999999"#, InvalidStartTime),
            (r#""end_time":"1700000000""#, InvalidEndTime),
            (r#""end_time":1e400"#, InvalidEndTime),
            (r#""end_time":{}"#, InvalidEndTime),
            (r#""parent_id":"x""#, InvalidParentId),
            (r#""parent_id":7"#, InvalidParentId),
            (r#""parent_id":"""#, InvalidParentId),
            (r#""type":"span""#, InvalidType),
            (r#""type":7"#, InvalidType),
            (r#""type":"Subsegment""#, InvalidType),
        ];
        for (members, code) in malformed {
            refused_segment(members, code);
        }
    }

    /// Every document here fails one more check than the next; the earliest in the table is named.
    #[test]
    fn first_failed_check_of_the_table_is_named() {
        use RefusalCode::*;
        let bad = [
            ("id", r#""x""#, InvalidId),
            ("trace_id", r#""x""#, InvalidTraceId),
            ("name", r#""""#, InvalidName),
            ("start_time", "9e9", InvalidStartTime),
            ("end_time", r#""x""#, InvalidEndTime),
            ("parent_id", r#""x""#, InvalidParentId),
            ("type", r#""x""#, InvalidType),
        ];
        for from in 0..bad.len() {
            let members: Vec<_> = bad[from..]
                .iter()
                .rev()
                .map(|(k, v, _)| format!(r#""{k}":{v}"#))
                .collect();
            refused_segment(&members.join(","), bad[from].2);
        }
        // A start that is too old spoils the trace id (check 6), before the name (8) is looked at.
        refused_segment(r#""start_time":1,"name":"""#, InvalidTraceId);
        // Size comes before everything but the grammar.
        let large = format!(r#"{{"id":"x","a":"{}"}}"#, "x".repeat(DOCUMENT_BYTES_MAX));
        let refusal = outcome(&large).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.id.as_deref()),
            (InvalidSegment, Some("x"))
        );
        refused(&large[..large.len() - 1], ParseError);
    }

    #[test]
    fn document_of_65536_bytes_passes_and_one_more_does_not() {
        let padded = |n: usize| {
            let bare = segment(r#""user":"""#).len();
            segment(&format!(r#""user":"{}""#, "x".repeat(n - bare)))
        };
        assert_eq!(accepted(&padded(65_536)).text_bytes, 65_536);
        refused(&padded(65_537), RefusalCode::InvalidSegment);
        refused(&format!("{} ", padded(65_536)), RefusalCode::InvalidSegment);
    }

    #[test]
    fn messages_name_the_kind_and_the_id() {
        let refusal = outcome(&segment(r#""name":"""#)).unwrap_err();
        assert_eq!(refusal.id.as_deref(), Some("a000000000000001"));
        assert_eq!(refusal.message, "Invalid segment. ErrorCode: InvalidName");
        let refusal = outcome(&subsegment(r#""id":"odd""#)).unwrap_err();
        assert_eq!(refusal.id.as_deref(), Some("odd"));
        assert_eq!(
            refusal.message,
            "Invalid subsegment. ErrorCode: InvalidId, Cause: null"
        );
        let refusal = outcome(&segment(&format!(r#""id":"{}""#, "ü".repeat(900)))).unwrap_err();
        assert_eq!(refusal.id.unwrap().chars().count(), 250);
    }

    #[test]
    fn array_holds_documents_of_their_own() {
        let text = format!("[{}, 7 ,\n{{}},{}]", segment(""), subsegment(""));
        let all = parse_all(text.as_bytes());
        let codes: Vec<_> = all
            .iter()
            .map(|p| p.outcome.as_ref().err().map(|r| r.code))
            .collect();
        assert_eq!(
            codes,
            [
                None,
                Some(RefusalCode::ParseError),
                Some(RefusalCode::MissingId),
                None
            ]
        );
        assert_eq!(all[0].text, segment("").as_bytes());
        assert_eq!(all[1].text, b"7");
        assert_eq!(all[3].text, subsegment("").as_bytes());
        refused("[]", RefusalCode::MissingId);
        refused("{}", RefusalCode::MissingId);
        refused("[[]]", RefusalCode::ParseError);
        let many = format!("[{}]", vec!["{}"; 1_000].join(","));
        assert_eq!(parse_all(many.as_bytes()).len(), 1_000);
        refused(
            &format!("[{}]", vec!["{}"; 1_001].join(",")),
            RefusalCode::InvalidSegment,
        );
    }

    #[test]
    fn segment_names_allow_letters_numbers_separators_and_some_signs() {
        let long = "ü".repeat(200);
        for name in [
            "a",
            "Größe 7 東京",
            "_.:/%&#=+\\\\-@",
            "x\u{2028}y",
            "Ⅷ²",
            &long,
        ] {
            assert!(
                outcome(&segment(&format!(r#""name":"{name}""#))).is_ok(),
                "{name}"
            );
        }
        let long = "ü".repeat(201);
        for name in [
            "a?b",
            "a;b",
            "a*",
            "(a)",
            "a!",
            "$",
            "~",
            "^",
            "<b>",
            "a\\\"b",
            "a,b",
            "a|b",
            "a\\tb",
            "a\\nb",
            "a\\u0000b",
            "\\u0085",
            "😀",
            "a\u{200b}b",
            "e\u{301}",
            "ⓐ",
            "\\ud800",
            &long,
        ] {
            refused_segment(&format!(r#""name":"{name}""#), RefusalCode::InvalidName);
        }
    }

    #[test]
    fn subsegment_names_allow_all_but_control_characters() {
        let long = "ü".repeat(200);
        for name in ["## handler", "db@host", "a?b;c*(d)!😀", "SELECT 'x'", &long] {
            accepted(&subsegment(&format!(r#""name":"{name}""#)));
        }
        let long = "ü".repeat(201);
        for name in ["", "a\\u0000b", "a\\nb", "\\u007f", &long] {
            refused(
                &subsegment(&format!(r#""name":"{name}""#)),
                RefusalCode::InvalidName,
            );
        }
    }

    #[test]
    fn start_must_lie_between_retention_and_two_hours_ahead() {
        let at = |secs: i64, fraction: &str| segment(&format!(r#""start_time":{secs}{fraction}"#));
        let (now, month) = (NOW.secs(), 30 * 86_400);
        accepted(&at(now - month, ""));
        refused(&at(now - month - 1, ".999999"), RefusalCode::InvalidTraceId);
        accepted(&at(now + 7_200, ""));
        refused(&at(now + 7_200, ".000001"), RefusalCode::InvalidStartTime);
        refused(&at(-5, ""), RefusalCode::InvalidTraceId);
        // Milliseconds instead of seconds.
        refused(&at(now * 1_000, ""), RefusalCode::InvalidStartTime);
        let short = DocumentSettings {
            retention_secs: 60,
            ..DocumentSettings::default()
        };
        let text = at(now - 61, "");
        let refusal = parse(text.as_bytes(), NOW, &short)
            .remove(0)
            .outcome
            .unwrap_err();
        assert_eq!(refusal.code, RefusalCode::InvalidTraceId);
        let endless = DocumentSettings {
            retention_secs: i64::MAX,
            ..DocumentSettings::default()
        };
        assert!(
            parse(at(0, "").as_bytes(), NOW, &endless)[0]
                .outcome
                .is_ok()
        );
    }

    #[test]
    fn time_of_the_trace_id_counts_only_if_asked_for() {
        let text = segment(r#""trace_id":"1-00000001-00112233445566778899aabb""#);
        accepted(&text);
        let settings = DocumentSettings {
            validate_trace_id_time: true,
            ..DocumentSettings::default()
        };
        let refusal = parse(text.as_bytes(), NOW, &settings)
            .remove(0)
            .outcome
            .unwrap_err();
        assert_eq!(refusal.code, RefusalCode::InvalidTraceId);
        assert!(
            parse(segment("").as_bytes(), NOW, &settings)[0]
                .outcome
                .is_ok()
        );
    }

    #[test]
    fn end_or_in_progress_is_needed_and_the_end_wins() {
        let open = without(&segment(""), "end_time");
        let with = |members: &str| format!("{},{members}}}", &open[..open.len() - 1]);
        assert_eq!(accepted(&with(r#""in_progress":true"#)).entity.end, None);
        assert_eq!(
            accepted(&with(r#""in_progress":true,"end_time":null"#))
                .entity
                .end,
            None
        );
        for members in [
            r#""in_progress":false"#,
            r#""in_progress":"true""#,
            r#""in_progress":1"#,
        ] {
            refused(&with(members), RefusalCode::MissingEndTime);
        }
        assert!(entity(r#""in_progress":false"#).end.is_some());
        assert!(entity(r#""in_progress":true"#).end.is_some());
        // Clock skew is accepted.
        assert!(entity(r#""end_time":1699999000"#).end.is_some());
    }

    #[test]
    fn type_segment_counts_as_absent() {
        assert!(!accepted(&segment(r#""type":"segment""#)).is_subsegment);
        assert!(!accepted(&segment(r#""type":null"#)).is_subsegment);
        assert!(accepted(&subsegment("")).is_subsegment);
    }
}

mod facts {
    use super::*;

    #[test]
    fn identity_and_times_are_read_exactly() {
        let text = r#"{"name":"Größe","id":"A0000000000000F1","trace_id":"1-6553F100-00112233445566778899AABB",
            "parent_id":"B000000000000001","start_time":1.6999999905000012E9,"end_time":1699999991.123456789}"#;
        let document = accepted(text);
        assert_eq!(document.trace_id, TraceId::parse_xray(TRACE_ID).unwrap());
        assert_eq!(document.parent_id.unwrap().to_string(), "b000000000000001");
        assert_eq!(document.text_bytes as usize, text.len());
        let entity = document.entity;
        assert_eq!(entity.id.to_string(), "a0000000000000f1");
        assert_eq!(&*entity.name, "Größe");
        assert_eq!(entity.start, UnixNanos(1_699_999_990_500_001_200));
        assert_eq!(entity.end, Some(UnixNanos(1_699_999_991_123_456_789)));
    }

    #[test]
    fn strings_of_a_segment_are_read_and_wrong_types_dropped() {
        let read = entity(
            r#""origin":"AWS::EC2::Instance","user":"u-1","resource_arn":"arn:x",
            "aws":{"account_id":"123456789012","ec2":{"instance_id":"i-1","availability_zone":"eu-west-1b"}},
            "http":{"request":{"method":"GET","url":"https://x/","user_agent":"ua","client_ip":"10.0.0.1"},
            "response":{"status":"404"}}"#,
        );
        assert_eq!(read.origin.as_deref(), Some("AWS::EC2::Instance"));
        assert_eq!(read.user.as_deref(), Some("u-1"));
        assert_eq!(read.resource_arn.as_deref(), Some("arn:x"));
        assert_eq!(read.account_id.as_deref(), Some("123456789012"));
        assert_eq!(read.instance_id.as_deref(), Some("i-1"));
        assert_eq!(read.availability_zone.as_deref(), Some("eu-west-1b"));
        assert_eq!(read.http.method.as_deref(), Some("GET"));
        assert_eq!(read.http.url.as_deref(), Some("https://x/"));
        assert_eq!(read.http.user_agent.as_deref(), Some("ua"));
        assert_eq!(read.http.client_ip.as_deref(), Some("10.0.0.1"));
        assert_eq!(read.http.status, Some(404));
        let bare = entity("");
        let wrong = entity(
            r#""origin":1,"user":{},"resource_arn":[],"aws":{"account_id":1,"ec2":"x"},
            "http":{"request":[],"response":{"status":"teapot"}},"annotations":[1],"cause":200,
            "links":{},"subsegments":{},"error":"yes","throttle":1,"fault":null,"namespace":7"#,
        );
        assert_eq!(wrong, bare);
        assert_eq!(
            entity(r#""http":7,"aws":"x","sql":1,"subsegments":[1,"x",[],null]"#),
            bare
        );
    }

    #[test]
    fn long_strings_are_indexed_on_their_first_characters() {
        let text = segment(&format!(r#""user":"{}""#, "ü".repeat(3_000)));
        let indexed = |strict_schema| {
            let settings = DocumentSettings {
                strict_schema,
                ..DocumentSettings::default()
            };
            let document = parse(text.as_bytes(), NOW, &settings)
                .remove(0)
                .outcome
                .unwrap();
            document.entity.user.unwrap().chars().count()
        };
        assert_eq!(indexed(false), 2_048);
        assert_eq!(indexed(true), 250);
    }

    #[test]
    fn flags_follow_explicit_members_then_the_status() {
        let check = |members: &str, expected: &str| {
            let Flags {
                error,
                throttle,
                fault,
            } = entity(members).flags;
            let show = |flag, letter| if flag { letter } else { "-" };
            let shown = [show(error, "e"), show(throttle, "t"), show(fault, "f")].concat();
            assert_eq!(shown, expected, "{members}");
        };
        let status = |status: u32| format!(r#""http":{{"response":{{"status":{status}}}}}"#);
        check("", "---");
        check(&status(200), "---");
        check(&status(399), "---");
        check(&status(400), "e--");
        check(&status(404), "e--");
        check(&status(429), "et-");
        check(&status(499), "e--");
        check(&status(500), "--f");
        check(&status(599), "--f");
        check(&status(600), "---");
        check(r#""throttle":true"#, "et-");
        check(r#""throttle":true,"error":false"#, "-t-");
        check(r#""fault":true"#, "--f");
        check(r#""error":true,"throttle":true,"fault":true"#, "etf");
        check(&format!(r#"{},"fault":false"#, status(500)), "---");
        check(&format!(r#"{},"error":false"#, status(429)), "-t-");
        check(&format!(r#"{},"throttle":false"#, status(429)), "e--");
        check(&format!(r#"{},"fault":true"#, status(404)), "e-f");
    }

    #[test]
    fn annotations_that_can_be_indexed_are_kept_in_order() {
        let key = "k".repeat(500);
        let read = entity(&format!(
            r#""annotations":{{"b":"x","a":1.5,"t":true,"aws:api_id":"id","k-y":"v","dup":1,"":"no",
            "{key}":7,"{key}k":8,"o":{{}},"l":[],"n":null,"huge":1e999,"long":"{}","dup":2}}"#,
            "ü".repeat(1_001)
        ));
        let shown: Vec<_> = read
            .annotations
            .iter()
            .map(|(key, value)| match value {
                AnnotationValue::String(s) if s.len() > 99 => {
                    format!("{key}={}", s.chars().count())
                }
                AnnotationValue::String(s) => format!("{key}={s}"),
                AnnotationValue::Number(n) => format!("{key}={n}"),
                AnnotationValue::Boolean(b) => format!("{key}={b}"),
            })
            .collect();
        let expected = ["b=x", "a=1.5", "t=true", "aws:api_id=id", "k-y=v", "dup=2"];
        assert_eq!(shown[..6], expected);
        assert_eq!(shown[6..], [format!("{key}=7"), "long=1000".to_owned()]);
    }

    #[test]
    fn cause_is_read_in_all_forms_that_sdks_send() {
        let reference = Some("c000000000000001".parse().unwrap());
        let read = |cause: &str| entity(&format!(r#""cause":{cause}"#)).cause;
        assert_eq!(read(r#""C000000000000001""#).reference, reference);
        assert_eq!(read(r#""abcdefghijklmnop""#).reference, None);
        assert_eq!(read(r#"{"id":"c000000000000001"}"#).reference, reference);
        assert_eq!(
            read(r#"{"id":"c000000000000001","exceptions":[]}"#).reference,
            reference
        );
        let java = read(r#"{"exceptions":[{"cause":"c000000000000001"}]}"#);
        assert_eq!((java.reference, java.exceptions.len()), (reference, 0));
        let read = read(
            r#"{"working_directory":"/app","paths":["a"],"exceptions":[7,
            {"id":"c000000000000001","type":"E","message":"m","cause":"c000000000000002"},
            {"type":"NoId","message":5},{"id":"exception-1"},{}]}"#,
        );
        let exception = |id: Option<&str>, name: Option<&str>, message: Option<&str>| Exception {
            id: id.map(|id| id.parse().unwrap()),
            name: name.map(Into::into),
            message: message.map(Into::into),
        };
        let expected = [
            exception(Some("c000000000000001"), Some("E"), Some("m")),
            exception(None, Some("NoId"), None),
            exception(None, None, None),
            exception(None, None, None),
        ];
        assert_eq!((read.exceptions, read.reference), (expected.to_vec(), None));
    }

    #[test]
    fn links_of_segments_are_read_up_to_twenty() {
        let link = |i: usize, attributes: &str| {
            format!(r#"{{"trace_id":"{TRACE_ID}","id":"b0000000000000{i:02}"{attributes}}}"#)
        };
        let reference = |kind: &str| {
            format!(r#","attributes":{{"aws.xray.reserved.reference_type":"{kind}"}}"#)
        };
        let some = [
            link(0, ""),
            link(1, &reference("child")),
            link(2, &reference("parent")),
        ];
        let read = entity(&format!(r#""links":[{}]"#, some.join(","))).links;
        let kinds: Vec<_> = read.iter().map(|link: &Link| link.reference).collect();
        assert_eq!(
            kinds,
            [
                LinkReference::Parent,
                LinkReference::Child,
                LinkReference::Parent
            ]
        );
        assert_eq!(read[1].id.to_string(), "b000000000000001");
        let many: Vec<_> = (0..30).map(|i| link(i, "")).collect();
        assert_eq!(
            entity(&format!(r#""links":[{}]"#, many.join(",")))
                .links
                .len(),
            20
        );
        let bad = r#""links":[7,{},{"trace_id":"x","id":"y"}]"#;
        assert!(entity(bad).links.is_empty());
        assert!(
            accepted(&subsegment(&format!(r#""links":[{}]"#, many.join(","))))
                .entity
                .links
                .is_empty()
        );
    }

    #[test]
    fn subsegments_have_namespace_and_callee_segments_have_not() {
        let call =
            r#""namespace":"aws","name":"dynamodb","aws":{"table_name":"t","account_id":"1"}"#;
        let read = accepted(&subsegment(call)).entity;
        assert_eq!(read.namespace, Some(Namespace::Aws));
        let callee = read.callee.unwrap();
        assert_eq!(
            (&*callee.name, callee.account_id.as_deref()),
            ("t", Some("1"))
        );
        let read = entity(call);
        assert_eq!((read.namespace, read.callee), (None, None));
        for local in [
            r#""namespace":"local""#,
            r#""namespace":"AWS""#,
            r#""namespace":null"#,
        ] {
            let read = accepted(&subsegment(local)).entity;
            assert_eq!((read.namespace, read.callee), (None, None), "{local}");
        }
        let read = accepted(&subsegment(r#""namespace":"remote","sql":{}"#)).entity;
        assert_eq!(
            read.callee.unwrap().node_type.as_deref(),
            Some("Database::SQL")
        );
        // What only segments have.
        let read = accepted(&subsegment(
            r#""origin":"o","user":"u","resource_arn":"r","aws":{"ec2":{"instance_id":"i"}}"#,
        ));
        assert_eq!(read.entity, accepted(&subsegment("")).entity);
    }

    #[test]
    fn embedded_subsegments_that_fail_their_checks_go_with_their_subtree() {
        let sub = |id: &str, rest: &str| {
            format!(
                r#"{{"id":"{id}","name":"s","start_time":1699999990.6,"end_time":1699999990.7{rest}}}"#
            )
        };
        let ids = |document: &str| {
            fn walk(entity: &DocumentEntity, out: &mut Vec<String>) {
                out.push(entity.id.to_string()[12..].to_owned());
                entity.subsegments.iter().for_each(|sub| walk(sub, out));
            }
            let mut out = Vec::new();
            walk(&accepted(document).entity, &mut out);
            out.join(" ")
        };
        let inner = sub("a000000000000009", "");
        let holds = format!(r#","subsegments":[{inner}]"#);
        let good = sub("a000000000000002", &holds);
        let list = |all: &[&str]| segment(&format!(r#""subsegments":[{}]"#, all.join(",")));
        assert_eq!(ids(&list(&[&good])), "0001 0002 0009");
        for bad in [
            r#","id":"x""#,
            r#","id":null"#,
            r#","name":"""#,
            r#","name":"a\u0000""#,
            r#","name":null"#,
            r#","start_time":"1""#,
            r#","start_time":null"#,
            r#","start_time":1.8e9"#,
        ] {
            let bad = sub("a000000000000003", &format!("{holds}{bad}"));
            assert_eq!(
                ids(&list(&[&bad, &sub("a000000000000004", "")])),
                "0001 0004",
                "{bad}"
            );
        }
        // The first of equal ids in document order stays.
        let twin = sub("a000000000000009", "");
        assert_eq!(ids(&list(&[&good, &twin])), "0001 0002 0009");
        assert_eq!(ids(&list(&[&twin, &good])), "0001 0009 0002");
        assert_eq!(ids(&list(&[&sub("A000000000000001", &holds)])), "0001");
        // Not closed: in progress (segments.md 1).
        for end in [
            r#","end_time":null"#,
            r#","end_time":"x""#,
            r#","end_time":null,"in_progress":true"#,
        ] {
            let open = accepted(&list(&[&sub("a000000000000002", end)]));
            assert_eq!(open.entity.subsegments[0].end, None, "{end}");
        }
    }
}

mod hostile {
    use super::*;

    fn nested_subsegments(levels: usize) -> String {
        let mut text = String::new();
        for level in 0..levels {
            let open = format!(
                r#","subsegments":[{{"id":"{level:016x}","name":"n","start_time":1699999990.6,"namespace":"aws""#
            );
            text.push_str(&open);
        }
        text.push_str(&"}]".repeat(levels));
        segment(text.trim_start_matches(','))
    }

    /// Runs on a stack of 2 MiB, what threads get by default; in debug builds frames are at their largest.
    fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(run)
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn nesting_up_to_the_bounds_is_read_on_a_small_stack() {
        on_a_small_stack(|| {
            let mut depth = 0;
            let document = accepted(&nested_subsegments(128));
            let mut entity = &document.entity;
            while let [inner] = entity.subsegments.as_slice() {
                (entity, depth) = (inner, depth + 1);
            }
            assert_eq!(depth, 128);
            let deep = |n: usize| {
                let metadata = format!("{}{}", "[".repeat(n), "]".repeat(n));
                segment(&format!(r#""metadata":{{"default":{metadata}}}"#))
            };
            accepted(&deep(510));
            refused(&deep(511), RefusalCode::InvalidSegment);
            let objects = format!("{}1{}", r#"{"a":"#.repeat(511), "}".repeat(511));
            accepted(&segment(&format!(r#""metadata":{objects}"#)));
        });
    }

    #[test]
    fn nesting_bombs_are_refused_with_their_id_on_a_small_stack() {
        on_a_small_stack(|| {
            let refusal = outcome(&nested_subsegments(129)).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::InvalidSegment);
            assert_eq!(refusal.id.as_deref(), Some("a000000000000001"));
            let bomb = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
            let refusal = outcome(&subsegment(&format!(r#""metadata":{bomb}"#))).unwrap_err();
            assert_eq!(
                refusal.message,
                "Invalid subsegment. ErrorCode: InvalidSegment, Cause: null"
            );
            refused(&bomb, RefusalCode::ParseError);
            refused(&"[".repeat(8 << 20), RefusalCode::ParseError);
            refused(&r#"{"a":"#.repeat(1 << 20), RefusalCode::ParseError);
        });
    }

    #[test]
    fn odd_characters_and_numbers_are_carried() {
        let read =
            entity(r#""user":"a\u0000b\ud800\n","annotations":{"n":1e308,"\u0000":"\u0000"}"#);
        assert_eq!(read.user.as_deref(), Some("a\0b\u{fffd}\n"));
        assert_eq!(read.annotations.len(), 2);
        let digits = "9".repeat(5_000);
        let read = entity(&format!(
            r#""annotations":{{"n":{digits}}},"http":{{"response":{{"status":{digits}}}}}"#
        ));
        assert_eq!((read.annotations.len(), read.http.status), (0, None));
        refused_segment(
            &format!(r#""start_time":{digits}"#),
            RefusalCode::InvalidStartTime,
        );
        accepted(&segment(&format!(r#""start_time":1699999990.{digits}"#)));
    }

    #[test]
    fn keys_may_be_escaped_or_doubled() {
        let text = segment("").replace("\"id\"", "\"\\u0069d\"");
        accepted(&text);
        let read =
            entity(r#""id":"a000000000000002","http":{"response":{"status":200,"status":500}}"#);
        assert_eq!(read.id.to_string(), "a000000000000002");
        assert!(read.flags.fault);
    }
}

mod fingerprint {
    use super::*;

    fn fingerprint(text: &str) -> u128 {
        accepted(text).fingerprint
    }

    #[test]
    fn layout_does_not_count_and_content_does() {
        let base = fingerprint(&segment(
            r#""user":"ab","metadata":{"x":{"p":1,"q":[1,2]}}"#,
        ));
        let same = [
            r#""metadata":{"x":{"q":[1,2],"p":1}},"user":"ab""#,
            r#""metadata" : { "x" : { "q" : [ 1 , 2 ] , "p" : 1 } } , "user" : "\u0061b""#,
            r#""user":"zz","metadata":{"x":{"p":1,"q":[1,2]}},"user":"ab""#,
        ];
        for members in same {
            assert_eq!(fingerprint(&segment(members)), base, "{members}");
        }
        let different = [
            r#""user":"ab","metadata":{"x":{"p":1,"q":[2,1]}}"#,
            r#""user":"ab","metadata":{"x":{"p":1.0,"q":[1,2]}}"#,
            r#""user":"ab","metadata":{"x":{"p":1,"q":[1,2]}},"extra":null"#,
            r#""user":"ab","metadata":{"x":{"p":"1","q":[1,2]}}"#,
        ];
        for members in different {
            assert_ne!(fingerprint(&segment(members)), base, "{members}");
        }
    }

    fn shuffled(value: &serde_json::Value, seed: usize) -> String {
        match value {
            serde_json::Value::Object(members) => {
                let mut parts: Vec<_> = members
                    .iter()
                    .map(|(key, member)| {
                        format!(
                            "{}:  {}",
                            serde_json::Value::from(key.as_str()),
                            shuffled(member, seed)
                        )
                    })
                    .collect();
                let by = seed % parts.len().max(1);
                parts.rotate_left(by);
                if seed.is_multiple_of(2) {
                    parts.reverse();
                }
                format!("{{\n{} }}", parts.join(" ,\t"))
            }
            serde_json::Value::Array(elements) => {
                let parts: Vec<_> = elements.iter().map(|e| shuffled(e, seed)).collect();
                format!("[ {}]", parts.join(", "))
            }
            other => other.to_string(),
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec(("[a-f]{1,3}", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn member_order_and_white_space_never_count(metadata in json(), seed in 0usize..100) {
            let text = segment(&format!(r#""metadata":{metadata}"#));
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(fingerprint(&shuffled(&value, seed)), fingerprint(&text));
        }
    }
}

mod robust {
    use super::*;

    const SEED: &str = r#"{"name":"shop","id":"a000000000000001","trace_id":"1-6553f100-00112233445566778899aabb",
        "start_time":1699999990.5,"in_progress":true,"type":"subsegment","parent_id":"b000000000000001",
        "http":{"request":{"url":"x"},"response":{"status":"200"}},"aws":{"ec2":{}},"cause":{"exceptions":[{"cause":"x"}]},
        "annotations":{"a":1},"links":[{}],"subsegments":[{"id":"a000000000000002","name":"s","start_time":1,"namespace":"aws"}]}"#;

    proptest! {
        #[test]
        fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!parse_all(&bytes).is_empty());
        }

        #[test]
        fn mutated_documents_get_a_verdict_and_compile_into_such_that_pass(
            edits in prop::collection::vec((0..SEED.len(), any::<u8>(), 0..4u8), 1..6)
        ) {
            let mut bytes = SEED.as_bytes().to_vec();
            for (at, byte, how) in edits {
                let at = at.min(bytes.len() - 1);
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    // Moves a part, so that members change places and values their types.
                    2 => {
                        let to = bytes.len().min(at + usize::from(byte));
                        let part: Vec<u8> = bytes.drain(at..to).collect();
                        bytes.extend(part);
                    }
                    _ => { bytes.remove(at); }
                }
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
            }
            for parsed in parse_all(&bytes) {
                let Ok(document) = parsed.outcome else { continue };
                let text = std::str::from_utf8(parsed.text).unwrap();
                let stamp = crate::time::Stamp(NOW.0);
                let compiled = compile::compile(document.trace_id, &[(stamp, text)]).segments;
                prop_assert_eq!(compiled[0].0, document.entity.id);
                let again = parse_all(compiled[0].1.as_bytes()).remove(0).outcome;
                let again = again.expect("a compiled document passes");
                prop_assert_eq!(again.entity.flags, document.entity.flags);
                prop_assert_eq!(again.entity.http, document.entity.http);
                prop_assert_eq!(again.entity.annotations, document.entity.annotations);
                prop_assert_eq!(again.entity.end, document.entity.end);
                prop_assert_eq!(again.parent_id, document.parent_id);
            }
        }

        #[test]
        fn any_value_in_any_member_gets_a_verdict(
            member in prop::sample::select(vec!["id", "trace_id", "name", "type", "start_time", "end_time",
                "parent_id", "in_progress", "http", "aws", "sql", "cause", "annotations", "links",
                "subsegments", "error", "namespace", "origin", "user", "metadata"]),
            value in prop::sample::select(vec!["null", "true", "0", "-1e5", "\"\"", "\"a\"", "[]", "{}", "[[]]",
                "[{}]", "{\"request\":[],\"response\":7}", "{\"exceptions\":{}}", "{\"exceptions\":[null,{}]}"]),
        ) {
            prop_assert_eq!(parse_all(segment(&format!(r#""{member}":{value}"#)).as_bytes()).len(), 1);
        }
    }
}

#[test]
fn documents_are_counted_as_parse_finds_them() {
    let thousand = format!("[{}{{}}]", "{},".repeat(999));
    let more = format!("[{}{{}}]", "{},".repeat(1000));
    let texts = [
        "",
        "{}",
        "[",
        "[]",
        " \n[{},5]",
        "[{}]x",
        "\"[]\"",
        &thousand,
        &more,
    ];
    let expected = [1, 1, 1, 1, 2, 1, 1, 1000, 1];
    for (text, expected) in texts.iter().zip(expected) {
        let found = parse(text.as_bytes(), NOW, &DocumentSettings::default());
        assert_eq!(
            (found.len(), super::count(text.as_bytes())),
            (expected, expected),
            "{text:.20}"
        );
    }
    assert_eq!(super::count(b"[\xff]"), 1);
}
