//! A post, written here or elsewhere, and its versions. What an approval pins is a version.

pub mod event;
pub mod poll;
pub mod publish;
pub mod receive;
pub mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::event::Event;
use self::poll::Poll;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::{post_versions, posts, private_posts, raw_activities};
use crate::foundation::database::text_enum;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, PostId, PrivatePostId, RawActivityId, VersionId};
use crate::foundation::links::Links;
use crate::foundation::secret::sha256;
use crate::foundation::text::SafeHtml;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;

text_enum! {
    /// Who may see it where it was written.
    Visibility {
        /// The public collection is in `to`.
        Public = "public",
        /// The public collection is in `cc`: public, but not pushed.
        Quiet = "quiet",
        /// Anything else. Never shown, never announced.
        Private = "private",
    }
}

impl Visibility {
    #[must_use]
    pub fn is_public(self) -> bool {
        self != Self::Private
    }
}

text_enum! {
    /// The ActivityPub type of what may be offered to a wijk.
    ObjectType {
        Note = "Note",
        Page = "Page",
        Article = "Article",
        Question = "Question",
        Event = "Event",
        Image = "Image",
        Video = "Video",
    }
}

text_enum! {
    /// What it is to a reader.
    Kind {
        News = "news",
        Tip = "tip",
        Event = "event",
        /// Work on streets and buildings.
        Works = "works",
        /// Urgent: it is told before all else.
        Alert = "alert",
        Poll = "poll",
    }
}

impl Kind {
    /// Of a post written elsewhere: more than its type nobody tells us.
    #[must_use]
    pub fn of(object_type: ObjectType) -> Self {
        match object_type {
            ObjectType::Event => Self::Event,
            ObjectType::Question => Self::Poll,
            _ => Self::News,
        }
    }

    /// Where one is found here: page and ActivityPub id of ours, page of others'.
    #[must_use]
    pub fn address(self, links: &Links, id: PostId) -> String {
        match self {
            Self::Event => links.event(id),
            Self::Poll => links.poll(id),
            _ => links.post(id),
        }
    }

    /// The type under which other servers are given one of ours.
    #[must_use]
    pub fn object_type(self) -> ObjectType {
        match self {
            Self::Event => ObjectType::Event,
            Self::Poll => ObjectType::Question,
            _ => ObjectType::Note,
        }
    }
}

/// A direct or followers-only post that names a wijk: for its moderators, and for nobody else.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct PrivatePost {
    #[diesel(select_expression = private_posts::id)]
    pub id: PrivatePostId,
    #[diesel(select_expression = private_posts::uri)]
    pub uri: Uri,
    #[diesel(select_expression = private_posts::content)]
    pub content: SafeHtml,
    #[diesel(select_expression = private_posts::received_at)]
    pub received_at: Time,
    #[diesel(embed)]
    pub author: Actor,
}

text_enum! {
    RawKind { Create = "Create", Update = "Update", Delete = "Delete" }
}

/// What its author sent about a post, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    pub kind: RawKind,
    pub json: String,
    /// Carries a signature of its own: other servers believe it whoever hands it on.
    pub is_signed: bool,
}

/// A [`Raw`] that is kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = raw_activities)]
pub struct KeptRaw {
    pub id: RawActivityId,
    pub kind: RawKind,
    pub is_signed: bool,
    pub json: String,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = posts)]
#[diesel(treat_none_as_default_value = false)]
pub struct Post {
    pub id: PostId,
    /// The ActivityPub id, where it was written.
    pub uri: Uri,
    pub author_id: ActorId,
    pub object_type: ObjectType,
    pub kind: Kind,
    pub is_local: bool,
    pub visibility: Visibility,
    /// The page where it was written.
    pub url: String,
    pub in_reply_to: Option<Uri>,
    /// The group that it is in where it was written; `None` where there is none or we do not know it.
    pub community: Option<Uri>,
    /// The post that opened the conversation: itself where it answers nothing known here.
    pub thread_id: PostId,
    pub published_at: Time,
    pub received_at: Time,
    pub newest_version: VersionId,
    pub gone_at: Option<Time>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = post_versions)]
