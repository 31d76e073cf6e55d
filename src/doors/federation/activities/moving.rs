//! Somebody moves to another account: Move. The account it moves to must name the old one as its own.

use activitypub_federation::config::Data;
use async_trait::async_trait;

use super::arrived::{Arrived, Conversation, named};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::{follows, partners};

/// `{"type": "Move", "actor": OLD, "object": OLD, "target": NEW}`. Source: specimens/mastodon/move.json.
#[derive(Debug)]
pub struct Move(pub Arrived);

#[async_trait]
impl Conversation for Move {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        named(&self.0.target, "target")?;
        if self.0.object_id()? == self.0.actor {
            Ok(())
        } else {
            Err(Error::invalid("object", "nobody moves somebody else"))
        }
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let uri = self.0.actor.clone();
        let old = data.database.read(move |c| actors_store::by_uri(c, &uri)).await?;
        let Some(old) = old else {
            return self.0.ignore(data).await;
        };
        let target = named(&self.0.target, "target")?;
        let new = RemoteActor::at(&target)?.dereference_forced(data).await?;
        if !new.is_also(&old.uri) || new.0.is_local {
            return Err(Error::invalid("target", "does not say that it was that one").into());
        }
        let now = data.clock.now();
        self.0
            .settle(data, move |c| {
                follows::moved(c, &old, &new.0, now)?;
                partners::moved(c, &old, &new.0, now)
            })
            .await
    }
}
