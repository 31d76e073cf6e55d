//! A word of `outgoing` → what is said: its activity in the forms that servers read, who signs it and who hears it.

use serde_json::Value;

use super::activities::announcing::{self, Boost, ForCommunity};
use super::activities::{declining, following, publishing, reporting};
use super::objects::{actor, note};
use super::responses;
use super::telling::{Embedded, Said, Telling};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{
    ActivityId, ActorId, AnnouncementId, PostId, RawActivityId, ReportId, WijkId,
};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, keys, store as actors_store};
use crate::neighbourhood::announcements::{self, Announcement};
use crate::neighbourhood::follows;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::Pending;
use crate::neighbourhood::partners;
use crate::neighbourhood::polls;
use crate::neighbourhood::posts::{ObjectType, Post, Version, store as posts_store};
use crate::neighbourhood::reactions;
use crate::neighbourhood::reports::addressee::{Addressee, addressee};
use crate::neighbourhood::reports::store as reports;
use crate::neighbourhood::site;
use crate::neighbourhood::wijken::{self, Wijk};

pub(super) fn say(
    conn: &mut Connection,
    links: &Links,
    pending: &Pending,
    activity: ActivityId,
    embedded: ActivityId,
) -> Result<Said> {
    let (id, at) = (links.activity(activity), pending.said_at);
    match &pending.word {
        Word::AcceptFollow { follower, target, uri, .. } => {
            between(conn, *target, *follower, |by, to| following::accept(&id, to, by, uri))
        }
        Word::RejectFollow { follower, target, uri } => {
            between(conn, *target, *follower, |by, to| following::reject(&id, to, by, uri))
        }
        Word::Follow { follower, target, uri } => {
            between(conn, *follower, *target, |by, to| following::follow(uri, by, to))
        }
        Word::UndoFollow { follower, target, uri } => {
            between(conn, *follower, *target, |by, to| following::undo_follow(&id, uri, by, to))
        }
        Word::IgnoreJoin { join, by, to } => {
            between(conn, *by, *to, |by, to| declining::ignore(&id, by, to, join))
        }
        Word::RejectQuote { request, post, quote, by, to } => between(conn, *by, *to, |by, to| {
            declining::reject_quote(&id, by, to, request, post, quote.as_ref())
        }),
        Word::Report { report } => flag(conn, &id, *report),
        Word::Announce { announcement, .. } => {
            Passing::read(conn, *announcement)?.announce(conn, links)
        }
        Word::UndoAnnounce { announcement, deletion, .. } => {
            let passing = Passing::read(conn, *announcement)?;
            passing.undo(conn, links, &links.activity(embedded), *deletion, at)
        }
        Word::AnnounceUpdate { announcement, raw, .. } => {
            Passing::read(conn, *announcement)?.update(conn, links, &links.activity(embedded), *raw)
        }
        Word::HandOn { announcement, raw, .. } => {
            Passing::read(conn, *announcement)?.hand_on(conn, *raw)
        }
        Word::Relay { announcement, .. } => {
            Passing::read(conn, *announcement)?.relay(conn, links, false)
        }
        Word::UndoRelay { announcement, .. } => {
            Passing::read(conn, *announcement)?.relay(conn, links, true)
        }
        Word::CreatePost { post } => create(conn, links, &id, *post),
        Word::UpdatePost { post, .. } => update(conn, links, &id, *post),
        Word::UpdatePoll { post } => update_poll(conn, links, &id, *post),
        Word::DeletePost { post } => delete(conn, *post, at),
        Word::UpdateWijk { wijk, .. } => update_actor(conn, links, &id, (*wijk).into()),
        Word::UpdateKey { actor, .. } => update_key(conn, links, &id, *actor),
        Word::DeleteWijk { wijk } => close_wijk(conn, *wijk, at),
    }
}

fn create(conn: &mut Connection, links: &Links, id: &str, post: PostId) -> Result<Said> {
    let (post, author) = post_and_author(conn, post)?;
    let note = note_of(conn, links, &post, &author)?;
    let context = note::context(post.object_type);
    let create = publishing::create(id, &context, &note, &post, &author);
    Ok(written_here(&create, &author, &post, None))
}

