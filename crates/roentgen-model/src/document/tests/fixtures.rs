//! Documents as real SDKs and services write them: our own under `fixtures/documents`, and collected
//! ones beside the repository, whose tests are skipped where that folder is absent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::document::compile::compile;
use crate::time::Stamp;

/// Long after every fixture.
const LATER: UnixNanos = UnixNanos::from_secs(1_790_000_000);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn own(name: &str) -> String {
    std::fs::read_to_string(repository().join("fixtures/documents").join(name)).unwrap()
}

/// A collected fixture; says so and gives `None` where they are absent.
fn shared(name: &str) -> Option<String> {
    let folder = repository().join("../shared/fixtures");
    if !folder.is_dir() {
        eprintln!("skipped: the folder of collected fixtures is absent");
        return None;
    }
    Some(std::fs::read_to_string(folder.join(name)).unwrap())
}

fn read(text: &str) -> Result<Document, Refusal> {
    let settings = DocumentSettings {
        retention_secs: i64::MAX,
        ..DocumentSettings::default()
    };
    let mut all = parse(text.as_bytes(), LATER, &settings);
    assert_eq!(all.len(), 1);
    all.remove(0).outcome
}

/// The compiled entries of a trace of which `texts` are the documents.
fn compiled(texts: &[&str]) -> Vec<String> {
    let trace_id = read(texts[0]).unwrap().trace_id;
    let documents: Vec<_> = (1..).map(Stamp).zip(texts.iter().copied()).collect();
    let entries = compile(trace_id, &documents).segments;
    entries.into_iter().map(|(_, document)| document).collect()
}

/// Scalars other than null by path; what has an `id` is addressed by it, because siblings are sorted.
fn leaves(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, member) in members {
                leaves(member, format!("{path}/{key}"), found);
            }
        }
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                let id = element
                    .get("id")
                    .and_then(Value::as_str)
                    .map(str::to_lowercase);
                let step = id.unwrap_or_else(|| at.to_string());
                leaves(element, format!("{path}/{step}"), found);
            }
        }
        scalar => {
            found.insert(path, scalar.to_string());
        }
    }
}

/// Every scalar of the document comes back in the first compiled entry, except under paths that
/// contain one of `changed`; ids in lower case.
#[track_caller]
fn survives(text: &str, changed: &[&str]) {
    let entry = compiled(&[text]).remove(0);
    let (mut sent, mut returned) = (BTreeMap::new(), BTreeMap::new());
    leaves(
        &serde_json::from_str(text).unwrap(),
        String::new(),
        &mut sent,
    );
    leaves(
        &serde_json::from_str(&entry).unwrap(),
        String::new(),
        &mut returned,
    );
    // Nested subsegments do not repeat these; an end replaces `in_progress: false`.
    let dropped = |path: &str, value: &str| {
        let nested = path.starts_with("/subsegments");
        let repeated = ["/trace_id", "/parent_id", "/type"]
            .iter()
            .any(|m| path.ends_with(m));
        nested && repeated || path.ends_with("/in_progress") && value == "false"
    };
    for (path, value) in sent {
        if dropped(&path, &value) || changed.iter().any(|part| path.contains(part)) {
            continue;
        }
        let names_id = |path: &str| {
            ["/id", "/trace_id", "/parent_id"]
                .iter()
                .any(|m| path.ends_with(m))
        };
        let is_id = names_id(&path) || path.contains("/precursor_ids");
        let expected = if is_id { value.to_lowercase() } else { value };
        assert_eq!(returned.get(&path), Some(&expected), "{path} in {entry}");
    }
}

#[test]
fn own_documents_come_back_with_every_member() {
    survives(&own("python-flask.json"), &[]);
    survives(&own("node-express.json"), &["content_length"]);
    survives(&own("go-server.json"), &[]);
    survives(&own("java-servlet.json"), &[]);
    survives(&own("ruby-rack.json"), &["cloudwatch_logs", "/exceptions"]);
    survives(&own("dotnet-core.json"), &[]);
    survives(&own("lambda-streamed-subsegment.json"), &[]);
    survives(&own("in-progress-segment.json"), &[]);
    survives(&own("completed-segment.json"), &[]);
    // A new file must get its line here.
    let files = std::fs::read_dir(repository().join("fixtures/documents")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let documents = names.filter(|name| Path::new(name).extension().is_some_and(|e| e == "json"));
    assert_eq!(documents.count(), 10);
}

#[test]
fn documents_with_every_field_come_back_whole() {
    let path = repository().join("tests/fixtures/every_field.json");
    let text = std::fs::read_to_string(path).unwrap();
    let documents: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!documents.is_empty());
    for document in documents {
        survives(&document.to_string(), &[]);
    }
}

