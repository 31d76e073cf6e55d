//! A post is written, changed or deleted: Create, Update, Delete. Whatever a message says, the post itself is fetched
//! from where it lives; that it is given to us is the proof that it is public.

use activitypub_federation::config::Data;
use async_trait::async_trait;
use serde_json::{Value, json};

use super::arrived::{Arrived, Conversation};
use crate::doors::federation::ancestors;
use crate::doors::federation::failure::Failure;
use crate::doors::federation::fetching::Trouble;
use crate::doors::federation::lookup;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::doors::federation::objects::note::RemotePost;
use crate::doors::federation::objects::raw;
use crate::doors::federation::values::PUBLIC;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::config::Limits;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActivityId, PostId};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::posts::receive::Received;
use crate::neighbourhood::posts::{ObjectType, Post, Raw, store as posts_store};
use crate::neighbourhood::submissions::{arrive, withdraw};

/// Create and Update of a post, from its author or forwarded by another server: both say "look there".
/// Source: `specimens/mastodon/create_note.json`, `update_note.json`.
#[derive(Debug)]
pub struct Publish(pub Arrived);

#[async_trait]
impl Conversation for Publish {
    const HEEDS_HINTS: bool = true;

    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        if self.0.object_id()?.same_origin(&self.0.actor) {
            Ok(())
        } else {
            Err(Error::invalid("object", "lives on another host than its author"))
        }
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        match RemotePost::at(&self.0.object_id()?)?.dereference_forced(data).await {
            Ok(post) => self.found(post, data).await,
            Err(Failure::Elsewhere(
                trouble @ (Trouble::NotFound | Trouble::Gone | Trouble::Refused(_)),
            )) => self.not_given(&trouble, data).await,
            Err(failure) => Err(failure),
        }
    }
}

impl Publish {
    async fn found(self, post: RemotePost, data: &Data<App>) -> Result<(), Failure> {
        if !self.0.is_forwarded && !may_send(&self.0.actor, &post) {
            return Err(Error::invalid("attributedTo", "is not who sent this").into());
        }
        let author = RemoteActor::at(&post.author)?.dereference(data).await?;
        let author = lookup::with_handle(data, author.0).await?;
        ancestors::bring(data, &post.received, !self.0.is_on_its_last_try).await?;
        let now = data.clock.now();
        let raw = self.raw(&post, &data.config.limits, now);
        let received = Received { raw, ..post.received };
        tracing::debug!(post = %received.uri, visibility = %received.visibility, "a post was fetched from its origin");
        self.0.settle(data, move |c| arrive::received(c, &author, &received, now)).await
    }

    /// What was sent, where it may be passed on as it is.
    fn raw(&self, post: &RemotePost, limits: &Limits, now: Time) -> Option<Raw> {
        if self.0.is_forwarded {
            return None;
        }
        raw::raw_of(&self.0.kind, &self.0.body, &self.0.object, post, limits, now)
    }

    /// The origin does not give it to us (any more): whatever it was, it is not public now.
    async fn not_given(self, trouble: &Trouble, data: &Data<App>) -> Result<(), Failure> {
        let (uri, now) = (self.0.object_id()?, data.clock.now());
        let is_gone = matches!(trouble, Trouble::Gone);
        tracing::info!(post = %uri, %trouble, "a post is not given to us by its origin");
        self.0
            .settle(data, move |c| {
                let Some(post) = posts_store::by_uri(c, &uri)?.filter(|post| !post.is_local) else {
                    return Ok(());
                };
                let author = actors_store::find(c, post.author_id)?;
                if is_gone {
                    withdraw::deleted(c, &author, &uri, None, now)
                } else {
                    withdraw::not_public_any_more(c, &post, now)
                }
            })
            .await
    }
}

/// Its author; and of an event also who wrote it in the name of a group of that server (Mobilizon: `actor` is the person,
/// `attributedTo` the group). That both live where the event does was checked before.
fn may_send(actor: &Uri, post: &RemotePost) -> bool {
    post.author == *actor || post.received.object_type == ObjectType::Event
}

