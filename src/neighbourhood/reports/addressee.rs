//! To whom a report is passed on. Lemmy reads one about a post only, and up to 0.19 only one to its community.

use super::Report;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::instances::{self, Kind, Known};
use crate::neighbourhood::posts::store as posts_store;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// Whom it is about.
    Account,
    /// The community that the post is in: a wijk, or a group elsewhere.
    Community(Uri),
    /// The server itself.
    Server,
}

/// `None` where the server of `about` would drop it whatever it is addressed to.
pub fn addressee(
    conn: &mut Connection,
    report: &Report,
    about: &Actor,
) -> Result<Option<Addressee>> {
    let known = instances::among(conn, &[&about.domain])?;
    let known = known.get(&about.domain).cloned().unwrap_or_default();
    if known.kind() != Kind::Threadiverse {
        return Ok(Some(Addressee::Account));
    }
    Ok(match community(conn, report)? {
        Some(community) => Some(Addressee::Community(community)),
        None if reads_none_without(&known, report) => None,
        None => Some(Addressee::Server),
    })
}

fn reads_none_without(known: &Known, report: &Report) -> bool {
    known.runs("lemmy") && (known.major_version() < 1 || report.post_id.is_none())
}

fn community(conn: &mut Connection, report: &Report) -> Result<Option<Uri>> {
    let Some(post) = report.post_id else { return Ok(None) };
    Ok(posts_store::find(conn, post)?.community)
}
