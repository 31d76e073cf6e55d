//! What a moderator does with a report: leaves things as they are, or takes the post back; and, if ticked, tells the
//! author's server. The log says who.

use super::addressee::addressee;
use super::{Report, State, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ReportId;
use crate::neighbourhood::accounts::Moderator;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::moderation::{self, Decision};
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::say;
use crate::neighbourhood::posts::store as posts_store;
use crate::neighbourhood::submissions::withdraw;

/// The field of the `Invalid` that says that a server would not read the report.
pub const UNREAD: &str = "passing on";

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub takes_back: bool,
    /// The author's server is told, in the name of the moderation and not of who reported or decided.
    pub passes_on: bool,
}

/// # Errors
/// `Conflict` where it was handled before, or what was to be taken back is not passed on now; `Invalid` without a word,
/// where nobody elsewhere could be told, or ([`UNREAD`]) where their server would not read it.
pub fn end(
    conn: &mut Connection,
    id: ReportId,
    ending: Ending,
    answer: &str,
    by: &Moderator,
    now: Time,
) -> Result<()> {
    let report = open(conn, id, by)?;
    if ending.takes_back {
        let post = report.post_id.ok_or_else(|| Error::invalid("report", "is about no post"))?;
        let post = posts_store::find(conn, post)?;
        withdraw::by_moderator(conn, &post, by, answer, now)?;
    }
    if ending.passes_on {
        pass_on(conn, &report, now)?;
    }
    let state = if ending.takes_back { State::TakenBack } else { State::Closed };
    store::close(conn, &report, state, answer, ending.passes_on, now)?;
    moderation::record(
        conn,
        report.wijk_id,
        Decision::ReportHandled,
        by.account(),
        report.subject.as_str(),
        Some(answer),
        now,
    )
}

fn pass_on(conn: &mut Connection, report: &Report, now: Time) -> Result<()> {
    let nobody = || Error::invalid("report", "is about nobody on another server");
    let about = actors_store::find(conn, report.actor_id.ok_or_else(nobody)?)?;
    if about.is_local {
        return Err(nobody());
    }
    let unread = || {
        Error::invalid(
            UNREAD,
            "that server reads only reports about posts of which we know the community",
        )
    };
    addressee(conn, report, &about)?.ok_or_else(unread)?;
    say(conn, &Word::Report { report: report.id }, now)
}

/// Of this moderator's own wijk, or for who decides everywhere also of none.
fn open(conn: &mut Connection, id: ReportId, by: &Moderator) -> Result<Report> {
    let report = store::find(conn, id)?;
    let is_theirs = match report.wijk_id {
        Some(wijk) => wijk == by.wijk(),
        None => by.is_administrator(),
    };
    match (is_theirs, report.state) {
        (false, _) => Err(Error::NotFound),
        (true, State::Open) => Ok(report),
        (true, _) => Err(Error::Conflict("that was handled already")),
    }
}
