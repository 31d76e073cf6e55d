//! Pictures come: with a post of somebody else's as addresses to fetch, with one of ours as files. And a version is
//! approved with those that had come.

use std::time::Duration;

use url::Url;

use super::{Picture, State, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{PictureId, VersionId};
use crate::foundation::images::Stored;
use crate::neighbourhood::posts::{Attachment, Version};

/// More of one host in a day are left as links: a flood of posts must not fill the disk.
const MOST_OF_A_HOST: i64 = 500;
const A_DAY: Duration = Duration::from_hours(24);

/// Wants the pictures of a version, once. What we have already of the same post from the same address is taken over:
/// other bytes there change nothing.
pub fn want(conn: &mut Connection, version: &Version, now: Time) -> Result<()> {
    let mut pictures = pictures_of(version).peekable();
    if pictures.peek().is_none() {
        return Ok(());
    }
    let known = store::of_post(conn, version.post_id)?;
    for (position, attachment) in pictures {
        let is_known = |it: &&Picture| it.version_id == version.id && it.position == position;
        if known.iter().find(is_known).is_some() {
            continue;
        }
        let same = |it: &&Picture| it.source == attachment.url && it.state == State::Kept;
        let row = match known.iter().find(same) {
            Some(copy) => Picture {
                id: PictureId::next(now),
                version_id: version.id,
                position,
                ..copy.clone()
            },
            None => match host_of(&attachment.url) {
                Some(host) => wanted(conn, version.id, position, &attachment, &host, now)?,
                None => continue,
            },
        };
        store::insert(conn, &row)?;
    }
    Ok(())
}

/// The files of a version written here, in the order of its pictures.
pub fn own(conn: &mut Connection, version: &Version, stored: &[Stored], now: Time) -> Result<()> {
    for ((position, attachment), stored) in pictures_of(version).zip(stored) {
        let row = blank(version.id, position, &attachment, now);
        store::insert(conn, &with_copy(row, stored)?)?;
    }
    Ok(())
}

/// A moderator approves the version: what has not come by now never will. `seen`: how many pictures the moderator was
/// shown, where that was earlier than now.
///
/// # Errors
/// `Conflict` where another one came meanwhile.
pub fn approve(
    conn: &mut Connection,
    version: &Version,
    seen: Option<usize>,
    now: Time,
) -> Result<()> {
    // First this: a copy that arrives at this moment waits for it, or is counted.
    store::close_wanted(conn, version.id)?;
    for (position, attachment) in pictures_of(version) {
        // Forgotten while it waited: nobody is to want it again.
        let row = blank(version.id, position, &attachment, now);
        store::insert(conn, &Picture { state: State::Unseen, ..row })?;
    }
    let kept = store::count_kept(conn, version.id)?;
    match seen {
        Some(seen) if usize::try_from(kept) != Ok(seen) => {
            Err(Error::Conflict("a picture came in meanwhile; look again"))
        }
        _ => Ok(()),
    }
}

/// With the place of each among the attachments.
fn pictures_of(version: &Version) -> impl Iterator<Item = (i32, Attachment)> {
    let attachments = (0..).zip(version.shown().attachments);
    attachments.filter(|(_, attachment)| attachment.is_picture())
}

fn wanted(
    conn: &mut Connection,
    version: VersionId,
    position: i32,
    attachment: &Attachment,
    host: &Domain,
    now: Time,
) -> Result<Picture> {
    let is_flood = store::count_of_host(conn, host.as_str(), now.minus(A_DAY))? >= MOST_OF_A_HOST;
    Ok(Picture {
        host: host.to_string(),
        state: if is_flood { State::Refused } else { State::Wanted },
        ..blank(version, position, attachment, now)
    })
}

fn blank(version_id: VersionId, position: i32, attachment: &Attachment, now: Time) -> Picture {
    Picture {
        id: PictureId::next(now),
        version_id,
        position,
        source: attachment.url.clone(),
        host: String::new(),
        state: State::Wanted,
        large: None,
        card: None,
        width: None,
        height: None,
        bytes: None,
        blurhash: None,
        tries: 0,
        not_before: now,
        leased_until: Time::ZERO,
        wanted_at: now,
    }
}

fn with_copy(row: Picture, stored: &Stored) -> Result<Picture> {
    Ok(Picture {
        state: State::Kept,
        large: Some(stored.large.clone()),
        card: Some(stored.card.clone()),
        width: Some(i32::try_from(stored.width).map_err(Error::internal)?),
        height: Some(i32::try_from(stored.height).map_err(Error::internal)?),
        bytes: Some(i64::try_from(stored.bytes).map_err(Error::internal)?),
        blurhash: Some(stored.blurhash.clone()),
        ..row
    })
}

fn host_of(url: &str) -> Option<Domain> {
    Domain::of(&Url::parse(url).ok()?).ok()
}
