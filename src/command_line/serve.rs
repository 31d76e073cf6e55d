//! `serve` and `demo`: what goes on running.

use std::future::Future;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Clock;
use likejewijk::foundation::config::{Config, LogFormat};
use likejewijk::foundation::error::Result;
use likejewijk::server::Role;
use likejewijk::{demo as demonstration, server};

use super::arguments::RoleOfProcess;
use super::failure::{Failure, Outcome};
use super::logging;

impl From<RoleOfProcess> for Role {
    fn from(role: RoleOfProcess) -> Self {
        match role {
            RoleOfProcess::All => Self::All,
            RoleOfProcess::Web => Self::Web,
            RoleOfProcess::Worker => Self::Worker,
        }
    }
}

pub(super) fn serve(config: Config, role: Role) -> Outcome {
    logging::start(&config.log, config.log_format)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    run(async move {
        let app = App::open(config, Clock::system())?;
        server::run(app, role).await
    })
}

pub(super) fn demo() -> Outcome {
    logging::start("warn", LogFormat::Text)?;
    run(demonstration::run())
}

/// Two threads at least, so that one request that computes does not keep the others waiting.
fn run(work: impl Future<Output = Result<()>>) -> Outcome {
    let threads = available_parallelism().map_or(2, NonZeroUsize::get).max(2);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|e| Failure::refused(format!("cannot begin: {e}")))?;
    Ok(runtime.block_on(work)?)
}
