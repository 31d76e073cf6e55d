//! Actors: another server's document becomes our row, and our rows become documents.

use activitypub_federation::config::Data;
use activitypub_federation::fetch::object_id::ObjectId;
use activitypub_federation::protocol::verification::verify_domains_match;
use activitypub_federation::traits::Object;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::key::KeysJson;
use crate::doors::federation::values::{Ids, LONGEST_URL, loose, web_address};
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;
use crate::foundation::links::Links;
use crate::foundation::text::{SafeHtml, escape, plain_line};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::keys::{self, PublicKey};
use crate::neighbourhood::actors::{Actor, ActorKind, Handle, store};
use crate::neighbourhood::wijken::Wijk;

use crate::doors::federation::failure::Failure;

/// What we read of another server's actor document. Shapes: Mastodon, GoToSocial, Lemmy, Fedify as in FEDERATION.md.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorJson {
    pub id: Uri,
    #[serde(rename = "type")]
    kind: String,
    preferred_username: String,
    inbox: Url,
    #[serde(default, deserialize_with = "loose")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    summary: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    url: Option<Value>,
    #[serde(default, deserialize_with = "loose")]
    endpoints: Option<Endpoints>,
    #[serde(default, skip_serializing)]
    also_known_as: Ids,
    #[serde(default, deserialize_with = "loose")]
    webfinger: Option<String>,
    #[serde(flatten, skip_serializing)]
    keys: KeysJson,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Endpoints {
    shared_inbox: Option<Url>,
}

/// A remote actor as it is kept, and what its document claims where it was read just now.
#[derive(Debug, Clone)]
pub struct RemoteActor(pub Actor, Claims);

#[derive(Debug, Clone)]
pub struct Claims {
    id: Url,
    also_known_as: Ids,
}

impl RemoteActor {
    /// For the crate, which knows URLs.
    pub fn at(uri: &Uri) -> Result<ObjectId<Self>> {
        Ok(uri.url()?.into())
    }

    /// Whether its document names that actor as another account of its own.
    #[must_use]
    pub fn is_also(&self, uri: &Uri) -> bool {
        self.1.also_known_as.0.iter().any(|known| uri == known.as_str())
    }

    fn read(json: &ActorJson, now: Time) -> Result<Actor> {
        let invalid = |field, problem: &str| Error::invalid(field, problem.to_owned());
        let kind: ActorKind =
            json.kind.parse().map_err(|_| invalid("type", "is no type of actor"))?;
        if !json.id.is_origin_of(&json.inbox) {
            return Err(invalid("inbox", "must live where the actor lives"));
        }
        if json.inbox.as_str().len() > LONGEST_URL {
            return Err(invalid("inbox", "is longer than any address"));
        }
        let shared = json.endpoints.as_ref().and_then(|endpoints| endpoints.shared_inbox.as_ref());
        let page =
            json.url.as_ref().and_then(first_address).filter(|url| json.id.is_origin_of(url));
        Ok(Actor {
            id: ActorId::next(now),
            uri: json.id.clone(),
            kind,
            domain: json.id.domain(),
            username: plain_username(&json.preferred_username)
                .ok_or_else(|| invalid("preferredUsername", "is no name"))?,
            is_local: false,
            name: plain_line(json.name.as_deref().unwrap_or_default(), 100),
            summary: SafeHtml::from_foreign(json.summary.as_deref().unwrap_or_default(), 2_000)
                .as_str()
                .to_owned(),
            url: page.map_or_else(|| json.id.to_string(), String::from),
            inbox: json.inbox.to_string(),
            shared_inbox: shared
                .filter(|url| json.id.is_origin_of(url) && url.as_str().len() <= LONGEST_URL)
                .map(ToString::to_string),
            claimed_handle: json.claimed_handle(),
            confirmed_handle: None,
            created_at: now,
            fetched_at: now,
            gone_at: None,
        })
    }
}

impl ActorJson {
    /// FEP-2c59, where it is not a handle at the host of the actor's id.
    fn claimed_handle(&self) -> Option<String> {
        let handle = Handle::parse(self.webfinger.as_deref()?).ok()?;
        let is_elsewhere = self.id.domain() != handle.domain;
        is_elsewhere.then(|| handle.bare())
    }
}

/// What a handle can hold: an `@` in it would name another server.
fn plain_username(text: &str) -> Option<String> {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name: String = text.chars().filter(is_plain).take(300).collect();
    (!name.is_empty()).then_some(name)
}

/// The ids that are this URL: `https://b.test` (microblog.pub) and `https://b.test/` are one.
fn spellings(url: &Url) -> Vec<Uri> {
    let bare = url.as_str().strip_suffix('/').filter(|_| url.path() == "/");
    [Some(url.as_str()), bare].into_iter().flatten().filter_map(|id| Uri::parse(id).ok()).collect()
}

fn first_address(value: &Value) -> Option<Url> {
    match value {
        Value::String(text) => web_address(text),
        Value::Object(link) => link.get("href").and_then(Value::as_str).and_then(web_address),
        Value::Array(values) => values.iter().find_map(first_address),
        _ => None,
    }
}

#[async_trait]
impl Object for RemoteActor {
    type DataType = App;
    type Kind = ActorJson;
    type Error = Failure;

    fn id(&self) -> &Url {
        &self.1.id
    }

    /// Asked for anew after a day.
    fn last_refreshed_at(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        chrono::DateTime::from_timestamp_millis(self.0.fetched_at.millis())
    }