fn update_poll(conn: &mut Connection, links: &Links, id: &str, post: PostId) -> Result<Said> {
    let mut said = update(conn, links, id, post)?;
    said.directly.extend(polls::inboxes(conn, post)?);
    Ok(said)
}

fn delete(conn: &mut Connection, post: PostId, at: Time) -> Result<Said> {
    let (post, author) = post_and_author(conn, post)?;
    let delete = publishing::delete_post(&post, &author, at);
    to_holders(conn, &delete, &author, &post, Some(post.published_at))
}

fn update_actor(conn: &mut Connection, links: &Links, id: &str, actor: ActorId) -> Result<Said> {
    let actor = actors_store::find(conn, actor)?;
    let document = document(conn, links, &actor)?;
    Ok(to_followers(&publishing::update_actor(id, &document, &actor), &actor, None))
}

/// Partners hold the key too: they heard an answer, or that a post of theirs was passed on.
fn update_key(conn: &mut Connection, links: &Links, id: &str, actor: ActorId) -> Result<Said> {
    let mut said = update_actor(conn, links, id, actor)?;
    let partners = partners::list(conn, WijkId(actor.0))?;
    said.directly.extend(partners.iter().map(|one| one.actor.delivery_inbox().to_owned()));
    Ok(said)
}

fn close_wijk(conn: &mut Connection, wijk: WijkId, at: Time) -> Result<Said> {
    let wijk = wijken::by_id(conn, wijk)?;
    let delete = publishing::delete_actor(&wijk.actor);
    let mut said = to_followers(&delete, &wijk.actor, Some(at.minus(follows::REMEMBERED)));
    said.directly = follows::followed_inboxes(conn, wijk.actor.id)?;
    Ok(said)
}

/// What was reported, to the server of its author, in the form it reads.
fn flag(conn: &mut Connection, id: &str, report: ReportId) -> Result<Said> {
    let report = reports::find(conn, report)?;
    let about = actors_store::find(conn, report.actor_id.ok_or(Error::NotFound)?)?;
    let by = actors_store::local(conn, site::MODERATION)?;
    let flag = match addressee(conn, &report, &about)?.ok_or(Error::NotFound)? {
        Addressee::Account => reporting::flag(id, &by, &about, &report),
        Addressee::Community(uri) => reporting::flag_for_threadiverse(id, &by, &uri, &report),
        Addressee::Server => {
            let home = about.uri.url()?.join("/").map_err(Error::internal)?;
            reporting::flag_for_threadiverse(id, &by, &Uri::parse(home.as_str())?, &report)
        }
    };
    let directly = vec![about.delivery_inbox().to_owned()];
    Ok(Said { directly, ..to_one(&flag, &by, &about) })
}

/// A local actor as others see it.
fn document(conn: &mut Connection, links: &Links, actor: &Actor) -> Result<Value> {
    let key = keys::shown(conn, actor.id)?;
    if [links.instance_actor(), links.moderation_actor()]
        .iter()
        .any(|own| actor.uri == own.as_str())
    {
        return Ok(actor::own_json(actor, &key, links));
    }
    match wijken::find(conn, &actor.username) {
        Ok(wijk) => Ok(actor::wijk_json(&wijk, &key, links)),
        Err(Error::NotFound) => Ok(actor::author_json(actor, &key, links)),
        Err(error) => Err(error),
    }
}

/// What a wijk passes on.
struct Passing {
    announcement: Announcement,
    wijk: Wijk,
    post: Post,
    author: Actor,
}

impl Passing {
    fn read(conn: &mut Connection, id: AnnouncementId) -> Result<Self> {
        let announcement = announcements::find(conn, id)?;
        let wijk = wijken::by_id(conn, announcement.wijk_id)?;
        let (post, author) = post_and_author(conn, announcement.post_id)?;
        Ok(Self { announcement, wijk, post, author })
    }

    /// A reply asks for a place in its thread, and never for one in a home feed.
    fn is_for_microblogs(&self) -> bool {
        self.post.in_reply_to.is_none()
    }

