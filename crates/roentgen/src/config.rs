//! Settings: one table ([`SETTINGS`]) says key, default, meaning and how a value is read; flags beat
//! environment variables, those beat the file, that beats the default. All problems are told at once.

mod settings;
mod sources;

pub(crate) use settings::{Config, LogFormat, SETTINGS, Setting};
pub(crate) use sources::{ConfigProblem, Effective, Environment, Sources, environment};
