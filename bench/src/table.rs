//! The figures, for people and for machines.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

/// Rows in order of measuring.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    goal: &'static str,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a figure and tells it at once, since a run takes a while.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: &'static str,
    ) {
        let row = Row {
            name: name.into(),
            value,
            unit,
            goal,
        };
        say(&format!("  {}", row.text()));
        self.rows.push(row);
    }

    /// Adds median and 99th percentile of some latencies, in milliseconds.
    pub(crate) fn add_latencies(&mut self, name: &str, mut all: Vec<Duration>, goal: &'static str) {
        all.sort_unstable();
        for (what, share) in [("p50", 0.5), ("p99", 0.99)] {
            let at = index(all.len(), share);
            let millis = all.get(at).map_or(f64::NAN, |d| d.as_secs_f64() * 1000.0);
            let goal = if what == "p99" { goal } else { "" };
            self.add(format!("{name}, {what}"), millis, "ms", goal);
        }
    }

    pub(crate) fn print(&self) {
        say("\nfigures");
        for row in &self.rows {
            say(&row.text());
        }
    }

    /// Keeps the figures as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let rows: Vec<Value> = (self.rows.iter())
            .map(|r| json!({"name": r.name, "value": r.value, "unit": r.unit, "goal": r.goal}))
            .collect();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).context("make the folder for the figures")?;
        }
        let text = serde_json::to_string_pretty(&json!({"machine": machine(), "figures": rows}))?;
        std::fs::write(path, text).with_context(|| format!("write `{}`", path.display()))
    }
}

impl Row {
    fn text(&self) -> String {
        let goal = if self.goal.is_empty() {
            String::new()
        } else {
            format!("   goal {}", self.goal)
        };
        format!(
            "{:<58} {:>12.1} {:<14}{goal}",
            self.name, self.value, self.unit
        )
    }
}

/// A line on standard output; nobody is there to be told that it is gone.
pub(crate) fn say(text: &str) {
    let _closed = writeln!(std::io::stdout(), "{text}");
}

fn index(len: usize, share: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below a small length"
    )]
    let at = (len as f64 * share) as usize;
    at.min(len.saturating_sub(1))
}

/// Cores and memory, which figures mean nothing without.
fn machine() -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .map_or("", str::trim);
    json!({"cores": cores, "memory": total})
}
