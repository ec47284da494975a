//! Logs and metrics: read as far as their number, which the answer says were not taken (a later issue
//! stores them).

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::Failure;
use super::intake::Encoding;

/// `ExportLogsServiceRequest` and `ExportMetricsServiceRequest` down to their records.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<OfResource>,
}

#[derive(Clone, PartialEq, Message)]
struct OfResource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<OfScope>,
}

#[derive(Clone, PartialEq, Message)]
struct OfScope {
    /// Log records or metrics.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    items: Vec<Bytes>,
}

/// `Metric`: its data by kind.
#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, optional, tag = "5")]
    gauge: Option<Data>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Data>,
    #[prost(message, optional, tag = "9")]
    histogram: Option<Data>,
    #[prost(message, optional, tag = "10")]
    exponential_histogram: Option<Data>,
    #[prost(message, optional, tag = "11")]
    summary: Option<Data>,
}

#[derive(Clone, PartialEq, Message)]
struct Data {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    data_points: Vec<Bytes>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonRequest {
    #[serde(alias = "resourceLogs", alias = "resourceMetrics")]
    resources: Option<Vec<JsonResource>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonResource {
    #[serde(alias = "scopeLogs", alias = "scopeMetrics")]
    scopes: Option<Vec<JsonScope>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonScope {
    log_records: Option<Vec<IgnoredAny>>,
    metrics: Option<Vec<JsonMetric>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonMetric {
    gauge: Option<JsonData>,
    sum: Option<JsonData>,
    histogram: Option<JsonData>,
    exponential_histogram: Option<JsonData>,
    summary: Option<JsonData>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonData {
    data_points: Option<Vec<IgnoredAny>>,
}

/// Log records of a request.
pub(super) fn count_log_records(encoding: Encoding, body: &Bytes) -> Result<u64, Failure> {
    let counts: u64 = match encoding {
        Encoding::Protobuf => items(body)?.map(|_| 1).sum(),
        Encoding::Json => {
            let scopes = json_scopes(body)?;
            scopes.map(|scope| length(&scope.log_records)).sum()
        }
    };
    Ok(counts)
}

/// Data points of all metrics of a request.
pub(super) fn count_data_points(encoding: Encoding, body: &Bytes) -> Result<u64, Failure> {
    if encoding == Encoding::Json {
        let metrics = json_scopes(body)?.flat_map(|scope| scope.metrics.unwrap_or_default());
        return Ok(metrics.map(|metric| json_points(&metric)).sum());
    }
    let mut count = 0;
    for metric in items(body)? {
        let Metric {
            gauge,
            sum,
            histogram,
            exponential_histogram,
            summary,
        } = Metric::decode(metric).map_err(|error| malformed(&error))?;
        let all = [gauge, sum, histogram, exponential_histogram, summary];
        let points = all.into_iter().flatten().map(|data| data.data_points.len());
        count += points.sum::<usize>() as u64;
    }
    Ok(count)
}

fn items(body: &Bytes) -> Result<impl Iterator<Item = Bytes>, Failure> {
    let request = Request::decode(body.clone()).map_err(|error| malformed(&error))?;
    let scopes = request
        .resources
        .into_iter()
        .flat_map(|resource| resource.scopes);
    Ok(scopes.flat_map(|scope| scope.items))
}

fn json_scopes(body: &[u8]) -> Result<impl Iterator<Item = JsonScope>, Failure> {
    let request: JsonRequest = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("not valid OTLP/JSON: {error}")))?;
    let resources = request.resources.unwrap_or_default().into_iter();
    Ok(resources.flat_map(|resource| resource.scopes.unwrap_or_default()))
}

fn json_points(metric: &JsonMetric) -> u64 {
    let JsonMetric {
        gauge,
        sum,
        histogram,
        exponential_histogram,
        summary,
    } = metric;
    let all = [gauge, sum, histogram, exponential_histogram, summary];
    let points = all
        .into_iter()
        .flatten()
        .map(|data| length(&data.data_points));
    points.sum()
}

fn length<T>(list: &Option<Vec<T>>) -> u64 {
    list.as_ref().map_or(0, |list| list.len() as u64)
}

fn malformed(error: &prost::DecodeError) -> Failure {
    Failure::malformed(format!("not a valid protobuf message: {error}"))
}
