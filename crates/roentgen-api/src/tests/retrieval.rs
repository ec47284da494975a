//! `StartTraceRetrieval`, `ListRetrievedTraces`, `GetRetrievedTracesGraph`, `CancelTraceRetrieval`.

use http::StatusCode;
use roentgen_model::{TraceId, UnixNanos};
use roentgen_query::retrieval::{
    KEPT_SECS, RetrievalRequest, RetrievedSpan, TIMEOUT_SECS, TakeSpan,
};
use serde_json::{Value, json};

use super::{NOW_SECS, Server, id, range, segment, shop, trace_id, with};

/// Stands for the mapping that the binary hands in: the document's own id and name.
pub(super) fn id_and_name(document: &str, skip: usize, take: TakeSpan<'_>) {
    let document: Value = serde_json::from_str(document).unwrap();
    let span = RetrievedSpan {
        id: document["id"].as_str().unwrap().parse().unwrap(),
        document: document["name"].to_string(),
    };
    assert!(skip > 0 || take(span).is_continue());
}

fn start_body(ids: &[String]) -> Value {
    with(range(-200, 0), "TraceIds", ids.to_vec())
}

fn by_token(token: &Value) -> Value {
    json!({"RetrievalToken": token})
}

/// Starts a job that ends by itself, and gives its token.
async fn retrieved(server: &Server, ids: &[String]) -> Value {
    let started = server.ok("/StartTraceRetrieval", start_body(ids)).await;
    let token = started["RetrievalToken"].clone();
    loop {
        let answer = server.ok("/ListRetrievedTraces", by_token(&token)).await;
        match answer["RetrievalStatus"].as_str().unwrap() {
            "SCHEDULED" | "RUNNING" => {
                assert_eq!(answer["Traces"], json!([]));
                tokio::task::yield_now().await;
            }
            status => {
                assert_eq!(status, "COMPLETE");
                return token;
            }
        }
    }
}

/// A job that nobody works on.
fn waiting(server: &Server) -> Value {
    let request = RetrievalRequest {
        scope: server.state.settings.scope.clone(),
        trace_ids: vec![TraceId::parse_any(&trace_id(-100, 1)).unwrap()],
        start: UnixNanos::from_secs(NOW_SECS - 200),
        end: UnixNanos::from_secs(NOW_SECS),
    };
    server.state.retrievals.start(request).unwrap().into()
}

/// All pages of an operation.
async fn pages(server: &Server, path: &str, body: Value) -> Vec<Value> {
    let mut pages = vec![server.ok(path, body.clone()).await];
    while let Some(token) = pages.last().unwrap().get("NextToken") {
        let next = with(body.clone(), "NextToken", token.clone());
        pages.push(server.ok(path, next).await);
    }
    pages
}

#[tokio::test]
async fn retrieved_traces_of_the_worked_example() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let ids = [trace_id(-98, 2), trace_id(-100, 1), trace_id(-7, 7)];
    let token = retrieved(&server, &ids).await;
    let answer = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    insta::assert_json_snapshot!("traces", answer);
    let answer = server
        .ok("/GetRetrievedTracesGraph", by_token(&token))
        .await;
    insta::assert_json_snapshot!("graph", answer);
}

#[tokio::test]
async fn segments_are_those_of_batch_get_traces() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let ids = [trace_id(-100, 1)];
    let token = retrieved(&server, &ids).await;
    let retrieved = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    let fetched = server.ok("/Traces", json!({"TraceIds": ids})).await;
    let (retrieved, fetched) = (&retrieved["Traces"][0], &fetched["Traces"][0]);
    assert_eq!(retrieved["Spans"], fetched["Segments"]);
    assert_eq!(retrieved["Duration"], fetched["Duration"]);
}

#[tokio::test]
async fn otel_format_is_made_by_the_mapping_handed_in() {
    let server = Server::start().await;
    server.put(&[segment(-50, 1, "one")]).await;
    let token = retrieved(&server, &[trace_id(-50, 1)]).await;
    let body = with(by_token(&token), "TraceFormat", "OTEL");
    let answer = server.ok("/ListRetrievedTraces", body).await;
    assert_eq!(answer["TraceFormat"], "OTEL");
    assert_eq!(
        answer["Traces"][0]["Spans"],
        json!([{"Id": id(1), "Document": "\"one\""}])
    );
}

