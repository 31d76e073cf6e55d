//! An activity together with how it came: what every conversation receives.

use activitypub_federation::config::Data;
use serde_json::Value;
use url::Url;

use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::{LONGEST_URL, id_of};
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ArrivalId;
use crate::neighbourhood::arrivals;

/// The parts of an activity that every conversation reads. Nothing in `object` is believed but the ids in it.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub id: Url,
    pub actor: Url,
    pub object: Value,
    /// Signed by another server than the actor's: a hint where to look, no more.
    pub is_forwarded: bool,
    pub arrival: ArrivalId,
}

impl Arrived {
    /// The object's id as a URL.
    pub fn object_id(&self) -> Result<Url> {
        url_of(&self.object, "object")
    }

    /// Acts and marks the arrival done, in one transaction.
    pub async fn act(
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
        self.act(data, |_| Ok(())).await
    }
}

/// The id that a field names, as a URL.
pub fn url_of(value: &Value, field: &'static str) -> Result<Url> {
    let id = id_of(value).ok_or_else(|| Error::invalid(field, "names nothing"))?;
    let url = Url::parse(id).ok().filter(|url| url.as_str().len() <= LONGEST_URL);
    url.ok_or_else(|| Error::invalid(field, "is no address"))
}
