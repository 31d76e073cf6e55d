//! Posts: what another server gives us of one, and what we give of ours.

use std::borrow::Cow;

use activitypub_federation::config::Data;
use activitypub_federation::fetch::object_id::ObjectId;
use activitypub_federation::protocol::verification::verify_domains_match;
use activitypub_federation::traits::Object;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::policy::PolicyJson;
use super::{attachment, event, question};
use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::{
    Ids, Many, PUBLIC, id_of, is_public, loose, page_address, web_address,
};
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::config::Limits;
use crate::foundation::error::{Error, Result};
use crate::foundation::links::Links;
use crate::foundation::text::{SafeHtml, escape, hashtag, plain_line};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::polls::Ballot;
use crate::neighbourhood::posts::poll::{Poll, Tally};
use crate::neighbourhood::posts::receive::{Community, Received};
use crate::neighbourhood::posts::{Attachment, Kind, ObjectType, Post, Shown, Version, Visibility};
use crate::neighbourhood::wijken::Wijk;

/// Hashtags used of one post.
const MOST_TAGS: usize = 20;

/// What we read of a post. Everything but its id, type and author may be missing or odd.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteJson {
    pub id: Uri,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing)]
    attributed_to: Ids,
    #[serde(default, skip_serializing)]
    to: Ids,
    #[serde(default, skip_serializing)]
    cc: Ids,
    #[serde(default, skip_serializing)]
    audience: Ids,
    #[serde(default, skip_serializing)]
    tag: Many<Tag>,
    #[serde(default, deserialize_with = "loose")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    summary: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    content: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    content_map: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "loose")]
    media_type: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    url: Option<Value>,
    #[serde(default, deserialize_with = "loose")]
    in_reply_to: Option<Value>,
    /// FEP-044f, and its older spellings: Fedibird's, Misskey's.
    #[serde(default, deserialize_with = "loose")]
    quote: Option<Value>,
    #[serde(default, deserialize_with = "loose")]
    quote_uri: Option<Value>,
    #[serde(default, deserialize_with = "loose")]
    quote_url: Option<Value>,
    #[serde(default, rename = "_misskey_quote", deserialize_with = "loose")]
    misskey_quote: Option<Value>,
    #[serde(default, deserialize_with = "loose")]
    published: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    sensitive: Option<bool>,
    #[serde(default, skip_serializing)]
    image: Many<Value>,
    #[serde(default, skip_serializing)]
    attachment: Many<Value>,
    #[serde(default, deserialize_with = "loose", skip_serializing)]
    interaction_policy: Option<PolicyJson>,
    /// What only some types have: times, places, options.
    #[serde(flatten, skip_serializing)]
    rest: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    href: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    name: Option<String>,
}

impl NoteJson {
    /// What it answers. An answer to what has no address (`tag:` ids of older servers) is refused: taken for a post of
    /// its own it would stand in every home feed.
    fn answered(&self) -> Result<Option<Uri>> {
        match self.in_reply_to.as_ref().and_then(id_of) {
            Some(id) if !id.is_empty() => Uri::parse(id).map(Some),
            _ => Ok(None),
        }
    }
}

/// A post as its origin gave it to us just now. It is kept by the room that acts on it.
#[derive(Debug, Clone)]
pub struct RemotePost {
    id: Url,
    /// Its only author, on the same host.
    pub author: Uri,
    pub received: Received,
}

impl RemotePost {
    /// For the crate, which knows URLs.
    pub fn at(uri: &Uri) -> Result<ObjectId<Self>> {
        Ok(uri.url()?.into())
    }

