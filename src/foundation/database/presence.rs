//! Who else works on this PostgreSQL: each worker holds a shared advisory lock on a connection of its own.

use diesel::deserialize::QueryableByName;
use diesel::sql_types::Bool;
use diesel::{RunQueryDsl, sql_query};

use super::Connection;
use crate::foundation::error::Result;

/// Any number nobody else uses for advisory locks; the migrations have another.
const LOCK: i64 = 0x6c6a_7770_7265;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_alone: bool,
}

/// Takes the shared lock. Whoever finds nobody else does `alone` first, while nobody else can join.
pub(super) fn join(
    conn: &mut Connection,
    alone: impl FnOnce(&mut Connection) -> Result<()>,
) -> Result<()> {
    let asked = sql_query(format!("SELECT pg_try_advisory_lock({LOCK}) AS is_alone"));
    let is_alone = asked.get_result::<Answer>(conn)?.is_alone;
    let done = if is_alone { alone(conn) } else { Ok(()) };
    sql_query(format!("SELECT pg_advisory_lock_shared({LOCK})")).execute(conn)?;
    if is_alone {
        sql_query(format!("SELECT pg_advisory_unlock({LOCK})")).execute(conn)?;
    }
    done
}

/// Whether the lock is still held: a database that was restarted has forgotten it.
pub(super) fn is_held(conn: &mut Connection) -> bool {
    sql_query("SELECT 1").execute(conn).is_ok()
}
