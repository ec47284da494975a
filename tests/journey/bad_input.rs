//! Bad input over the wire: each gets the protocol's own precise answer (or a counted drop), its
//! good neighbours are kept, and the server goes on as if nothing had been.

use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{
    Documents, Launch, Server, eventually, exchange, exchange_and_hang_up, http_request, now_secs,
    with_server,
};
use serde_json::{Value, json};

const INVALID: (u16, &str) = (400, "InvalidRequestException");

/// Asserts that the server still takes a trace and gives it back.
fn alive(server: &Server, series: u16) -> Result<()> {
    let make = Documents::new(series, 60);
    server.put(&[make.segment(1, 1, "alive", 0, 10)])?;
    let answer = server.ask("Traces", &json!({ "TraceIds": [make.trace_id(1)] }))?;
    ensure!(
        answer["Traces"][0]["Segments"]
            .as_array()
            .is_some_and(|all| all.len() == 1),
        "{answer}"
    );
    Ok(())
}

/// Puts `texts` in one call and returns the codes of the unprocessed entries.
fn unprocessed(server: &Server, texts: &[String]) -> Result<Vec<String>> {
    let answer = server.ask("TraceSegments", &json!({ "TraceSegmentDocuments": texts }))?;
    let entries = answer["UnprocessedTraceSegments"]
        .as_array()
        .context("find the entries")?;
    let code = |entry: &Value| {
        let message = entry["Message"].as_str().unwrap_or_default();
        ensure!(!message.is_empty(), "an entry without message: {entry}");
        Ok(entry["ErrorCode"]
            .as_str()
            .context("find the code")?
            .to_owned())
    };
    entries.iter().map(code).collect()
}

/// Documents that must be refused, with the code of each.
fn bad_documents(make: &Documents) -> Vec<(String, &'static str)> {
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut document = make.segment(2, 2, "bad", 0, 10);
        edit(&mut document);
        document.to_string()
    };
    let without = |member: &str| {
        edited(&|document| {
            document
                .as_object_mut()
                .expect("made as an object")
                .remove(member);
        })
    };
    let with = |member: &str, value: Value| edited(&|document| document[member] = value.clone());
    let month_ago = now_secs() - 31 * 86_400;
    let too_old = edited(&|document| {
        document["trace_id"] = json!(format!("1-{month_ago:08x}-{:024x}", 1));
        document["start_time"] = json!(month_ago);
        document["end_time"] = json!(month_ago + 1);
    });
    let huge = with(
        "metadata",
        json!({ "default": { "text": "x".repeat(66_000) } }),
    );
    let bomb = format!(
        "{{\"metadata\":{}{},",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let bomb = without("metadata").replacen('{', &bomb, 1);
    vec![
        ("{".to_owned(), "ParseError"),
        ("\"text\"".to_owned(), "ParseError"),
        ("null".to_owned(), "ParseError"),
        (huge, "InvalidSegment"),
        (bomb, "InvalidSegment"),
        (without("id"), "MissingId"),
        (with("id", json!("xyz")), "InvalidId"),
        (with("id", json!("é".repeat(8))), "InvalidId"),
        (without("trace_id"), "MissingTraceId"),
        (with("trace_id", json!("1-5")), "InvalidTraceId"),
        (with("trace_id", json!("0".repeat(32))), "InvalidTraceId"),
        (too_old, "InvalidTraceId"),
        (without("name"), "MissingName"),
        (with("name", json!("a!b")), "InvalidName"),
        (with("name", json!("x".repeat(201))), "InvalidName"),
        (without("start_time"), "MissingStartTime"),
        (with("start_time", json!("soon")), "InvalidStartTime"),
        (
            with("start_time", json!(now_secs() + 3 * 3600)),
            "InvalidStartTime",
        ),
        (with("end_time", json!({})), "InvalidEndTime"),
        (without("end_time"), "MissingEndTime"),
        (with("type", json!("subsegment")), "MissingParentId"),
        (with("parent_id", json!("short")), "InvalidParentId"),
        (with("type", json!("span")), "InvalidType"),
    ]
}