#[diesel(treat_none_as_default_value = false)]
pub struct Version {
    pub id: VersionId,
    pub post_id: PostId,
    pub title: Option<String>,
    /// A content warning.
    pub summary: Option<String>,
    pub content: SafeHtml,
    pub language: Option<String>,
    pub is_sensitive: bool,
    /// [`Attachment`]s in JSON.
    pub attachments: String,
    /// An [`Event`] in JSON.
    pub event: Option<String>,
    /// A [`Poll`] in JSON.
    pub poll: Option<String>,
    /// Its hashtags in JSON.
    pub tags: String,
    pub shown_hash: Vec<u8>,
    pub written_at: Time,
}

/// What hangs on a post. A picture is shown as our copy of it (`media`), all else as a link with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where it is published; of a picture given to us here what it is, as [`Attachment::own`] says it.
    pub url: String,
    pub media_type: String,
    pub alt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
}

/// How an attachment says that it is a quoted post, and no picture.
const QUOTED: &str = "application/activity+json";

/// What of a picture must be seen where not all of it is: hundredths from its middle, right and up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Focus {
    pub x: i8,
    pub y: i8,
}

impl Attachment {
    /// A picture given to us: its content says which one it is, whatever its file is called.
    #[must_use]
    pub fn own(content: &[u8], media_type: &str, alt: &str) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(sha256(content));
        Self {
            url: format!("sha256:{hash}"),
            media_type: media_type.to_owned(),
            alt: alt.to_owned(),
            focus: None,
        }
    }

    /// Or may be one: many servers do not say.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        self.media_type.is_empty() || self.media_type.starts_with("image/")
    }

    /// A post that is quoted: a link to where it was written, and nothing of what it says.
    #[must_use]
    pub fn quoting(url: String) -> Self {
        Self { url, media_type: QUOTED.to_owned(), alt: String::new(), focus: None }
    }

    #[must_use]
    pub fn is_quote(&self) -> bool {
        self.media_type == QUOTED
    }
}

/// All of a version that a reader sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub content: SafeHtml,
    pub language: Option<String>,
    pub is_sensitive: bool,
    pub attachments: Vec<Attachment>,
    pub event: Option<Event>,
    pub poll: Option<Poll>,
    /// In small letters, without the mark.
    pub tags: Vec<String>,
}

impl Shown {
    /// SHA-256 over all of it, each field with its length: equal hashes mean that a reader sees the same.
    pub fn hash(&self) -> Result<[u8; 32]> {
        let attachments = hashed(&self.attachments)?;
        let event = self.event.as_ref().map(json).transpose()?;
        let poll = self.poll.as_ref().map(json).transpose()?;
        let tags = json(&self.tags)?;
        let mut bytes = vec![u8::from(self.is_sensitive)];
        for field in [
            self.title.as_deref(),
            self.summary.as_deref(),
            Some(self.content.as_str()),
            Some(&attachments),
            event.as_deref(),
            poll.as_deref(),
            Some(&tags),
        ] {
            let field = field.unwrap_or_default();
            bytes.extend(field.len().to_be_bytes());
            bytes.extend(field.as_bytes());
        }
        Ok(sha256(&bytes))
    }

    /// Where the post it quotes was written.
    #[must_use]
    pub fn quoted(&self) -> Option<&str> {
        self.attachments.iter().find(|one| one.is_quote()).map(|quote| quote.url.as_str())
    }

    /// The text without marks, with the title before it and what can be chosen behind it, for lists and command lines.
    #[must_use]
    pub fn plain(&self) -> String {
        let place = self.event.as_ref().and_then(|event| event.place.as_ref());
        let options = self.poll.iter().flat_map(|poll| &poll.options);
        let parts = [self.title.clone(), self.summary.clone(), place.map(event::Place::line)];
        let parts = parts.into_iter().flatten().chain([self.content.to_plain()]);
        let parts = parts.filter(|part| !part.is_empty());
        parts.chain(options.map(|option| format!("- {option}"))).collect::<Vec<_>>().join("\n")
    }
}

