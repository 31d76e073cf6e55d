//! One connection type for SQLite and PostgreSQL, and the two tools for what diesel does not write for both at once.

use diesel::{PgConnection, SqliteConnection};

use crate::foundation::clock::Time;

/// Used everywhere as `Connection`; the derive brings diesel's trait of that name into scope, hence the other one here.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Writes a statement once and compiles it for both databases: `on_each!(conn, c => diesel::insert_into(…).execute(c))`.
/// For batch inserts and `ON CONFLICT`, which `MultiConnection` does not carry.
macro_rules! on_each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::foundation::database::Connection::Sqlite($c) => $body,
            $crate::foundation::database::Connection::Postgres($c) => $body,
        }
    };
}
pub(crate) use on_each;

/// How a worker claims rows in SQL of its own, where the two databases differ.
pub struct Claiming {
    /// The clock that leases are judged by, in milliseconds: on PostgreSQL its own, whatever several processes' say.
    pub clock: String,
    /// Steps over what another worker is taking.
    pub skip: &'static str,
}

impl Claiming {
    #[must_use]
    pub fn on(conn: &AnyConnection, now: Time) -> Self {
        match conn {
            AnyConnection::Sqlite(_) => Self { clock: now.millis().to_string(), skip: "" },
            AnyConnection::Postgres(_) => Self {
                clock: "(extract(epoch from clock_timestamp()) * 1000)::bigint".to_owned(),
                skip: "FOR UPDATE SKIP LOCKED",
            },
        }
    }
}
