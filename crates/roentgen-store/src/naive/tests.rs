use std::sync::Arc;

use roentgen_model::settings_history::SettingsHistories;

use super::*;
use crate::clock::ManualClock;
use crate::conformance::{self, Subject};

#[derive(Debug)]
struct NaiveSubject(NaiveStore);

impl Subject for NaiveSubject {
    fn writer(&self) -> &dyn TraceWriter {
        &self.0
    }

    fn reader(&self) -> &dyn TraceReader {
        &self.0
    }

    fn publish_histories(&mut self, histories: Arc<SettingsHistories>) {
        self.0.publish_histories(histories);
    }

    fn settle(&mut self) {}
}

#[test]
fn naive_store_conforms() {
    conformance::run_all(&|settings: StoreSettings, clock: &Arc<ManualClock>| {
        Box::new(NaiveSubject(NaiveStore::new(
            settings,
            Arc::clone(clock) as _,
        )))
    });
}
