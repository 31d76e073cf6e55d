//! A post written here, by a local partner or a redactie.

use std::time::Duration;

use super::{Kind, Post, Shown, Version, Visibility, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{PostId, VersionId};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::say;

/// Keeps it and tells the author's followers. Passing it on is the wijk's affair.
pub fn publish(
    conn: &mut Connection,
    links: &Links,
    author: &Actor,
    kind: Kind,
    shown: &Shown,
    now: Time,
) -> Result<(Post, VersionId)> {
    let (id, version_id) = (PostId::next(now), VersionId::next(now));
    let url = kind.address(links, id);
    let post = Post {
        id,
        uri: Uri::parse(&url)?,
        url,
        author_id: author.id,
        object_type: kind.object_type(),
        kind,
        is_local: true,
        visibility: Visibility::Public,
        in_reply_to: None,
        community: None,
        thread_id: id,
        published_at: now,
        received_at: now,
        newest_version: version_id,
        gone_at: None,
    };
    store::insert(conn, &post)?;
    store::keep_version(conn, &Version::new(version_id, id, shown, now)?)?;
    say(conn, &Word::CreatePost { post: id }, now)?;
    Ok((post, version_id))
}

/// Keeps what it says from now on. Every version is later than the one before, in whole seconds: servers show an edit
/// only where `updated` went up. Answers the post with its new version, or `None` where nothing changed.
///
/// # Errors
/// `NotFound` where it was not written here, or is gone.
pub fn edit(
    conn: &mut Connection,
    id: PostId,
    shown: &Shown,
    now: Time,
) -> Result<Option<(Post, Version)>> {
    let post = store::hold(conn, id)?;
    if !post.is_local || post.gone_at.is_some() {
        return Err(Error::NotFound);
    }
    let before = store::version(conn, post.newest_version)?;
    if before.shown() == *shown {
        return Ok(None);
    }
    let at = now.max(before.written_at.plus(Duration::from_secs(1)));
    let kept = store::keep_version(conn, &Version::new(VersionId::next(now), id, shown, at)?)?;
    store::write_again(conn, kept, at)?;
    store::touch(conn, id, kept, post.visibility)?;
    say(conn, &Word::UpdatePost { post: id, at }, now)?;
    Ok(Some((Post { newest_version: kept, ..post }, store::version(conn, kept)?)))
}