#[test]
fn own_documents_tell_what_their_sdks_mean() {
    let python = read(&own("python-flask.json")).unwrap().entity;
    let calls: Vec<_> = python
        .subsegments
        .iter()
        .map(|s| (s.namespace, s.callee.is_some()))
        .collect();
    let expected = [
        (Some(Namespace::Remote), true),
        (Some(Namespace::Aws), true),
        (None, false),
    ];
    assert_eq!(calls, expected);
    let queue = python.subsegments[1].callee.as_ref().unwrap();
    assert_eq!(
        &*queue.name,
        "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    );
    let node = read(&own("node-express.json")).unwrap().entity;
    let exception = Some("7f0000000000bee1".parse().unwrap());
    assert_eq!(
        (node.cause.reference, node.subsegments[2].cause.reference),
        (exception, exception)
    );
    assert_eq!(node.subsegments[1].cause.exceptions[0].id, exception);
    let go = read(&own("go-server.json")).unwrap().entity;
    assert_eq!(
        (go.flags.error, go.flags.throttle, go.flags.fault),
        (true, true, false)
    );
    assert_eq!((go.account_id, go.subsegments[0].end), (None, None));
    let java = read(&own("java-servlet.json")).unwrap().entity;
    assert_eq!(java.start, UnixNanos(1_700_000_003_125_000_000));
    assert_eq!(
        java.cause.reference,
        Some("7f0000000000dee1".parse().unwrap())
    );
    assert_eq!(java.availability_zone.as_deref(), Some("eu-west-1b"));
    assert_eq!(&*java.subsegments[0].callee.as_ref().unwrap().name, "game");
    let ruby = read(&own("ruby-rack.json")).unwrap().entity;
    assert_eq!(
        ruby.cause
            .exceptions
            .iter()
            .filter(|e| e.id.is_none())
            .count(),
        2
    );
    let dotnet = read(&own("dotnet-core.json")).unwrap().entity;
    let database = dotnet.subsegments[0].callee.as_ref().unwrap();
    assert_eq!(database.node_type.as_deref(), Some("Database::SQL"));
    let streamed = read(&own("lambda-streamed-subsegment.json")).unwrap();
    assert!(streamed.is_subsegment);
    assert_eq!(
        &*streamed.entity.subsegments[0].callee.as_ref().unwrap().name,
        "thumbnails"
    );
}

#[test]
fn own_document_of_ruby_gets_exception_ids_and_a_list_of_log_groups() {
    let entry: Value = serde_json::from_str(&compiled(&[&own("ruby-rack.json")])[0]).unwrap();
    assert_eq!(
        entry["aws"]["cloudwatch_logs"][0]["log_group"],
        "/ecs/catalogue"
    );
    let exceptions = entry["cause"]["exceptions"].as_array().unwrap();
    let told = exceptions
        .iter()
        .map(|e| (&e["type"], e["id"].as_str().unwrap().len()));
    let expected = [
        (&Value::from("NoMethodError"), 16),
        (&Value::from("StandardError"), 16),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(exceptions[0]["stack"][0]["line"], 9);
}

#[test]
fn own_pair_of_in_progress_and_completed_becomes_one() {
    let (open, done) = (
        own("in-progress-segment.json"),
        own("completed-segment.json"),
    );
    assert_eq!(compiled(&[&open, &done]), compiled(&[&done]));
    assert_eq!(compiled(&[&done, &open]), compiled(&[&done]));
}

#[test]
fn own_document_of_a_future_sdk_keeps_what_is_unknown() {
    let entry = compiled(&[&own("future-sdk.json")]).remove(0);
    let expected = concat!(
        r#"{"id":"7f00000000013001","name":"tomorrow","start_time":1700000008.000000001,"#,
        r#""end_time":1700000008.5,"http":{"request":{"url":"u","novel":null}},"user":"\ud800","#,
        r#""annotations":{"ok":1.10},"trace_id":"1-6553f108-aaaaaaaaaaaaaaaaaaaa0009","#,
        r#""inferred_by":"x","quantum":{"spin":[0.5,-0.50,1E-7],"big":123456789012345678901234567890},"#,
        r#""subsegments":[{"id":"7f00000000013002","name":"kept","start_time":1700000008.1,"#,
        r#""in_progress":true,"gadget":[{"x":1}]}]}"#,
    );
    assert_eq!(entry, expected);
}

#[test]
fn collected_documents_of_opentelemetry_get_their_verdicts() {
    let accepted = [
        "awsMissingAwsField",
        "awsValidAwsFields",
        "ddbSample",
        "indepSubsegment",
        "indepSubsegmentWithInvalidSqlUrl",
        "indepSubsegmentWithLocalNamespace",
        "indepSubsegmentWithSql",
        "minCauseIsExceptionId",
        "minInProgress",
        "minOtherFields",
        "serverSample",
    ];
    for name in accepted {
        let Some(text) = shared(&format!("otel-contrib-xray/{name}.json")) else {
            return;
        };
        survives(&text, &[]);
    }
    let file = |name: &str| shared(&format!("otel-contrib-xray/{name}"));
    let (Some(invalid_cause), Some(datagram)) =
        (file("minCauseIsInvalid.json"), file("serverSample.udp.txt"))
    else {
        return;
    };
    survives(&invalid_cause, &["/cause"]);
    survives(datagram.split_once('\n').unwrap().1, &[]);
    let refused = [
        ("segmentValidationFailed", RefusalCode::MissingStartTime),
        ("segmentWithParentId", RefusalCode::MissingEndTime),
        // Starts in the year 2438.
        (
            "indepSubsegmentWithContentLengthString",
            RefusalCode::InvalidStartTime,
        ),
    ];
    for (name, code) in refused {
        let Some(text) = file(&format!("{name}.json")) else {
            return;
        };
        assert_eq!(read(&text).unwrap_err().code, code, "{name}");
    }
}

/// The service's own answer is what we compile from its first document, to the byte; only the id of
/// the inferred segment is the service's choice.
#[test]
fn collected_answer_of_the_service_compiles_to_itself() {
    let Some(text) = shared("aws-cli-xray-examples/batch-traces-get.json") else {
        return;
    };
    let answer: Value = serde_json::from_str(&text).unwrap();
    let segments = answer["Traces"][0]["Segments"].as_array().unwrap();
    let document = |at: usize| segments[at]["Document"].as_str().unwrap();
    let all = compiled(&[document(0)]);
    assert_eq!((all.len(), all[0].as_str()), (2, document(0)));
    let id: Value = serde_json::from_str(&all[1]).unwrap();
    assert_eq!(
        all[1].replace(id["id"].as_str().unwrap(), "0f278b6334c34e6b"),
        document(1)
    );
}

#[test]
fn collected_answers_of_a_data_source_are_read() {
    let Some(text) = shared("grafana-xray-datasource/awsResponse.json") else {
        return;
    };
    let answer: Value = serde_json::from_str(&text).unwrap();
    let documents = answer["Segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["Document"].to_string());
    let documents: Vec<String> = documents.collect();
    for document in &documents {
        survives(document, &["/inferred"]);
    }
    let node = read(&documents[0]).unwrap().entity;
    let table = node.subsegments[0].callee.as_ref().unwrap();
    assert_eq!(table.node_type.as_deref(), Some("AWS::DynamoDB::Table"));
    assert_eq!(node.subsegments[0].cause.exceptions.len(), 2);
    // Made-up ids that are no hex digits.
    let Some(text) = shared("grafana-xray-datasource/awsResponseWithSql.json") else {
        return;
    };
    let answer: Value = serde_json::from_str(&text).unwrap();
    for segment in answer["Segments"].as_array().unwrap() {
        let refusal = read(&segment["Document"].to_string()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::InvalidId);
    }
}
