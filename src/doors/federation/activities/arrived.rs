//! An activity together with how it came: what every conversation receives.

use activitypub_federation::config::Data;
use activitypub_federation::traits::Activity;
use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::id_of;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ArrivalId;
use crate::foundation::uri::Uri;
use crate::neighbourhood::arrivals;

/// The parts of an activity that every conversation reads. Nothing in `object` is believed but the ids in it.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub id: Uri,
    pub kind: String,
    pub actor: Uri,
    pub object: Value,
    /// Exactly the bytes that were signed.
    pub body: Vec<u8>,
    /// Of a Move: where to.
    pub target: Value,
    /// Signed by another server than the actor's: a hint where to look, no more.
    pub is_forwarded: bool,
    pub arrival: ArrivalId,
    pub is_on_its_last_try: bool,
}

impl Arrived {
    /// What it is about.
    pub fn object_id(&self) -> Result<Uri> {
        named(&self.object, "object")
    }

    /// Does this and marks the arrival done, in one transaction.
    pub async fn settle(
        &self,
        data: &Data<App>,
        act: impl Fn(&mut Connection) -> Result<()> + Send + 'static,
    ) -> Result<(), Failure> {
        let (arrival, now) = (self.arrival, data.clock.now());
        data.database
            .write(move |c| {
                act(c)?;
                arrivals::done(c, arrival, now)
            })
            .await?;
        Ok(())
    }

    /// Nothing to do: forgotten politely.
    pub async fn ignore(&self, data: &Data<App>) -> Result<(), Failure> {
        self.settle(data, |_| Ok(())).await
    }
}

/// One kind of activity, and what is done with it.
#[async_trait]
pub trait Conversation: Sized + Send + Sync {
    /// Whether a hint from another server than the actor's leads anywhere: where the origin itself is asked. All else
    /// is forgotten before it is looked at.
    const HEEDS_HINTS: bool = false;

    fn arrived(&self) -> &Arrived;

    /// What can be refused without asking anybody.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// # Errors
    /// What [`Failure::may_pass`] is to be tried again; anything else will never go through.
    async fn act(self, data: &Data<App>) -> Result<(), Failure>;
}

/// A conversation as the crate takes it, which knows URLs.
pub struct Taken<C> {
    conversation: C,
    id: Url,
    actor: Url,
}

impl<C: Conversation> Taken<C> {
    pub fn of(conversation: C) -> Result<Self> {
        let Arrived { id, actor, .. } = conversation.arrived();
        Ok(Self { id: id.url()?, actor: actor.url()?, conversation })
    }
}

#[async_trait]
impl<C: Conversation> Activity for Taken<C> {
    type DataType = App;
    type Error = Failure;

    fn id(&self) -> &Url {
        &self.id
    }

    fn actor(&self) -> &Url {
        &self.actor
    }

    async fn verify(&self, _: &Data<App>) -> Result<(), Failure> {
        Ok(self.conversation.check()?)
    }

    async fn receive(self, data: &Data<App>) -> Result<(), Failure> {
        let arrived = self.conversation.arrived();
        if arrived.is_forwarded && !C::HEEDS_HINTS {
            return arrived.ignore(data).await;
        }
        self.conversation.act(data).await
    }
}

/// The id that a field names.
pub fn named(value: &Value, field: &'static str) -> Result<Uri> {
    let id = id_of(value).ok_or_else(|| Error::invalid(field, "names nothing"))?;
    Uri::parse(id).map_err(|_| Error::invalid(field, "is no address"))
}

/// Nobody takes back what another did. What is inside may leave out who did it.
pub(super) fn is_own(arrived: &Arrived) -> Result<()> {
    match arrived.object.get("actor").and_then(id_of) {
        Some(actor) if actor != arrived.actor.as_str() => {
            Err(Error::invalid("actor", "takes back what another did"))
        }
        _ => Ok(()),
    }
}
