//! What every part of this door is handed.

use std::ops::Deref;
use std::sync::Arc;

use activitypub_federation::config::{Data, FederationConfig};
use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::budgets::Budgets;
use super::fetching::{self, FetchLayer, MayFetch, Signer};
use super::keys::{KnownKeys, OwnKeys};
use super::letters::{self, Letter};
use super::memory::Memory;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::database::Together;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::FetchRules;
use crate::foundation::ids::ActorId;
use crate::neighbourhood::site;

/// What this door needs beside the app. Cheap to clone.
#[derive(Clone)]
pub struct Federation(Arc<Parts>);

pub struct Parts {
    pub app: App,
    pub fetch: FetchLayer,
    pub known: KnownKeys,
    pub own: Arc<OwnKeys>,
    pub budgets: Budgets,
    pub memory: Arc<Memory>,
    /// What was let in, on its way to the table.
    pub letters: Together<Letter>,
    /// Requests being checked at once; those that wait for a commit do not count.
    pub at_work: Semaphore,
    config: FederationConfig<App>,
}

impl Federation {
    /// # Errors
    /// `NotFound` before the site was founded; `Invalid` where the secret is not this database's.
    pub async fn open(app: App) -> Result<Self> {
        let (own, memory) = (Arc::new(OwnKeys::default()), Arc::new(Memory::new()));
        let links = app.links.clone();
        let instance = app.database.read(move |c| site::instance_actor(c, &links)).await?;
        // Opened now, so that a wrong secret shows at the start.
        own.of(&app, instance.id, Time::ZERO).await?;
        let fetch = FetchLayer {
            http: app.http.clone(),
            rules: FetchRules::object(&app.config.limits),
            clock: app.clock.clone(),
            signer: signer(&app, &own, instance.id),
            may_fetch: may_fetch(&app, &memory),
        };
        let config = FederationConfig::builder()
            .domain(app.links.domain().as_str())
            .app_data(app.clone())
            .client(fetching::builder_client(fetch.clone()))
            .http_fetch_limit(app.config.limits.fetches_per_arrival)
            .request_timeout(app.config.limits.fetch_time())
            // Ports and http exist in the lab only; the address rules are our client's own, and stay on.
            .debug(app.config.is_lab())
            .build()
            .await
            .map_err(Error::internal)?;
        let (known, budgets) = (KnownKeys::new(), Budgets::new(&app.config));
        let at_work =
            Semaphore::new(8 * std::thread::available_parallelism().map_or(2, usize::from));
        let letters = Together::start(app.database.clone(), letters::keep);
        let parts = Parts { app, fetch, known, own, budgets, memory, letters, at_work, config };
        Ok(Self(Arc::new(parts)))
    }

    /// For one arrival or look-up: counts what it fetches.
    #[must_use]
    pub fn data(&self) -> Data<App> {
        self.0.config.to_request_data()
    }
}

impl FromRef<Federation> for App {
    fn from_ref(federation: &Federation) -> Self {
        federation.app.clone()
    }
}

impl Deref for Federation {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The server's own actor signs what we fetch, with the key that its document shows.
fn signer(app: &App, own: &Arc<OwnKeys>, instance: ActorId) -> Signer {
    let (app, own) = (app.clone(), own.clone());
    Arc::new(move |since| {
        let (app, own) = (app.clone(), own.clone());
        Box::pin(async move {
            let own = own.of(&app, instance, since).await?;
            Ok((own.key.clone(), own.key_id.clone()))
        })
    })
}

/// Nothing is fetched from a server that the administrator blocked.
fn may_fetch(app: &App, memory: &Arc<Memory>) -> MayFetch {
    let (app, memory) = (app.clone(), memory.clone());
    Arc::new(move |url| {
        let (app, memory) = (app.clone(), memory.clone());
        Box::pin(async move {
            match Domain::of(&url) {
                Ok(domain) => Ok(!memory.refuses(&app, &domain).await?),
                Err(_) => Ok(false),
            }
        })
    })
}