    pub(super) fn read(json: &NoteJson, limits: &Limits, now: Time) -> Result<Self> {
        let invalid = |field, problem: &str| Error::invalid(field, problem.to_owned());
        let object_type: ObjectType =
            json.kind.parse().map_err(|_| invalid("type", "is not something a wijk passes on"))?;
        let [author] = json.attributed_to.0.as_slice() else {
            return Err(invalid("attributedTo", "must name exactly one author"));
        };
        let author = Uri::parse(author).ok().filter(|author| author.same_origin(&json.id));
        let author =
            author.ok_or_else(|| invalid("attributedTo", "must live where the post lives"))?;
        let page = json.url.as_ref().and_then(page_address).filter(|url| json.id.is_origin_of(url));
        let published = json.published.as_deref().and_then(Time::parse_rfc3339).unwrap_or(now);
        let received = Received {
            uri: json.id.clone(),
            object_type,
            visibility: json.visibility(),
            url: page.map_or_else(|| json.id.to_string(), String::from),
            in_reply_to: json.answered()?,
            published_at: published,
            shown: json.shown(object_type, limits, now),
            tally: json.question(object_type, now).map(|(_, tally)| tally),
            addressed: json.addressed(),
            community: json.community(),
            announceable_by: json.interaction_policy.as_ref().and_then(PolicyJson::announceable_by),
            raw: None,
        };
        Ok(Self { id: json.id.url()?, author, received })
    }
}

impl NoteJson {
    /// Public in `to`, quiet in `cc`, else private: also where it is addressed to a wijk's followers.
    fn visibility(&self) -> Visibility {
        let names_public = |ids: &Ids| ids.0.iter().any(|id| is_public(id));
        if names_public(&self.to) {
            Visibility::Public
        } else if names_public(&self.cc) {
            Visibility::Quiet
        } else {
            Visibility::Private
        }
    }

