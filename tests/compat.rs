//! Real clients, unchanged: boto3, the AWS CLI, and applications with the official X-Ray SDKs and
//! with OpenTelemetry's.

mod boto3;
mod express;
mod flask;
mod otel;
mod sdk;
mod shops;
mod tools;
