//! Keys kept parsed: ours for signing, other actors' for verifying.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::foundation::app::App;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::rsa::{SigningKey, VerifyingKey};
use crate::neighbourhood::actors::{Actor, keys};

/// How long a key is believed without a look at the database: one that was rotated, or whose actor is gone, is noticed
/// within it.
const FRESH_FOR: Duration = Duration::from_mins(1);

/// A local actor's key id and key.
pub type Own = Arc<(String, Arc<SigningKey>)>;

/// Local actors' keys, opened once.
#[derive(Default)]
pub struct OwnKeys(RwLock<HashMap<ActorId, Own>>);

impl OwnKeys {
    pub async fn of(&self, app: &App, actor: ActorId) -> Result<Own> {
        if let Some(own) = self.0.read().map_err(|_| poisoned())?.get(&actor) {
            return Ok(own.clone());
        }
        let secret = app.secret.clone();
        let (key_id, key) = app.database.read(move |c| keys::open(c, &secret, actor)).await?;
        let own: Own = Arc::new((key_id, Arc::new(key)));
        self.0.write().map_err(|_| poisoned())?.insert(actor, own.clone());
        Ok(own)
    }
}

fn poisoned() -> Error {
    Error::internal("a thread died holding the keys")
}

/// Another actor's key, as its own server publishes it.
pub struct Known {
    pub actor_uri: String,
    pub domain: Domain,
    pub key: VerifyingKey,
    read_at: Instant,
}

impl Known {
    pub fn of(actor: &Actor) -> Result<Self> {
        Ok(Self {
            actor_uri: actor.uri.clone(),
            domain: actor.domain.clone(),
            key: VerifyingKey::from_pem(&actor.public_key_pem)?,
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

    pub fn forget(&self, key_id: &str) {
        self.0.remove(key_id);
    }
}
