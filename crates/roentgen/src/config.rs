//! Settings: one table ([`all_settings`]) says key, default, meaning and how a value is read; flags beat
//! environment variables, those beat the file, that beats the default. All problems are told at once.

mod otlp;
mod settings;
mod sources;

pub(crate) use otlp::Listen;
pub(crate) use settings::{Config, LogFormat, Setting, all_settings};
pub(crate) use sources::{ConfigProblem, Effective, Environment, Sources, environment};
