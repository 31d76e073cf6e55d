//! What we do not do, said politely: nobody signs up for an event here (`Join` → `Ignore`, FEP-8a8e), and nobody's post
//! is quoted with its author's consent (`QuoteRequest` → `Reject`, FEP-044f).

use activitypub_federation::config::Data;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arrived::{Arrived, Conversation};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::objects::actor::RemoteActor;
use crate::doors::federation::values::uri_of;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::say;
use crate::neighbourhood::posts::store as posts_store;

/// Source: `specimens/mobilizon/join.json`.
#[derive(Debug)]
pub struct Join(pub Arrived);

#[async_trait]
impl Conversation for Join {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        self.0.object_id()?;
        Ok(())
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let join = self.0.id.clone();
        let word = move |by: &Actor, to: &Actor| Word::IgnoreJoin {
            join: join.clone(),
            by: by.id,
            to: to.id,
        };
        answer(&self.0, data, word).await
    }
}

/// `object` is the post, `instrument` the one that quotes it. Source: `specimens/mastodon/quote_request.json`.
#[derive(Debug)]
pub struct QuoteRequest(pub Arrived);

#[async_trait]
impl Conversation for QuoteRequest {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    fn check(&self) -> Result<()> {
        self.0.object_id()?;
        Ok(())
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let (request, post) = (self.0.id.clone(), self.0.object_id()?);
        let quote = Quoting::read(&self.0.body)?.by();
        let word = move |by: &Actor, to: &Actor| Word::RejectQuote {
            request: request.clone(),
            post: post.clone(),
            quote: quote.clone(),
            by: by.id,
            to: to.id,
        };
        answer(&self.0, data, word).await
    }
}

/// The post that quotes.
#[derive(Deserialize)]
struct Quoting {
    #[serde(default)]
    instrument: Value,
}

impl Quoting {
    fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|e| Error::invalid("activity", e.to_string()))
    }

    fn by(&self) -> Option<Uri> {
        uri_of(&self.instrument)
    }
}

/// By the author of what was asked for, where that is one of ours; to who asked.
async fn answer(
    arrived: &Arrived,
    data: &Data<App>,
    word: impl Fn(&Actor, &Actor) -> Word + Send + 'static,
) -> Result<(), Failure> {
    let object = arrived.object_id()?;
    if !data.links.is_ours(&object) {
        return arrived.ignore(data).await;
    }
    let to = RemoteActor::at(&arrived.actor)?.dereference(data).await?.0;
    let now = data.clock.now();
    let settled = arrived.settle(data, move |c| match author_of(c, &object)? {
        Some(by) => say(c, &word(&by, &to), now),
        None => Ok(()),
    });
    settled.await
}

/// Whose the post is; of a wijk or an author itself.
fn author_of(conn: &mut Connection, object: &Uri) -> Result<Option<Actor>> {
    let author = match posts_store::by_uri(conn, object)? {
        Some(post) => Some(actors_store::find(conn, post.author_id)?),
        None => actors_store::by_uri(conn, object)?,
    };
    Ok(author.filter(|author| author.is_local && author.gone_at.is_none()))
}

/// FEP-8a8e, "Not handling RSVP": names the Join alone.
#[must_use]
pub fn ignore(id: &str, by: &Actor, to: &Actor, join: &Uri) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Ignore",
        "actor": by.uri,
        "to": [to.uri],
        "object": join,
    })
}

#[must_use]
pub fn reject_quote(
    id: &str,
    by: &Actor,
    to: &Actor,
    request: &Uri,
    post: &Uri,
    quote: Option<&Uri>,
) -> Value {
    let mut asked = json!({"id": request, "type": "QuoteRequest", "actor": to.uri, "object": post});
    if let (Some(asked), Some(quote)) = (asked.as_object_mut(), quote) {
        asked.insert("instrument".to_owned(), quote.as_str().into());
    }
    json!({
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {"QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest"},
        ],
        "id": id,
        "type": "Reject",
        "actor": by.uri,
        "to": [to.uri],
        "object": asked,
    })
}
