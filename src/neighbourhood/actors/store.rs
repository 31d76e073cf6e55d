//! The actors' queries.

use diesel::prelude::*;

use super::{Actor, ActorKind, Handle};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::actors;
use crate::foundation::database::{Connection, on_each};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::uri::Uri;

pub fn find(conn: &mut Connection, id: ActorId) -> Result<Actor> {
    let actor = actors::table.find(id).select(Actor::as_select()).first(conn).optional()?;
    actor.ok_or(Error::NotFound)
}

pub fn by_uri(conn: &mut Connection, uri: &Uri) -> Result<Option<Actor>> {
    Ok(actors::table
        .filter(actors::uri.eq(uri))
        .select(Actor::as_select())
        .first(conn)
        .optional()?)
}

/// Those of a server who have that inbox, as their own or shared, the latest seen first.
pub fn at_inbox(
    conn: &mut Connection,
    domain: &Domain,
    inbox: &str,
    most: i64,
) -> Result<Vec<Actor>> {
    let theirs = actors::inbox.eq(inbox).or(actors::shared_inbox.eq(inbox));
    let found = actors::table
        .filter(actors::domain.eq(domain).and(actors::is_local.eq(false)))
        .filter(actors::gone_at.is_null())
        .filter(theirs.assume_not_null())
        .order(actors::fetched_at.desc())
        .limit(most);
    Ok(found.select(Actor::as_select()).load(conn)?)
}

pub fn by_handle(conn: &mut Connection, handle: &Handle) -> Result<Option<Actor>> {
    let named = actors::domain.eq(&handle.domain).and(actors::username.eq(&handle.username));
    let found = actors::table
        .filter(named.or(actors::confirmed_handle.eq(handle.bare())))
        .filter(actors::gone_at.is_null())
        .order(actors::id.desc());
    Ok(found.select(Actor::as_select()).first(conn).optional()?)
}

pub fn local(conn: &mut Connection, username: &str) -> Result<Actor> {
    let found = actors::table.filter(actors::is_local.and(actors::username.eq(username)));
    found.select(Actor::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// The user names of all local actors.
pub fn local_names(conn: &mut Connection) -> Result<Vec<String>> {
    Ok(actors::table.filter(actors::is_local).select(actors::username).load(conn)?)
}

/// A host we hold a key of: its requests cost no fetch.
pub fn knows_domain(conn: &mut Connection, domain: &Domain) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(actors::table.filter(actors::domain.eq(domain))))
        .get_result(conn)?)
}

pub fn insert(conn: &mut Connection, actor: &Actor) -> Result<()> {
    diesel::insert_into(actors::table).values(actor.clone()).execute(conn)?;
    Ok(())
}

/// Keeps what another server says of its actor now. A person who turns automated is still the same actor; a group is
/// another thing than a person, for ever.
///
/// # Errors
/// `Invalid` where a group claims to be somebody, or the reverse.
pub fn keep(conn: &mut Connection, fetched: &Actor) -> Result<Actor> {
    if let Some(known) = by_uri(conn, &fetched.uri)? {
        return refresh(conn, &known, fetched);
    }
    // Two arrivals of a new actor at once: the first row stays.
    on_each!(conn, c => diesel::insert_into(actors::table)
        .values(fetched)
        .on_conflict(actors::uri)
        .do_nothing()
        .execute(c))?;
    by_uri(conn, &fetched.uri)?.ok_or(Error::NotFound)
}

fn refresh(conn: &mut Connection, known: &Actor, fetched: &Actor) -> Result<Actor> {
    if known.is_local || (known.kind != fetched.kind && is_group(known, fetched)) {
        return Err(Error::invalid("type", "of a group never changes, and nobody becomes one"));
    }
    let claimed_handle =
        fetched.claimed_handle.clone().filter(|it| known.confirmed_handle.as_ref() != Some(it));
    diesel::update(actors::table.find(known.id))
        .set((
            actors::kind.eq(fetched.kind),
            actors::username.eq(&fetched.username),
            actors::name.eq(&fetched.name),
            actors::summary.eq(&fetched.summary),
            actors::url.eq(&fetched.url),
            actors::inbox.eq(&fetched.inbox),
            actors::shared_inbox.eq(&fetched.shared_inbox),
            actors::claimed_handle.eq(&claimed_handle),
            actors::fetched_at.eq(fetched.fetched_at),
            actors::gone_at.eq(None::<Time>),
        ))
        .execute(conn)?;
    Ok(Actor {
        id: known.id,
        created_at: known.created_at,
        claimed_handle,
        confirmed_handle: known.confirmed_handle.clone(),
        ..fetched.clone()
    })
}

/// What its handle's own host said of it; `None` where that is not this actor's. Asked again when its document is read
/// again.
pub fn settle_handle(
    conn: &mut Connection,
    id: ActorId,
    confirmed: Option<&Handle>,
) -> Result<Actor> {
    let set = (
        actors::claimed_handle.eq(None::<String>),
        actors::confirmed_handle.eq(confirmed.map(Handle::bare)),
    );
    diesel::update(actors::table.find(id)).set(set).execute(conn)?;
    find(conn, id)
}

fn is_group(known: &Actor, fetched: &Actor) -> bool {
    [known.kind, fetched.kind].contains(&ActorKind::Group)
}

/// `false` where it was gone already.
pub fn mark_gone(conn: &mut Connection, id: ActorId, now: Time) -> Result<bool> {
    let row = actors::table.filter(actors::id.eq(id).and(actors::gone_at.is_null()));
    Ok(diesel::update(row).set(actors::gone_at.eq(now)).execute(conn)? == 1)
}

pub fn rename(
    conn: &mut Connection,
    id: ActorId,
    name: Option<&str>,
    summary: Option<&str>,
) -> Result<()> {
    if let Some(name) = name {
        diesel::update(actors::table.find(id)).set(actors::name.eq(name)).execute(conn)?;
    }
    if let Some(summary) = summary {
        diesel::update(actors::table.find(id)).set(actors::summary.eq(summary)).execute(conn)?;
    }
    Ok(())
}
