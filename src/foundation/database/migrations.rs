//! Brings a database up to date: the portable migrations, then the few that differ, one process at a time.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{PgConnection, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Connection;
use crate::foundation::error::{BoxError, Error, Result};

const PORTABLE: EmbeddedMigrations = embed_migrations!("migrations/portable");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number nobody else uses for `pg_advisory_lock`.
const LOCK: i64 = 0x6c6a_7769_6a6b;

/// Runs what is pending and returns how many migrations that were. Refuses a database of a newer version.
///
/// # Errors
/// `Unavailable` names the migration that failed; each is one transaction, so the database stays as it was before it.
pub(super) fn run(conn: &mut Connection) -> Result<usize> {
    locked(conn, |conn| {
        refuse_newer(conn)?;
        Ok(pending(conn, PORTABLE)? + pending(conn, differing(conn))?)
    })
}

/// SQLite's lock is the transaction around all of it.
fn locked<T>(conn: &mut Connection, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
    match conn {
        Connection::Sqlite(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?;
        }
        Connection::Postgres(c) => asked(c, "pg_advisory_lock")?,
    }
    let outcome = work(conn);
    match conn {
        Connection::Sqlite(c) if outcome.is_ok() => AnsiTransactionManager::commit_transaction(c)?,
        Connection::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c)?,
        Connection::Postgres(c) => asked(c, "pg_advisory_unlock")?,
    }
    outcome
}

fn asked(conn: &mut PgConnection, function: &str) -> Result<()> {
    sql_query(format!("SELECT {function}({LOCK})")).execute(conn)?;
    Ok(())
}

fn differing(conn: &Connection) -> EmbeddedMigrations {
    match conn {
        Connection::Sqlite(_) => SQLITE,
        Connection::Postgres(_) => POSTGRES,
    }
}

fn pending(conn: &mut Connection, source: EmbeddedMigrations) -> Result<usize> {
    // Each dialect runs its own migrations, so that the transaction around them is the dialect's own.
    let done = match conn {
        Connection::Sqlite(c) => c.run_pending_migrations(source).map(|done| done.len()),
        Connection::Postgres(c) => c.run_pending_migrations(source).map(|done| done.len()),
    };
    done.map_err(failed)
}

fn refuse_newer(conn: &mut Connection) -> Result<()> {
    use diesel::migration::MigrationSource;
    let mut known = Vec::new();
    for source in [PORTABLE, differing(conn)] {
        for migration in
            MigrationSource::<super::MultiBackend>::migrations(&source).map_err(failed)?
        {
            known.push(migration.name().version().as_owned());
        }
    }
    let applied = match conn {
        Connection::Sqlite(c) => c.applied_migrations(),
        Connection::Postgres(c) => c.applied_migrations(),
    };
    match applied.map_err(failed)?.into_iter().find(|version| !known.contains(version)) {
        Some(version) => Err(Error::Unavailable(format!(
            "it was written by a newer version of this program (migration {version}); run that version or restore a backup"
        ))),
        None => Ok(()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn failed(cause: BoxError) -> Error {
    Error::Unavailable(format!("migrating it failed: {cause}"))
}
