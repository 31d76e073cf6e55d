//! One connection type for SQLite and PostgreSQL, and the two tools for what diesel does not write for both at once.

use diesel::{PgConnection, SqliteConnection};

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
#[derive(Debug, Clone, Copy)]
pub struct Claiming {
    /// The clock that leases are judged by, in milliseconds: on PostgreSQL its own, whatever several processes' say.
    pub clock: &'static str,
    /// Steps over what another worker is taking.
    pub skip: &'static str,
}

impl Claiming {
    /// What the statement begins with; its one value is our own time.
    pub const MOMENT: &'static str = "WITH moment AS (SELECT CAST(? AS BIGINT) AS now)";
    /// Our own time, behind [`Claiming::MOMENT`].
    pub const NOW: &'static str = "(SELECT now FROM moment)";

    #[must_use]
    pub fn on(conn: &AnyConnection) -> Self {
        match conn {
            AnyConnection::Sqlite(_) => Self { clock: Self::NOW, skip: "" },
            AnyConnection::Postgres(_) => Self {
                clock: "(SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint)",
                skip: "FOR UPDATE SKIP LOCKED",
            },
        }
    }

    /// To see what there is, without taking it.
    #[must_use]
    pub fn looking(conn: &AnyConnection) -> Self {
        Self { skip: "", ..Self::on(conn) }
    }
}
