//! What a Mastodon shows and sends, as text with blanks: filled in for one author and one post it
//! is ready to go.

use serde_json::{Value, json};

use crate::server::{HOST, wijk};

const STREAMS: &str = "https://www.w3.org/ns/activitystreams";
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const AUTHOR: &str = "http://{host}/users/{name}";
const POST: &str = "http://{host}/users/{name}/statuses/{number}";

/// Somebody on another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) host: String,
    pub(crate) name: String,
}

impl Author {
    pub(crate) fn new(host: impl Into<String>, name: impl Into<String>) -> Author {
        Author { host: host.into(), name: name.into() }
    }

    pub(crate) fn id(&self) -> String {
        format!("http://{}/users/{}", self.host, self.name)
    }
}

/// JSON with the blanks `{host}`, `{name}`, `{number}` and `{wijk}`.
pub(crate) struct Form(String);

impl Form {
    pub(crate) fn fill(&self, host: &str, name: &str, number: u64, slug: &str) -> String {
        let text = self.0.replace("{host}", host).replace("{name}", name);
        text.replace("{number}", &number.to_string()).replace("{wijk}", slug)
    }

    fn of(value: &Value) -> Form {
        Form(value.to_string())
    }
}

pub(crate) fn person(public_pem: &str) -> Form {
    let part = |what: &str| format!("{AUTHOR}/{what}");
    Form::of(&json!({
        "@context": [STREAMS, "https://w3id.org/security/v1", {
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "toot": "http://joinmastodon.org/ns#",
            "featured": { "@id": "toot:featured", "@type": "@id" },
            "discoverable": "toot:discoverable", "indexable": "toot:indexable" }],
        "id": AUTHOR, "type": "Person",
        "following": part("following"), "followers": part("followers"),
        "inbox": part("inbox"), "outbox": part("outbox"),
        "featured": part("collections/featured"), "featuredTags": part("collections/tags"),
        "preferredUsername": "{name}", "name": "{name}", "summary": "<p>Woont in de wijk.</p>",
        "url": "http://{host}/@{name}", "manuallyApprovesFollowers": false,
        "discoverable": true, "indexable": false, "published": "2026-01-10T00:00:00Z",
        "memorial": false, "tag": [], "attachment": [],
        "publicKey": {
            "id": format!("{AUTHOR}#main-key"), "owner": AUTHOR, "publicKeyPem": public_pem },
        "endpoints": { "sharedInbox": "http://{host}/inbox" } }))
}

/// A post at its origin.
pub(crate) fn note() -> Form {
    let mut note = bare_note();
    if let Some(fields) = note.as_object_mut() {
        fields.insert("@context".to_owned(), context());
    }
    Form::of(&note)
}

/// The activity that brings it, with the embedded signature Mastodon adds and nobody reads: 3 kB.
pub(crate) fn create() -> Form {
    let note = bare_note();
    Form::of(&json!({
        "@context": context(),
        "id": format!("{POST}/activity"), "type": "Create", "actor": AUTHOR,
        "published": note["published"], "to": note["to"], "cc": note["cc"], "object": note,
        "signature": {
            "type": "RsaSignature2017", "creator": format!("{AUTHOR}#main-key"),
            "created": "2026-11-24T09:00:00Z", "signatureValue": "A".repeat(344) } }))
}

pub(crate) fn follow() -> Form {
    Form::of(&json!({
        "@context": STREAMS, "id": "http://{host}/follows/{number}", "type": "Follow",
        "actor": AUTHOR, "object": wijk("{wijk}") }))
}

pub(crate) fn descriptor() -> Form {
    Form::of(&json!({
        "subject": "acct:{name}@{host}", "aliases": [AUTHOR],
        "links": [{ "rel": "self", "type": "application/activity+json", "href": AUTHOR }] }))
}

pub(crate) fn nodeinfo_links() -> Form {
    Form::of(&json!({ "links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
        "href": "http://{host}/nodeinfo/2.0" }] }))
}

pub(crate) fn nodeinfo() -> Form {
    Form::of(&json!({
        "version": "2.0", "software": { "name": "mastodon", "version": "4.5.2" },
        "protocols": ["activitypub"], "services": { "outbound": [], "inbound": [] },
        "usage": { "users": { "total": 12, "activeMonth": 7, "activeHalfyear": 9 },
                   "localPosts": 310 },
        "openRegistrations": false, "metadata": {} }))
}

fn bare_note() -> Value {
    let part = |what: &str| format!("{POST}/{what}");
    let (wijk, handle) = (wijk("{wijk}"), format!("@{{wijk}}@{HOST}"));
    let content = format!(
        "<p><span class=\"h-card\" translate=\"no\"><a href=\"{wijk}\" class=\"u-url mention\">\
         @<span>{{wijk}}</span></a></span> Bericht {{number}} uit de straat: zaterdag om tien uur \
         zetten we de bakken op het plein weer in de aarde. Neem een schep mee als je er een hebt, \
         en wie niet kan bukken schenkt koffie. Bij regen doen we het een week later.</p>\
         <p>De kas van de speeltuin is deze week dicht; de sleutel ligt bij de bibliotheek.</p>"
    );
    json!({
        "id": POST, "type": "Note", "summary": null, "inReplyTo": null,
        "published": "2026-11-24T09:00:00Z", "url": "http://{host}/@{name}/{number}",
        "attributedTo": AUTHOR, "to": [PUBLIC], "cc": [format!("{AUTHOR}/followers"), wijk],
        "sensitive": false, "atomUri": POST, "inReplyToAtomUri": null,
        "conversation": "tag:{host},2026-11-24:objectId={number}:objectType=Conversation",
        "content": content, "contentMap": { "nl": content }, "attachment": [],
        "tag": [{ "type": "Mention", "href": wijk, "name": handle }],
        "replies": { "id": part("replies"), "type": "Collection", "first": {
            "type": "CollectionPage", "partOf": part("replies"), "items": [],
            "next": part("replies?only_other_accounts=true&page=true") } },
        "likes": { "id": part("likes"), "type": "Collection", "totalItems": 0 },
        "shares": { "id": part("shares"), "type": "Collection", "totalItems": 0 } })
}

fn context() -> Value {
    json!([STREAMS, {
        "ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri",
        "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
        "conversation": "ostatus:conversation", "sensitive": "as:sensitive",
        "toot": "http://joinmastodon.org/ns#", "votersCount": "toot:votersCount" }])
}
