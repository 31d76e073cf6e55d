//! Somebody on another server blocks a wijk: it no longer follows, and is passed on no more until the Block is undone.
//! Our own blocks are nobody's business elsewhere.

use activitypub_federation::config::Data;
use async_trait::async_trait;

use super::arrived::{Arrived, Conversation, is_own, named};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::{blocks, follows, wijken};

/// Of anybody but a wijk it means nothing here. Source: `specimens/mastodon/block.json`.
#[derive(Debug)]
pub struct Block(pub Arrived);

#[async_trait]
impl Conversation for Block {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        self.0.object_id()?;
        Ok(())
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let (arrived, target) = (&self.0, self.0.object_id()?);
        if !data.links.is_ours(&target) {
            return arrived.ignore(data).await;
        }
        let by = RemoteActor::at(&arrived.actor)?.dereference(data).await?.0;
        let (uri, now) = (arrived.id.clone(), data.clock.now());
        let settled = arrived.settle(data, move |c| {
            let Some(target) = actors_store::by_uri(c, &target)? else { return Ok(()) };
            match wijken::open(c, &target.username) {
                Ok(wijk) => follows::turned_away(c, &by, &wijk, &uri, now),
                Err(Error::NotFound | Error::Gone) => Ok(()),
                Err(error) => Err(error),
            }
        });
        settled.await
    }
}

/// Source: `specimens/mastodon/undo_block.json`.
#[derive(Debug)]
pub struct UndoBlock(pub Arrived);

#[async_trait]
impl Conversation for UndoBlock {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        is_own(&self.0)
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let arrived = &self.0;
        let target = arrived.object.get("object").and_then(|inner| named(inner, "object").ok());
        let (uri, actor) = (arrived.object_id().ok(), arrived.actor.clone());
        let settled = arrived.settle(data, move |c| {
            let Some(by) = actors_store::by_uri(c, &actor)? else { return Ok(()) };
            if let Some(target) = &target {
                let Some(target) = actors_store::by_uri(c, target)? else { return Ok(()) };
                return blocks::relent(c, target.id, by.id).map(drop);
            }
            match &uri {
                Some(uri) => blocks::relent_by_uri(c, by.id, uri).map(drop),
                None => Ok(()),
            }
        });
        settled.await
    }
}
