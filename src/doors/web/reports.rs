//! The desk's part for reports: what was reported, why, and by which server. Each ends with a word: left as it is, or
//! taken back; and, if ticked, the author's server is told the same word.

use serde::Deserialize;

use super::cards;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ReportId, WijkId};
use crate::foundation::links::Links;
use crate::neighbourhood::accounts::{Account, Moderator, seats};
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::announcements;
use crate::neighbourhood::posts::{Post, store as posts};
use crate::neighbourhood::reports::addressee::addressee;
use crate::neighbourhood::reports::handle::Ending;
use crate::neighbourhood::reports::{Report, Why, store};
use crate::neighbourhood::wijken;

/// Nobody reads more at once, and the next ones come up by themselves.
const MOST: i64 = 50;
const ANSWER_CHARACTERS: usize = 500;

/// See `parts/report.html`.
pub(super) struct Entry {
    pub(super) id: ReportId,
    pub(super) why: Why,
    pub(super) words: String,
    pub(super) host: Option<String>,
    pub(super) received: Time,
    pub(super) times: i32,
    /// Who is meant, or wrote it.
    pub(super) about: Option<String>,
    pub(super) text: Option<String>,
    pub(super) address: Option<String>,
    pub(super) subject: String,
    /// Whether the wijk passes it on now.
    pub(super) is_shown: bool,
    /// The server that could be told,
    pub(super) elsewhere: Option<String>,
    /// and whether it would read that.
    pub(super) is_read_there: bool,
    pub(super) action: String,
}

/// A report with what it is about.
pub(super) struct Read {
    report: Report,
    post: Option<(Post, String)>,
    about: Option<Actor>,
    is_shown: bool,
    is_read_there: bool,
}

/// The open ones of this desk; for an administrator also those that nobody could place.
pub(super) fn read(conn: &mut Connection, by: &Moderator) -> Result<Vec<Read>> {
    let mut open = store::open(conn, Some(by.wijk()), MOST)?;
    if by.is_administrator() {
        open.extend(store::open(conn, None, MOST)?);
    }
    open.into_iter().map(|report| with_subject(conn, report, by.wijk())).collect()
}

fn with_subject(conn: &mut Connection, report: Report, wijk: WijkId) -> Result<Read> {
    let about = report.actor_id.map(|id| actors_store::find(conn, id)).transpose()?;
    let is_read_there = match &about {
        Some(actor) if !actor.is_local => addressee(conn, &report, actor)?.is_some(),
        _ => false,
    };
    let post = report.post_id.map(|id| posts::find(conn, id)).transpose()?;
    let is_shown = match report.post_id {
        Some(post) => announcements::standing(conn, wijk, post)?.is_some(),
        None => false,
    };
    let post = match post {
        // Nothing private is shown, not even here.
        Some(post) if post.visibility.is_public() => {
            let text = posts::version(conn, post.newest_version)?.shown().plain();
            Some((post, text))
        }
        _ => None,
    };
    Ok(Read { report, post, about, is_shown, is_read_there })
}

pub(super) fn entry(read: Read, slug: &str, links: &Links) -> Entry {
    let Read { report, post, about, is_shown, is_read_there } = read;
    let remote = about.as_ref().filter(|actor| !actor.is_local);
    let here =
        post.as_ref().filter(|_| is_shown).map(|(post, _)| post.kind.address(links, post.id));
    let original = post.as_ref().and_then(|(post, _)| cards::original(post));
    Entry {
        id: report.id,
        why: report.why,
        words: report.words,
        host: report.host.map(|host| host.to_string()),
        received: report.received_at,
        times: report.times,
        elsewhere: remote.map(|actor| actor.domain.to_string()),
        address: here.or(original).or_else(|| about.as_ref().map(cards::page_of)),
        about: about.map(|actor| actor.handle()),
        text: post.map(|(_, text)| cards::shortened(&text)),
        subject: report.subject.to_string(),
        is_shown,
        is_read_there,
        action: format!("/balie/{}/afhandelen?wijk={slug}", report.id),
    }
}

#[derive(Deserialize)]
pub(super) struct Handling {
    #[serde(default)]
    answer: String,
    /// `terughalen`, or anything else to leave things as they are.
    #[serde(default)]
    besluit: String,
    /// Ticked: tell the author's server.
    doorsturen: Option<String>,
}

impl Handling {
    /// `None` without a word, or with too many.
    pub(super) fn answer(&self) -> Option<&str> {
        let answer = self.answer.trim();
        let fits = !answer.is_empty() && answer.chars().count() <= ANSWER_CHARACTERS;
        fits.then_some(answer)
    }

    pub(super) fn ending(&self) -> Ending {
        Ending { takes_back: self.besluit == "terughalen", passes_on: self.doorsturen.is_some() }
    }
}

/// Of the wijk that the report lies with; what lies with none is an administrator's, at whichever desk.
pub(super) fn moderator_for(
    conn: &mut Connection,
    account: &Account,
    id: ReportId,
    at: Option<&str>,
    now: Time,
) -> Result<Moderator> {
    let wijk = match (store::find(conn, id)?.wijk_id, at) {
        (Some(wijk), _) => wijk,
        (None, Some(slug)) => wijken::open(conn, slug)?.id(),
        (None, None) => return Err(Error::NotFound),
    };
    seats::moderator(conn, account, wijk, now).map_err(|error| match error {
        Error::Forbidden(_) => Error::NotFound,
        other => other,
    })
}
