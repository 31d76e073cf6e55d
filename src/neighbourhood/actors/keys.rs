//! Local actors: made together with their key, which is sealed at rest.

use diesel::prelude::*;

use super::{Actor, ActorKind, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{actor_keys, actors};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::rsa::SigningKey;
use crate::foundation::secret::Secret;

/// A key made before the transaction opens: making one takes a while.
pub struct NewKey {
    sealed_for: String,
    sealed: Vec<u8>,
    public_pem: String,
}

impl NewKey {
    /// Sealed for the actor with that ActivityPub id.
    pub fn make(secret: &Secret, uri: &str) -> Result<Self> {
        let key = SigningKey::generate()?;
        Ok(Self {
            sealed: secret.seal(uri, &key.to_pkcs8()?)?,
            public_pem: key.public_pem()?,
            sealed_for: uri.to_owned(),
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
        url: key.sealed_for.clone(),
        inbox: new.inbox.clone(),
        shared_inbox: Some(new.shared_inbox.clone()),
        key_id: format!("{}#main-key", key.sealed_for),
        public_key_pem: key.public_pem.clone(),
        created_at: now,
        fetched_at: now,
        gone_at: None,
    };
    if store::local(conn, new.username).is_ok() {
        return Err(Error::Conflict("that name is taken; choose another"));
    }
    store::insert(conn, &actor)?;
    diesel::insert_into(actor_keys::table)
        .values((
            actor_keys::actor_id.eq(id),
            actor_keys::sealed.eq(&key.sealed),
            actor_keys::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(actor)
}

/// The actor's key and its name on the wire.
///
/// # Errors
/// `Internal` where the stored key was sealed with another secret.
pub fn open(
    conn: &mut Connection,
    secret: &Secret,
    actor: ActorId,
) -> Result<(String, SigningKey)> {
    let (uri, key_id, sealed) = actor_keys::table
        .inner_join(actors::table)
        .filter(actor_keys::actor_id.eq(actor))
        .select((actors::uri, actors::key_id, actor_keys::sealed))
        .first::<(String, String, Vec<u8>)>(conn)
        .optional()?
        .ok_or(Error::NotFound)?;
    let plain = secret.open(&uri, &sealed).ok_or_else(|| wrong_secret(&uri))?;
    Ok((key_id, SigningKey::from_pkcs8(&plain)?))
}

/// `serve` asks this first: one key that does not open means that the secret is not this database's.
pub fn check(conn: &mut Connection, secret: &Secret) -> Result<()> {
    let keys =
        actor_keys::table.inner_join(actors::table).select((actors::uri, actor_keys::sealed));
    for (uri, sealed) in keys.load::<(String, Vec<u8>)>(conn)? {
        secret.open(&uri, &sealed).ok_or_else(|| wrong_secret(&uri))?;
    }
    Ok(())
}

fn wrong_secret(uri: &str) -> Error {
    Error::invalid(
        "secret_file",
        format!(
            "does not open the key of {uri}; put back the secret that belongs to this database"
        ),
    )
}
