//! Somebody follows a wijk or a local author: Follow, our Accept or Reject, and Undo. And the other way round: a wijk
//! follows a partner, and the partner answers.

use activitypub_federation::config::Data;
use async_trait::async_trait;
use serde_json::{Value, json};

use super::arrived::{Arrived, Conversation, is_own, named};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::doors::federation::values::uri_of;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::follows::{self, Asked, State};
use crate::neighbourhood::wijken;

/// `{"type": "Follow", "object": "https://wijk.example/wijken/bloemhof"}`; `object` may be an object with an id.
/// Source: specimens/mastodon/follow.json.
#[derive(Debug)]
pub struct Follow(pub Arrived);

#[async_trait]
impl Conversation for Follow {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        self.0.object_id()?;
        Ok(())
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let follower = RemoteActor::at(&self.0.actor)?.dereference(data).await?.0;
        let (uri, target, now) = (self.0.id.clone(), self.0.object_id()?, data.clock.now());
        self.0
            .settle(data, move |c| {
                let Some(target) = actors_store::by_uri(c, &target)?.filter(|actor| actor.is_local)
                else {
                    return Ok(());
                };
                match wijken::open(c, &target.username) {
                    Ok(wijk) => follows::ask(c, &follower, &wijk, &uri, now),
                    Err(Error::NotFound) => follows::ask_author(c, &follower, &target, &uri, now),
                    // A closed wijk has no followers any more.
                    Err(Error::Gone) => Ok(()),
                    Err(error) => Err(error),
                }
            })
            .await
    }
}

/// `Undo` of a Follow: matched on who sent it and whom the Follow was for; inner ids may be missing or wrong.
/// Source: `specimens/mastodon/undo_follow.json`, `specimens/gancio/undo_follow.json` (no inner actor).
#[derive(Debug)]
pub struct UndoFollow(pub Arrived);

#[async_trait]
impl Conversation for UndoFollow {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        is_own(&self.0)
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let target = self.0.object.get("object").and_then(|inner| named(inner, "object").ok());
        let follow = named(&self.0.object, "object").ok();
        let (actor, now) = (self.0.actor.clone(), data.clock.now());
        self.0
            .settle(data, move |c| {
                let Some(follower) = actors_store::by_uri(c, &actor)? else { return Ok(()) };
                if let Some(target) = &target
                    && let Some(target) = actors_store::by_uri(c, target)?
                {
                    return follows::undo(c, follower.id, target.id, now).map(drop);
                }
                match &follow {
                    Some(follow) => follows::undo_by_uri(c, follower.id, follow, now).map(drop),
                    None => Ok(()),
                }
            })
            .await
    }
}

/// Accept or Reject of a Follow of ours: `object` is its id, or the Follow itself, with or without its id.
/// Source: `specimens/mastodon/accept_follow.json`, `specimens/gotosocial/reject_follow.json`.
#[derive(Debug)]
pub struct Answer {
    pub arrived: Arrived,
    pub says: State,
}

impl Answer {
    fn asked(&self) -> Asked {
        let object = &self.arrived.object;
        let of = |field| object.get(field).and_then(uri_of);
        Asked { uri: uri_of(object), pair: of("actor").zip(of("object")) }
    }
}

#[async_trait]
impl Conversation for Answer {
    fn arrived(&self) -> &Arrived {
        &self.arrived
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let (asked, by, says) = (self.asked(), self.arrived.actor.clone(), self.says);
        self.arrived
            .settle(data, move |c| match actors_store::by_uri(c, &by)? {
                Some(by) => follows::answered(c, &by, &asked, says),
                None => Ok(()),
            })
            .await
    }
}

#[must_use]
pub fn follow(uri: &Uri, follower: &Actor, target: &Actor) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": uri,
        "type": "Follow",
        "actor": follower.uri,
        "to": [target.uri],
        "object": target.uri,
    })
}

#[must_use]
pub fn undo_follow(id: &str, uri: &Uri, follower: &Actor, target: &Actor) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Undo",
        "actor": follower.uri,
        "to": [target.uri],
        "object": {
            "id": uri,
            "type": "Follow",
            "actor": follower.uri,
            "object": target.uri,
        },
    })
}

fn answer(kind: &str, id: &str, follower: &Actor, target: &Actor, follow_uri: &Uri) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": kind,
        "actor": target.uri,
        "to": [follower.uri],
        // Embedded: Misskey would fetch a bare id, and Mastodon matches on what is inside.
        "object": {
            "id": follow_uri,
            "type": "Follow",
            "actor": follower.uri,
            "object": target.uri,
        },
    })
}

#[must_use]
pub fn accept(id: &str, follower: &Actor, target: &Actor, follow_uri: &Uri) -> Value {
    answer("Accept", id, follower, target, follow_uri)
}

#[must_use]
pub fn reject(id: &str, follower: &Actor, target: &Actor, follow_uri: &Uri) -> Value {
    answer("Reject", id, follower, target, follow_uri)
}
