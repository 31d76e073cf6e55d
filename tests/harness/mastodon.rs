//! What Mastodon sends, field by field in its order (shapes: FEDERATION-PROFILE, as run).

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const ACTIVITYSTREAMS: &str = "https://www.w3.org/ns/activitystreams";

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Note {
    #[serde(rename = "@context", skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Value>,
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) summary: Option<String>,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) published: String,
    pub(crate) url: String,
    /// One id; a list only where a case wants one.
    pub(crate) attributed_to: Value,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    pub(crate) sensitive: bool,
    pub(crate) atom_uri: String,
    pub(crate) in_reply_to_atom_uri: Option<String>,
    pub(crate) conversation: String,
    pub(crate) content: String,
    pub(crate) content_map: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quote: Option<String>,
    pub(crate) attachment: Vec<Value>,
    pub(crate) tag: Vec<Value>,
    pub(crate) replies: Value,
    pub(crate) likes: Value,
    pub(crate) shares: Value,
    /// The bare words, for looking them up on a page; not sent.
    #[serde(skip)]
    pub(crate) words: String,
}

impl Note {
    /// A public post by `author` that mentions the actor `mentioned`, whose handle is `handle`.
    pub(crate) fn mention(author: &str, mentioned: &str, handle: &str, words: &str) -> Note {
        let number = next_number();
        let id = format!("{author}/statuses/{number}");
        let (host, name) = host_and_name(author);
        let part = |what: &str| format!("{id}/{what}");
        let next = format!("{id}/replies?only_other_accounts=true&page=true");
        let first = json!({ "type": "CollectionPage", "next": next, "partOf": part("replies"),
                            "items": [] });
        let note = Note {
            context: None,
            kind: "Note",
            summary: None,
            in_reply_to: None,
            published: now(),
            url: format!("http://{host}/@{name}/{number}"),
            attributed_to: json!(author),
            to: vec![PUBLIC.to_owned()],
            cc: vec![format!("{author}/followers"), mentioned.to_owned()],
            sensitive: false,
            atom_uri: id.clone(),
            in_reply_to_atom_uri: None,
            conversation: format!(
                "tag:{host},2026-11-24:objectId={number}:objectType=Conversation"
            ),
            content: String::new(),
            content_map: Value::Null,
            updated: None,
            quote: None,
            attachment: Vec::new(),
            tag: vec![json!({ "type": "Mention", "href": mentioned, "name": handle })],
            replies: json!({ "id": part("replies"), "type": "Collection", "first": first }),
            likes: json!({ "id": part("likes"), "type": "Collection", "totalItems": 0 }),
            shares: json!({ "id": part("shares"), "type": "Collection", "totalItems": 0 }),
            words: String::new(),
            id,
        };
        note.saying(mentioned, handle, words)
    }

    /// A direct post: addressed to the mentioned Group and, by Mastodon's own doing, to that
    /// Group's followers.
    pub(crate) fn direct(mut self) -> Note {
        let mentioned = self.mentioned();
        self.to = vec![mentioned.clone(), format!("{mentioned}/followers")];
        self.cc = Vec::new();
        self
    }

    pub(crate) fn followers_only(mut self) -> Note {
        self.to = vec![self.cc.swap_remove(0)];
        self.cc = vec![self.mentioned()];
        self
    }

    /// The same post edited: other words, and `updated`.
    pub(crate) fn edited(&self, words: &str) -> Note {
        let handle = self.tag[0]["name"].as_str().expect("a mention has a name").to_owned();
        let mut note = self.clone().saying(&self.mentioned(), &handle, words);
        note.updated = Some(now());
        note
    }

    /// As it is found at its own URL.
    pub(crate) fn at_its_origin(&self) -> Note {
        Note { context: Some(note_context()), ..self.clone() }
    }

    pub(crate) fn author(&self) -> String {
        self.attributed_to.as_str().expect("written by one").to_owned()
    }

    fn mentioned(&self) -> String {
        self.tag[0]["href"].as_str().expect("a mention has an href").to_owned()
    }