    fn announce(&self, conn: &mut Connection, links: &Links) -> Result<Said> {
        let Self { announcement, wijk, post, author } = self;
        let by_id = Boost::of(announcement, wijk, post, &author.uri, links);
        let embedded = match embeddable(conn, links, self)? {
            Some(create) => Some(Embedded {
                json: announcing::embedded(&by_id.id, wijk, announcement.announced_at, &create)?,
                is_bare_note: self.is_bare_note(),
            }),
            None => None,
        };
        Ok(self.said(
            self.is_for_microblogs().then(|| by_id.announce().to_string()),
            embedded,
            Telling::Announcing(announcement.id),
            None,
        ))
    }

    /// We embed our own as Pages.
    fn is_bare_note(&self) -> bool {
        let is_titled = matches!(
            self.post.object_type,
            ObjectType::Page | ObjectType::Article | ObjectType::Event | ObjectType::Video
        );
        !self.post.is_local && self.post.in_reply_to.is_none() && !is_titled
    }

    /// By what the author sent where the author deleted it, else by the word of the server's moderation.
    fn undo(
        &self,
        conn: &mut Connection,
        links: &Links,
        id: &str,
        deletion: Option<RawActivityId>,
        at: Time,
    ) -> Result<Said> {
        let Self { announcement, wijk, post, author } = self;
        let by_id = Boost::of(announcement, wijk, post, &author.uri, links);
        let deletion = match deletion {
            Some(raw) => posts_store::raw(conn, raw)?.json,
            None if post.is_local && post.gone_at.is_some() => {
                publishing::delete_post(post, author, at).to_string()
            }
            None => announcing::removal(announcement, wijk, post, links).to_string(),
        };
        Ok(self.said(
            self.is_for_microblogs().then(|| by_id.undo().to_string()),
            Some(Embedded::of(announcing::embedded(id, wijk, at, &deletion)?)),
            Telling::Following(announcement.id),
            Some(announcement.announced_at),
        ))
    }

    fn update(
        &self,
        conn: &mut Connection,
        links: &Links,
        id: &str,
        raw: Option<RawActivityId>,
    ) -> Result<Said> {
        let update = match raw {
            Some(raw) => posts_store::raw(conn, raw)?.json,
            None => self.for_community(conn, links)?.update().to_string(),
        };
        let at = self.announcement.announced_at;
        let embedded = announcing::embedded(id, &self.wijk, at, &update)?;
        let embedded = Some(Embedded::of(embedded));
        Ok(self.said(None, embedded, Telling::Following(self.announcement.id), None))
    }

    /// The approved version of a post written here, as communities read it.
    fn for_community(&self, conn: &mut Connection, links: &Links) -> Result<ForCommunity<'_>> {
        let version = posts_store::version(conn, self.announcement.version_id)?;
        let note = note_of(conn, links, &self.post, &self.author)?;
        Ok(ForCommunity::of(&note, &self.post, &version, &self.author, &self.wijk))
    }

    /// Mobilizon imports what the actor announces that its instance follows: the server's own.
    fn relay(&self, conn: &mut Connection, links: &Links, is_undo: bool) -> Result<Said> {
        let instance = site::instance_actor(conn, links)?;
        let (announcement, author) = (&self.announcement, &self.author.uri);
        let boost = Boost::relayed(announcement, &instance, &self.post, author, links);
        let json = if is_undo { boost.undo() } else { boost.announce() };
        let since = is_undo.then_some(announcement.announced_at);
        Ok(Said { telling: Telling::Relaying, ..to_followers(&json, &instance, since) })
    }

    fn hand_on(&self, conn: &mut Connection, raw: RawActivityId) -> Result<Said> {
        let raw = posts_store::raw(conn, raw)?.json;
        let since = self.post.gone_at.map(|_| self.announcement.announced_at);
        let raw = self.is_for_microblogs().then_some(raw);
        Ok(self.said(raw, None, Telling::Following(self.announcement.id), since))
    }

    fn said(
        &self,
        activity: Option<String>,
        embedded: Option<Embedded>,
        telling: Telling,
        heard_since: Option<Time>,
    ) -> Said {
        Said {
            signer: self.wijk.actor.id,
            activity,
            embedded,
            telling,
            directly: vec![self.author.delivery_inbox().to_owned()],
            followers_of: vec![self.wijk.actor.id],
            heard_since,
        }
    }
}

