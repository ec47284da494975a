//! Runs a search and tells of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_query::explore::search::Search;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::shapes::{AggregatesShape, DoneShape, ProgressShape, RowsShape};
use crate::console::error_shape;
use crate::encoding::GzipStream;
use crate::error::ApiError;
use crate::operations::Call;
use crate::router::report;

/// A reader hears of the search at least as often, and gets sums and best rows at most as often.
const PERIOD: Duration = Duration::from_millis(250);

/// The stream of one search.
pub(super) struct Events {
    pub(super) call: Call,
    pub(super) request_id: Uuid,
    pub(super) sender: mpsc::Sender<Bytes>,
    pub(super) gzip: Option<GzipStream>,
    pub(super) range: TimeRange,
    pub(super) facet_values: usize,
    pub(super) time_max: Duration,
}

/// The reader is gone.
struct Closed;

/// A step that was made, with what it has to tell.
struct Stepped {
    search: Search,
    /// Text of whole events.
    told: Vec<u8>,
}

impl Events {
    /// Runs the search to its end, its time, or until the reader is gone.
    pub(super) async fn run(mut self, search: Search) {
        let Err(Closed) = self.steps(search).await else {
            if let Some(gzip) = self.gzip.take()
                && let Ok(end) = gzip.end()
            {
                let _gone = self.sender.send(end).await;
            }
            return;
        };
    }

    async fn steps(&mut self, mut search: Search) -> Result<(), Closed> {
        let started = Instant::now();
        let mut told_sums = started;
        loop {
            let is_due = told_sums.elapsed() >= PERIOD;
            let stepped = match self.step(search, is_due, started).await? {
                Ok(stepped) => stepped,
                Err(error) => return self.fail(&error).await,
            };
            if is_due {
                told_sums = Instant::now();
            }
            self.send(&stepped.told).await?;
            search = stepped.search;
            if search.is_over() || started.elapsed() >= self.time_max {
                return Ok(());
            }
        }
    }

    /// One step in its turn. While it takes long, the reader hears that the search goes on.
    async fn step(
        &mut self,
        mut search: Search,
        is_due: bool,
        started: Instant,
    ) -> Result<Result<Stepped, ApiError>, Closed> {
        let (facet_values, range, time_max) =
            (self.facet_values, self.range.clone(), self.time_max);
        let mut waiting = event(
            "progress",
            &ProgressShape::new(&search, &range, started.elapsed()),
        );
        let call = self.call.clone();
        let step = call.read(move |_, reader, control| {
            let rows = search.step(reader, control)?;
            let is_last = search.is_over() || started.elapsed() >= time_max;
            let mut told = Vec::new();
            if !rows.is_empty() {
                told.extend(event("rows", &RowsShape::appended(&rows)));
            }
            if is_due || is_last {
                let best = search.best_rows();
                if !best.is_empty() {
                    told.extend(event("rows", &RowsShape::replaced(&best)));
                }
                if let Some(sums) = search.aggregates() {
                    told.extend(event(
                        "aggregates",
                        &AggregatesShape::new(sums, facet_values),
                    ));
                }
            }
            let took = started.elapsed();
            told.extend(event(
                "progress",
                &ProgressShape::new(&search, &range, took),
            ));
            if is_last {
                told.extend(event("done", &DoneShape::new(&search, took)));
            }
            Ok(Stepped { search, told })
        });
        tokio::pin!(step);
        let mut pulse = tokio::time::interval(PERIOD);
        pulse.tick().await;
        loop {
            tokio::select! {
                stepped = &mut step => return Ok(stepped),
                _ = pulse.tick() => {
                    self.send(&waiting).await?;
                    // Comments do from now on: nothing has changed.
                    waiting = b": \n\n".to_vec();
                }
            }
        }
    }

    /// The last event of a search that went wrong; what was sent before stays valid.
    async fn fail(&mut self, error: &ApiError) -> Result<(), Closed> {
        report(error, "ConsoleSearch", self.request_id);
        let mut members = error_shape(error);
        let message = members.remove("Message");
        if let Some(message) = message {
            members.insert("message".to_owned(), message);
        }
        self.send(&event("error", &members)).await
    }

    async fn send(&mut self, text: &[u8]) -> Result<(), Closed> {
        let piece = match &mut self.gzip {
            Some(gzip) => gzip.piece(text).map_err(|_| Closed)?,
            None => Bytes::copy_from_slice(text),
        };
        self.sender.send(piece).await.map_err(|_| Closed)
    }
}

/// The text of one event. JSON has no line breaks but escaped ones.
fn event<T: Serialize>(name: &str, data: &T) -> Vec<u8> {
    let mut text = format!("event: {name}\ndata: ").into_bytes();
    if let Err(error) = serde_json::to_writer(&mut text, data) {
        tracing::error!(%error, name, "an event could not be printed");
        return Vec::new();
    }
    text.extend_from_slice(b"\n\n");
    text
}
