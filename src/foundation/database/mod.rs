//! The store: `read` and `write`, the same queries on SQLite and PostgreSQL.
//!
//! A use case is a closure over `&mut Connection`; `write` answers after the commit. On SQLite many share one commit
//! (writer.rs); on PostgreSQL each is its own transaction, run again after a serialization failure or a deadlock,
//! which is why it is `Fn`: what it draws (ids, tokens) it must draw inside or be given.

mod connection;
mod migrations;
mod presence;
pub mod schema;
mod statement;
mod text_enum;
mod together;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, Pool};
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use diesel::{Connection as _, PgConnection, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::spawn_blocking;

pub(crate) use connection::on_each;
pub use connection::{AnyConnection as Connection, Claiming, MultiBackend};
pub use statement::{Statement, listed};
pub(crate) use text_enum::text_enum;
pub use together::Together;

use self::writer::{Priority, Writer};
use super::error::{Error, Result};

const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 12;
/// Of these, for who comes to a door and writes.
const AT_THE_DOORS: u32 = 4;
const TRIES: u32 = 8;
/// How long a use case waits for a connection before its caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that answered so lately is believed to be there still.
const TRUSTED: Duration = Duration::from_secs(5);

/// This process works on the database: on PostgreSQL a connection that the server sees close when the process dies,
/// however it dies.
pub struct Presence(Option<Connection>);

#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    manager: Manager,
    pool: Pool<Manager>,
    /// As many as connections, but for those kept for the doors: whoever waits, waits without a thread.
    turns: Semaphore,
    /// SQLite's; PostgreSQL writes through the pool.
    writer: Option<Writer>,
    /// Commits of this process: whoever caches what the database says, or waits for something to do, looks here.
    commits: watch::Sender<u64>,
}

impl Database {
    /// Connects, and brings the database up to date.
    ///
    /// # Errors
    /// One line that says which database could not be opened, and why.
    pub fn open(url: &str) -> Result<Self> {
        let manager = Manager::parse(url)?;
        let mut first = manager.establish().map_err(|e| manager.cannot_open(&e))?;
        migrations::run(&mut first).map_err(|e| manager.cannot_open(&e))?;
        let (writer, size, kept, manager) = match manager {
            Manager::Sqlite { path, .. } => {
                let readers = Manager::Sqlite { path, reads_only: true };
                (Some(Writer::start(first)?), SQLITE_READERS, 0, readers)
            }
            Manager::Postgres { .. } => (None, POSTGRES_CONNECTIONS, AT_THE_DOORS, manager),
        };
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .test_on_check_out(writer.is_none())
            .build(manager.clone())
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let turns = Semaphore::new(usize::try_from(size - kept).unwrap_or(1));
        Ok(Self(Arc::new(Inner { manager, pool, turns, writer, commits: watch::Sender::new(0) })))
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        let turn = tokio::time::timeout(PATIENCE, self.0.turns.acquire()).await;
        let busy = || Error::Unavailable("every connection is busy".to_owned());
        turn.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// Reads; on SQLite the connection refuses to write.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        let _turn = self.turn().await?;
        blocking(move || inner.with_connection(work).map_err(told)).await
    }

    /// One transaction; when this answers `Ok` it is on disk.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_in(Priority::InLine, work).await
    }

    async fn write_in<T: Send + 'static>(
        &self,
        priority: Priority,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let outcome = if let Some(writer) = &self.0.writer {
            writer.write(priority, work).await
        } else {
            let inner = self.0.clone();
            let _turn = match priority {
                Priority::First => None,
                Priority::InLine => Some(self.turn().await?),
            };
            blocking(move || inner.repeated(&work)).await
        };
        if outcome.is_ok() {
            self.0.commits.send_modify(|count| *count += 1);
        }
        outcome
    }

    #[must_use]
    pub fn commits(&self) -> u64 {
        *self.0.commits.borrow()
    }

    /// Changes with each commit of this process.
    #[must_use]
    pub fn watch_commits(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }

    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.0.writer.is_some()
    }

    /// Joins the processes that work on this database; whoever finds nobody else does `alone` before others can join,
    /// as to free what leases a killed process left behind. SQLite has one server.
    pub async fn join_workers(&self, alone: fn(&mut Connection) -> Result<()>) -> Result<Presence> {
        if self.is_sqlite() {
            self.write(alone).await?;
            return Ok(Presence(None));
        }
        self.present(alone).await
    }

    /// The presence, renewed where the database forgot it in a restart of its own.
    pub async fn still_present(&self, presence: Presence) -> Result<Presence> {
        let Presence(Some(mut connection)) = presence else { return Ok(presence) };
        let asked =
            move || Ok(if presence::is_held(&mut connection) { Some(connection) } else { None });
        match blocking(asked).await? {
            Some(connection) => Ok(Presence(Some(connection))),
            // This process's own leases are among what stands there.
            None => self.present(|_| Ok(())).await,
        }
    }

    async fn present(&self, alone: fn(&mut Connection) -> Result<()>) -> Result<Presence> {
        let manager = self.0.manager.clone();
        blocking(move || {
            let mut connection = manager.establish().map_err(|e| manager.cannot_open(&e))?;
            presence::join(&mut connection, alone)?;
            Ok(Presence(Some(connection)))
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panic) => Err(Error::Internal(format!("a use case panicked: {panic}"))),
    }
}