#[tokio::test]
async fn ids_in_w3c_form_are_answered_in_xrays() {
    let server = Server::start().await;
    server.put(&[segment(-50, 1, "one")]).await;
    let dashed = trace_id(-50, 1);
    let plain = dashed[2..].replace('-', "");
    let token = retrieved(&server, &[plain]).await;
    let answer = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    assert_eq!(answer["Traces"][0]["Id"], dashed);
}

#[tokio::test]
async fn pages_go_through_all_traces_and_spans() {
    let server = Server::start().await;
    let large: Vec<Value> = (1..=120)
        .map(|number| with(segment(-60, number, "large"), "trace_id", trace_id(-60, 1)))
        .collect();
    server.put(&large).await;
    let small: Vec<Value> = (1..=6).map(|n| segment(-50, 1_000 + n, "small")).collect();
    server.put(&small).await;
    let mut ids = vec![trace_id(-60, 1)];
    ids.extend((1..=6).map(|n| trace_id(-50, 1_000 + n)));
    let token = retrieved(&server, &ids).await;
    let pages = pages(&server, "/ListRetrievedTraces", by_token(&token)).await;
    let shape: Vec<Vec<(&str, usize)>> = pages
        .iter()
        .map(|page| {
            let traces = page["Traces"].as_array().unwrap().iter();
            traces
                .map(|trace| {
                    let spans = trace["Spans"].as_array().unwrap();
                    (trace["Id"].as_str().unwrap(), spans.len())
                })
                .collect()
        })
        .collect();
    let one = |at: usize| (ids[at].as_str(), 1);
    assert_eq!(
        shape,
        [
            vec![(ids[0].as_str(), 100)],
            vec![(ids[0].as_str(), 20), one(1), one(2), one(3), one(4)],
            vec![one(5), one(6)],
        ]
    );
    // A token belongs to its retrieval and its format.
    let other = retrieved(&server, &ids).await;
    for body in [
        with(by_token(&other), "NextToken", pages[0]["NextToken"].clone()),
        with(
            with(by_token(&token), "TraceFormat", "OTEL"),
            "NextToken",
            pages[0]["NextToken"].clone(),
        ),
    ] {
        let message = server.refused("/ListRetrievedTraces", body).await;
        assert_eq!(message, "`NextToken` does not belong to this request");
    }
}

#[tokio::test]
async fn pages_of_a_retrieved_graph_share_reference_ids_and_have_their_links() {
    let server = Server::start().await;
    let of = trace_id(-70, 9);
    // One trace with 1,100 services and a link in the last.
    let trace = trace_id(-60, 1);
    let documents: Vec<Value> = (1..=1_100)
        .map(|number| {
            let name = format!("service-{number:05}");
            with(segment(-60, number, &name), "trace_id", trace.clone())
        })
        .collect();
    server.put(&documents[..1_000]).await;
    let mut rest = documents[1_000..].to_vec();
    rest[99]["links"] = json!([{"trace_id": of, "id": id(1)}]);
    server.put(&rest).await;
    let token = retrieved(&server, std::slice::from_ref(&trace)).await;
    let pages = pages(&server, "/GetRetrievedTracesGraph", by_token(&token)).await;
    assert_eq!(pages.len(), 3);
    let services = pages
        .iter()
        .flat_map(|page| page["Services"].as_array().unwrap());
    let services: Vec<&Value> = services.collect();
    let reference_ids = services
        .iter()
        .map(|s| s["Service"]["ReferenceId"].as_u64().unwrap());
    assert!(reference_ids.eq(0..services.len() as u64));
    let link = json!({"ReferenceType": "parent", "SourceTraceId": trace,
        "DestinationTraceIds": [of]});
    for service in services {
        let is_linking =
            service["Service"]["Name"] == "service-01100" && service["Service"]["Type"] != "client";
        let expected = if is_linking { json!([link]) } else { json!([]) };
        assert_eq!(service["Links"], expected, "{service}");
    }
}

#[tokio::test]
async fn what_has_not_finished_is_empty_and_can_be_cancelled() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let token = waiting(&server);
    let list = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    let empty = |status| json!({"RetrievalStatus": status, "TraceFormat": "XRAY", "Traces": []});
    assert_eq!(list, empty("SCHEDULED"));
    let graph = server
        .ok("/GetRetrievedTracesGraph", by_token(&token))
        .await;
    assert_eq!(
        graph,
        json!({"RetrievalStatus": "SCHEDULED", "Services": []})
    );
    for _ in 0..2 {
        let answer = server.ok("/CancelTraceRetrieval", by_token(&token)).await;
        assert_eq!(answer, json!({}));
    }
    let list = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    assert_eq!(list, empty("CANCELLED"));
    let late = waiting(&server);
    server.clock.advance_secs(TIMEOUT_SECS);
    let list = server.ok("/ListRetrievedTraces", by_token(&late)).await;
    assert_eq!(list, empty("TIMEOUT"));
}

