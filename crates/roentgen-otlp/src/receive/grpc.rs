//! OTLP over gRPC (otlp.md 1.1, 1.2). Messages stay bytes here: the intake reads them as it reads those
//! that come over HTTP.

use std::future::Future;
use std::pin::Pin;

use ::http::{HeaderValue, Response};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::any;
use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use super::answer::{Failure, FailureKind};
use super::body::Share;
use super::cors::OriginVerdict;
use super::intake::{Encoding, Intake, Signal};
use super::metrics::Transport;

const GRPC_STATUS: &str = "grpc-status";

/// The services of the protocol. Others are unimplemented.
pub fn grpc_routes(intake: &Intake) -> Router {
    let routes = Signal::ALL.iter().fold(Router::new(), |routes, signal| {
        let (intake, signal) = (intake.clone(), *signal);
        let answer = move |request: Request| respond(intake.clone(), signal, request);
        routes.route(path(signal), any(answer))
    });
    routes.fallback(|| async {
        let status =
            Status::unimplemented("only the services for traces, logs and metrics are here");
        status.into_http::<Body>()
    })
}

const fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

async fn respond(intake: Intake, signal: Signal, request: Request) -> Response<Body> {
    let response = if intake.shared.settings.cors.judge(request.headers()) == OriginVerdict::Foreign
    {
        let message = "requests from web pages of other origins are refused";
        status(&Failure::new(FailureKind::Forbidden, message)).into_http()
    } else {
        let settings = &intake.shared.settings;
        let mut grpc = tonic::server::Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(settings.grpc_bytes_max);
        let export = Export {
            intake: intake.clone(),
            signal,
        };
        let mut response = grpc.unary(export, request).await;
        // Of us nothing is out of range: so tonic calls a message that is too long.
        let headers = response.headers_mut();
        if code(headers) == Some(Code::OutOfRange) {
            headers.insert(
                GRPC_STATUS,
                HeaderValue::from(Code::ResourceExhausted as i32),
            );
        }
        response.map(Body::new)
    };
    let outcome = match code(response.headers()) {
        None | Some(Code::Ok) => "ok",
        Some(Code::Unavailable) => "busy",
        Some(Code::Internal | Code::Unknown) => "fault",
        Some(_) => "refused",
    };
    intake
        .shared
        .metrics
        .request(Transport::Grpc, signal, outcome);
    response
}

/// The code of an answer that is nothing but a status.
fn code(headers: &::http::HeaderMap) -> Option<Code> {
    let value = headers.get(GRPC_STATUS)?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// One `Export` method.
struct Export {
    intake: Intake,
    signal: Signal,
}

type ExportFuture = Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>> + Send>>;

impl tonic::server::UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = ExportFuture;

    fn call(&mut self, request: tonic::Request<Bytes>) -> ExportFuture {
        let (intake, signal) = (self.intake.clone(), self.signal);
        Box::pin(async move {
            let message = request.into_inner();
            let taken = async {
                let mut share = Share::default();
                intake.shared.bodies.take(&mut share, message.len())?;
                let answer = intake.take(signal, Encoding::Protobuf, message).await;
                drop(share);
                answer
            };
            match taken.await {
                Ok(answer) => Ok(tonic::Response::new(
                    answer.encode(signal, Encoding::Protobuf),
                )),
                Err(failure) => {
                    failure.report(signal);
                    Err(status(&failure))
                }
            }
        })
    }
}

fn status(failure: &Failure) -> Status {
    let details = failure.status().encode_to_vec();
    Status::with_details(failure.code(), failure.message.clone(), details.into())
}

/// Messages as they are.
#[derive(Clone, Copy, Debug)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
