//! `roentgen repair`: checks every file of a data directory, rebuilds a lost catalog, reports.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::{Context, bail};
use roentgen_store::StoreParts;
use roentgen_store::repair::{RepairReport, repair};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::self_observation;
use crate::serve::{encryption, histories, local_keys, open_control, store_parts, store_settings};

/// Checks the data directory; an error (exit code 1) if something is damaged.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    self_observation::start_logging(&config.log_level, config.log_format);
    let data_dir = DataDir::open(&config.data_dir)?;
    // What is sealed meanwhile is judged by the groups of its time (ASM-2).
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let control = runtime.block_on(open_control(config, &data_dir))?;
    let parts = StoreParts {
        histories: Arc::new(histories(&control)),
        // And encrypted as the server does it.
        keys: encryption::store_keys(&control, local_keys(config, &data_dir)?)?,
        ..store_parts(&data_dir)
    };
    let report = repair(&store_settings(config), parts).context("check the store")?;
    self_observation::print(&text(&report));
    let damaged = report.damaged_blocks.len();
    let lost_log_bytes = report.stats.damaged_log_bytes_total;
    if damaged > 0 || lost_log_bytes > 0 {
        bail!(
            "{damaged} blocks and {lost_log_bytes} bytes of the log are damaged; everything else is \
             served, and what was set aside stays in the data directory"
        );
    }
    Ok(())
}

fn text(report: &RepairReport) -> String {
    let stats = &report.stats;
    let mut text = format!(
        "{} blocks with {} traces, {} traces live in the log",
        stats.blocks, stats.block_traces, stats.live_traces
    );
    if stats.locked_blocks > 0 || stats.locked_log_documents > 0 {
        let (blocks, documents) = (stats.locked_blocks, stats.locked_log_documents);
        let written = write!(
            text,
            "\n{blocks} blocks and {documents} documents of the log wait for their encryption key"
        );
        written.expect("writing to a string does not fail");
    }
    for (directory, reason) in &report.damaged_blocks {
        let written = write!(text, "\nset aside `{}`: {reason}", directory.display());
        written.expect("writing to a string does not fail");
    }
    text
}