/// The author's own activity about the approved version, as it came or as we made it. None where we hold none, or
/// where it does not address the wijk: Lemmy looks for its community in `to` and `cc`.
fn embeddable(conn: &mut Connection, links: &Links, passing: &Passing) -> Result<Option<String>> {
    let Passing { announcement, wijk, post, .. } = passing;
    if post.is_local {
        let create = passing.for_community(conn, links)?.create(links);
        return Ok(Some(create.to_string()));
    }
    let raw = posts_store::raw_of(conn, announcement.version_id)?;
    Ok(raw.map(|raw| raw.json).filter(|json| announcing::addresses(json, &wijk.actor.uri)))
}

fn to_one(json: &Value, signer: &Actor, recipient: &Actor) -> Said {
    // What is between two goes to its person: a server may know them by their own inbox only.
    Said { directly: vec![recipient.inbox.clone()], ..alike(json, signer) }
}

fn to_followers(json: &Value, signer: &Actor, heard_since: Option<Time>) -> Said {
    Said { followers_of: vec![signer.id], heard_since, ..alike(json, signer) }
}

/// Of a post written here, to its author's followers.
fn written_here(json: &Value, author: &Actor, post: &Post, heard_since: Option<Time>) -> Said {
    let telling =
        Telling::Writing { post: post.id, is_event: post.object_type == ObjectType::Event };
    Said { telling, ..to_followers(json, author, heard_since) }
}

fn alike(json: &Value, signer: &Actor) -> Said {
    Said {
        signer: signer.id,
        activity: Some(json.to_string()),
        embedded: None,
        telling: Telling::Alike,
        directly: Vec::new(),
        followers_of: Vec::new(),
        heard_since: None,
    }
}

fn update(conn: &mut Connection, links: &Links, id: &str, post: PostId) -> Result<Said> {
    let (post, author) = post_and_author(conn, post)?;
    let object = note_of(conn, links, &post, &author)?;
    let context = note::context(post.object_type);
    let update = publishing::update_post(id, &context, &object, &author);
    to_holders(conn, &update, &author, &post, None)
}

/// Who follows the author, who follows a wijk that passed it on, and who reacted: their servers fetched the post itself.
fn to_holders(
    conn: &mut Connection,
    json: &Value,
    author: &Actor,
    post: &Post,
    heard_since: Option<Time>,
) -> Result<Said> {
    let mut said = written_here(json, author, post, heard_since);
    let passed_on_by = announcements::ever_by(conn, post.id)?;
    said.followers_of.extend(passed_on_by.into_iter().map(ActorId::from));
    said.directly = reactions::inboxes(conn, post.id)?;
    Ok(said)
}

fn between(
    conn: &mut Connection,
    by: ActorId,
    to: ActorId,
    form: impl FnOnce(&Actor, &Actor) -> Value,
) -> Result<Said> {
    let (by, to) = (actors_store::find(conn, by)?, actors_store::find(conn, to)?);
    Ok(to_one(&form(&by, &to), &by, &to))
}

fn post_and_author(conn: &mut Connection, post: PostId) -> Result<(Post, Actor)> {
    let post = posts_store::find(conn, post)?;
    let author = actors_store::find(conn, post.author_id)?;
    Ok((post, author))
}

/// A local post as servers see it: its newest version, addressed to the wijken that passed it on.
pub fn note_of(conn: &mut Connection, links: &Links, post: &Post, author: &Actor) -> Result<Value> {
    let version: Version = posts_store::version(conn, post.newest_version)?;
    let mut wijken: Vec<Wijk> = Vec::new();
    for announcement in announcements::all_standing(conn, post.id)? {
        wijken.push(wijken::by_id(conn, announcement.wijk_id)?);
    }
    let (pictures, ballot) = (Pictures::of(conn, &[version.id])?, polls::find(conn, post.id)?);
    let mut note =
        note::note_json(post, &version, author, &wijken, &pictures, ballot.as_ref(), links);
    responses::say_in(conn, links, post, &mut note)?;
    Ok(note)
}
