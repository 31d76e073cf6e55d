//! An arrival → the conversation it belongs to, by its type. Unknown types are forgotten politely.

use activitypub_federation::config::Data;
use activitypub_federation::traits::Activity;
use serde::Deserialize;
use serde_json::Value;

use super::activities::arrived::{Arrived, Conversation, Taken};
use super::activities::blocking::{Block, UndoBlock};
use super::activities::declining::{Join, QuoteRequest};
use super::activities::following::{Answer, Follow, UndoFollow};
use super::activities::moving::Move;
use super::activities::publishing::{Delete, Publish, UpdateActor};
use super::activities::reacting::{React, UndoReaction, kind_of};
use super::activities::reporting::Flag;
use super::activities::undoing::UndoById;
use super::activities::voting::{self, Vote};
use super::failure::Failure;
use super::values::uri_of;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::uri::Uri;
use crate::neighbourhood::arrivals::Arrival;
use crate::neighbourhood::follows::State;

/// What the guard let through is at least this.
#[derive(Deserialize)]
struct Outer {
    id: Uri,
    #[serde(rename = "type")]
    kind: String,
    actor: Value,
    #[serde(default)]
    object: Value,
    #[serde(default)]
    target: Value,
}

/// Acts on one arrival and marks it done.
///
/// # Errors
/// What [`Failure::may_pass`] is to be tried again; anything else will never go through.
pub async fn act(arrival: &Arrival, data: &Data<App>) -> Result<(), Failure> {
    let body = arrival.body.as_deref().ok_or(Error::NotFound)?;
    let outer: Outer =
        serde_json::from_slice(body).map_err(|e| Error::invalid("activity", e.to_string()))?;
    let actor = uri_of(&outer.actor);
    let inner = outer.object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let arrived = Arrived {
        id: outer.id,
        kind: outer.kind,
        actor: actor.ok_or_else(|| Error::invalid("actor", "is no address"))?,
        object: outer.object,
        body: body.to_vec(),
        target: outer.target,
        is_forwarded: arrival.is_forwarded,
        arrival: arrival.id,
        is_on_its_last_try: arrival.is_on_its_last_try(),
    };
    match (arrived.kind.as_str(), inner.as_str()) {
        ("Follow", _) => receive(Follow(arrived), data).await,
        ("Accept", "Follow" | "") => receive(Answer { arrived, says: State::Accepted }, data).await,
        ("Reject", "Follow" | "") => receive(Answer { arrived, says: State::Refused }, data).await,
        ("Undo", _) => undo(arrived, &inner, data).await,
        ("Update", "Person" | "Group" | "Organization" | "Service" | "Application") => {
            receive(UpdateActor(arrived), data).await
        }
        ("Create", _) if voting::is_vote(&arrived.object) => receive(Vote(arrived), data).await,
        ("Create" | "Update", _) => receive(Publish(arrived), data).await,
        ("Move", _) => receive(Move(arrived), data).await,
        ("Delete", _) => receive(Delete(arrived), data).await,
        ("Block", _) => receive(Block(arrived), data).await,
        ("Join", _) => receive(Join(arrived), data).await,
        ("QuoteRequest", _) => receive(QuoteRequest(arrived), data).await,
        ("Flag", _) => receive(Flag(arrived), data).await,
        (kind, _) => match kind_of(kind) {
            Some(kind) => receive(React(arrived, kind), data).await,
            None => forget(arrived, data).await,
        },
    }
}

/// Taken back is what `inner` names; by id alone it may be anything that its sender did.
async fn undo(arrived: Arrived, inner: &str, data: &Data<App>) -> Result<(), Failure> {
    match (inner, kind_of(inner)) {
        ("Follow", _) => receive(UndoFollow(arrived), data).await,
        ("Block", _) => receive(UndoBlock(arrived), data).await,
        ("", _) => receive(UndoById(arrived), data).await,
        (_, Some(kind)) => receive(UndoReaction(arrived, kind), data).await,
        (_, None) => forget(arrived, data).await,
    }
}

async fn forget(arrived: Arrived, data: &Data<App>) -> Result<(), Failure> {
    tracing::debug!(kind = arrived.kind, "an activity nobody here has use for");
    arrived.ignore(data).await
}

async fn receive(conversation: impl Conversation, data: &Data<App>) -> Result<(), Failure> {
    let activity = Taken::of(conversation)?;
    activity.verify(data).await?;
    activity.receive(data).await
}
