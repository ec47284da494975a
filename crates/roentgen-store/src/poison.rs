//! A panic in a background thread poisons the store: reads go on, writes refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::source::{ErrorKind, StoreError};

/// Whether a background thread died, and what it said.
#[derive(Debug, Default)]
pub(crate) struct Poison(OnceLock<String>);

impl Poison {
    /// Runs a background thread's work; a panic in it poisons the store and is reported.
    pub(crate) fn guard(&self, thread: &str, work: impl FnOnce()) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
            return;
        };
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(thread, panic = %text, "a thread of the store died; writes are refused");
        // The first panic is the one to tell about.
        let _ = self.0.set(format!("{thread}: {text}"));
    }

    /// # Errors
    /// [`ErrorKind::Unavailable`] when the store is poisoned.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            None => Ok(()),
            Some(panic) => Err(StoreError::new(
                ErrorKind::Unavailable,
                format!("the store stopped taking writes after a bug in `{panic}`; restart it"),
            )),
        }
    }
}