    fn addressed(&self) -> Vec<Uri> {
        let mentions = self
            .tag
            .0
            .iter()
            .filter(|tag| tag.kind == "Mention")
            .filter_map(|tag| tag.href.as_ref());
        let all = self.to.0.iter().chain(&self.cc.0).chain(&self.audience.0).chain(mentions);
        let mut ids: Vec<Uri> =
            all.filter(|id| !is_public(id)).filter_map(|id| Uri::parse(id).ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// As Lemmy reads it; `audience` is not always sent.
    fn community(&self) -> Community {
        let audience: Vec<Uri> =
            self.audience.uris().filter(|id| !is_public(id.as_str())).collect();
        if let [group] = audience.as_slice() {
            return Community::Said(group.clone());
        }
        let named = self.to.0.iter().chain(&self.cc.0).filter(|id| !is_public(id));
        Community::Among(named.filter_map(|id| Uri::parse(id).ok()).collect())
    }

    /// The address of the post it quotes.
    fn quoted(&self) -> Option<String> {
        let spellings = [&self.quote, &self.quote_uri, &self.quote_url, &self.misskey_quote];
        let quoted = spellings.into_iter().flatten().find_map(id_of)?;
        web_address(quoted).map(String::from)
    }

    fn shown(&self, object_type: ObjectType, limits: &Limits, now: Time) -> Shown {
        let name = self.name.as_deref().or_else(|| self.mapped("nameMap")).unwrap_or_default();
        let summary =
            self.summary.as_deref().or_else(|| self.mapped("summaryMap")).unwrap_or_default();
        let line = |text: &str, most| Some(plain_line(text, most)).filter(|text| !text.is_empty());
        let (warning, lead) = if is_document(object_type) { ("", summary) } else { (summary, "") };
        Shown {
            title: line(name, limits.title_characters),
            summary: line(warning, 500),
            content: self.body(lead, limits.remote_post_characters),
            language: self.language().map(|code| plain_line(code, 35)),
            is_sensitive: self.sensitive.unwrap_or(false),
            attachments: attachment::read(&self.image, &self.attachment, limits)
                .into_iter()
                .chain(self.quoted().map(Attachment::quoting))
                .collect(),
            event: (object_type == ObjectType::Event).then(|| event::read(&self.rest)).flatten(),
            poll: self.question(object_type, now).map(|(poll, _)| poll),
            tags: self.hashtags(),
        }
    }

    fn question(&self, object_type: ObjectType, now: Time) -> Option<(Poll, Tally)> {
        if object_type == ObjectType::Question { question::read(&self.rest, now) } else { None }
    }

    /// `lead` opens it, unless the content opens with the same words: an excerpt.
    fn body(&self, lead: &str, most: usize) -> SafeHtml {
        let content = self.content.as_deref().or(first(self.content_map.as_ref()));
        let is_plain =
            self.media_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"));
        let content = match content.unwrap_or_default() {
            text if is_plain => SafeHtml::from_plain(&text.chars().take(most).collect::<String>()),
            html if self.quoted().is_some() => {
                SafeHtml::from_foreign(&without_quote_line(html), most)
            }
            html => SafeHtml::from_foreign(html, most),
        };
        let lead = SafeHtml::from_foreign(lead, most);
        let (opening, text) = (lead.to_plain(), content.to_plain());
        let opening = opening.trim_end_matches(['…', '.', ' ', '[', ']']);
        if opening.is_empty() || text.starts_with(opening) {
            return content;
        }
        let lead = match lead.as_str() {
            text if text.starts_with('<') => text.to_owned(),
            text => format!("<p>{text}</p>"),
        };
        SafeHtml::from_foreign(&(lead + content.as_str()), most)
    }

    /// As Mastodon reads it: the first key of the first map there is.
    fn language(&self) -> Option<&str> {
        let maps = ["nameMap", "summaryMap"].map(|key| self.rest.get(key)?.as_object());
        let mut maps = [self.content_map.as_ref()].into_iter().chain(maps);
        maps.find_map(|map| map?.keys().next()).map(String::as_str)
    }

    /// The first text of one of the maps by language.
    fn mapped(&self, key: &str) -> Option<&str> {
        first(self.rest.get(key)?.as_object())
    }

    fn hashtags(&self) -> Vec<String> {
        let names = self.tag.0.iter().filter(|tag| tag.kind == "Hashtag");
        let names = names.filter_map(|tag| hashtag(tag.name.as_deref()?));
        let mut tags: Vec<String> = Vec::new();
        for tag in names {
            if tags.len() < MOST_TAGS && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }
}

fn first(map: Option<&Map<String, Value>>) -> Option<&str> {
    map?.values().next()?.as_str()
}

/// Whose `summary` is text to be read; that of a Note or a Question is a warning (Mastodon's converted types).
fn is_document(object_type: ObjectType) -> bool {
    matches!(object_type, ObjectType::Event | ObjectType::Article | ObjectType::Page)
}

/// Mastodon and Misskey write the quoted address in the text too, for who cannot show a quote.
fn without_quote_line(html: &str) -> Cow<'_, str> {
    let lines =
        [("<p class=\"quote-inline\">", "</p>"), ("<span class=\"quote-inline\">", "</span>")];
    for (open, close) in lines {
        if let Some((before, rest)) = html.split_once(open)
            && let Some((_, after)) = rest.split_once(close)
        {
            return format!("{before}{after}").into();
        }
    }
    html.into()
}

#[async_trait]
impl Object for RemotePost {
    type DataType = App;
    type Kind = NoteJson;
    type Error = Failure;

    fn id(&self) -> &Url {
        &self.id
    }

    /// Never from what we kept: that the origin gives it to us now is the proof that it is public.
    async fn read_from_id(_: Url, _: &Data<App>) -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    async fn into_json(self, _: &Data<App>) -> Result<NoteJson, Failure> {
        Err(Failure::from(Error::internal("another server's post is not ours to publish")))
    }

    async fn verify(json: &NoteJson, expected: &Url, _: &Data<App>) -> Result<(), Failure> {
        Ok(verify_domains_match(&json.id.url()?, expected)?)
    }

    async fn from_json(json: NoteJson, data: &Data<App>) -> Result<Self, Failure> {
        Ok(Self::read(&json, &data.config.limits, data.clock.now())?)
    }
}

/// The terms our posts use beyond `ActivityStreams`, inline: no context of ours must be fetched.
#[must_use]
pub fn context(object_type: ObjectType) -> Value {
    let mut terms = json!({
        "toot": "http://joinmastodon.org/ns#",
        "Hashtag": "as:Hashtag",
        "sensitive": "as:sensitive",
        "blurhash": "toot:blurhash",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
    });
    let more = match object_type {
        ObjectType::Event => event::terms(),
        ObjectType::Question => question::terms(),
        _ => Map::new(),
    };
    if let Some(terms) = terms.as_object_mut() {
        terms.extend(more);
    }
    json!(["https://www.w3.org/ns/activitystreams", terms])
}

/// A post written here, offered to `wijken`, without its context.
#[must_use]
pub fn note_json(
    post: &Post,
    version: &Version,
    author: &Actor,
    wijken: &[Wijk],
    pictures: &Pictures,
    ballot: Option<&Ballot>,
    links: &Links,
) -> Value {
    let shown = version.shown();
    let content = content(post.kind, &shown, wijken);
    let mut cc = vec![format!("{}/followers", author.uri)];
    cc.extend(wijken.iter().map(|wijk| wijk.actor.uri.to_string()));
    let mentions = wijken
        .iter()
        .map(|wijk| json!({"type": "Mention", "href": wijk.actor.uri, "name": links.handle(wijk.slug())}));
    let hashtags = shown
        .tags
        .iter()
        .map(|tag| json!({"type": "Hashtag", "href": links.tag(tag), "name": format!("#{tag}")}));
    let tags: Vec<Value> = mentions.chain(hashtags).collect();
    let mut note = json!({
        "id": post.uri,
        "type": post.object_type,
        "attributedTo": author.uri,
        "url": post.url,
        "to": [PUBLIC],
        "cc": cc,
        "content": content,
        "contentMap": {shown.language.as_deref().unwrap_or("nl"): content},
        "published": post.published_at.rfc3339(),
        "sensitive": shown.is_sensitive,
        "tag": tags,
        "attachment": attachment::given(version, pictures, links),
    });
    let Some(object) = note.as_object_mut() else { return note };
    if let Some(wijk) = wijken.first() {
        object.insert("audience".to_owned(), json!(wijk.actor.uri));
    }
    // Only what was edited: Mastodon takes it for an edit.
    if version.written_at > post.published_at {
        object.insert("updated".to_owned(), version.written_at.rfc3339().into());
    }
    match (&shown.event, &shown.poll, ballot) {
        (Some(event), ..) => event::say(object, event, &shown, author),
        (None, Some(poll), Some(ballot)) => question::say(object, poll, ballot),
        _ => {}
    }
    note
}

/// Mastodon shows no title of a Note, and GoToSocial neither when nor where an event is: so they open the text. The wijk
/// is named as a person would name it.
fn content(kind: Kind, shown: &Shown, wijken: &[Wijk]) -> String {
    let mut heading: Vec<String> = Vec::new();
    match (kind, &shown.title) {
        (Kind::Alert, title) => {
            let words = format!("⚠ Melding: {}", title.as_deref().unwrap_or_default());
            heading.push(format!("<strong>{}</strong>", escape(words.trim_end())));
        }
        (_, Some(title)) => {
            let title = event::name(shown.event.as_ref(), title);
            heading.push(format!("<strong>{}</strong>", escape(&title)));
        }
        _ => {}
    }
    if let Some(event) = &shown.event {
        heading.extend(event::lines(event).iter().map(|line| escape(line)));
    }
    let mut html = String::new();
    if !heading.is_empty() {
        html.extend(["<p>", &heading.join("<br>"), "</p>"]);
    }
    html.push_str(shown.content.as_str());
    let mentions: Vec<String> = wijken.iter().map(mention).collect();
    if !mentions.is_empty() {
        html.extend(["<p>", &mentions.join(" "), "</p>"]);
    }
    html
}

fn mention(wijk: &Wijk) -> String {
    let (uri, slug) = (escape(wijk.actor.uri.as_str()), escape(wijk.slug()));
    format!("<span class=\"h-card\"><a href=\"{uri}\" class=\"u-url mention\">@{slug}</a></span>")
}
