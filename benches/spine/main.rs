//! How fast the spine is and how large: the real program as a process of its own, on an empty
//! database, driven from beside it on the same cores.
//!
//! ```text
//! cargo bench --bench spine                    # SQLite; PostgreSQL too where one is named
//! tests/with-postgres cargo bench --bench spine  # both
//! cargo bench --bench spine -- --only page --database sqlite --quick
//! ```
//!
//! What the fediverse is here, one server in this process plays: any number of hosts on one port.
//! What is sent is made and signed beforehand. The figures stand beside what the machine gives
//! bare, measured in the same run.

mod figures;
mod options;
mod report;
mod proc;
mod keys;
mod mastodon;
mod letters;
mod elsewhere;
mod client;
mod load;
mod listening;
mod database;
mod server;
mod bare;
mod yardsticks;
mod scene;
mod measures;

use std::process::ExitCode;

use clap::Parser;

use self::options::Options;
use self::report::Report;
use self::scene::Scene;

/// What goes wrong here ends a measurement, and is said in the report.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.bare {
        return ended(bare::serve());
    }
    if !options.is_bench {
        eprintln!("this is a benchmark: cargo bench --bench spine");
        return ExitCode::SUCCESS;
    }
    // One thread: what drives the server should take as little as it can of the cores they share.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    ended(runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&options))))
}

fn ended(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spine: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Outcome<()> {
    for kind in options.databases()? {
        let mut report = Report::new(kind);
        let mut scene = Scene::set(kind, options.size()).await?;
        if let Some(version) = scene.server.database().version()? {
            report.note(format!("PostgreSQL {version}"));
        }
        yardsticks::measure(&scene, &mut report)?;
        measures::all(&mut scene, &mut report, options).await?;
        scene.strike().await?;
        report.print();
    }
    Ok(())
}