/// What a group organises, a person of its server deletes: only the origin can confirm that.
async fn is_anothers_event(data: &Data<App>, uri: &Uri, actor: &Uri) -> Result<bool> {
    let (uri, actor) = (uri.clone(), actor.clone());
    let read = move |c: &mut Connection| {
        let Some(post) = posts_store::by_uri(c, &uri)? else { return Ok(false) };
        let author = actors_store::find(c, post.author_id)?;
        Ok(post.object_type == ObjectType::Event && !post.is_local && author.uri != actor)
    };
    data.database.read(read).await
}

/// An actor changed its own document: read again.
#[derive(Debug)]
pub struct UpdateActor(pub Arrived);

#[async_trait]
impl Conversation for UpdateActor {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let uri = self.0.actor.clone();
        let is_known = data.database.read(move |c| actors_store::by_uri(c, &uri)).await?.is_some();
        if is_known {
            RemoteActor::at(&self.0.actor)?.dereference_forced(data).await?;
        }
        self.0.ignore(data).await
    }
}

/// Delete of a post or of the actor itself; `object` a string, a Tombstone or the whole object.
/// Source: `specimens/mastodon/delete_note.json`, `delete_actor.json`.
#[derive(Debug)]
pub struct Delete(pub Arrived);

#[async_trait]
impl Conversation for Delete {
    const HEEDS_HINTS: bool = true;

    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        if self.0.object_id()?.same_origin(&self.0.actor) {
            Ok(())
        } else {
            Err(Error::invalid("object", "lives on another host than who deletes it"))
        }
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let object = self.0.object_id()?;
        if self.0.is_forwarded {
            // Only the origin can confirm it; asking there is what Publish does.
            return Publish(self.0).act(data).await;
        }
        let (uri, actor, now) = (object, self.0.actor.clone(), data.clock.now());
        if is_anothers_event(data, &uri, &actor).await? {
            return Publish(self.0).act(data).await;
        }
        let sent = raw::raw(&self.0.kind, &self.0.body);
        self.0
            .settle(data, move |c| {
                let Some(author) = actors_store::by_uri(c, &actor)? else { return Ok(()) };
                if uri == actor {
                    withdraw::actor_gone(c, &author, now)
                } else {
                    withdraw::deleted(c, &author, &uri, sent.as_ref(), now)
                }
            })
            .await
    }
}

/// One number for a post and its Create: whoever embeds the Create later knows its id.
#[must_use]
pub fn create_id(post: PostId) -> ActivityId {
    ActivityId(post.0)
}

/// A post written here, to its author's followers and the wijken it names.
#[must_use]
pub fn create(id: &str, context: &Value, note: &Value, post: &Post, author: &Actor) -> Value {
    json!({
        "@context": context,
        "id": id,
        "type": "Create",
        "actor": author.uri,
        "published": post.published_at.rfc3339(),
        "to": note["to"],
        "cc": note["cc"],
        "object": note,
    })
}

/// The whole object as it is now. A change of its words has `updated` in it; without that, servers read the counts of a
/// poll anew and show no edit.
#[must_use]
pub fn update_post(id: &str, context: &Value, object: &Value, author: &Actor) -> Value {
    json!({
        "@context": context,
        "id": id,
        "type": "Update",
        "actor": author.uri,
        "to": object["to"],
        "cc": object["cc"],
        "object": object,
    })
}

#[must_use]
pub fn delete_post(post: &Post, author: &Actor, at: Time) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{}#delete", post.uri),
        "type": "Delete",
        "actor": author.uri,
        "to": [PUBLIC],
        "object": {
            "id": post.uri,
            "type": "Tombstone",
            "formerType": post.object_type,
            "deleted": at.rfc3339(),
        },
    })
}

#[must_use]
pub fn delete_actor(actor: &Actor) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{}#delete", actor.uri),
        "type": "Delete",
        "actor": actor.uri,
        "to": [PUBLIC],
        "object": actor.uri,
    })
}

#[must_use]
pub fn update_actor(id: &str, document: &Value, actor: &Actor) -> Value {
    json!({
        "@context": document["@context"],
        "id": id,
        "type": "Update",
        "actor": actor.uri,
        "to": [PUBLIC],
        "cc": [format!("{}/followers", actor.uri)],
        "object": document,
    })
}
