//! Waiting for what must come to pass, without sleeping to let it happen.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

const EVERY: Duration = Duration::from_millis(20);

/// Looks every 20 ms until `look` finds it, at most ten seconds; fails with what was last seen.
/// What takes long to look at is looked at half of the time, so that the server gets the rest.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    within(PATIENCE, what, look).await
}

/// As `eventually`, with a patience of its own.
pub(crate) async fn within<T>(
    patience: Duration,
    what: &str,
    look: impl AsyncFn() -> Result<T, String>,
) -> T {
    let begun = Instant::now();
    loop {
        let looking = Instant::now();
        match look().await {
            Ok(found) => return found,
            Err(seen) if begun.elapsed() > patience => {
                panic!("after {patience:?} still not: {what}; seen: {seen}")
            }
            Err(_) => tokio::time::sleep(looking.elapsed().max(EVERY)).await,
        }
    }
}

/// For conditions: `Ok` when it holds, else what was seen.
pub(crate) fn holds(condition: bool, seen: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(seen()) }
}
