//! To whom a report is passed on. Lemmy reads one about a post only, and up to 0.19 only one to its community.

use super::Report;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::WijkId;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::announcements;
use crate::neighbourhood::instances::{self, Kind, Known};
use crate::neighbourhood::submissions::store as submissions;
use crate::neighbourhood::wijken::{self, Wijk};

#[derive(Debug)]
pub enum Addressee {
    /// Whom it is about.
    Account,
    /// The community that the post is in.
    Community(Box<Wijk>),
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
        Some(wijk) => Some(Addressee::Community(Box::new(wijken::by_id(conn, wijk)?))),
        None if reads_none_without(&known, report) => None,
        None => Some(Addressee::Server),
    })
}

fn reads_none_without(known: &Known, report: &Report) -> bool {
    known.runs("lemmy") && (known.major_version() < 1 || report.post_id.is_none())
}

/// A wijk that the post was offered to; where there are more, the one that reads the report.
fn community(conn: &mut Connection, report: &Report) -> Result<Option<WijkId>> {
    let Some(post) = report.post_id else { return Ok(None) };
    let mut wijken = announcements::ever_by(conn, post)?;
    wijken.extend(submissions::offered_to(conn, post)?);
    let own = report.wijk_id.filter(|wijk| wijken.contains(wijk));
    Ok(own.or(wijken.first().copied()))
}
