//! Keys kept parsed: ours for signing, other actors' for verifying.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::keys::VerifyingKey;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::actors::keys::{self, Own, PublicKey, Sealed};

/// How long a key is believed without a look at the database: one that was rotated, or whose actor is gone, is noticed
/// within it.
const FRESH_FOR: Duration = Duration::from_mins(1);

/// How long an own key is used without a look at the database: a rotation is noticed within it.
const OWN_FRESH_FOR: Duration = Duration::from_millis(250);

/// Local actors' keys, opened once and again after a rotation.
#[derive(Default)]
pub struct OwnKeys(RwLock<HashMap<ActorId, Held>>);

#[derive(Clone)]
struct Held {
    sealed: Sealed,
    own: Arc<Own>,
    read_at: Instant,
    known_at: Time,
}

impl OwnKeys {
    /// As they are now, or were a moment ago but after `since`: what was queued behind a rotation knows of it.
    pub async fn of(&self, app: &App, actor: ActorId, since: Time) -> Result<Arc<Own>> {
        let held = self.0.read().map_err(|_| poisoned())?.get(&actor).cloned();
        if let Some(held) = &held
            && held.read_at.elapsed() < OWN_FRESH_FOR
            && held.known_at > since
        {
            return Ok(held.own.clone());
        }
        let (read_at, known_at) = (Instant::now(), app.clock.now());
        let sealed = app.database.read(move |c| keys::sealed(c, actor)).await?;
        let own = match held {
            Some(held) if held.sealed == sealed => held.own,
            _ => Arc::new(sealed.open(&app.secret)?),
        };
        let held = Held { sealed, own: own.clone(), read_at, known_at };
        self.0.write().map_err(|_| poisoned())?.insert(actor, held);
        Ok(own)
    }
}

fn poisoned() -> Error {
    Error::internal("a thread died holding the keys")
}

/// Another actor's key, as its own server publishes it.
pub struct Known {
    pub actor_uri: Uri,
    pub domain: Domain,
    pub key: VerifyingKey,
    read_at: Instant,
}

impl Known {
    pub fn of(actor: &Actor, key: &PublicKey) -> Result<Self> {
        Ok(Self {
            actor_uri: actor.uri.clone(),
            domain: actor.domain.clone(),
            key: VerifyingKey::read(&key.public_key)?,
            read_at: Instant::now(),
        })
    }
}

/// The keys lately used, by key id.
pub struct KnownKeys(Cache<String, Arc<Known>>);

impl KnownKeys {
    const MOST: usize = 20_000;

    pub(super) fn new() -> Self {
        Self(Cache::new(Self::MOST))
    }

    #[must_use]
    pub fn get(&self, key_id: &str) -> Option<Arc<Known>> {
        self.0.get(key_id).filter(|known| known.read_at.elapsed() < FRESH_FOR)
    }

    pub fn keep(&self, key_id: &str, known: &Arc<Known>) {
        self.0.insert(key_id.to_owned(), known.clone());
    }

    /// All keys of an actor: its document was read again, and may name none of them any more.
    pub fn forget_of(&self, actor: &Uri) {
        self.0.retain(|_, known| known.actor_uri != *actor);
    }
}
