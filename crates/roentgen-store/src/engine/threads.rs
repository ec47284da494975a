//! The store's threads: one writes the log, one assembles, one maintains.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::Shared;
use crate::accept::writer::{self, Queue};
use crate::live::assembler::{self, Due};
use crate::maintenance::{self, Chain};
use crate::seal::Choice;
use crate::source::{ErrorKind, StoreError};
use crate::wal::Log;

/// How long maintenance rests between two looks at what is due.
const MAINTENANCE_REST: Duration = Duration::from_secs(1);

/// Wakes threads, and stops them.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    state: Mutex<State>,
    for_assembler: Condvar,
    for_maintenance: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stops: bool,
    has_changes: bool,
    is_pressed: bool,
}

impl Signals {
    /// A trace changed.
    pub(crate) fn wake_assembler(&self) {
        let mut state = self.state.lock();
        if !state.has_changes {
            state.has_changes = true;
            self.for_assembler.notify_one();
        }
    }

    /// The live budget is full.
    pub(crate) fn wake_maintenance(&self) {
        self.state.lock().is_pressed = true;
        self.for_maintenance.notify_one();
    }

    pub(crate) fn stop(&self) {
        self.state.lock().stops = true;
        self.for_assembler.notify_all();
        self.for_maintenance.notify_all();
    }

    /// True once the store is closing.
    pub(crate) fn stops(&self) -> bool {
        self.state.lock().stops
    }

    /// Waits until something changed; false: stop.
    fn wait_for_changes(&self) -> bool {
        let mut state = self.state.lock();
        while !state.has_changes && !state.stops {
            self.for_assembler.wait(&mut state);
        }
        state.has_changes = false;
        !state.stops
    }

    /// Waits that long; false: stop.
    fn rest(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        if !state.stops {
            // Woken early by a change, it just looks early at what is due.
            self.for_assembler.wait_for(&mut state, time);
        }
        !state.stops
    }

    /// Waits that long, or until pressed; false: stop.
    fn rest_from_maintenance(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        if !state.stops && !state.is_pressed {
            self.for_maintenance.wait_for(&mut state, time);
        }
        state.is_pressed = false;
        !state.stops
    }
}

/// Starts the log writer and, unless the settings say otherwise, the others.
pub(super) fn start(
    shared: &Arc<Shared>,
    mut log: Log,
    queue: Queue,
) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let mut threads = vec![spawn(shared, "roentgen-log", move |shared| {
        writer::run(shared, &mut log, &queue);
    })?];
    if shared.settings.is_background {
        threads.push(spawn(shared, "roentgen-assembler", assemble)?);
        threads.push(spawn(shared, "roentgen-maintenance", maintain)?);
    }
    Ok(threads)
}

fn spawn(
    shared: &Arc<Shared>,
    name: &'static str,
    work: impl FnOnce(&Shared) + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let shared = Arc::clone(shared);
    let body = move || shared.poison.guard(name, || work(&shared));
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map_err(|error| StoreError::caused(ErrorKind::Unavailable, "start a thread", error))
}

fn assemble(shared: &Shared) {
    let delay = shared.settings.assemble_delay;
    while shared.signals.wait_for_changes() {
        // What is not due yet keeps the loop going without a new change.
        while !shared.changed.lock().is_empty() {
            if !shared.signals.rest(delay) {
                return;
            }
            if let Err(error) = assembler::pass(shared, Due::ByTime) {
                tracing::error!(error = %Chain(&error), "failed to find the homes of changed traces");
            }
        }
    }
}

fn maintain(shared: &Shared) {
    while shared.signals.rest_from_maintenance(MAINTENANCE_REST) {
        // Failures are logged there, and what failed is tried again at the next round.
        let _ = maintenance::maintain(shared, Choice::Ready);
    }
}
