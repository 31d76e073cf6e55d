//! What caches hold under: a number for the server and one for each wijk, increased last in the transaction of every
//! change to what a wijk shows, so that what is cached under the new number was read after it.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::foundation::database::schema::epochs;
use crate::foundation::database::{Connection, on_each};
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

fn bump(conn: &mut Connection, subject: i64) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(epochs::table)
        .values((epochs::subject.eq(subject), epochs::value.eq(1)))
        .on_conflict(epochs::subject)
        .do_update()
        .set(epochs::value.eq(epochs::value + 1))
        .execute(c))?;
    Ok(())
}

/// All numbers at once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Epochs(HashMap<i64, i64>);

impl Epochs {
    pub fn read(conn: &mut Connection) -> Result<Self> {
        Ok(Self(epochs::table.load::<(i64, i64)>(conn)?.into_iter().collect()))
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
