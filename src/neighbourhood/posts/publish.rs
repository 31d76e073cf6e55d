//! A post written here, by a local partner or a redactie.

use super::{Kind, Post, Shown, Version, Visibility, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{PostId, VersionId};
use crate::foundation::links::Links;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::say;

/// Keeps it and tells the author's followers. Passing it on is the wijk's affair.
pub fn publish(
    conn: &mut Connection,
    links: &Links,
    author: &Actor,
    shown: &Shown,
    now: Time,
) -> Result<(Post, VersionId)> {
    let (id, version_id) = (PostId::next(now), VersionId::next(now));
    let uri = links.post(id);
    let post = Post {
        id,
        url: uri.clone(),
        uri,
        author_id: author.id,
        object_type: Kind::News.object_type(),
        kind: Kind::News,
        is_local: true,
        visibility: Visibility::Public,
        in_reply_to: None,
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