#[tokio::test]
async fn cancelling_a_finished_retrieval_keeps_its_results() {
    let server = Server::start().await;
    server.put(&[segment(-50, 1, "one")]).await;
    let token = retrieved(&server, &[trace_id(-50, 1)]).await;
    server.ok("/CancelTraceRetrieval", by_token(&token)).await;
    let list = server.ok("/ListRetrievedTraces", by_token(&token)).await;
    assert_eq!(list["RetrievalStatus"], "COMPLETE");
    assert_eq!(list["Traces"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn token_that_is_unknown_or_old_is_not_found() {
    let server = Server::start().await;
    let token = retrieved(&server, &[trace_id(-50, 1)]).await;
    server.clock.advance_secs(KEPT_SECS);
    for token in [token, json!(""), json!("0".repeat(1_020))] {
        for path in [
            "/ListRetrievedTraces",
            "/GetRetrievedTracesGraph",
            "/CancelTraceRetrieval",
        ] {
            let answer = server.post(path, by_token(&token)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.error_type(), "ResourceNotFoundException");
            assert_eq!(answer.body["ResourceName"], token);
        }
    }
}

#[tokio::test]
async fn broken_constraints_are_refused_by_name() {
    let server = Server::start().await;
    let ids = |count: u64| (1..=count).map(|n| trace_id(-9, n)).collect::<Vec<_>>();
    let one = ids(1);
    let cases = [
        (range(-1, 0), "`TraceIds` is required"),
        (
            start_body(&[]),
            "`TraceIds`: expected at least 1 items, found 0",
        ),
        (
            start_body(&ids(101)),
            "`TraceIds`: expected at most 100 items, found 101",
        ),
        (
            start_body(&["nonsense".to_owned()]),
            "`TraceIds[0]`: expected a trace id of the form `1-<8 hex>-<24 hex>`",
        ),
        (
            json!({"TraceIds": one, "EndTime": 1}),
            "`StartTime` is required",
        ),
        (
            json!({"TraceIds": one, "StartTime": 1}),
            "`EndTime` is required",
        ),
        (
            json!({"TraceIds": one, "StartTime": 2, "EndTime": 2}),
            "expected `StartTime` before `EndTime`, found 2.0 and 2.0",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/StartTraceRetrieval", body).await, message);
    }
    server
        .ok("/StartTraceRetrieval", start_body(&ids(100)))
        .await;
    for path in [
        "/ListRetrievedTraces",
        "/GetRetrievedTracesGraph",
        "/CancelTraceRetrieval",
    ] {
        let message = server.refused(path, json!({})).await;
        assert_eq!(message, "`RetrievalToken` is required");
        let message = server
            .refused(path, by_token(&json!("x".repeat(1_021))))
            .await;
        assert_eq!(
            message,
            "`RetrievalToken`: expected 0 to 1020 characters, found 1021"
        );
    }
    let body = with(by_token(&json!("x")), "TraceFormat", "otel");
    assert_eq!(
        server.refused("/ListRetrievedTraces", body).await,
        "`TraceFormat`: expected `XRAY` or `OTEL`"
    );
}

#[tokio::test]
async fn range_is_bounded_with_strict_limits_only() {
    let long = with(range(-2_592_001, 0), "TraceIds", vec![trace_id(-9, 1)]);
    Server::start()
        .await
        .ok("/StartTraceRetrieval", long.clone())
        .await;
    let strict = Server::strict().await;
    let message = strict.refused("/StartTraceRetrieval", long).await;
    assert_eq!(message, "Time range cannot be longer than 720 hours");
}

#[tokio::test]
async fn too_many_waiting_retrievals_are_throttled() {
    let server = Server::start().await;
    for _ in 0..100 {
        waiting(&server);
    }
    let body = start_body(&[trace_id(-9, 1)]);
    let answer = server.post("/StartTraceRetrieval", body).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.error_type(), "ThrottledException");
}
