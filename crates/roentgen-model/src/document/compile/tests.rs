use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CompiledTrace, compile, inferred_segment_id};
use crate::document::{DocumentSettings, parse};
use crate::ids::TraceId;
use crate::time::{Stamp, UnixNanos};

const TRACE_ID: &str = "1-6553f100-00112233445566778899aabb";

fn trace_id() -> TraceId {
    TraceId::parse_xray(TRACE_ID).unwrap()
}

fn compile_texts(texts: &[&str]) -> CompiledTrace {
    let stamps = (1..).map(|n| Stamp(1_700_000_000_000_000_000 + n));
    let documents: Vec<_> = stamps.zip(texts.iter().copied()).collect();
    compile(trace_id(), &documents)
}

/// The compiled documents, ids checked against their entries.
fn compiled(texts: &[&str]) -> Vec<String> {
    let entries = compile_texts(texts).segments;
    let take = |(id, document): (crate::SegmentId, String)| {
        assert!(crate::document::json::is_json(&document), "{document}");
        assert!(
            document.starts_with(&format!(r#"{{"id":"{id}","#)),
            "{document}"
        );
        document
    };
    entries.into_iter().map(take).collect()
}

/// One document alone, compiled, without the inferred segments.
fn one(text: &str) -> String {
    compiled(&[text]).remove(0)
}

fn segment(members: &str) -> String {
    format!(
        r#"{{"name":"shop","id":"a000000000000001","trace_id":"{TRACE_ID}","start_time":1699999990.5,"end_time":1699999991.25{members}}}"#
    )
}

/// An independent subsegment with the last digits of its id and of its parent's.
fn subsegment(id: &str, parent: &str, members: &str) -> String {
    format!(
        r#"{{"name":"s","id":"a00000000000{id}","parent_id":"a00000000000{parent}","type":"subsegment",
        "trace_id":"{TRACE_ID}","start_time":1699999990.6,"end_time":1699999990.7{members}}}"#
    )
}

const HEAD: &str =
    r#"{"id":"a000000000000001","name":"shop","start_time":1699999990.5,"end_time":1699999991.25"#;
const TAIL: &str = r#""trace_id":"1-6553f100-00112233445566778899aabb""#;

/// Members sent, and members expected between head and `trace_id`.
#[track_caller]
fn body(sent: &str, expected: &str) {
    let comma = |members: &str| if members.is_empty() { "" } else { "," }.to_owned() + members;
    assert_eq!(
        one(&segment(&comma(sent))),
        format!("{HEAD}{},{TAIL}}}", comma(expected))
    );
}

#[track_caller]
fn same(members: &str) {
    body(members, members);
}

#[test]
fn members_come_in_the_order_of_the_specification() {
    let sent = r#","zeta":1,"subsegments":[],"origin":"AWS::EC2::Instance","resource_arn":"r","metadata":{"d":{}},
        "annotations":{"a":1},"user":"u","service":{"version":"1"},"cause":"c000000000000001","fault":true,
        "throttle":false,"error":false,"sql":{"url":"x"},"aws":{"ec2":{}},"http":{},"parent_id":"B000000000000001",
        "alpha":null"#;
    let expected = r#","parent_id":"b000000000000001","http":{},"aws":{"ec2":{}},"sql":{"url":"x"},"error":false,"throttle":false,"fault":true,"cause":"c000000000000001","service":{"version":"1"},"user":"u","annotations":{"a":1},"metadata":{"d":{}},"resource_arn":"r","#;
    let tail = r#","origin":"AWS::EC2::Instance","zeta":1,"alpha":null}"#;
    assert_eq!(one(&segment(sent)), format!("{HEAD}{expected}{TAIL}{tail}"));
}

