//! A report: Flag, in and out. Whatever it says, nothing happens before a moderator has read it.

use activitypub_federation::config::Data;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arrived::{Arrived, Conversation};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::{Ids, loose};
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::reports::{MOST_CHARACTERS, Report, Said, Why, arrive};

/// `object` one id or many, of accounts and posts in any order, ours and others'; the words in `content` (Mastodon,
/// GoToSocial, Misskey, there with the posts' addresses in them) or `summary` (Lemmy, Mbin).
/// Source: `specimens/{mastodon,gotosocial,misskey,lemmy,mbin}/flag.json`.
#[derive(Debug)]
pub struct Flag(pub Arrived);

#[async_trait]
impl Conversation for Flag {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let arrived = &self.0;
        let words = Words::read(&arrived.body)?.said();
        let named = named(&arrived.object, &words, &data.links);
        if named.is_empty() {
            return arrived.ignore(data).await;
        }
        let said = Said {
            why: Why::Other,
            words: words.chars().take(MOST_CHARACTERS).collect(),
            host: Some(arrived.actor.domain()),
            reporter: data.secret.token_hash(&format!("reporter {}", arrived.actor)),
        };
        let (links, now) = (data.links.clone(), data.clock.now());
        arrived.settle(data, move |c| arrive::from_server(c, &links, &named, &said, now)).await
    }
}

/// What it says; one of the two.
#[derive(Deserialize)]
struct Words {
    #[serde(default, deserialize_with = "loose")]
    content: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    summary: Option<String>,
}

impl Words {
    fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|e| Error::invalid("activity", e.to_string()))
    }

    fn said(self) -> String {
        self.content.or(self.summary).unwrap_or_default()
    }
}

/// What a report is about: the addresses of ours in its words before what `object` names.
fn named(object: &Value, words: &str, links: &Links) -> Vec<Uri> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')');
    let in_words = words.split(ends).filter(|word| word.starts_with(links.base()));
    let ids: Ids = serde_json::from_value(object.clone()).unwrap_or_default();
    in_words.filter_map(|word| Uri::parse(word).ok()).chain(ids.uris()).collect()
}

/// For Mastodon and its like: the account first, then the post, both on the server that is told. By the moderation
/// actor: who reported, and who decided, stays here.
#[must_use]
pub fn flag(id: &str, by: &Actor, about: &Actor, report: &Report) -> Value {
    let mut objects = vec![about.uri.as_str()];
    objects.extend(report.post_id.map(|_| report.subject.as_str()));
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Flag",
        "actor": by.uri,
        "to": about.uri,
        "content": report.answer,
        "object": objects,
    })
}

/// For Lemmy and its like: one object, the words as `summary` too, and `to` the post's community or the server.
#[must_use]
pub fn flag_for_threadiverse(id: &str, by: &Actor, to: &Uri, report: &Report) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Flag",
        "actor": by.uri,
        "to": [to],
        "summary": report.answer,
        "content": report.answer,
        "object": report.subject,
    })
}
