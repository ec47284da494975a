//! `PutTraceSegments` and `BatchGetTraces`.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts, TraceId};
use roentgen_store::source::{
    AcceptFuture, ChangeMark, ChangedMinutes, ErrorKind, QueryControl, ScanPage, ScanRequest,
    StoreError, StoreStats, TotalsRequest, TraceDocuments, TraceReader, TraceWriter,
};
use serde_json::{Value, json};

use super::{Server, id, segment, shop, trace_id, with};

/// A store whose disk fails, is full, or that has a bug.
#[derive(Debug)]
pub(super) enum BrokenReader {
    Fails(ErrorKind),
    Panics,
}

impl BrokenReader {
    fn fail<T>(&self) -> Result<T, StoreError> {
        match self {
            Self::Fails(kind) => Err(StoreError::new(*kind, "the secret reason")),
            Self::Panics => panic!("the secret reason"),
        }
    }
}

impl TraceReader for BrokenReader {
    fn documents(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        self.fail()
    }

    fn facts(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        self.fail()
    }

    fn scan(&self, _: &ScanRequest, _: &QueryControl) -> Result<ScanPage, StoreError> {
        self.fail()
    }

    fn totals(&self, _: &TotalsRequest, _: &QueryControl) -> Result<Vec<EdgeRow>, StoreError> {
        self.fail()
    }

    fn changed_minutes(&self, _: &[Scope], _: Option<ChangeMark>) -> ChangedMinutes {
        ChangedMinutes {
            minutes: None,
            mark: ChangeMark(0),
        }
    }

    fn stats(&self) -> StoreStats {
        StoreStats::default()
    }
}

#[derive(Debug)]
struct BrokenWriter(ErrorKind);

impl TraceWriter for BrokenWriter {
    fn accept_up_to(&self, _: usize, _: &Scope, _: Vec<Bytes>) -> AcceptFuture<'_> {
        let error = StoreError::new(self.0, "the secret reason");
        Box::pin(std::future::ready(Err(error)))
    }
}

async fn put_texts(server: &Server, texts: &[&str]) -> Value {
    server
        .ok("/TraceSegments", json!({ "TraceSegmentDocuments": texts }))
        .await
}

#[tokio::test]
async fn put_trace_segments_keeps_good_neighbours_of_bad_documents() {
    let server = Server::start().await;
    let good = segment(-10, 1, "good").to_string();
    let no_name = json!({"trace_id": trace_id(-10, 2), "id": id(2)}).to_string();
    let too_long = with(segment(-10, 3, "long"), "metadata", "x".repeat(70_000)).to_string();
    let texts = ["nonsense", &no_name, "{}", &too_long, &good, "", "[]"];
    insta::assert_json_snapshot!("unprocessed", put_texts(&server, &texts).await);
    let body = json!({"TraceIds": [trace_id(-10, 1), trace_id(-10, 2)]});
    let traces = server.ok("/Traces", body).await;
    assert_eq!(traces["Traces"].as_array().unwrap().len(), 1);
    assert_eq!(traces["UnprocessedTraceIds"], json!([trace_id(-10, 2)]));
}

