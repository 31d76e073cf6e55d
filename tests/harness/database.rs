//! A database for one test: a SQLite file in a temporary folder, or a fresh database on the
//! PostgreSQL server `make test` starts.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use diesel::{Connection, PgConnection, RunQueryDsl};
use tempfile::TempDir;

use super::surroundings::{now, variable};

/// Names the PostgreSQL server: `postgres://…/postgres`, a role that may create databases.
const SERVER: &str = "LIKEJEWIJK_TEST_POSTGRES";
const ONLY_SQLITE: &str = "LIKEJEWIJK_TEST_SQLITE_ONLY";

/// A database and the folder that goes with it.
pub(crate) struct TestDatabase {
    folder: TempDir,
    postgres: Option<PostgresDatabase>,
}

impl TestDatabase {
    pub(crate) fn sqlite() -> TestDatabase {
        TestDatabase { folder: TempDir::new().expect("a temporary folder"), postgres: None }
    }

    /// `None` when this run was asked to do without PostgreSQL.
    pub(crate) fn postgres() -> Option<TestDatabase> {
        let Some(server) = variable(SERVER) else {
            assert!(
                variable(ONLY_SQLITE).is_some_and(|only| only == "1"),
                "{SERVER} is not set: run `make test`, which starts PostgreSQL (or {ONLY_SQLITE}=1)"
            );
            return None;
        };
        Some(TestDatabase { postgres: Some(PostgresDatabase::create(server)), ..Self::sqlite() })
    }

    /// For `database_url`.
    pub(crate) fn url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url.to_string(),
            None => format!("sqlite:{}", self.data().join("likejewijk.db").display()),
        }
    }

    /// The temporary folder: working folder of the server's processes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For `data`.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }
}

struct PostgresDatabase {
    server: String,
    name: String,
    url: url::Url,
}

impl PostgresDatabase {
    fn create(server: String) -> PostgresDatabase {
        let mut url = url::Url::parse(&server).expect("the URL of a PostgreSQL server");
        let moment = now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let name = format!("likejewijk_test_{}_{moment}", std::process::id());
        url.set_path(&name);
        tell(&server, &format!("CREATE DATABASE {name}")).expect("a database for the test");
        PostgresDatabase { server, name, url }
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(reason) = tell(&self.server, &drop) {
            eprintln!("{drop}: {reason}");
        }
    }
}

fn tell(server: &str, statement: &str) -> Result<(), String> {
    let mut connection = PgConnection::establish(server).map_err(|e| e.to_string())?;
    diesel::sql_query(statement).execute(&mut connection).map_err(|e| e.to_string())?;
    Ok(())
}

/// Makes of one story two tests, `…::sqlite` and `…::postgres`.
macro_rules! each_database {
    ($($(#[$about:meta])* async fn $name:ident($database:ident: TestDatabase) $story:block)+) => {
        $(
            $(#[$about])*
            async fn $name($database: $crate::harness::TestDatabase) $story

            mod $name {
                use $crate::harness::TestDatabase;

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    Box::pin(super::$name(TestDatabase::sqlite())).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    if let Some(database) = TestDatabase::postgres() {
                        Box::pin(super::$name(database)).await;
                    }
                }
            }
        )+
    };
}
pub(crate) use each_database;