impl Inner {
    /// One that breaks meanwhile is not used again, and no other is believed without a word.
    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let mut pooled = self.pool.get().map_err(|e| Error::Unavailable(e.to_string()))?;
        let outcome = work(&mut pooled.connection);
        let now = Instant::now();
        if outcome.as_ref().is_err_and(is_lost) {
            pooled.is_lost = true;
            self.manager.note_lost(now);
        } else {
            pooled.answered_at = now;
        }
        outcome
    }

    /// A use case in a transaction of its own. Again where it met another one, and where its connection was lost before
    /// the commit was asked for: then nothing of it stays.
    fn repeated<T>(&self, work: &impl Fn(&mut Connection) -> Result<T>) -> Result<T> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut is_said = false;
            let outcome = self.with_connection(|conn| {
                conn.transaction(|conn| work(conn).inspect(|_| is_said = true))
            });
            match outcome {
                Err(e) if tries < TRIES && (may_go_through(&e) || is_id_clash(&e)) => {}
                Err(e) if tries < TRIES && is_lost(&e) && !is_said => {}
                outcome => return outcome.map_err(told),
            }
        }
    }
}

/// The connection is no more, whatever became of the statement.
fn is_lost(e: &Error) -> bool {
    match e {
        Error::Database(
            Diesel::BrokenTransactionManager
            | Diesel::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            ),
        ) => true,
        Error::Database(Diesel::DatabaseError(_, info)) => {
            let signs =
                ["shutting down", "terminating connection", "server closed", "no connection"];
            signs.iter().any(|sign| info.message().contains(sign))
        }
        _ => false,
    }
}

fn may_go_through(e: &Error) -> bool {
    match e {
        Error::Database(Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Error::Database(Diesel::DatabaseError(_, info)) => {
            info.message().contains("deadlock detected")
        }
        _ => false,
    }
}

fn is_id_clash(e: &Error) -> bool {
    match e {
        Error::Database(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
            let primary = info.constraint_name().is_some_and(|name| name.ends_with("_pkey"));
            primary || info.message().strip_suffix(".id").is_some()
        }
        _ => false,
    }
}

/// Tells a store that cannot be used now from a statement that is wrong.
fn told(e: Error) -> Error {
    let Error::Database(cause) = &e else { return e };
    let unavailable = match cause {
        Diesel::BrokenTransactionManager
        | Diesel::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction,
            _,
        ) => true,
        Diesel::DatabaseError(_, info) => [
            "disk is full",
            "disk I/O",
            "is locked",
            "readonly database",
            "shutting down",
            "terminating connection",
            "server closed",
            "No space left",
        ]
        .iter()
        .any(|sign| info.message().contains(sign)),
        _ => false,
    };
    if unavailable { Error::Unavailable(cause.to_string()) } else { e }
}

#[derive(Clone)]
enum Manager {
    Sqlite {
        path: String,
        reads_only: bool,
    },
    Postgres {
        url: String,
        /// When a connection was last found broken: those that answered before it are asked first.
        lost_at: Arc<Mutex<Option<Instant>>>,
    },
}

/// A connection and what the pool knows of it.
struct Pooled {
    connection: Connection,
    answered_at: Instant,
    is_lost: bool,
}

impl Manager {
    fn parse(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres { url: url.to_owned(), lost_at: Arc::default() });
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => {
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::Sqlite { path: path.to_owned(), reads_only: false })
            }
            _ => Err(Error::invalid("database_url", "begins with sqlite: or postgres://")),
        }
    }

    /// Without the password, which a URL of PostgreSQL carries.
    fn cannot_open(&self, problem: &dyn std::fmt::Display) -> Error {
        let problem = problem.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Sqlite { path, .. } => Error::Unavailable(format!(
                "{path}: {problem}; is the folder there, writable, and not full?"
            )),
            Self::Postgres { .. } => Error::Unavailable(format!(
                "PostgreSQL: {problem}; check database_url and that the server runs"
            )),
        }
    }

    fn note_lost(&self, now: Instant) {
        if let Self::Postgres { lost_at, .. } = self {
            *lost_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    fn is_trusted(&self, pooled: &Pooled) -> bool {
        let Self::Postgres { lost_at, .. } = self else { return true };
        let lost_at = *lost_at.lock().unwrap_or_else(PoisonError::into_inner);
        pooled.answered_at.elapsed() < TRUSTED && lost_at.is_none_or(|at| pooled.answered_at > at)
    }

    fn establish(&self) -> std::result::Result<Connection, diesel::r2d2::Error> {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        match self {
            Self::Sqlite { path, reads_only } => {
                let mut conn = SqliteConnection::establish(path).map_err(ConnectionError)?;
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                )
                .and_then(|()| if *reads_only { conn.batch_execute("PRAGMA query_only = ON") } else { Ok(()) })
                .map_err(QueryError)?;
                Ok(Connection::Sqlite(conn))
            }
            Self::Postgres { url, .. } => {
                let mut conn = PgConnection::establish(url).map_err(ConnectionError)?;
                conn.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning")
                    .map_err(QueryError)?;
                Ok(Connection::Postgres(conn))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> std::result::Result<Pooled, Self::Error> {
        let connection = self.establish()?;
        Ok(Pooled { connection, answered_at: Instant::now(), is_lost: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> std::result::Result<(), Self::Error> {
        if self.is_trusted(pooled) {
            return Ok(());
        }
        let asked = pooled.connection.batch_execute("SELECT 1");
        asked.map_err(diesel::r2d2::Error::QueryError)?;
        pooled.answered_at = Instant::now();
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_lost
            || std::thread::panicking()
            || match &mut pooled.connection {
                Connection::Sqlite(c) => diesel::r2d2::R2D2Connection::is_broken(c),
                Connection::Postgres(c) => diesel::r2d2::R2D2Connection::is_broken(c),
            }
    }
}
