//! The tracing header `X-Amzn-Trace-Id` (spec trace-header.md 1–3).
