//! Somebody likes, dislikes or shares a post that is shown here, and takes that back. Only counted; of what is shared the
//! id alone counts: who shares says nothing about what is in it.

use activitypub_federation::config::Data;
use async_trait::async_trait;

use super::arrived::{Arrived, Conversation, is_own, named};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::foundation::app::App;
use crate::foundation::error::Result;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::posts::store as posts_store;
use crate::neighbourhood::reactions::{self, Kind};

/// The reaction that an activity of this type is. Misskey's emoji is a `Like` with `_misskey_reaction`, Pleroma's an
/// `EmojiReact`: to us both are a like.
#[must_use]
pub fn kind_of(activity: &str) -> Option<Kind> {
    match activity {
        "Like" | "EmojiReact" => Some(Kind::Like),
        "Dislike" => Some(Kind::Dislike),
        "Announce" => Some(Kind::Share),
        _ => None,
    }
}

/// Source: `specimens/mastodon/{like,announce}.json`, `misskey/like.json`, `lemmy/dislike.json`.
#[derive(Debug)]
pub struct React(pub Arrived, pub Kind);

#[async_trait]
impl Conversation for React {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        self.0.object_id()?;
        Ok(())
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let (arrived, kind) = (&self.0, self.1);
        let (post, uri) = (arrived.object_id()?, arrived.id.clone());
        let asked = post.clone();
        let known = data.database.read(move |c| posts_store::by_uri(c, &asked)).await?;
        if known.is_none() {
            return arrived.ignore(data).await;
        }
        let by = RemoteActor::at(&arrived.actor)?.dereference(data).await?.0;
        let now = data.clock.now();
        arrived.settle(data, move |c| reactions::add(c, &by, &post, kind, &uri, now)).await
    }
}

/// `Undo` with the reaction inside: matched on who sent it and what it was about, else on its id.
/// Source: `specimens/mastodon/undo_like.json`, `misskey/undo_like.json`.
#[derive(Debug)]
pub struct UndoReaction(pub Arrived, pub Kind);

#[async_trait]
impl Conversation for UndoReaction {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        is_own(&self.0)
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let (arrived, kind) = (&self.0, self.1);
        let post = arrived.object.get("object").and_then(|inner| named(inner, "object").ok());
        let uri = arrived.object_id().ok();
        let actor = arrived.actor.clone();
        let settled = arrived.settle(data, move |c| {
            let Some(by) = actors_store::by_uri(c, &actor)? else { return Ok(()) };
            match (&post, &uri) {
                (Some(post), _) => reactions::undo(c, by.id, post, kind).map(drop),
                (None, Some(uri)) => reactions::undo_by_uri(c, by.id, uri).map(drop),
                (None, None) => Ok(()),
            }
        });
        settled.await
    }
}
