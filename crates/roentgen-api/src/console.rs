//! The console's API (docs/console-api.md): what pages need beside X-Ray's operations. JSON, versioned by
//! path; closed to foreign origins and hosts, since only pages of ours call it.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::origin::refuse_foreign_host;
use crate::state::ApiState;

mod daemons;

/// The routes under `/api/v1`, for the port that serves the console.
pub fn console_router(api: &ApiState) -> Router {
    let (telemetry, clock) = (api.telemetry.clone(), api.clock.clone());
    let daemons = move || {
        let answer = daemons::answer(&telemetry, clock.now());
        async move { answer }
    };
    let guard = from_fn_with_state(api.settings.allowed_origins.clone(), refuse_foreign_host);
    Router::new()
        .route("/api/v1/daemons", get(daemons.clone()).post(daemons))
        .layer(guard)
}