    fn saying(mut self, mentioned: &str, handle: &str, words: &str) -> Note {
        let short = handle.split('@').nth(1).unwrap_or_default();
        self.content = format!(
            "<p><span class=\"h-card\" translate=\"no\"><a href=\"{mentioned}\" \
             class=\"u-url mention\">@<span>{short}</span></a></span> {words}</p>"
        );
        self.content_map = json!({ "nl": self.content });
        words.clone_into(&mut self.words);
        self
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Activity {
    #[serde(rename = "@context", skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Value>,
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cc: Option<Vec<String>>,
    pub(crate) object: Object,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Object {
    Id(String),
    Note(Box<Note>),
    Activity(Box<Activity>),
    Tombstone(Tombstone),
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tombstone {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    atom_uri: String,
}

impl Activity {
    pub(crate) fn create(note: &Note) -> Activity {
        Activity {
            context: Some(note_context()),
            id: format!("{}/activity", note.id),
            kind: "Create",
            actor: note.author(),
            published: Some(note.published.clone()),
            to: Some(note.to.clone()),
            cc: Some(note.cc.clone()),
            object: Object::Note(Box::new(note.clone())),
        }
    }

    pub(crate) fn update(note: &Note) -> Activity {
        let id = format!("{}#updates/{}", note.id, next_number());
        Activity { id, kind: "Update", published: Some(now()), ..Activity::create(note) }
    }

    pub(crate) fn delete(actor: &str, id: &str) -> Activity {
        let tombstone = Tombstone { id: id.to_owned(), kind: "Tombstone", atom_uri: id.to_owned() };
        let context = json!([ACTIVITYSTREAMS,
            { "ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri" }]);
        Activity {
            context: Some(context),
            to: Some(vec![PUBLIC.to_owned()]),
            ..Activity::bare(format!("{id}#delete"), "Delete", actor, Object::Tombstone(tombstone))
        }
    }

    pub(crate) fn follow(actor: &str, followed: &str) -> Activity {
        let (host, _) = host_and_name(actor);
        let id = format!("http://{host}/{:032x}", next_number());
        Activity::bare(id, "Follow", actor, Object::Id(followed.to_owned()))
    }

    pub(crate) fn like(actor: &str, liked: &str) -> Activity {
        let id = format!("{actor}#likes/{}", next_number());
        Activity::bare(id, "Like", actor, Object::Id(liked.to_owned()))
    }

    pub(crate) fn announce(actor: &str, object: Object) -> Activity {
        let id = format!("{actor}/statuses/{}/activity", next_number());
        Activity {
            published: Some(now()),
            to: Some(vec![PUBLIC.to_owned()]),
            cc: Some(vec![format!("{actor}/followers"), super::WIJK.to_owned()]),
            ..Activity::bare(id, "Announce", actor, object)
        }
    }

    /// A report, as Mastodon's instance actor sends it: `what` is the account and its posts.
    pub(crate) fn flag(actor: &str, what: &[&str], words: &str) -> Value {
        let (host, _) = host_and_name(actor);
        let id = format!("http://{host}/{:032x}", next_number());
        json!({ "@context": ACTIVITYSTREAMS, "id": id, "type": "Flag", "actor": actor,
            "content": words, "object": what, "to": what.first() })
    }

    /// `answer` is `Accept` or `Reject`, `to` what was asked.
    pub(crate) fn answer(answer: &'static str, actor: &str, to: &Activity) -> Activity {
        let id = format!("{actor}#{}s/follows/{}", answer.to_lowercase(), next_number());
        Activity::bare(id, answer, actor, to.clone().embedded())
    }

    /// Undone by `actor`, who may not be the one who did it.
    pub(crate) fn undone_by(&self, actor: &str) -> Activity {
        let id = format!("{actor}#{}s/{}/undo", self.kind.to_lowercase(), next_number());
        Activity::bare(id, "Undo", actor, self.clone().embedded())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(self).expect("an activity is JSON")
    }

    fn embedded(self) -> Object {
        Object::Activity(Box::new(Activity { context: None, ..self }))
    }

    fn bare(id: String, kind: &'static str, actor: &str, object: Object) -> Activity {
        let (context, actor) = (Some(json!(ACTIVITYSTREAMS)), actor.to_owned());
        Activity { context, id, kind, actor, published: None, to: None, cc: None, object }
    }
}

/// A Person with the fields of Mastodon's actors.
pub(crate) fn person(id: &str, key_id: &str, public_pem: &str) -> Value {
    let (host, name) = host_and_name(id);
    let part = |what: &str| format!("{id}/{what}");
    json!({
        "@context": [ACTIVITYSTREAMS, "https://w3id.org/security/v1", {
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "toot": "http://joinmastodon.org/ns#",
            "featured": { "@id": "toot:featured", "@type": "@id" },
            "discoverable": "toot:discoverable", "indexable": "toot:indexable" }],
        "id": id, "type": "Person",
        "following": part("following"), "followers": part("followers"),
        "inbox": part("inbox"), "outbox": part("outbox"),
        "featured": part("collections/featured"),
        "featuredTags": part("collections/tags"),
        "preferredUsername": name, "name": name, "summary": "<p>Woont in de wijk.</p>",
        "url": format!("http://{host}/@{name}"),
        "manuallyApprovesFollowers": false, "discoverable": true, "indexable": false,
        "published": "2026-01-10T00:00:00Z", "memorial": false,
        "publicKey": { "id": key_id, "owner": id, "publicKeyPem": public_pem },
        "tag": [], "attachment": [],
        "endpoints": { "sharedInbox": format!("http://{host}/inbox") } })
}

fn note_context() -> Value {
    json!([ACTIVITYSTREAMS, {
        "ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri",
        "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
        "conversation": "ostatus:conversation", "sensitive": "as:sensitive",
        "toot": "http://joinmastodon.org/ns#", "votersCount": "toot:votersCount" }])
}

fn host_and_name(actor: &str) -> (&str, &str) {
    let rest = actor.split("://").nth(1).unwrap_or(actor);
    (rest.split('/').next().unwrap_or_default(), rest.rsplit('/').next().unwrap_or_default())
}

fn now() -> String {
    super::surroundings::this_second().to_string()
}

/// Growing, as Mastodon's snowflakes; the same in no two test processes is not needed.
fn next_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(115_000_000_000_000_000);
    LAST.fetch_add(1, Ordering::Relaxed)
}
