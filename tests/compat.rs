//! Real clients, unchanged: boto3, the AWS CLI, and applications with the official X-Ray SDKs.

mod boto3;
mod express;
mod flask;
mod sdk;
mod shops;
mod tools;
