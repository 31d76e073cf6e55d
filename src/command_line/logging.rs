//! The log: to stderr, as text for people or JSON for machines.

use std::io::{IsTerminal, stderr};

use likejewijk::foundation::config::LogFormat;
use likejewijk::foundation::error::{Error, Result};
use tracing_subscriber::EnvFilter;

/// From now on what `filter` lets through is written down.
pub(super) fn start(filter: &str, format: LogFormat) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        Error::invalid(
            "log",
            format!("«{filter}»: {e}; write it as info, or info,likejewijk=debug"),
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
    }
    .map_err(Error::internal)
}
