//! What this door keeps between requests: who lives here, who is not heard, which keys are being fetched.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use tokio::sync::{Mutex, RwLock};

use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::wijken;

/// How long what is known of blocks and inboxes may be old: every process notices a change within it.
const FRESH_FOR: Duration = Duration::from_millis(250);
/// A key that stopped verifying is fetched anew once in this time.
const REFETCHED_AFTER: Duration = Duration::from_mins(5);

pub struct Memory {
    plates: RwLock<Option<(Instant, Arc<Plates>)>>,
    /// When an actor's key was last fetched because it did not verify.
    refetched: Cache<Uri, Time>,
    /// One fetch at a time for a key.
    fetching: Cache<String, Arc<Mutex<()>>>,
}

/// Who lives here, and who is not heard.
pub(super) struct Plates {
    pub(super) blocklist: Blocklist,
    /// By user name: whether it is closed.
    pub(super) inboxes: HashMap<String, bool>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            plates: RwLock::new(None),
            refetched: Cache::new(10_000),
            fetching: Cache::new(1_000),
        }
    }

    pub(super) async fn plates(&self, app: &App) -> Result<Arc<Plates>> {
        if let Some((read_at, plates)) = &*self.plates.read().await
            && read_at.elapsed() < FRESH_FOR
        {
            return Ok(plates.clone());
        }
        let mut held = self.plates.write().await;
        if let Some((read_at, plates)) = &*held
            && read_at.elapsed() < FRESH_FOR
        {
            return Ok(plates.clone());
        }
        let plates = app
            .database
            .read(|c| {
                let closed = wijken::closed_names(c)?;
                let inboxes = actors_store::local_names(c)?.into_iter().map(|name| {
                    let is_closed = closed.contains(&name);
                    (name, is_closed)
                });
                Ok(Plates { blocklist: Blocklist::read(c)?, inboxes: inboxes.collect() })
            })
            .await?;
        let plates = Arc::new(plates);
        *held = Some((Instant::now(), plates.clone()));
        Ok(plates)
    }

    /// Whether nothing is fetched from there and nothing heard.
    ///
    /// # Errors
    /// Where the blocks cannot be read: then nobody goes there either, for now.
    pub(super) async fn refuses(&self, app: &App, domain: &Domain) -> Result<bool> {
        Ok(self.plates(app).await?.blocklist.refuses_domain(domain))
    }

    /// Whether an actor's key may be fetched because it did not verify; asking uses it up.
    pub(super) fn may_refetch(&self, actor: &Uri, now: Time) -> bool {
        if self.refetched.get(actor).is_some_and(|at| now.since(at) < REFETCHED_AFTER) {
            return false;
        }
        self.refetched.insert(actor.clone(), now);
        true
    }

    /// Whoever holds it fetches that key; who waits finds it there.
    pub(super) fn turn(&self, key_id: &str) -> Arc<Mutex<()>> {
        let turn = self.fetching.get_or_insert_with(key_id, || Ok::<_, Infallible>(Arc::default()));
        match turn {
            Ok(turn) => turn,
            Err(never) => match never {},
        }
    }
}