#[test]
fn bad_documents_are_unprocessed_by_code_and_their_neighbours_kept() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(20, 60);
        let cases = bad_documents(&make);
        let mut texts: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
        texts.insert(7, make.segment(1, 1, "good", 0, 10).to_string());
        let found = unprocessed(server, &texts)?;
        let expected: Vec<&str> = cases.iter().map(|(_, code)| *code).collect();
        ensure!(found == expected, "found {found:?}\nexpected {expected:?}");

        let ids = [make.trace_id(1), make.trace_id(2)];
        let answer = server.ask("Traces", &json!({ "TraceIds": ids }))?;
        ensure!(
            answer["Traces"][0]["Id"] == json!(ids[0]),
            "the neighbour is kept: {answer}"
        );
        ensure!(
            answer["UnprocessedTraceIds"] == json!([ids[1]]),
            "nothing bad is kept: {answer}"
        );
        alive(server, 21)
    })
}

#[test]
fn bad_requests_get_the_protocols_own_answer() -> Result<()> {
    with_server(&[], |server| {
        let now = now_secs();
        let range = |start: u64, end: u64| json!({ "StartTime": start, "EndTime": end });
        let filter = |text: &str| {
            let mut request = range(now - 60, now);
            request["FilterExpression"] = json!(text);
            request
        };
        let many: Vec<&str> = vec!["{}"; 1001];
        let cases = [
            ("TraceSegments", json!({})),
            ("TraceSegments", json!([])),
            ("TraceSegments", json!({ "TraceSegmentDocuments": "text" })),
            ("TraceSegments", json!({ "TraceSegmentDocuments": [1] })),
            ("TraceSegments", json!({ "TraceSegmentDocuments": many })),
            ("Traces", json!({})),
            ("Traces", json!({ "TraceIds": [] })),
            ("Traces", json!({ "TraceIds": ["nonsense"] })),
            ("TraceGraph", json!({ "TraceIds": ["1-5-6"] })),
            ("TraceSummaries", json!({})),
            (
                "TraceSummaries",
                json!({ "StartTime": "soon", "EndTime": now }),
            ),
            ("TraceSummaries", range(now, now)),
            ("TraceSummaries", filter("service(")),
            ("TraceSummaries", filter("nosuchkeyword = 1")),
            ("TraceSummaries", filter(&"(".repeat(5000))),
            (
                "TraceSummaries",
                json!({ "StartTime": now - 60, "EndTime": now, "NextToken": "forged" }),
            ),
            ("ServiceGraph", range(now, now - 60)),
            (
                "ServiceGraph",
                json!({ "StartTime": now - 60, "EndTime": now, "GroupName": "gone" }),
            ),
            (
                "CreateSamplingRule",
                json!({ "SamplingRule": { "RuleName": "x" } }),
            ),
            (
                "UpdateSamplingRule",
                json!({ "SamplingRuleUpdate": { "RuleName": "gone" } }),
            ),
            ("DeleteSamplingRule", json!({ "RuleName": "Default" })),
            (
                "SamplingTargets",
                json!({ "SamplingStatisticsDocuments": 7 }),
            ),
        ];
        for (path, body) in cases {
            let reply = server.call(path, &body)?;
            let found = (reply.status, reply.error_type.as_str());
            ensure!(found == INVALID, "{path} {body} answered {reply:?}");
            ensure!(
                reply.body["Message"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{reply:?}"
            );
            ensure!(!reply.request_id.is_empty(), "{reply:?}");
        }
        alive(server, 22)
    })
}

#[test]
fn bad_bytes_get_the_protocols_own_answer() -> Result<()> {
    let post =
        |headers: &[&str], body: &[u8]| http_request("POST", "/TraceSegments", headers, body);
    let gzip = ["Content-Encoding: gzip"];
    let (no_path, get) = ("/NoSuchThing", "/TraceSegments");
    let cases: Vec<(&str, Vec<u8>, (u16, &str))> = vec![
        (
            "broken JSON",
            post(&[], b"{\"TraceSegmentDocuments\":["),
            INVALID,
        ),
        ("over 8 MiB", post(&[], &vec![b' '; (8 << 20) + 1]), INVALID),
        (
            "unknown coding",
            post(&["Content-Encoding: br"], b"{}"),
            INVALID,
        ),
        ("not gzip", post(&gzip, b"{}"), INVALID),
        ("decompression bomb", post(&gzip, &gzip_bomb()), INVALID),
        ("nesting bomb", post(&[], &b"[".repeat(100_000)), INVALID),
        (
            "unknown path",
            http_request("POST", no_path, &[], b"{}"),
            (404, "UnknownOperationException"),
        ),
        (
            "wrong method",
            http_request("GET", get, &[], b""),
            (405, "UnknownOperationException"),
        ),
    ];
    with_server(&[], |server| {
        for (name, bytes, expected) in &cases {
            let reply = exchange(server.http(), bytes).context(*name)?;
            let found = (reply.status, reply.error_type.as_str());
            ensure!(found == *expected, "{name}: {reply:?}");
        }
        let empty = exchange(
            server.http(),
            &http_request("POST", "/GetSamplingRules", &[], b""),
        )?;
        ensure!(
            empty.status == 200,
            "an empty body is an empty object: {empty:?}"
        );
        alive(server, 23)
    })
}

#[test]
fn invalid_utf_8_is_one_documents_fault_and_no_panic() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(25, 60);
        let good = make.segment(1, 1, "good", 0, 10).to_string();
        let mut body = b"{\"TraceSegmentDocuments\":[\"{\xff\xfe\",".to_vec();
        body.extend_from_slice(json!(good).to_string().as_bytes());
        body.extend_from_slice(b"]}");
        let reply = exchange(
            server.http(),
            &http_request("POST", "/TraceSegments", &[], &body),
        )?;
        let codes = &reply.body["UnprocessedTraceSegments"];
        ensure!(
            reply.status == 200 && codes[0]["ErrorCode"] == "ParseError",
            "{reply:?}"
        );
        ensure!(
            codes.as_array().is_some_and(|all| all.len() == 1),
            "{reply:?}"
        );
        alive(server, 26)
    })
}

