//! Keys: the public ones of every actor, by their ids; and local actors, made together with a private one that is sealed
//! at rest.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;

use super::{Actor, ActorKind, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{actor_keys, actors, public_keys};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::keys::SigningKey;
use crate::foundation::secret::Secret;
use crate::foundation::uri::Uri;

/// One that an actor signs with. Its id is a URL: `…#main-key`, `…#key` (`NodeBB`), GoToSocial's `…/main-key`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = public_keys)]
pub struct PublicKey {
    pub key_id: String,
    /// PEM, or a Multikey.
    pub public_key: String,
}

/// What a document says of an actor's keys now; those it does not name any more are forgotten.
pub fn keep(conn: &mut Connection, actor: ActorId, keys: &[PublicKey]) -> Result<()> {
    if of(conn, actor)? == keys {
        return Ok(());
    }
    let ids: Vec<&str> = keys.iter().map(|key| key.key_id.as_str()).collect();
    let old = public_keys::actor_id.eq(actor).or(public_keys::key_id.eq_any(ids));
    diesel::delete(public_keys::table.filter(old)).execute(conn)?;
    for key in keys {
        diesel::insert_into(public_keys::table)
            .values((public_keys::actor_id.eq(actor), key.clone()))
            .execute(conn)?;
    }
    Ok(())
}

/// By their ids.
pub fn of(conn: &mut Connection, actor: ActorId) -> Result<Vec<PublicKey>> {
    let keys = public_keys::table.filter(public_keys::actor_id.eq(actor));
    Ok(keys.order(public_keys::key_id).select(PublicKey::as_select()).load(conn)?)
}

/// The key of that id, and whose it is.
pub fn named(conn: &mut Connection, key_id: &str) -> Result<Option<(Actor, PublicKey)>> {
    let found = public_keys::table.inner_join(actors::table).filter(public_keys::key_id.eq(key_id));
    Ok(found.select((Actor::as_select(), PublicKey::as_select())).first(conn).optional()?)
}

/// A local actor's, as its document shows it.
pub fn shown(conn: &mut Connection, actor: ActorId) -> Result<PublicKey> {
    of(conn, actor)?.pop().ok_or(Error::NotFound)
}

/// A key made before the transaction opens: making one takes a while.
pub struct NewKey {
    sealed_for: Uri,
    sealed: Vec<u8>,
    public_pem: String,
}

impl NewKey {
    /// Sealed for the actor with that ActivityPub id.
    pub fn make(secret: &Secret, uri: &Uri) -> Result<Self> {
        let key = SigningKey::generate()?;
        Ok(Self {
            sealed: secret.seal(uri.as_str(), &key.to_pkcs8()?)?,
            public_pem: key.public_pem()?,
            sealed_for: uri.clone(),
        })
    }
}

/// What a local actor is made of.
pub struct NewActor<'a> {
    pub kind: ActorKind,
    pub domain: &'a Domain,
    pub username: &'a str,
    pub name: &'a str,
    pub inbox: String,
    pub shared_inbox: String,
}

