//! Whom a wijk or the whole server does not hear, and `may_show`, the one answer to "may this be seen here".

use std::collections::HashSet;

use diesel::prelude::*;

use super::epochs;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, blocks, posts, unwilling};
use crate::foundation::database::{Connection, on_each};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, BlockId, WijkId};
use crate::foundation::uri::Uri;

/// What is not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// That server and every one below it.
    Domain(Domain),
    /// One actor, by its ActivityPub id.
    Actor(Uri),
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = blocks)]
pub struct Block {
    pub id: BlockId,
    /// As the administrator wrote it.
    pub what: String,
    /// `None`: for the whole server.
    pub wijk_id: Option<WijkId>,
    pub domain: Option<Domain>,
    pub actor_uri: Option<Uri>,
    pub reason: Option<String>,
    pub since: Time,
}

/// # Errors
/// `Conflict` where it stands already.
pub fn add(
    conn: &mut Connection,
    what: &str,
    blocked: &Blocked,
    wijk: Option<WijkId>,
    reason: Option<&str>,
    now: Time,
) -> Result<()> {
    let (domain, actor_uri) = match blocked {
        Blocked::Domain(domain) => (Some(domain), None),
        Blocked::Actor(uri) => (None, Some(uri)),
    };
    diesel::insert_into(blocks::table)
        .values((
            blocks::id.eq(BlockId::next(now)),
            blocks::what.eq(what),
            blocks::wijk_id.eq(wijk),
            blocks::domain.eq(domain),
            blocks::actor_uri.eq(actor_uri),
            blocks::reason.eq(reason),
            blocks::since.eq(now),
        ))
        .execute(conn)
        .map_err(|e| match Error::from(e) {
            e if e.is_duplicate() => Error::Conflict("that is blocked already"),
            e => e,
        })?;
    shown(conn, wijk)
}

pub fn remove(conn: &mut Connection, what: &str, wijk: Option<WijkId>) -> Result<()> {
    let row =
        list(conn, wijk)?.into_iter().find(|block| block.what == what).ok_or(Error::NotFound)?;
    diesel::delete(blocks::table.find(row.id)).execute(conn)?;
    shown(conn, wijk)
}

/// The wijk's own, or without one the whole server's.
pub fn list(conn: &mut Connection, wijk: Option<WijkId>) -> Result<Vec<Block>> {
    let rows = blocks::table.order(blocks::id).select(Block::as_select());
    Ok(match wijk {
        Some(wijk) => rows.filter(blocks::wijk_id.eq(wijk)).load(conn)?,
        None => rows.filter(blocks::wijk_id.is_null()).load(conn)?,
    })
}

fn shown(conn: &mut Connection, wijk: Option<WijkId>) -> Result<()> {
    match wijk {
        Some(wijk) => epochs::bump_wijk(conn, wijk),
        None => epochs::bump_server(conn),
    }
}

/// Somebody blocked the wijk: what they write is not passed on, until they relent.
pub fn stand_off(
    conn: &mut Connection,
    wijk: WijkId,
    by: ActorId,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(unwilling::table)
        .values((
            unwilling::wijk_id.eq(wijk),
            unwilling::actor_id.eq(by),
            unwilling::uri.eq(uri),
            unwilling::since.eq(now),
        ))
        .on_conflict((unwilling::wijk_id, unwilling::actor_id))
        .do_update()
        .set(unwilling::uri.eq(uri))
        .execute(c))?;
    epochs::bump_wijk(conn, wijk)
}

/// They blocked `wijk` and take that back; answers whether it stood.
pub fn relent(conn: &mut Connection, wijk: ActorId, by: ActorId) -> Result<bool> {
    let wijk = WijkId(wijk.0);
    let row = unwilling::wijk_id.eq(wijk).and(unwilling::actor_id.eq(by));
    let stood = diesel::delete(unwilling::table.filter(row)).execute(conn)? > 0;
    if stood {
        epochs::bump_wijk(conn, wijk)?;
    }
    Ok(stood)
}

/// The same by the id of the Block alone.
pub fn relent_by_uri(conn: &mut Connection, by: ActorId, uri: &Uri) -> Result<bool> {
    let row = unwilling::table.filter(unwilling::actor_id.eq(by).and(unwilling::uri.eq(uri)));
    match row.select(unwilling::wijk_id).first::<WijkId>(conn).optional()? {
        Some(wijk) => relent(conn, wijk.into(), by),
        None => Ok(false),
    }
}

/// All blocks at once: few rows, asked for every post that comes in or is shown.
#[derive(Debug, Clone, Default)]
pub struct Blocklist {
    blocks: Vec<Block>,
    /// Authors of posts here, by their ids, and the wijk they blocked.
    unwilling: HashSet<(WijkId, Uri)>,
}

impl Blocklist {
    pub fn read(conn: &mut Connection) -> Result<Self> {
        let written = posts::table.filter(posts::author_id.eq(unwilling::actor_id));
        let unwilling: Vec<(WijkId, Uri)> = unwilling::table
            .inner_join(actors::table)
            .filter(diesel::dsl::exists(written))
            .select((unwilling::wijk_id, actors::uri))
            .load(conn)?;
        Ok(Self {
            blocks: blocks::table.select(Block::as_select()).load(conn)?,
            unwilling: unwilling.into_iter().collect(),
        })
    }

    /// May what `author` says be heard and shown: by the server, and where one is named by that wijk, also by the
    /// author's own wish. The one rule for
    /// what comes in, what pages and collections show, and what is announced.
    #[must_use]
    pub fn may_show(&self, author: &Uri, domain: &Domain, wijk: Option<WijkId>) -> bool {
        let is_unwilling =
            wijk.is_some_and(|wijk| self.unwilling.contains(&(wijk, author.clone())));
        let is_blocked = self.blocks.iter().any(|block| {
            let counts = block.wijk_id.is_none() || block.wijk_id == wijk;
            let hits = block.actor_uri.as_ref() == Some(author)
                || block.domain.as_ref().is_some_and(|blocked| domain.is_within(blocked));
            counts && hits
        });
        !is_blocked && !is_unwilling
    }

    /// How many of these, counted by author, may be shown in a wijk.
    #[must_use]
    pub fn how_many_may_show(&self, by_author: &[(Uri, Domain, i64)], wijk: WijkId) -> i64 {
        let heard = by_author.iter().filter(|(uri, host, _)| self.may_show(uri, host, Some(wijk)));
        heard.map(|(.., count)| count).sum()
    }

    /// The whole server does not hear this one: its requests are refused at the door.
    #[must_use]
    pub fn refuses_domain(&self, domain: &Domain) -> bool {
        self.blocks.iter().any(|block| {
            block.wijk_id.is_none()
                && block.domain.as_ref().is_some_and(|blocked| domain.is_within(blocked))
        })
    }
}
