//! What is counted and timed, for Prometheus. Without `metrics_listen` nothing is kept.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::error::{Error, Result};

/// One recorder per process.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Pages, deliveries and fetches lie between a millisecond and the time limits.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, 15.0, 30.0];
/// Use cases that share one commit.
const BATCHES: [f64; 6] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0];

/// Counts from now on.
pub fn start() -> Result<()> {
    if RECORDER.get().is_some() {
        return Ok(());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Suffix("_batch".to_owned()), &BATCHES)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(Error::internal)?;
    // Set by another thread in between: that one counts.
    let _ = RECORDER.set(handle);
    Ok(())
}

/// Prometheus' text format, 0.0.4.
#[must_use]
pub fn text() -> String {
    RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds what was recorded since the last time; without it samples pile up between two scrapes.
pub fn fold() {
    if let Some(recorder) = RECORDER.get() {
        recorder.run_upkeep();
    }
}
