//! The server itself: the address it was born with, and its two own actors.

use diesel::prelude::*;

use super::actors::keys::{self, NewActor, NewKey};
use super::actors::{Actor, ActorKind, store};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::settings;
use crate::foundation::database::{Connection, on_each};
use crate::foundation::error::{Error, Result};
use crate::foundation::links::Links;
use crate::foundation::secret::Secret;
use crate::foundation::uri::Uri;

/// The instance actor's handle is the domain itself; the moderation actor's is this.
pub const MODERATION: &str = "moderatie";

/// The keys of the server's own actors, made before the transaction.
pub struct OwnKeys {
    instance: NewKey,
    moderation: NewKey,
}

impl OwnKeys {
    pub fn make(secret: &Secret, links: &Links) -> Result<Self> {
        Ok(Self {
            instance: NewKey::make(secret, &Uri::parse(&links.instance_actor())?)?,
            moderation: NewKey::make(secret, &Uri::parse(&links.moderation_actor())?)?,
        })
    }
}

/// Whether [`found`] was done.
pub fn is_founded(conn: &mut Connection) -> Result<bool> {
    let address =
        settings::table.find("url").select(settings::value).first::<String>(conn).optional()?;
    Ok(address.is_some())
}

/// At the first start: notes the address for good and makes the server's own actors.
pub fn found(conn: &mut Connection, links: &Links, own: &OwnKeys, now: Time) -> Result<()> {
    let noted = on_each!(conn, c => diesel::insert_into(settings::table)
        .values((settings::name.eq("url"), settings::value.eq(links.base())))
        .on_conflict_do_nothing()
        .execute(c))?;
    if noted == 0 {
        return Ok(());
    }
    let make = |conn: &mut Connection, kind, username: &str, name: &str, key| {
        let actor = NewActor {
            kind,
            domain: links.domain(),
            username,
            name,
            inbox: links.shared_inbox(),
            shared_inbox: links.shared_inbox(),
        };
        keys::make(conn, &actor, key, now)
    };
    make(conn, ActorKind::Application, links.domain().host(), "LikeJeWijk", &own.instance)?;
    make(conn, ActorKind::Service, MODERATION, "Moderatie", &own.moderation)?;
    Ok(())
}

/// # Errors
/// `Invalid` where the configured address is another than the one every id here was made with.
pub fn check_address(conn: &mut Connection, links: &Links) -> Result<()> {
    let address: Option<String> =
        settings::table.find("url").select(settings::value).first(conn).optional()?;
    match address {
        Some(address) if address != links.base() => Err(Error::invalid(
            "url",
            format!(
                "this database belongs to {address}: other servers know its wijken by that address, so it cannot change"
            ),
        )),
        _ => Ok(()),
    }
}

/// The actor that signs everything we fetch.
pub fn instance_actor(conn: &mut Connection, links: &Links) -> Result<Actor> {
    store::by_uri(conn, &Uri::parse(&links.instance_actor())?)?.ok_or(Error::NotFound)
}

/// Writes something, to see whether that is possible.
pub fn touch(conn: &mut Connection, now: Time) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(settings::table)
        .values((settings::name.eq("touched"), settings::value.eq(now.rfc3339())))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(now.rfc3339()))
        .execute(c))?;
    Ok(())
}