/// Every member that segments.md 2 names (and those seen in practice) in a document, as sent.
#[test]
fn every_member_of_the_specification_survives() {
    let http = r#""http":{"request":{"method":"GET","url":"https://x/?q=1","user_agent":"ua","client_ip":"10.0.0.1","x_forwarded_for":true,"traced":true},"response":{"status":200,"content_length":-1}}"#;
    let cause = r#""cause":{"working_directory":"/app","paths":["a","b"],"exceptions":[{"id":"c000000000000001","message":"m","type":"T","remote":true,"truncated":3,"skipped":0,"cause":"c000000000000002","stack":[{"path":"p","line":7,"label":"l"}]}]}"#;
    for members in [
        http,
        cause,
        r#""error":true"#,
        r#""throttle":true"#,
        r#""fault":false"#,
        r#""user":"u""#,
        r#""service":{"version":"1.2","runtime":"x","runtime_version":"y","compiler":"c","compiler_version":"d","name":"n"}"#,
        r#""annotations":{"s":"text","n":1.50,"i":9007199254740993,"b":true,"aws:api_id":"x"}"#,
        r#""metadata":{"default":{"any":[1,{"x":null}]},"AWS.x":7}"#,
        r#""aws":{"account_id":"123456789012","cloudwatch_logs":[{"log_group":"g","arn":"a"}],"ec2":{"instance_id":"i","instance_size":"s","ami_id":"a","availability_zone":"z"},"ecs":{"container":"c","container_id":"i","container_arn":"a"},"eks":{"pod":"p","cluster_name":"c","container_id":"i"},"elastic_beanstalk":{"environment_name":"e","version_label":"v","deployment_id":32},"xray":{"sdk":"s","sdk_version":"v","auto_instrumentation":true,"sampling_rule_name":"r","rule_name":"r"},"request_id":"r","function_arn":"f","resource_names":["r"],"tracing":{"sdk":"x"},"api_gateway":{"rest_api_id":"x"}}"#,
        r#""aws":{"operation":"o","account_id":"1","region":"r","request_id":"q","queue_url":"u","table_name":"t","resource_names":["a"],"retries":3,"function_name":"f","invocation_type":"i","status_code":200,"topic_arn":"t","bucket_name":"b","key":"k","stream_name":"s","state_machine_arn":"a","id_2":"x"}"#,
        r#""sql":{"connection_string":"c","url":"u","sanitized_query":"q","database_type":"t","database_version":"v","driver_version":"d","user":"u","preparation":"call"}"#,
        r#""namespace":"remote""#,
        r#""namespace":"local""#,
        r#""traced":true"#,
        r#""precursor_ids":["a000000000000009"]"#,
        r#""resource_arn":"arn:aws:lambda:x""#,
        r#""links":[{"trace_id":"1-6553f100-00112233445566778899aabb","id":"b000000000000001","attributes":{"aws.xray.reserved.reference_type":"parent"}}]"#,
    ] {
        same(members);
    }
    for last in [
        r#""origin":"AWS::Lambda""#,
        r#""Dummy":false"#,
        r#""future":{"x":[1.0,1E400]}"#,
    ] {
        assert_eq!(
            one(&segment(&format!(",{last}"))),
            format!("{HEAD},{TAIL},{last}}}")
        );
    }
    let parent = r#""parent_id":"b000000000000001""#;
    assert_eq!(
        one(&segment(&format!(",{parent}"))),
        format!("{HEAD},{parent},{TAIL}}}")
    );
    let open = one(&segment(r#","end_time":null,"in_progress":true"#));
    assert!(
        open.contains(r#""start_time":1699999990.5,"in_progress":true,"#),
        "{open}"
    );
}

#[test]
fn wrong_types_are_removed_and_odd_forms_put_right() {
    body(
        r#""user":7,"error":"yes","http":"x","annotations":[],"metadata":1,"links":{},"subsegments":{},"cause":200,"sql":null"#,
        "",
    );
    body(
        r#""http":{"request":{"method":1,"url":"u","x":null},"response":{"status":"404","content_length":"861"}}"#,
        r#""http":{"request":{"url":"u","x":null},"response":{"status":404,"content_length":861}}"#,
    );
    body(
        r#""http":{"request":[],"response":{"status":"teapot","content_length":"many"}}"#,
        r#""http":{"response":{}}"#,
    );
    body(
        r#""aws":{"request_id":null,"account_id":7,"ec2":[],"retries":null}"#,
        r#""aws":{"retries":null}"#,
    );
    body(
        r#""aws":{"cloudwatch_logs":{"log_group":"g"}}"#,
        r#""aws":{"cloudwatch_logs":[{"log_group":"g"}]}"#,
    );
    body(
        r#""annotations":{"a":1,"o":{},"l":[],"n":null,"a":2}"#,
        r#""annotations":{"a":2}"#,
    );
    body(
        r#""precursor_ids":["A00000000000000A",7,"odd"]"#,
        r#""precursor_ids":["a00000000000000a","odd"]"#,
    );
    body(
        r#""inferred":true,"in_progress":false,"type":"segment""#,
        "",
    );
    body(
        r#""cause":"C000000000000001""#,
        r#""cause":"c000000000000001""#,
    );
    same(r#""cause":{"id":"c000000000000001"}"#);
    same(r#""cause":{"id":"c000000000000001","exceptions":[]}"#);
    same(r#""cause":{"exceptions":[{"cause":"c000000000000001"}]}"#);
    same(r#""cause":{"exceptions":[{"id":"exception-1","message":"m"}]}"#);
    body(
        r#""links":[7,{"trace_id":"1-6553F100-00112233445566778899AABB","id":"B000000000000001"}]"#,
        r#""links":[{"trace_id":"1-6553f100-00112233445566778899aabb","id":"b000000000000001"}]"#,
    );
    let links = format!(r#""links":[{}]"#, vec!["{}"; 21].join(","));
    body(
        &links,
        &format!(r#""links":[{}]"#, vec!["{}"; 20].join(",")),
    );
    body(
        "\"metadata\" : { \"a b\" : [ 1 , 2 ] ,\n\"c\" : \" x \" }",
        r#""metadata":{"a b":[1,2],"c":" x "}"#,
    );
    body(r#""user":"a\u0000\ud800""#, r#""user":"a\u0000\ud800""#);
}

#[test]
fn numbers_come_back_digit_by_digit() {
    let text = segment(r#","start_time":1.69999999050000012E9,"end_time":1699999991.100"#);
    let expected = HEAD
        .replace("1699999990.5", "1.69999999050000012E9")
        .replace("1699999991.25", "1699999991.100");
    assert_eq!(one(&text), format!("{expected},{TAIL}}}"));
}

#[test]
fn exceptions_without_id_get_one_that_stays() {
    let text = segment(r#","cause":{"exceptions":[{"message":"a"},{"id":7,"message":"b"}]}"#);
    let value: Value = serde_json::from_str(&one(&text)).unwrap();
    let id = |n: usize| {
        value["cause"]["exceptions"][n]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!((id(0).len(), id(1).len()), (16, 16));
    assert_ne!(id(0), id(1));
    assert_eq!(one(&text), one(&text));
}

#[test]
fn nested_subsegments_repeat_neither_trace_nor_parent_nor_type() {
    let nested = format!(
        r#","subsegments":[{{"id":"A000000000000002","name":"b","start_time":1699999990.7,"trace_id":"{TRACE_ID}","parent_id":"a000000000000001","type":"subsegment"}},
        {{"id":"a000000000000003","name":"a","start_time":1699999990.6,"end_time":1699999990.65}}, {{"id":"bad"}}, 7]"#
    );
    let expected = r#","subsegments":[{"id":"a000000000000003","name":"a","start_time":1699999990.6,"end_time":1699999990.65},{"id":"a000000000000002","name":"b","start_time":1699999990.7,"in_progress":true}]}"#;
    assert_eq!(one(&segment(&nested)), format!("{HEAD},{TAIL}{expected}"));
}

#[test]
fn independent_subsegments_nest_wherever_their_parent_is() {
    let inner = subsegment("0003", "0002", "");
    let outer = subsegment("0002", "0001", "");
    let whole = segment("");
    let expected = r#","subsegments":[{"id":"a000000000000002","name":"s","start_time":1699999990.6,"end_time":1699999990.7,"subsegments":[{"id":"a000000000000003","name":"s","start_time":1699999990.6,"end_time":1699999990.7}]}]}"#;
    for texts in [
        [&inner, &outer, &whole],
        [&whole, &inner, &outer],
        [&outer, &whole, &inner],
    ] {
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        assert_eq!(compiled(&texts), [format!("{HEAD},{TAIL}{expected}")]);
    }
    // Without the middle, the inner one is an orphan.
    let orphan = r#"{"id":"a000000000000003","name":"s","start_time":1699999990.6,"end_time":1699999990.7,"parent_id":"a000000000000002","type":"subsegment","trace_id":"1-6553f100-00112233445566778899aabb"}"#;
    assert_eq!(
        compiled(&[&inner, &whole]),
        [format!("{HEAD},{TAIL}}}"), orphan.to_owned()]
    );
}

#[test]
fn worked_example_of_the_specification_has_three_entries() {
    let a = format!(
        r#"{{"name":"checkout","id":"a000000000000001","trace_id":"{TRACE_ID}","start_time":10.000,"end_time":10.400,
        "origin":"AWS::EC2::Instance","fault":true,"http":{{"response":{{"status":502}}}},"subsegments":[
        {{"id":"a000000000000002","name":"DynamoDB","namespace":"aws","start_time":10.050,"end_time":10.100,"aws":{{"table_name":"orders"}},"annotations":{{"x":1}},"metadata":{{}},"cause":"c000000000000001"}},
        {{"id":"a000000000000003","name":"pay.example.com","namespace":"remote","start_time":10.110,"end_time":10.390,"fault":true,"http":{{"response":{{"status":502}}}}}}]}}"#
    );
    let b = format!(
        r#"{{"name":"pay","id":"b000000000000001","parent_id":"a000000000000003","trace_id":"{TRACE_ID}","start_time":10.130,"end_time":10.380,"fault":true}}"#
    );
    let all = compile_texts(&[&a, &b]);
    assert_eq!(all.duration_nanos, Some(400_000_000));
    let documents: Vec<&str> = all
        .segments
        .iter()
        .map(|(_, document)| document.as_str())
        .collect();
    assert_eq!(documents.len(), 3);
    assert!(documents[0].contains(r#""subsegments":[{"id":"a000000000000002""#));
    assert!(documents[1].starts_with(r#"{"id":"b000000000000001","name":"pay""#));
    let id = inferred_segment_id(trace_id(), "a000000000000002".parse().unwrap());
    let expected = format!(
        r#"{{"id":"{id}","name":"DynamoDB","start_time":10.050,"end_time":10.100,"parent_id":"a000000000000002","inferred":true,"aws":{{"table_name":"orders"}},{TAIL},"origin":"AWS::DynamoDB::Table"}}"#
    );
    assert_eq!(documents[2], expected);
    // Before B arrives, the call to it is inferred, without an origin.
    let alone = compile_texts(&[&a]);
    assert_eq!(alone.segments.len(), 3);
    let remote: Value = serde_json::from_str(&alone.segments[2].1).unwrap();
    assert_eq!(
        (&remote["name"], remote.get("origin")),
        (&json!("pay.example.com"), None)
    );
    assert_eq!(
        (&remote["fault"], &remote["http"]["response"]["status"]),
        (&json!(true), &json!(502))
    );
}

#[test]
fn inferred_id_is_the_hash_the_specification_names() {
    // printf '1-6553f100-00112233445566778899aabb/a000000000000002/inferred' | sha256sum
    let id = inferred_segment_id(trace_id(), "A000000000000002".parse().unwrap());
    assert_eq!(id.to_string(), "590d28c13c78e568");
}

#[test]
fn inferred_segments_take_over_annotations_of_application_signals() {
    let text = subsegment(
        "0002",
        "0001",
        r#","namespace":"remote","annotations":{"aws.local.service":"me","aws.remote.service":"pay","aws.remote.operation":"POST /","other":1}"#,
    );
    let inferred = compiled(&[&text]).remove(1);
    assert!(
        inferred.contains(
            r#""annotations":{"aws.local.service":"pay","aws.local.operation":"POST /"}"#
        ),
        "{inferred}"
    );
}

#[test]
fn complete_and_later_documents_win() {
    let open = segment(r#","end_time":null,"in_progress":true,"user":"open""#);
    let done = segment(r#","user":"done""#);
    let redone = segment(r#","user":"redone""#);
    let user = |texts: &[&str]| {
        let value: Value = serde_json::from_str(&compiled(texts)[0]).unwrap();
        value["user"].as_str().unwrap().to_owned()
    };
    assert_eq!(user(&[&open, &done]), "done");
    assert_eq!(user(&[&done, &open]), "done");
    assert_eq!(user(&[&done, &redone]), "redone");
    assert_eq!(user(&[&done, &redone, &open]), "redone");
}

#[test]
fn entries_are_ordered_and_strangers_passed_over() {
    let at = |id: &str, start: &str| segment(&format!(r#","id":"{id}","start_time":{start}"#));
    let texts = [
        at("b000000000000002", "30"),
        at("b000000000000003", "20"),
        at("b000000000000001", "30"),
    ];
    let foreign = segment(r#","trace_id":"1-00000000-000000000000000000000001""#);
    let all = compile_texts(&[&texts[0], &texts[1], &texts[2], &foreign, "{", "[]", ""]);
    let ids: Vec<_> = all.segments.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(
        ids,
        ["b000000000000003", "b000000000000001", "b000000000000002"]
    );
    assert_eq!(compile_texts(&[]), CompiledTrace::default());
}

#[test]
fn duration_spans_all_entities_and_is_never_negative() {
    let duration = |texts: &[&str]| compile_texts(texts).duration_nanos;
    assert_eq!(duration(&[&segment("")]), Some(750_000_000));
    assert_eq!(duration(&[&segment(r#","end_time":1"#)]), Some(0));
    assert_eq!(
        duration(&[&segment(r#","end_time":null,"in_progress":true"#)]),
        None
    );
    let late = subsegment("0002", "0001", r#","end_time":1699999999.5"#);
    assert_eq!(duration(&[&segment(""), &late]), Some(9_000_000_000));
    assert_eq!(duration(&[&late]), Some(8_900_000_000));
}

#[test]
fn chains_of_independent_subsegments_nest_128_levels_and_go_on_as_orphans() {
    let texts: Vec<String> = (1..=1_000)
        .map(|n| subsegment(&format!("{n:04}"), &format!("{:04}", n - 1), ""))
        .collect();
    let run = move || {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all = compiled(&texts);
        // 1,000 links of the chain, 129 to an entry.
        assert_eq!(all.len(), 8);
        assert!(
            all.iter()
                .all(|document| document.contains(r#""type":"subsegment""#))
        );
        let depth = |document: &str| document.matches("\"subsegments\"").count();
        assert_eq!(depth(&all[0]), 128);
        assert_eq!(all.iter().map(|d| depth(d) + 1).sum::<usize>(), 1_000);
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn cycles_and_own_parents_are_cut() {
    let texts = [
        subsegment("0002", "0003", ""),
        subsegment("0003", "0002", ""),
        subsegment("0004", "0004", ""),
    ];
    let all = compiled(&[&texts[0], &texts[1], &texts[2]]);
    assert_eq!(all.len(), 2);
    assert!(
        all[0].contains(r#""parent_id":"a000000000000003""#),
        "{}",
        all[0]
    );
    assert!(
        all[1].contains(r#""parent_id":"a000000000000004""#),
        "{}",
        all[1]
    );
}

proptest! {
    /// What is compiled of one document says the same when sent again.
    #[test]
    fn compiling_then_parsing_gives_the_same_facts(
        status in prop::option::of(0u32..700), fault in prop::option::of(any::<bool>()),
        user in "\\PC{0,12}", number in any::<f64>().prop_filter("finite", |n| n.is_finite()),
        namespace in prop::sample::select(vec!["aws", "remote", "local"]), seed in 0u32..50,
    ) {
        let document = json!({
            "id": "a000000000000001", "name": "n", "trace_id": TRACE_ID, "user": user,
            "start_time": 1_699_999_000 + seed, "in_progress": seed % 2 == 0,
            "end_time": if seed % 2 == 0 { Value::Null } else { (1_699_999_100.5).into() },
            "http": {"response": {"status": status}}, "fault": fault, "unknown": [number, {"x": user}],
            "annotations": {"n": number, "u": user}, "cause": {"exceptions": [{"id": "c000000000000001", "type": user}]},
            "subsegments": [{"id": "a000000000000002", "name": "dynamodb", "start_time": 1_699_999_000, "namespace": namespace,
                "aws": {"table_name": user}}],
        });
        let text = document.to_string();
        let again = one(&text);
        let read = |text: &str| {
            let now = UnixNanos::from_secs(1_700_000_000);
            parse(text.as_bytes(), now, &DocumentSettings::default()).remove(0).outcome.unwrap().entity
        };
        prop_assert_eq!(read(&again), read(&text));
        prop_assert_eq!(one(&again), again);
    }

    #[test]
    fn any_texts_compile_without_panic(texts in prop::collection::vec("[\\[\\]{}\",:a1 ]{0,30}", 0..4)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        prop_assert!(compile_texts(&texts).segments.is_empty());
    }
}
