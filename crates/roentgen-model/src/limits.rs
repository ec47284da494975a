//! The numbers of spec limits.md that hold always (LIMIT-1). Settings that only strict mode adds live
//! beside the code they bound.

/// One segment document, bytes of its JSON text (segments.md 9).
pub const DOCUMENT_BYTES_MAX: usize = 65_536;
/// A document made of a span of at most 1 MiB (otlp.md 1.5): JSON is longer, and values may stand in it
/// twice (our choice).
pub const SPAN_DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// Documents in one `PutTraceSegments` request (segments.md 9, our choice).
pub const DOCUMENTS_PER_REQUEST_MAX: usize = 1_000;
/// A request body at the X-Ray doors, before and after decompression (api.md, our choice).
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Nesting of subsegments (segments.md 2.1, our choice).
pub const SUBSEGMENT_DEPTH_MAX: usize = 128;
/// Nesting of a document's JSON over all (segments.md 2.1, our choice).
pub const JSON_DEPTH_MAX: usize = 512;
/// Characters of a segment or subsegment name (segments.md 2.1).
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a string that are indexed for filters and summaries (segments.md 2.2, our choice).
pub const INDEXED_CHARS_MAX: usize = 2_048;
/// The same under `strict_schema`: AWS's published maximum.
pub const STRICT_CHARS_MAX: usize = 250;
/// Characters of an annotation key that can be indexed (segments.md 2.3).
pub const ANNOTATION_KEY_CHARS_MAX: usize = 500;
/// Characters of an annotation string that are indexed (segments.md 2.3).
pub const ANNOTATION_VALUE_CHARS_MAX: usize = 1_000;
/// Distinct annotation keys indexed per trace (segments.md 2.3).
pub const ANNOTATIONS_PER_TRACE_MAX: usize = 50;
/// Links of one segment, and of one trace (segments.md 2.8).
pub const LINKS_PER_SEGMENT_MAX: usize = 20;
/// Links of one trace (segments.md 2.8).
pub const LINKS_PER_TRACE_MAX: usize = 100;
/// How far ahead of the server's clock a document may start, seconds (segments.md 4, our choice).
pub const START_AHEAD_SECS_MAX: i64 = 2 * 3600;
/// Root causes of one kind per trace (api.md, our choice).
pub const ROOT_CAUSES_PER_KIND_MAX: usize = 10;
/// Bytes of a filter expression (filter-expressions.md 5, our choice).
pub const FILTER_BYTES_MAX: usize = 8_192;
/// Nesting of a filter expression (filter-expressions.md 5, our choice).
pub const FILTER_DEPTH_MAX: usize = 64;
/// Predicates in a filter expression (filter-expressions.md 5, our choice).
pub const FILTER_PREDICATES_MAX: usize = 256;
/// Characters of an entity selector (filter-expressions.md 5, documented).
pub const ENTITY_SELECTOR_CHARS_MAX: usize = 500;

const _: () = assert!(DOCUMENT_BYTES_MAX <= SPAN_DOCUMENT_BYTES_MAX);
const _: () = assert!(SUBSEGMENT_DEPTH_MAX < JSON_DEPTH_MAX);
const _: () = assert!(LINKS_PER_SEGMENT_MAX <= LINKS_PER_TRACE_MAX);
const _: () = assert!(STRICT_CHARS_MAX < INDEXED_CHARS_MAX);
