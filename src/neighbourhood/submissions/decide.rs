//! A moderator's decision: approve or refuse. What was seen is what is decided.

use super::{State, Submission, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{SubmissionId, VersionId};
use crate::neighbourhood::accounts::Moderator;
use crate::neighbourhood::announcements;
use crate::neighbourhood::media::keep as media;
use crate::neighbourhood::moderation::{self, Decision};
use crate::neighbourhood::posts::store as posts_store;

/// What a moderator was shown.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub version: VersionId,
    /// How many of its pictures.
    pub pictures: usize,
}

/// The wijk passes it on, and the log says who decided. `seen` is what the moderator was shown, where that was earlier
/// than now.
///
/// # Errors
/// `Conflict` when somebody decided before, the author changed it meanwhile, or one of its pictures only came then.
pub fn approve(
    conn: &mut Connection,
    id: SubmissionId,
    seen: Option<Seen>,
    by: &Moderator,
    now: Time,
) -> Result<Submission> {
    let card = open(conn, id, seen.map(|seen| seen.version), by)?;
    // Before the submission's row, in the order in which an author's own change takes them.
    let post = posts_store::hold(conn, card.post.id)?;
    store::close(conn, &card.submission, State::Approved, now)?;
    media::approve(conn, &card.version, seen.map(|seen| seen.pictures), now)?;
    moderation::record(
        conn,
        Some(by.wijk()),
        Decision::Approved,
        by.account(),
        card.post.uri.as_str(),
        None,
        now,
    )?;
    announcements::announce(conn, by.wijk(), &post, &card.version, now)?;
    Ok(Submission { state: State::Approved, ..card.submission })
}

/// It leaves no trace in public.
///
/// # Errors
/// As [`approve`]; `Invalid` without a reason.
pub fn refuse(
    conn: &mut Connection,
    id: SubmissionId,
    seen: Option<VersionId>,
    by: &Moderator,
    reason: &str,
    now: Time,
) -> Result<Submission> {
    let reason = parse_reason(reason)?;
    let card = open(conn, id, seen, by)?;
    store::close(conn, &card.submission, State::Refused, now)?;
    moderation::record(
        conn,
        Some(by.wijk()),
        Decision::Refused,
        by.account(),
        card.post.uri.as_str(),
        Some(reason),
        now,
    )?;
    Ok(Submission { state: State::Refused, ..card.submission })
}

/// A decision names its reason, in at most 1,000 characters.
pub(super) fn parse_reason(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 {
        return Err(Error::invalid("reason", "say why, in at most 1000 characters"));
    }
    Ok(reason)
}

fn open(
    conn: &mut Connection,
    id: SubmissionId,
    seen: Option<VersionId>,
    by: &Moderator,
) -> Result<super::Card> {
    let card = store::card(conn, id)?;
    if card.submission.wijk_id != by.wijk() {
        return Err(Error::NotFound);
    }
    if card.submission.state != State::Waiting {
        return Err(Error::Conflict("that was decided already"));
    }
    if seen.is_some_and(|seen| seen != card.submission.version_id) {
        return Err(Error::Conflict("the author changed it meanwhile; read it again"));
    }
    Ok(card)
}