/// # Errors
/// `Conflict` where the name is taken: all local actors share one name space.
pub fn make(conn: &mut Connection, new: &NewActor<'_>, key: &NewKey, now: Time) -> Result<Actor> {
    let id = ActorId::next(now);
    let actor = Actor {
        id,
        uri: key.sealed_for.clone(),
        kind: new.kind,
        domain: new.domain.clone(),
        username: new.username.to_owned(),
        is_local: true,
        name: new.name.to_owned(),
        summary: String::new(),
        url: key.sealed_for.to_string(),
        inbox: new.inbox.clone(),
        shared_inbox: Some(new.shared_inbox.clone()),
        claimed_handle: None,
        confirmed_handle: None,
        created_at: now,
        fetched_at: now,
        gone_at: None,
    };
    if store::local(conn, new.username).is_ok() {
        return Err(Error::Conflict("that name is taken; choose another"));
    }
    store::insert(conn, &actor)?;
    let public = PublicKey { key_id: key_id(&key.sealed_for), public_key: key.public_pem.clone() };
    keep(conn, id, &[public])?;
    diesel::insert_into(actor_keys::table)
        .values((
            actor_keys::actor_id.eq(id),
            actor_keys::sealed.eq(&key.sealed),
            actor_keys::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(actor)
}

/// Of ours: a fragment, and the same for ever.
fn key_id(uri: &Uri) -> String {
    format!("{uri}#main-key")
}

/// How long after a rotation the former key may still sign what was said before it: as long as others believe a
/// document without looking again.
const FORMER_SIGNS_FOR: Duration = Duration::from_hours(24);

/// A local actor's private keys as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Sealed {
    uri: Uri,
    current: Vec<u8>,
    made_at: Time,
    former: Option<Vec<u8>>,
    former_through: Option<i64>,
}

impl Sealed {
    /// # Errors
    /// `Invalid` where a key was sealed with another secret.
    pub fn open(&self, secret: &Secret) -> Result<Own> {
        let open = |sealed: &[u8]| {
            let plain =
                secret.open(self.uri.as_str(), sealed).ok_or_else(|| wrong_secret(&self.uri))?;
            SigningKey::from_pkcs8(&plain).map(Arc::new)
        };
        Ok(Own {
            key_id: key_id(&self.uri),
            key: open(&self.current)?,
            former: self.former.as_deref().map(open).transpose()?.zip(self.former_through),
            made_at: self.made_at,
        })
    }
}

/// What a local actor signs with.
pub struct Own {
    /// The same after a rotation.
    pub key_id: String,
    pub key: Arc<SigningKey>,
    former: Option<(Arc<SigningKey>, i64)>,
    made_at: Time,
}

impl Own {
    /// The key for a delivery of that `seq`. Up to the Update that tells of the new key it is the former one: a server
    /// gets them in this order, and so can follow, whether it looks again at a key that fails or never.
    #[must_use]
    pub fn for_delivery(&self, seq: i64, now: Time) -> &SigningKey {
        match &self.former {
            Some((former, through))
                if seq <= *through && now < self.made_at.plus(FORMER_SIGNS_FOR) =>
            {
                former
            }
            _ => &self.key,
        }
    }
}

pub fn sealed(conn: &mut Connection, actor: ActorId) -> Result<Sealed> {
    let found = actor_keys::table.inner_join(actors::table).filter(actor_keys::actor_id.eq(actor));
    let columns = (
        actors::uri,
        actor_keys::sealed,
        actor_keys::made_at,
        actor_keys::former_sealed,
        actor_keys::former_through,
    );
    found.select(columns).first(conn).optional()?.ok_or(Error::NotFound)
}

/// From now on the document shows this key; the one before it signs what [`former_signs_through`] says.
pub fn replace(conn: &mut Connection, actor: ActorId, key: &NewKey, now: Time) -> Result<()> {
    diesel::update(actor_keys::table.find(actor))
        .set((
            actor_keys::former_sealed.eq(actor_keys::sealed.nullable()),
            actor_keys::former_through.eq(Some(0)),
            actor_keys::sealed.eq(&key.sealed),
            actor_keys::made_at.eq(now),
        ))
        .execute(conn)?;
    let public = PublicKey { key_id: key_id(&key.sealed_for), public_key: key.public_pem.clone() };
    keep(conn, actor, &[public])
}

/// The former key signs deliveries up to that `seq`: the Update that tells of the new one.
pub fn former_signs_through(conn: &mut Connection, actor: ActorId, seq: i64) -> Result<()> {
    diesel::update(actor_keys::table.find(actor))
        .set(actor_keys::former_through.eq(Some(seq)))
        .execute(conn)?;
    Ok(())
}

/// Nothing that was said before the actor's last rotation waits any more, or it waited too long: the former key goes.
pub fn forget_former(conn: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::update(actor_keys::table.find(actor))
        .set((
            actor_keys::former_sealed.eq(None::<Vec<u8>>),
            actor_keys::former_through.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whose former keys are still kept, the last word that each signs, and whether its time is over.
pub fn rotated(conn: &mut Connection, now: Time) -> Result<Vec<(ActorId, i64, bool)>> {
    let rows: Vec<(ActorId, i64, Time)> = actor_keys::table
        .filter(actor_keys::former_through.is_not_null())
        .select((
            actor_keys::actor_id,
            actor_keys::former_through.assume_not_null(),
            actor_keys::made_at,
        ))
        .load(conn)?;
    let is_over = |made_at: Time| now >= made_at.plus(FORMER_SIGNS_FOR);
    Ok(rows.into_iter().map(|(actor, through, made)| (actor, through, is_over(made))).collect())
}

/// `serve` asks this first: one key that does not open means that the secret is not this database's.
pub fn check(conn: &mut Connection, secret: &Secret) -> Result<()> {
    let keys = actor_keys::table.inner_join(actors::table).select((
        actors::uri,
        actor_keys::sealed,
        actor_keys::former_sealed,
    ));
    for (uri, sealed, former) in keys.load::<(Uri, Vec<u8>, Option<Vec<u8>>)>(conn)? {
        for sealed in [Some(sealed), former].into_iter().flatten() {
            secret.open(uri.as_str(), &sealed).ok_or_else(|| wrong_secret(&uri))?;
        }
    }
    Ok(())
}

fn wrong_secret(uri: &Uri) -> Error {
    Error::invalid(
        "secret_file",
        format!(
            "does not open the key of {uri}; put back the secret that belongs to this database"
        ),
    )
}
