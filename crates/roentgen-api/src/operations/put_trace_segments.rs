//! `PutTraceSegments` (api.md "Sending data", segments.md 10).

use std::fmt;

use bytes::Bytes;
use roentgen_model::document::{self, Refusal, RefusalCode, Verdict};
use roentgen_model::limits::DOCUMENTS_PER_REQUEST_MAX;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;

/// Larger bodies are unescaped on a blocking thread.
const INLINE_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Deserialize)]
struct PutTraceSegmentsRequest {
    #[serde(rename = "TraceSegmentDocuments")]
    documents: DocumentTexts,
}

/// At most as many as a request may have; more fail while they are read.
#[derive(Debug)]
struct DocumentTexts(Vec<Bytes>);

/// A JSON string, unescaped but not checked for UTF-8: a document that is not is refused alone, and its
/// neighbours are kept.
#[derive(Debug)]
struct DocumentText(Bytes);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutTraceSegmentsResult {
    unprocessed_trace_segments: Vec<UnprocessedTraceSegment>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnprocessedTraceSegment {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    error_code: &'static str,
    message: String,
}

pub(super) async fn answer(call: &Call, body: &Bytes) -> Result<Bytes, ApiError> {
    let Texts { texts, documents } = if body.len() <= INLINE_BYTES_MAX {
        read(body)?
    } else {
        let body = body.clone();
        tokio::task::spawn_blocking(move || read(&body))
            .await
            .map_err(ApiError::fault)??
    };
    call.shared.rates.documents(documents, call.now)?;
    let verdicts = call
        .api()
        .writer
        .accept(&call.principal.scope, texts)
        .await?;
    let unprocessed = verdicts.into_iter().filter_map(|verdict| match verdict {
        Verdict::Accepted => None,
        Verdict::Refused(refusal) => Some(unprocessed(refusal)),
    });
    json(&PutTraceSegmentsResult {
        unprocessed_trace_segments: unprocessed.collect(),
    })
}

/// The strings of a request, and the documents in all of them.
struct Texts {
    texts: Vec<Bytes>,
    documents: usize,
}

/// A string may hold an array of documents; then the request's limit counts its elements, so that the
/// refusals of a small body stay few.
fn read(body: &Bytes) -> Result<Texts, ApiError> {
    let texts = match serde_json::from_slice::<PutTraceSegmentsRequest>(body) {
        Ok(request) => request.documents.0,
        // Once more, slower, for a message that names what is wrong.
        Err(_) => read_members(body)?,
    };
    let mut documents = 0;
    for text in &texts {
        documents += document::count(text);
        if documents > DOCUMENTS_PER_REQUEST_MAX {
            return Err(ApiError::invalid(format!(
                "`TraceSegmentDocuments`: expected at most {DOCUMENTS_PER_REQUEST_MAX} documents in all strings"
            )));
        }
    }
    Ok(Texts { texts, documents })
}

fn read_members(body: &[u8]) -> Result<Vec<Bytes>, ApiError> {
    let list = Members::of_body(body)?
        .required("TraceSegmentDocuments")?
        .list(0..=DOCUMENTS_PER_REQUEST_MAX)?;
    list.iter()
        .map(|item| item.text(0..=usize::MAX).map(Bytes::from))
        .collect()
}

fn unprocessed(refusal: Refusal) -> UnprocessedTraceSegment {
    let Refusal { id, code, message } = refusal;
    UnprocessedTraceSegment {
        id,
        error_code: code_name(code),
        message,
    }
}

/// `ErrorCode` as the service spells it (segments.md 10).
const fn code_name(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::ParseError => "ParseError",
        RefusalCode::InvalidSegment => "InvalidSegment",
        RefusalCode::MissingId => "MissingId",
        RefusalCode::InvalidId => "InvalidId",
        RefusalCode::MissingTraceId => "MissingTraceId",
        RefusalCode::InvalidTraceId => "InvalidTraceId",
        RefusalCode::MissingName => "MissingName",
        RefusalCode::InvalidName => "InvalidName",
        RefusalCode::MissingStartTime => "MissingStartTime",
        RefusalCode::InvalidStartTime => "InvalidStartTime",
        RefusalCode::MissingEndTime => "MissingEndTime",
        RefusalCode::InvalidEndTime => "InvalidEndTime",
        RefusalCode::MissingParentId => "MissingParentId",
        RefusalCode::InvalidParentId => "InvalidParentId",
        RefusalCode::InvalidType => "InvalidType",
        RefusalCode::InternalFailure => "InternalFailure",
    }
}

impl<'de> Deserialize<'de> for DocumentText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = DocumentText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<DocumentText, E> {
                Ok(DocumentText(Bytes::copy_from_slice(bytes)))
            }
        }

        deserializer.deserialize_bytes(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for DocumentTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = DocumentTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of strings")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<DocumentTexts, S::Error> {
                let mut texts = Vec::new();
                while let Some(DocumentText(text)) = list.next_element()? {
                    if texts.len() >= DOCUMENTS_PER_REQUEST_MAX {
                        return Err(S::Error::custom("too many documents"));
                    }
                    texts.push(text);
                }
                Ok(DocumentTexts(texts))
            }
        }

        deserializer.deserialize_seq(TextsVisitor)
    }
}