    async fn read_from_id(id: Url, data: &Data<App>) -> Result<Option<Self>, Failure> {
        let spellings = spellings(&id);
        let known = data.database.read(move |c| {
            let mut known = spellings.iter().map(|uri| store::by_uri(c, uri));
            known.find_map(Result::transpose).transpose()
        });
        let known = known.await?;
        let claims = Claims { id, also_known_as: Ids::default() };
        Ok(known.map(|actor| Self(actor, claims)))
    }

    async fn into_json(self, _: &Data<App>) -> Result<ActorJson, Failure> {
        Err(Failure::from(Error::internal("another server's actor is not ours to publish")))
    }

    async fn verify(json: &ActorJson, expected: &Url, _: &Data<App>) -> Result<(), Failure> {
        Ok(verify_domains_match(&json.id.url()?, expected)?)
    }

    async fn from_json(json: ActorJson, data: &Data<App>) -> Result<Self, Failure> {
        let now = data.clock.now();
        let fetched = Self::read(&json, now)?;
        let keys = json.keys.of(&json.id, data).await?;
        let kept = data.database.write(move |c| {
            let actor = store::keep(c, &fetched)?;
            keys::keep(c, actor.id, &keys)?;
            Ok(actor)
        });
        let actor = kept.await?;
        let claims = Claims { id: json.id.url()?, also_known_as: json.also_known_as };
        Ok(Self(actor, claims))
    }
}

/// The terms our actors use beyond `ActivityStreams`, inline: no context of ours must be fetched.
fn actor_context() -> Value {
    json!([
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        {
            "toot": "http://joinmastodon.org/ns#",
            "schema": "http://schema.org#",
            "lemmy": "https://join-lemmy.org/ns#",
            "webfinger": {"@id": "https://purl.archive.org/socialweb/webfinger#webfinger"},
            "PropertyValue": "schema:PropertyValue",
            "value": "schema:value",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "sensitive": "as:sensitive",
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "featured": {"@id": "toot:featured", "@type": "@id"},
            "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
            "upcomingEvents": {"@id": "https://w3id.org/fep/8a8e/upcomingEvents", "@type": "@id"}
        }
    ])
}

fn public_key(actor: &Actor, key: &PublicKey) -> Value {
    json!({"id": key.key_id, "owner": actor.uri, "publicKeyPem": key.public_key})
}

/// A wijk. `manuallyApprovesFollowers` false and `discoverable` true are what keeps Lemmy from hiding it.
#[must_use]
pub fn wijk_json(wijk: &Wijk, key: &PublicKey, links: &Links) -> Value {
    let actor = &wijk.actor;
    let summary = SafeHtml::from_plain(&actor.summary);
    let mut json = json!({
        "@context": actor_context(),
        "id": actor.uri,
        "type": actor.kind,
        "preferredUsername": actor.username,
        "webfinger": format!("{}@{}", actor.username, actor.domain),
        "name": actor.name,
        "summary": summary.as_str(),
        "url": actor.url,
        "inbox": actor.inbox,
        "outbox": format!("{}/outbox", actor.uri),
        "followers": format!("{}/followers", actor.uri),
        "following": format!("{}/following", actor.uri),
        "featured": format!("{}/featured", actor.uri),
        "attributedTo": format!("{}/moderators", actor.uri),
        "upcomingEvents": format!("{}/agenda", actor.uri),
        "endpoints": {"sharedInbox": links.shared_inbox()},
        "manuallyApprovesFollowers": false,
        "discoverable": true,
        "indexable": true,
        "postingRestrictedToMods": false,
        "sensitive": false,
        "published": actor.created_at.rfc3339(),
        "updated": wijk.row.updated_at.rfc3339(),
        "publicKey": public_key(actor, key),
    });
    if let (Some(object), Some(municipality)) = (json.as_object_mut(), &wijk.row.municipality) {
        object.insert(
            "attachment".to_owned(),
            json!([{"type": "PropertyValue", "name": "Gemeente", "value": escape(municipality)}]),
        );
    }
    json
}

/// A local partner or redactie.
#[must_use]
pub fn author_json(actor: &Actor, key: &PublicKey, links: &Links) -> Value {
    json!({
        "@context": actor_context(),
        "id": actor.uri,
        "type": actor.kind,
        "preferredUsername": actor.username,
        "webfinger": format!("{}@{}", actor.username, actor.domain),
        "name": actor.name,
        "summary": SafeHtml::from_plain(&actor.summary).as_str(),
        "url": actor.url,
        "inbox": actor.inbox,
        "outbox": format!("{}/outbox", actor.uri),
        "followers": format!("{}/followers", actor.uri),
        "endpoints": {"sharedInbox": links.shared_inbox()},
        "manuallyApprovesFollowers": false,
        "discoverable": true,
        "indexable": true,
        "published": actor.created_at.rfc3339(),
        "publicKey": public_key(actor, key),
    })
}

/// The server's own: who signs our GETs, and who reports.
#[must_use]
pub fn own_json(actor: &Actor, key: &PublicKey, links: &Links) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1",
            {"manuallyApprovesFollowers": "as:manuallyApprovesFollowers"}],
        "id": actor.uri,
        "type": actor.kind,
        "preferredUsername": actor.username,
        "name": actor.name,
        "url": links.home(),
        "inbox": actor.inbox,
        "outbox": format!("{}/outbox", actor.uri),
        "followers": format!("{}/followers", actor.uri),
        "endpoints": {"sharedInbox": links.shared_inbox()},
        "manuallyApprovesFollowers": false,
        "publicKey": public_key(actor, key),
    })
}
