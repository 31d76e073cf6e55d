//! What caches hold under: a number for the server and one for each wijk, increased last in the transaction of every
//! change to what a wijk shows, so that what is cached under the new number was read after it.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::foundation::database::schema::epochs;
use crate::foundation::database::{Connection, Statement, on_each};
use crate::foundation::error::Result;
use crate::foundation::ids::WijkId;

const SERVER: i64 = 0;

/// Something every page shows changed: the list of wijken, a block on the whole server.
pub fn bump_server(conn: &mut Connection) -> Result<()> {
    bump(conn, SERVER)
}

pub fn bump_wijk(conn: &mut Connection, wijk: WijkId) -> Result<()> {
    bump(conn, wijk.0)
}

/// The number is the sum of its parts. On PostgreSQL each connection adds to a part of its own: many who follow one wijk
/// at once would wait for each other's commits in a single row.
fn bump(conn: &mut Connection, subject: i64) -> Result<()> {
    let part = match conn {
        Connection::Sqlite(_) => "0",
        Connection::Postgres(_) => "pg_backend_pid() % 16",
    };
    let sql = format!(
        "INSERT INTO epochs (subject, part, value) VALUES (?, {part}, 1) \
         ON CONFLICT (subject, part) DO UPDATE SET value = epochs.value + 1"
    );
    let statement = Statement::new(sql).number(subject);
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

/// All numbers at once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Epochs(HashMap<i64, i64>);

impl Epochs {
    pub fn read(conn: &mut Connection) -> Result<Self> {
        let parts =
            epochs::table.select((epochs::subject, epochs::value)).load::<(i64, i64)>(conn)?;
        let mut numbers = HashMap::new();
        for (subject, value) in parts {
            *numbers.entry(subject).or_default() += value;
        }
        Ok(Self(numbers))
    }

    #[must_use]
    pub fn server(&self) -> i64 {
        self.0.get(&SERVER).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn wijk(&self, wijk: WijkId) -> i64 {
        self.0.get(&wijk.0).copied().unwrap_or(0)
    }
}