/// What is seen of them: not where they are cut.
fn hashed(attachments: &[Attachment]) -> Result<String> {
    let whole: Vec<Attachment> =
        attachments.iter().map(|it| Attachment { focus: None, ..it.clone() }).collect();
    serde_json::to_string(&whole).map_err(Error::internal)
}

impl Version {
    /// As if it quoted nobody.
    pub fn forget_quotes(&mut self) -> Result<()> {
        let mut shown = self.shown();
        shown.attachments.retain(|one| !one.is_quote());
        self.attachments = json(&shown.attachments)?;
        Ok(())
    }

    fn new(id: VersionId, post_id: PostId, shown: &Shown, written_at: Time) -> Result<Self> {
        Ok(Self {
            id,
            post_id,
            title: shown.title.clone(),
            summary: shown.summary.clone(),
            content: shown.content.clone(),
            language: shown.language.clone(),
            is_sensitive: shown.is_sensitive,
            attachments: json(&shown.attachments)?,
            event: shown.event.as_ref().map(json).transpose()?,
            poll: shown.poll.as_ref().map(json).transpose()?,
            tags: json(&shown.tags)?,
            shown_hash: shown.hash()?.to_vec(),
            written_at,
        })
    }

    #[must_use]
    pub fn shown(&self) -> Shown {
        Shown {
            title: self.title.clone(),
            summary: self.summary.clone(),
            content: self.content.clone(),
            language: self.language.clone(),
            is_sensitive: self.is_sensitive,
            attachments: read(&self.attachments).unwrap_or_default(),
            event: self.event.as_deref().and_then(read),
            poll: self.poll.as_deref().and_then(read),
            tags: read(&self.tags).unwrap_or_default(),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// What was written by [`json`].
fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::event::{EventStatus, Place};
    use super::*;

    #[test]
    fn everything_a_reader_sees_is_in_the_hash() {
        let event = Event {
            starts_at: Time::ZERO,
            ends_at: None,
            time_zone: None,
            status: EventStatus::Confirmed,
            place: Some(Place::parse("Plein")),
            online_url: None,
        };
        let options = vec!["ja".to_owned(), "nee".to_owned()];
        let poll = Poll { options, is_multiple: false, ends_at: None };
        let shown = Shown {
            content: SafeHtml::from_plain("De bank is stuk"),
            attachments: vec![Attachment {
                url: "https://a.test/1".into(),
                media_type: "image/png".into(),
                alt: "bank".into(),
                focus: None,
            }],
            event: Some(event.clone()),
            poll: Some(poll.clone()),
            ..Shown::default()
        };
        let changes: [fn(&mut Shown); 12] = [
            |shown| shown.title = Some("Bank".into()),
            |shown| shown.summary = Some("let op".into()),
            |shown| shown.content = SafeHtml::from_plain("De bank is heel"),
            |shown| shown.is_sensitive = true,
            |shown| shown.attachments[0].alt = "een bank".into(),
            |shown| shown.attachments[0].url = "https://a.test/2".into(),
            |shown| shown.event.as_mut().unwrap().starts_at = Time::FAR,
            |shown| shown.event.as_mut().unwrap().status = EventStatus::Cancelled,
            |shown| shown.event.as_mut().unwrap().place = None,
            |shown| shown.poll.as_mut().unwrap().options.swap(0, 1),
            |shown| shown.poll.as_mut().unwrap().is_multiple = true,
            |shown| shown.tags = vec!["plein".into()],
        ];
        for change in changes {
            let mut other = shown.clone();
            change(&mut other);
            assert_ne!(other.hash().unwrap(), shown.hash().unwrap(), "{other:?}");
        }
        let mut recut = shown.clone();
        recut.attachments[0].focus = Some(Focus { x: 10, y: -30 });
        assert_eq!(recut.hash().unwrap(), shown.hash().unwrap());
        let moved = Shown {
            title: Some("De bank is stuk".into()),
            content: SafeHtml::from_plain(""),
            ..shown.clone()
        };
        assert_ne!(moved.hash().unwrap(), shown.hash().unwrap());
    }
}
