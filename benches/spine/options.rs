//! The command line of the benchmark.

use clap::{Parser, ValueEnum};

use crate::Outcome;
use crate::database::{self, Kind};

#[derive(Parser)]
#[command(name = "spine", about = "Measures how fast LikeJeWijk is, and how large")]
pub(crate) struct Options {
    /// Measure these only, comma-separated
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    only: Vec<Measure>,
    /// On which database; PostgreSQL is the one beside which tests/with-postgres runs this
    #[arg(long, value_enum)]
    database: Option<Databases>,
    /// Less of everything, once: to see that it works, not how fast
    #[arg(long)]
    quick: bool,
    /// `cargo bench` says this; `cargo test --benches` does not
    #[arg(long = "bench", hide = true)]
    pub(crate) is_bench: bool,
    /// Be the bare axum server that figures are compared with
    #[arg(long, hide = true)]
    pub(crate) bare: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Posts that arrive and are acted on
    Arrivals,
    /// Follows from many hosts, accepted
    Follows,
    /// One announcement to many hosts (and the Follows before it)
    Announcement,
    /// The page of a wijk with many posts
    Page,
    /// Arriving without acting on it, and acting without anything arriving
    Apart,
    /// From the start to the first page
    Start,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Databases {
    Sqlite,
    Postgres,
    Both,
}

/// How much is sent, and how often.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) arrivals: usize,
    pub(crate) rounds: usize,
    pub(crate) hosts: usize,
    pub(crate) posts: usize,
    /// For what is measured by time and not by number.
    pub(crate) seconds: u64,
}

impl Options {
    pub(crate) fn wants(&self, measure: Measure) -> bool {
        self.only.is_empty() || self.only.contains(&measure)
    }

    pub(crate) fn size(&self) -> Size {
        if self.quick {
            Size { arrivals: 1_000, rounds: 1, hosts: 200, posts: 500, seconds: 1 }
        } else {
            Size { arrivals: 10_000, rounds: 3, hosts: 1_000, posts: 10_000, seconds: 3 }
        }
    }

    /// Without a word about it: SQLite, and PostgreSQL where there is one.
    pub(crate) fn databases(&self) -> Outcome<Vec<Kind>> {
        let is_there = database::postgres_server().is_some();
        match self.database {
            Some(Databases::Sqlite) => Ok(vec![Kind::Sqlite]),
            None if !is_there => {
                eprintln!("no PostgreSQL: tests/with-postgres cargo bench --bench spine");
                Ok(vec![Kind::Sqlite])
            }
            _ if !is_there => Err("LIKEJEWIJK_TEST_POSTGRES names no server; \
                 run it as tests/with-postgres cargo bench --bench spine"
                .into()),
            Some(Databases::Postgres) => Ok(vec![Kind::Postgres]),
            None | Some(Databases::Both) => Ok(vec![Kind::Sqlite, Kind::Postgres]),
        }
    }
}
