//! The commands of INTERFACE.md, each a few lines over a room's verb. Exit status 0 done, 1 refused or failed with one
//! line on stderr, 2 wrong usage.

mod failure;
mod print;
mod values;
mod arguments;
mod logging;
mod serve;
mod wijken;
mod accounts;
mod partners;
mod desk;
mod pictures;
mod write;
mod blocks;
mod deliveries;
mod instances;
mod keys;
mod check;
mod check_peer;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Clock;
use likejewijk::foundation::config::{self, Config};
use likejewijk::server;

use self::arguments::{Arguments, Command};
use self::failure::{Failure, Outcome};
use self::print::Printer;

/// Runs the command that `arguments` name, with the configuration of the file and of `environment`.
pub(crate) fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let parsed = Arguments::command().try_get_matches_from(arguments);
    match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => done(perform(arguments, environment)),
        Err(usage) => {
            // To stderr, or to stdout for --help and --version; where nobody reads it there is nobody to tell.
            let _ = usage.print();
            ExitCode::from(if usage.use_stderr() { 2 } else { 0 })
        }
    }
}

fn done(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where nobody reads stderr, the status still tells.
            let _ = writeln!(std::io::stderr(), "likejewijk: {failure}");
            failure.exit_code()
        }
    }
}

fn perform(
    arguments: Arguments,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Outcome {
    let print = Printer::new(arguments.json);
    if arguments.sample_config {
        return print.text(&config::sample());
    }
    let Some(command) = arguments.command else {
        return Err(Failure::usage("name a command; see likejewijk --help"));
    };
    if let Command::Demo = command {
        return serve::demo();
    }
    let config = Config::load(arguments.config.as_deref(), readable(environment))?;
    match command {
        Command::Serve { role } => serve::serve(config, role.into()),
        Command::Check { peer: None } => waited_for(check::check(config, print)),
        Command::Check { peer: Some(named) } => waited_for(check_peer::check(config, print, named)),
        command => {
            let app = App::open(config, Clock::system())?;
            waited_for(change(app, print, command))
        }
    }
}

/// Variables that are no text name nothing of ours.
fn readable(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    environment.into_iter().filter_map(text)
}

/// A command needs one thread; only `serve` and `demo` need more.
fn waited_for(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| Failure::refused(format!("cannot begin: {e}")))?.block_on(work)
}

/// What works beside a running server on the same database.
async fn change(app: App, print: Printer, command: Command) -> Outcome {
    server::prepare(&app).await?;
    match command {
        Command::Wijk(command) => wijken::run(app, print, command).await,
        Command::Account(command) => accounts::run(app, print, command).await,
        Command::Role(command) => accounts::role(app, command).await,
        Command::Partner(command) => partners::run(app, print, command).await,
        Command::Queue(command) => desk::queue(app, print, command).await,
        Command::Announcement(command) => desk::announcement(app, print, command).await,
        Command::Post(post) => write::run(app, print, *post).await,
        Command::Block(command) => blocks::run(app, print, command).await,
        Command::Deliveries { command } => deliveries::deliveries(app, print, command).await,
        Command::Arrivals { command } => deliveries::arrivals(app, print, command).await,
        Command::Instance(command) => instances::run(app, print, command).await,
        Command::Key(command) => keys::run(app, print, command).await,
        // The database was brought up to date when it was opened.
        Command::Migrate | Command::Serve { .. } | Command::Check { .. } | Command::Demo => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }
}
