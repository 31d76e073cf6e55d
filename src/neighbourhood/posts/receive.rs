//! A post written elsewhere, as its origin gave it to us: kept as a new version where a reader sees something new.

use std::time::Duration;

use super::poll::Tally;
use super::{Kind, ObjectType, Post, Raw, Shown, Version, Visibility, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{PostId, VersionId};
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, ActorKind, store as actors_store};

/// Longer than a Create may be late behind its Delete.
const LATE: Duration = Duration::from_hours(6);

/// So much the clock of another server may be ahead of ours; a post from further in the future is from now.
const AHEAD: Duration = Duration::from_mins(5);

/// What the origin said.
#[derive(Debug, Clone)]
pub struct Received {
    pub uri: Uri,
    pub object_type: ObjectType,
    pub visibility: Visibility,
    pub url: String,
    pub in_reply_to: Option<Uri>,
    pub published_at: Time,
    pub shown: Shown,
    /// Of a poll: how it stands.
    pub tally: Option<Tally>,
    /// Whom it names: `to`, `cc`, `audience` and mentions.
    pub addressed: Vec<Uri>,
    pub community: Community,
    /// Who may pass it on, where its author says so: everybody else may not.
    pub announceable_by: Option<Vec<Uri>>,
    /// What its author sent, where it says exactly this.
    pub raw: Option<Raw>,
}

/// How its server finds the group that a post is in.
#[derive(Debug, Clone)]
pub enum Community {
    Said(Uri),
    /// The first group among these is it.
    Among(Vec<Uri>),
}

impl Received {
    #[must_use]
    pub fn may_be_announced_by(&self, wijk: &Uri) -> bool {
        self.announceable_by.as_ref().is_none_or(|these| these.contains(wijk))
    }
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Not known before.
    New { post: Post, version: Box<Version> },
    /// Known, with the version a reader sees now.
    Again { post: Post, version: VersionId },
    /// Its author deleted it; a late Create does not bring it back.
    Deleted,
}

/// Keeps what may be public, the caller has made sure of that; `known` is the post of that address.
///
/// # Errors
/// `Invalid` where the post is another author's: nobody speaks for another.
pub fn keep(
    conn: &mut Connection,
    author: &Actor,
    known: Option<Post>,
    received: &Received,
    now: Time,
) -> Result<Kept> {
    let buried = store::buried_at(conn, &received.uri, &author.uri)?;
    if buried.is_some_and(|at| now.since(at) < LATE) {
        return Ok(Kept::Deleted);
    }
    match known {
        Some(post) => again(conn, author, post, received, now),
        None => new(conn, author, received, now),
    }
}

/// The post it answers, where that is known here and may be seen.
pub fn answered(conn: &mut Connection, received: &Received) -> Result<Option<Post>> {
    let Some(uri) = &received.in_reply_to else { return Ok(None) };
    let post = store::by_uri(conn, uri)?;
    Ok(post.filter(|post| post.gone_at.is_none() && post.visibility.is_public()))
}

/// `None` also where an address that we do not know may be the group: that a wijk is named as well makes it no wijk's.
/// A group that we do not know is believed of its own server only.
fn find(conn: &mut Connection, community: &Community, author: &Actor) -> Result<Option<Uri>> {
    let named = match community {
        Community::Said(group) => {
            let is_group = match actors_store::by_uri(conn, group)? {
                Some(actor) => actor.kind == ActorKind::Group,
                None => group.same_origin(&author.uri),
            };
            return Ok(is_group.then(|| group.clone()));
        }
        Community::Among(named) => named,
    };
    for uri in named {
        match actors_store::by_uri(conn, uri)? {
            Some(actor) if actor.kind == ActorKind::Group => return Ok(Some(actor.uri)),
            Some(_) => {}
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn new(conn: &mut Connection, author: &Actor, received: &Received, now: Time) -> Result<Kept> {
    let (id, version_id) = (PostId::next(now), VersionId::next(now));
    let version = Version::new(version_id, id, &received.shown, now)?;
    let answered = answered(conn, received)?;
    let post = Post {
        id,
        uri: received.uri.clone(),
        author_id: author.id,
        object_type: received.object_type,
        kind: Kind::of(received.object_type),
        is_local: false,
        visibility: received.visibility,
        url: received.url.clone(),
        in_reply_to: received.in_reply_to.clone(),
        community: find(conn, &received.community, author)?,
        thread_id: answered.map_or(id, |answered| answered.thread_id),
        published_at: Some(received.published_at)
            .filter(|at| *at <= now.plus(AHEAD))
            .unwrap_or(now),
        received_at: now,
        newest_version: version_id,
        gone_at: None,
    };
    if !store::insert(conn, &post)? {
        // Another process was first with the same post.
        return Err(Error::Conflict("another worker keeps this post"));
    }
    store::insert_version(conn, &version)?;
    if let Some(raw) = &received.raw {
        store::keep_raw(conn, id, version_id, raw, now)?;
    }
    Ok(Kept::New { post, version: Box::new(version) })
}

fn again(
    conn: &mut Connection,
    author: &Actor,
    post: Post,
    received: &Received,
    now: Time,
) -> Result<Kept> {
    if post.author_id != author.id || post.is_local {
        return Err(Error::invalid("attributedTo", "that post is another author's"));
    }
    if post.gone_at.is_some() {
        return Ok(Kept::Deleted);
    }
    let version = Version::new(VersionId::next(now), post.id, &received.shown, now)?;
    let kept = store::keep_version(conn, &version)?;
    store::touch(conn, post.id, kept, received.visibility)?;
    if let Some(raw) = &received.raw {
        store::keep_raw(conn, post.id, kept, raw, now)?;
    }
    let post = Post { newest_version: kept, visibility: received.visibility, ..post };
    Ok(Kept::Again { post, version: kept })
}
