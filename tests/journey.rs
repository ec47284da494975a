//! Journeys: what a person or an application does with the binary, from its first start on.

mod bad_input;
mod console_api;
mod demo;
mod encryption;
mod groups;
mod opentelemetry;
mod origins;
mod otlp_acceptance;
mod pieces;
mod readme;
mod retrieval;
mod settings;
mod start;
mod strict;
mod trace;
