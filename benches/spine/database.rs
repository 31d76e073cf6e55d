//! An empty database of our own: a SQLite file, or one made and dropped on a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, RunQueryDsl};
use tempfile::TempDir;

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Sqlite => "SQLite, synchronous=FULL",
            Kind::Postgres => "PostgreSQL",
        })
    }
}

/// A database, and the folder that goes with it: on the disk of the build, where a temporary folder
/// may be memory.
pub(crate) struct Database {
    folder: TempDir,
    postgres: Option<Postgres>,
}

struct Postgres {
    server: String,
    name: String,
    url: url::Url,
}

/// `tests/with-postgres` names the server it started in it.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment of the benchmark, not of the server"
)]
pub(crate) fn postgres_server() -> Option<String> {
    std::env::var("LIKEJEWIJK_TEST_POSTGRES").ok()
}

impl Database {
    pub(crate) fn make(kind: Kind) -> Outcome<Database> {
        let folder = TempDir::with_prefix_in("spine", env!("CARGO_TARGET_TMPDIR"))?;
        let postgres = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Postgres::make()?),
        };
        Ok(Database { folder, postgres })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For `data`.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Of the database server, where there is one.
    pub(crate) fn version(&self) -> Outcome<Option<String>> {
        self.postgres.as_ref().map(Postgres::version).transpose()
    }

    /// For `database_url`.
    pub(crate) fn url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url.to_string(),
            None => format!("sqlite:{}", self.data().join("likejewijk.db").display()),
        }
    }
}

impl Postgres {
    fn version(&self) -> Outcome<String> {
        let mut connection = PgConnection::establish(self.url.as_str())?;
        let version = diesel::select(sql::<Text>("current_setting('server_version')"));
        Ok(version.get_result(&mut connection)?)
    }

    fn make() -> Outcome<Postgres> {
        let server = postgres_server().ok_or("LIKEJEWIJK_TEST_POSTGRES names no server")?;
        let mut url = url::Url::parse(&server)?;
        let name = format!("likejewijk_spine_{}", std::process::id());
        url.set_path(&name);
        tell(&server, &format!("CREATE DATABASE {name}"))?;
        Ok(Postgres { server, name, url })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(error) = tell(&self.server, &drop) {
            eprintln!("{drop}: {error}");
        }
    }
}

fn tell(server: &str, statement: &str) -> Outcome<()> {
    diesel::sql_query(statement).execute(&mut PgConnection::establish(server)?)?;
    Ok(())
}
