//! Votes in polls of ours: a `Create` of a Note with a name and no content in reply to the poll, or (GoToSocial) of several
//! at once. Nothing is fetched: a vote is shown to nobody, by us neither. It is never forwarded, and of the message
//! that brought it nothing is kept.

use activitypub_federation::config::Data;
use async_trait::async_trait;
use serde_json::Value;

use super::arrived::{Arrived, Conversation};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::{id_of, uri_of};
use crate::foundation::app::App;
use crate::foundation::text::plain_line;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::polls::{self, Voter};
use crate::neighbourhood::posts::poll::LONGEST_OPTION;
use crate::neighbourhood::{arrivals, posts::store as posts_store};

/// More choices of one message are not looked at.
const MOST_CHOICES: usize = 20;

/// Source: `specimens/mastodon/create_vote.json`, `specimens/gotosocial/create_votes.json`.
#[derive(Debug)]
pub struct Vote(pub Arrived);

/// Whether what is created is a vote, and nothing else.
#[must_use]
pub fn is_vote(object: &Value) -> bool {
    let notes = notes(object);
    !notes.is_empty() && notes.iter().all(is_choice)
}

fn notes(object: &Value) -> &[Value] {
    object.as_array().map_or(std::slice::from_ref(object), Vec::as_slice)
}

fn is_choice(note: &Value) -> bool {
    let text = |key: &str| note.get(key).and_then(Value::as_str).unwrap_or_default();
    text("type") == "Note"
        && !text("name").is_empty()
        && text("content").is_empty()
        && note.get("contentMap").is_none()
        && note.get("inReplyTo").and_then(id_of).is_some()
}

#[async_trait]
impl Conversation for Vote {
    /// Not counted, but forgotten like any vote.
    const HEEDS_HINTS: bool = true;

    fn arrived(&self) -> &Arrived {
        &self.0
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let arrival = self.0.arrival;
        let Some((poll, chosen)) = self.choices(data).filter(|_| !self.0.is_forwarded) else {
            return Ok(data.database.write(move |c| arrivals::forget(c, arrival)).await?);
        };
        let (actor, now) = (self.0.actor.clone(), data.clock.now());
        let hash = data.secret.voter_hash(poll.as_str(), actor.as_str());
        let counted = data.database.write(move |c| {
            let post = posts_store::by_uri(c, &poll)?;
            if let Some(post) = post
                && polls::may_vote(c, post.id, &actor)?
            {
                // Known since its signature was verified.
                let voter = actors_store::by_uri(c, &actor)?;
                let shared_inbox = voter.and_then(|voter| voter.shared_inbox);
                let voter = Voter { hash: hash.clone(), shared_inbox };
                polls::vote(c, &post, &voter, &chosen, now)?;
            }
            arrivals::forget(c, arrival)
        });
        Ok(counted.await?)
    }
}

impl Vote {
    /// The poll of ours, and what its sender chose in it.
    fn choices(&self, data: &Data<App>) -> Option<(Uri, Vec<String>)> {
        let notes = notes(&self.0.object);
        let poll_of = |note: &Value| note.get("inReplyTo").and_then(uri_of);
        let poll = notes.first().and_then(poll_of)?;
        let is_ours = data.links.is_ours(&poll);
        let is_own = |note: &&Value| {
            let author = note.get("attributedTo");
            poll_of(note).as_ref() == Some(&poll)
                && author.is_none_or(|author| id_of(author) == Some(self.0.actor.as_str()))
        };
        let name = |note: &Value| Some(plain_line(note.get("name")?.as_str()?, LONGEST_OPTION));
        let chosen = notes.iter().take(MOST_CHOICES).filter(is_own).filter_map(name).collect();
        is_ours.then_some((poll, chosen))
    }
}