#[tokio::test]
async fn put_trace_segments_keeps_neighbours_of_a_document_that_is_no_utf8() {
    let server = Server::start().await;
    let good = serde_json::to_string(&segment(-10, 1, "good").to_string()).unwrap();
    let mut body =
        b"{\"TraceSegmentDocuments\":[\"{\\\"name\\\": \\\"\xff\\\"}\",\"\\ud800\",".to_vec();
    body.extend_from_slice(good.as_bytes());
    body.extend_from_slice(b"]}");
    let answer = server.post_text("/TraceSegments", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let unprocessed = answer.body["UnprocessedTraceSegments"].as_array().unwrap();
    assert_eq!(unprocessed.len(), 2);
    assert!(
        unprocessed
            .iter()
            .all(|entry| entry["ErrorCode"] == "ParseError")
    );
    let traces = server
        .ok("/Traces", json!({"TraceIds": [trace_id(-10, 1)]}))
        .await;
    assert_eq!(traces["Traces"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn put_trace_segments_refuses_bad_requests_by_name() {
    let server = Server::start().await;
    let cases = [
        (json!({}), "`TraceSegmentDocuments` is required"),
        (
            json!({"TraceSegmentDocuments": null}),
            "`TraceSegmentDocuments` is required",
        ),
        (
            json!({"TraceSegmentDocuments": "x"}),
            "`TraceSegmentDocuments`: expected a list, found `\"x\"`",
        ),
        (
            json!({"TraceSegmentDocuments": ["{}", {}]}),
            "`TraceSegmentDocuments[1]`: expected a string, found `{}`",
        ),
        (
            json!({"TraceSegmentDocuments": [null]}),
            "`TraceSegmentDocuments[0]`: must not be null",
        ),
        (
            json!({"TraceSegmentDocuments": vec!["{}"; 1001]}),
            "`TraceSegmentDocuments`: expected at most 1000 items, found 1001",
        ),
        (
            json!({"TraceSegmentDocuments": vec![format!("[{}{{}}]", "{},".repeat(500)); 2]}),
            "`TraceSegmentDocuments`: expected at most 1000 documents in all strings",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/TraceSegments", body).await, message);
    }
    assert_eq!(
        put_texts(&server, &[]).await,
        json!({"UnprocessedTraceSegments": []})
    );
    let thousand = vec!["{}"; 1000];
    let answer = put_texts(&server, &thousand).await;
    assert_eq!(
        answer["UnprocessedTraceSegments"].as_array().unwrap().len(),
        1000
    );
}

#[tokio::test]
async fn put_trace_segments_reads_large_bodies() {
    let server = Server::start().await;
    let padding = "p".repeat(2_000);
    let documents: Vec<_> = (0..900)
        .map(|n| with(segment(-10, n + 1, "n"), "metadata", padding.clone()))
        .collect();
    server.put(&documents).await;
}

#[tokio::test]
async fn put_trace_segments_is_retryable_when_the_store_cannot_take() {
    let mut server = Server::start().await;
    for (kind, status, name) in [
        (
            ErrorKind::Busy,
            StatusCode::TOO_MANY_REQUESTS,
            "ThrottledException",
        ),
        (
            ErrorKind::Unavailable,
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
        ),
    ] {
        server.state.writer = Arc::new(BrokenWriter(kind));
        server.router = crate::routers(server.state.clone()).api;
        let answer = server
            .post("/TraceSegments", json!({"TraceSegmentDocuments": ["{}"]}))
            .await;
        assert_eq!((answer.status, answer.error_type()), (status, name));
        assert!(!answer.body.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn reads_answer_what_the_store_cannot_give() {
    let mut server = Server::start().await;
    for (kind, status, name) in [
        (
            ErrorKind::Busy,
            StatusCode::TOO_MANY_REQUESTS,
            "ThrottledException",
        ),
        (
            ErrorKind::OverBound,
            StatusCode::BAD_REQUEST,
            "InvalidRequestException",
        ),
        (
            ErrorKind::Damaged,
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
        ),
        (
            ErrorKind::Unavailable,
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
        ),
    ] {
        server.state.reader = Arc::new(BrokenReader::Fails(kind));
        server.router = crate::routers(server.state.clone()).api;
        for (path, body) in [
            ("/Traces", json!({"TraceIds": [trace_id(0, 1)]})),
            ("/TraceGraph", json!({"TraceIds": [trace_id(0, 1)]})),
            ("/TraceSummaries", super::range(-10, 0)),
            ("/ServiceGraph", super::range(-10, 0)),
        ] {
            let answer = server.post(path, body).await;
            assert_eq!(
                (answer.status, answer.error_type()),
                (status, name),
                "{path}"
            );
            assert!(!answer.body.to_string().contains("secret"));
        }
    }
}

#[tokio::test]
async fn batch_get_traces_answers_compiled_documents_in_request_order() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let ids = json!([
        trace_id(-98, 2),
        trace_id(-1, 9),
        trace_id(-100, 1),
        trace_id(-98, 2)
    ]);
    let mut answer = server.ok("/Traces", json!({ "TraceIds": ids })).await;
    for trace in answer["Traces"].as_array_mut().unwrap() {
        for segment in trace["Segments"].as_array_mut().unwrap() {
            let document = segment["Document"]
                .as_str()
                .expect("a document is JSON text");
            segment["Document"] = serde_json::from_str(document).unwrap();
        }
    }
    insta::assert_json_snapshot!("batch_get_traces", answer);
}

#[tokio::test]
async fn batch_get_traces_takes_w3c_ids_and_refuses_malformed_ones() {
    let server = Server::start().await;
    server.put(&[segment(-10, 1, "n")]).await;
    let w3c = trace_id(-10, 1).replace("1-", "").replace('-', "");
    let answer = server
        .ok("/Traces", json!({"TraceIds": [w3c, trace_id(-10, 1)]}))
        .await;
    assert_eq!(answer["Traces"].as_array().unwrap().len(), 1);
    for path in ["/Traces", "/TraceGraph"] {
        for bad in [
            "",
            "1-x",
            "2-58406520-a006649127e371903a2de979",
            &"a".repeat(36),
        ] {
            let message = server
                .refused(path, json!({"TraceIds": [trace_id(0, 1), bad]}))
                .await;
            assert!(message.starts_with("`TraceIds[1]`: expected"), "{message}");
        }
        server.refused(path, json!({"TraceIds": []})).await;
        server.refused(path, json!({"TraceIds": [7]})).await;
        server
            .refused(path, json!({"TraceIds": trace_id(0, 1)}))
            .await;
    }
}

#[tokio::test]
async fn more_than_five_ids_are_refused_with_strict_limits_only() {
    let body = json!({"TraceIds": (0..6).map(|n| trace_id(0, n)).collect::<Vec<_>>()});
    for path in ["/Traces", "/TraceGraph"] {
        Server::start().await.ok(path, body.clone()).await;
        let message = Server::strict().await.refused(path, body.clone()).await;
        assert_eq!(message, "`TraceIds`: expected at most 5 items, found 6");
    }
}

#[tokio::test]
async fn batch_get_traces_pages_by_bytes_and_answers_every_id_once() {
    let server = Server::start().await;
    let padding = "p".repeat(60_000);
    // Three traces of about 6 MB: the first page ends with the second.
    for trace in 1..=3 {
        for part in 0..100 {
            let mut document = with(
                segment(-10, trace, "big"),
                "metadata",
                json!({"p": padding}),
            );
            document["id"] = json!(id(trace * 1000 + part));
            server.put(&[document]).await;
        }
    }
    let ids: Vec<_> = (1..=4).map(|n| trace_id(-10, n)).collect();
    let body = json!({ "TraceIds": ids });
    let first = server.ok("/Traces", body.clone()).await;
    let token = first["NextToken"].as_str().unwrap();
    let second = server
        .ok("/Traces", with(body.clone(), "NextToken", token))
        .await;
    let found = |page: &Value| -> Vec<String> {
        let traces = page["Traces"].as_array().unwrap().iter();
        traces
            .map(|trace| trace["Id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!([found(&first), found(&second)].concat(), ids[..3]);
    assert_eq!(found(&first).len(), 2);
    assert_eq!(first["UnprocessedTraceIds"], json!([]));
    assert_eq!(second["UnprocessedTraceIds"], json!([ids[3]]));
    assert!(second.get("NextToken").is_none());
    let other = json!({"TraceIds": [ids[0]], "NextToken": token});
    let message = server.refused("/Traces", other).await;
    assert_eq!(message, "`NextToken` does not belong to this request");
    server.clock.advance_secs(24 * 3600 + 1);
    let message = server
        .refused("/Traces", with(body, "NextToken", token))
        .await;
    assert_eq!(message, "`NextToken` has expired");
}
