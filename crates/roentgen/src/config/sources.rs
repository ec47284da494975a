//! Where values come from: flags, environment, file, defaults.

use std::collections::BTreeMap;
use std::fmt;

use super::settings::{Auth, Config, Setting, all_settings};

#[cfg(test)]
mod tests;

/// Environment variables by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// The process's environment; variables that are not Unicode are left out.
pub(crate) fn environment() -> Environment {
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode).collect()
}

/// What was given.
pub(crate) struct Sources<'a> {
    /// By setting key, and `config` for the file.
    pub(crate) flags: Vec<(&'static str, String)>,
    pub(crate) environment: &'a Environment,
}

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigProblem {
    /// `--http`, `ROENTGEN_HTTP`, or a file's name.
    source: String,
    /// What is wrong and what was expected.
    reason: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.reason)
    }
}

/// Every setting in force, for people.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    rows: Vec<(&'static str, String, String)>,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value, origin)) in self.rows.iter().enumerate() {
            let line_end = if index + 1 < self.rows.len() {
                "\n"
            } else {
                ""
            };
            write!(f, "{key:<24} {value:<24} # {origin}{line_end}")?;
        }
        Ok(())
    }
}

impl Sources<'_> {
    /// The settings in force, or every problem there is.
    pub(crate) fn resolve(&self) -> Result<(Config, Effective), Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let file_name = self
            .flag("config")
            .or_else(|| self.environment.get("ROENTGEN_CONFIG"));
        let file = file_name.map(|name| File::read(name, &mut problems));
        let mut config = Config::defaults();
        let mut rows = Vec::new();
        for setting in all_settings() {
            let (value, origin) = self.value(setting, file.as_ref());
            let shown = if setting.is_secret && !value.is_empty() {
                "(hidden)".to_owned()
            } else {
                value.clone()
            };
            if origin != "default"
                && let Err(expected) = (setting.set)(&mut config, &value)
            {
                let reason = format!("`{}` = `{shown}`: {expected}", setting.key);
                problems.push(ConfigProblem {
                    source: origin.clone(),
                    reason,
                });
            }
            rows.push((setting.key, shown, origin));
        }
        problems.extend(exposed(&config));
        if problems.is_empty() {
            Ok((config, Effective { rows }))
        } else {
            Err(problems)
        }
    }

    fn flag(&self, key: &str) -> Option<&String> {
        self.flags
            .iter()
            .find(|(flag, _)| *flag == key)
            .map(|(_, value)| value)
    }

    /// The value in force and where it came from.
    fn value(&self, setting: &Setting, file: Option<&File>) -> (String, String) {
        let variable = format!("ROENTGEN_{}", setting.key.replace('.', "_").to_uppercase());
        let from_flag = || Some((self.flag(setting.key)?.clone(), flag_name(setting.key)));
        let from_environment = || {
            let value = self
                .environment
                .get(&variable)
                .filter(|value| !value.is_empty())?;
            Some((value.clone(), variable.clone()))
        };
        let from_file = || {
            let file = file?;
            Some((file.values.get(setting.key)?.clone(), file.name.clone()))
        };
        let from_aws = || {
            let region = self
                .environment
                .get("AWS_REGION")
                .filter(|value| !value.is_empty())?;
            (setting.key == "region").then(|| (region.clone(), "AWS_REGION".to_owned()))
        };
        from_flag()
            .or_else(from_environment)
            .or_else(from_file)
            .or_else(from_aws)
            .unwrap_or_else(|| (setting.default.to_owned(), "default".to_owned()))
    }
}

fn flag_name(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// Listening beyond loopback needs to be said out loud while there is no access control (design 3).
fn exposed(config: &Config) -> Vec<ConfigProblem> {
    let addresses = [
        ("http", Some(config.http)),
        ("daemon", Some(config.daemon)),
        ("otlp_grpc", config.otlp_grpc.0),
        ("otlp_http", config.otlp_http.0),
    ];
    let open = addresses
        .into_iter()
        .filter_map(|(key, address)| Some((key, address?)))
        .filter(|(_, address)| !address.ip().is_loopback());
    let refused = open.filter(|_| config.auth != Some(Auth::Off));
    let problem = |(key, address): (&'static str, std::net::SocketAddr)| ConfigProblem {
        source: flag_name(key),
        reason: format!(
            "`{address}` is reachable from other machines, and everybody there would be the \
             administrator; listen on loopback, or accept it with `auth = \"off\"` (--auth off)"
        ),
    };
    refused.map(problem).collect()
}

struct File {
    name: String,
    /// By dotted key.
    values: BTreeMap<String, String>,
}

impl File {
    fn read(name: &str, problems: &mut Vec<ConfigProblem>) -> Self {
        let mut values = BTreeMap::new();
        let mut problem = |reason: String| {
            problems.push(ConfigProblem {
                source: name.to_owned(),
                reason,
            });
        };
        match std::fs::read_to_string(name) {
            Err(error) => problem(format!("cannot be read: {error}")),
            Ok(text) => match text.parse::<toml::Table>() {
                Err(error) => problem(format!("is not TOML: {}", error.to_string().trim_end())),
                Ok(table) => flatten("", table, &mut values),
            },
        }
        for key in values
            .keys()
            .filter(|key| !all_settings().any(|s| s.key == **key))
        {
            problem(format!("`{key}` is no setting{}", suggestion(key)));
        }
        Self {
            name: name.to_owned(),
            values,
        }
    }
}

fn flatten(prefix: &str, table: toml::Table, into: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, into),
            toml::Value::String(text) => {
                into.insert(key, text);
            }
            toml::Value::Array(items) => {
                let texts = items
                    .iter()
                    .map(|i| i.as_str().map_or(i.to_string(), str::to_owned));
                into.insert(key, texts.collect::<Vec<_>>().join(","));
            }
            other => {
                into.insert(key, other.to_string());
            }
        }
    }
}

/// Names the setting that shares the longest beginning with the unknown key, if that is telling.
fn suggestion(key: &str) -> String {
    let shared = |a: &str| {
        a.chars()
            .zip(key.chars())
            .take_while(|(x, y)| x == y)
            .count()
    };
    let best = all_settings().max_by_key(|s| shared(s.key));
    best.filter(|s| shared(s.key) >= 3)
        .map(|s| format!("; did you mean `{}`?", s.key))
        .unwrap_or_default()
}
