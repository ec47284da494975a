//! Insights: expected fault counts, and the task that judges minute after minute (groups-insights.md, INS-1).

pub mod forecast;

pub use forecast::{ForecastRequest, forecast};
