//! `PutTelemetryRecords`.

use serde_json::json;

use super::{NOW_SECS, Server};

#[tokio::test]
async fn put_telemetry_records_keeps_recent_ones() {
    let server = Server::start().await;
    let answer = server
        .ok(
            "/TelemetryRecords",
            json!({"Hostname": "h", "TelemetryRecords": [
                {"Timestamp": NOW_SECS, "SegmentsReceivedCount": 7,
                    "BackendConnectionErrors": {"TimeoutCount": 2}},
                {"Timestamp": NOW_SECS - 86_401},
            ]}),
        )
        .await;
    assert_eq!(answer, json!({}));
    let [record] = &server.state.telemetry.all()[..] else {
        panic!("one record")
    };
    assert_eq!(record.hostname.as_deref(), Some("h"));
    assert_eq!(
        (record.segments_received, record.connection_errors.timeout),
        (7, 2)
    );
}

#[tokio::test]
async fn put_telemetry_records_refuses_broken_constraints() {
    let server = Server::start().await;
    let cases = [
        (json!({}), "`TelemetryRecords` is required"),
        (
            json!({"TelemetryRecords": [{}]}),
            "`TelemetryRecords[0].Timestamp` is required",
        ),
        (
            json!({"TelemetryRecords": [], "EC2InstanceId": "i".repeat(21)}),
            "`EC2InstanceId`: expected 0 to 20 characters, found 21",
        ),
        (
            json!({"TelemetryRecords": [], "Hostname": "h".repeat(256)}),
            "`Hostname`: expected 0 to 255 characters, found 256",
        ),
        (
            json!({"TelemetryRecords": [], "ResourceARN": "h".repeat(501)}),
            "`ResourceARN`: expected 0 to 500 characters, found 501",
        ),
        (
            json!({"TelemetryRecords": [{"Timestamp": 1, "SegmentsSentCount": "7"}]}),
            "`TelemetryRecords[0].SegmentsSentCount`: expected a whole number, found `\"7\"`",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/TelemetryRecords", body).await, message);
    }
}

#[tokio::test]
async fn telemetry_records_are_bounded() {
    let server = Server::start().await;
    for _ in 0..6 {
        let records = vec![json!({"Timestamp": NOW_SECS}); 1000];
        server
            .ok("/TelemetryRecords", json!({ "TelemetryRecords": records }))
            .await;
    }
    assert_eq!(server.state.telemetry.all().len(), 4096);
}
