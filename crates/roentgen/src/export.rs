//! `roentgen export`: prints what is stored in a form that others read, so that nobody is locked in.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::Context;
use roentgen_model::UnixNanos;
use roentgen_otlp::json::resource_spans_from_document;
use roentgen_otlp::map::spans::Conventions;
use roentgen_store::plan::{Columns, Plan};
use roentgen_store::source::{QueryControl, ScanRequest, StoredDocument, TimeBasis, TraceReader};
use roentgen_store::{EmbeddedStore, StoreParts};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::self_observation;
use crate::serve::{encryption, histories, local_keys, open_control, store_parts, store_settings};

/// Traces read at once.
const TRACES_PER_STEP: usize = 100;

/// Prints every trace as one line, newest first: an OTLP/JSON message (`TracesData`), as the collector's
/// file exporter writes them and its receivers read them. The server must not run.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    self_observation::start_logging(&config.log_level, config.log_format);
    let data_dir = DataDir::open(&config.data_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let control = runtime.block_on(open_control(config, &data_dir))?;
    let parts = StoreParts {
        histories: Arc::new(histories(&control)),
        keys: encryption::store_keys(&control, local_keys(config, &data_dir)?)?,
        ..store_parts(&data_dir)
    };
    let store = EmbeddedStore::open(store_settings(config), parts).context("open the store")?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    write_traces(config, &store, &mut out)?;
    out.flush().context("write to standard output")?;
    store.close();
    Ok(())
}

fn write_traces(
    config: &Config,
    store: &dyn TraceReader,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let scopes = [config.scope()];
    let mut request = ScanRequest {
        scopes: scopes.to_vec(),
        basis: TimeBasis::TraceId,
        range: UnixNanos(i64::MIN)..UnixNanos(i64::MAX),
        plan: Arc::new(Plan {
            filter: None,
            columns: Columns::All,
        }),
        after: None,
        matches_max: TRACES_PER_STEP,
        examined_max: u64::MAX,
    };
    loop {
        let control = QueryControl::new(usize::MAX);
        let page = store.scan(&request, &control).context("list the traces")?;
        let ids: Vec<_> = page.matches.iter().map(|facts| facts.trace_id).collect();
        let traces = store.documents(&scopes, &ids, &control);
        for trace in traces.context("read documents")? {
            let mut data = TracesData::default();
            trace
                .documents
                .iter()
                .for_each(|document| data.add_stored(document));
            writeln!(out, "{}", data.to_json()).context("write to standard output")?;
        }
        let Some(next) = page.next else {
            return Ok(());
        };
        request.after = Some(next);
    }
}

/// One message.
#[derive(Debug, Default)]
pub(crate) struct TracesData {
    resource_spans: Vec<String>,
}

impl TracesData {
    /// Adds the spans of a document.
    pub(crate) fn add_document(&mut self, text: &str) {
        let spans = resource_spans_from_document(text, Conventions::default());
        self.resource_spans.extend(spans);
    }

    fn add_stored(&mut self, document: &StoredDocument) {
        if let Ok(text) = std::str::from_utf8(&document.text) {
            self.add_document(text);
        }
    }

    pub(crate) fn to_json(&self) -> String {
        format!("{{\"resourceSpans\":[{}]}}", self.resource_spans.join(","))
    }
}
