//! Insights: expected fault counts, and the task that judges minute after minute (groups-insights.md, INS-1).

mod counts;
mod evidence;
pub mod forecast;
pub mod impact;
mod judge;
pub mod published;
mod reconcile;
pub mod runner;

pub use forecast::{ForecastRequest, forecast};
pub use published::{InsightsCursor, InsightsRequest, PublishedInsight, PublishedInsights};
pub use runner::{InsightParts, InsightRunner, Notification};

#[cfg(test)]
mod tests;