#[test]
fn body_that_ends_early_takes_nothing_and_leaves_the_server_well() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(27, 60);
        let document = make.segment(1, 1, "half", 0, 10).to_string();
        let body = json!({ "TraceSegmentDocuments": [document] }).to_string();
        let mut request = http_request("POST", "/TraceSegments", &[], body.as_bytes());
        request.truncate(request.len() - 1);
        // An answer or a closed connection: both tell the client that nothing was taken.
        if let Ok(reply) = exchange_and_hang_up(server.http(), &request) {
            ensure!(reply.status == 0 || reply.status == 400, "{reply:?}");
        }
        let answer = server.ask("Traces", &json!({ "TraceIds": [make.trace_id(1)] }))?;
        ensure!(answer["Traces"] == json!([]), "{answer}");
        alive(server, 28)
    })
}

/// 64 MiB of spaces as gzip: some 64 kB on the wire, eight times the limit once unpacked.
fn gzip_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        std::io::Write::write_all(&mut encoder, &[b' '; 1 << 20])
            .expect("a vector takes everything");
    }
    encoder.finish().expect("a vector takes everything")
}

#[test]
fn every_operation_of_the_model_is_known() -> Result<()> {
    with_server(&[], |server| {
        // Not built yet is an answer that says so; only what is no operation is unknown.
        for path in [
            "CreateGroup",
            "InsightSummaries",
            "StartTraceRetrieval",
            "TagResource",
        ] {
            let reply = server.call(path, &json!({}))?;
            ensure!(
                reply.error_type != "UnknownOperationException",
                "{path}: {reply:?}"
            );
            ensure!(reply.status < 500, "{path}: {reply:?}");
        }
        Ok(())
    })
}

#[test]
fn garbage_datagrams_are_counted_and_dropped() -> Result<()> {
    let server = Launch::serve()?.start()?;
    let make = Documents::new(24, 60);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let header = "{\"format\":\"json\",\"version\":1}\n";
    let bad_headers: [&[u8]; 5] = [
        b"garbage",
        b"\xff\xfe\xfd\n{}",
        b"{\"format\":\"json\",\"version\":2}\n{}",
        b"{\"format\":\"xml\",\"version\":1}\n{}",
        b"{\"format\":\"json\",\"version\":1}\n",
    ];
    for datagram in bad_headers {
        socket.send_to(datagram, server.daemon())?;
    }
    let bad_documents = ["{", "[]x", "\u{0}", "{\"id\":\"5\"}"];
    for document in bad_documents {
        socket.send_to(format!("{header}{document}").as_bytes(), server.daemon())?;
    }
    let good = make.segment(1, 1, "good", 0, 10);
    socket.send_to(format!("{header}{good}").as_bytes(), server.daemon())?;

    let ids = json!({ "TraceIds": [make.trace_id(1)] });
    eventually("the good neighbour", Duration::from_secs(10), || {
        Ok(server.ask("Traces", &ids)?["Traces"].get(0).cloned())
    })?;
    eventually("the counters", Duration::from_secs(10), || {
        let headers = server.metric("xray_daemon_datagrams_total", "\"bad_header\"")?;
        let documents = server.metric("xray_daemon_segments_total", "\"rejected\"")?;
        Ok((headers == 5.0 && documents == 4.0).then_some(()))
    })?;
    server.finish(&["datagram", "header", "segment"])
}
