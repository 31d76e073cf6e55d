//! The moderation desk: what waits, what asks for a place in a thread, and what was passed on. A decision is about the
//! version that was seen; after it the desk is shown anew.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cards::{self, EventView, Gallery, PollView, WijkView};
use super::failure::Failure;
use super::forms::Posted;
use super::layout::{self, Layout};
use super::private;
use super::reports::{self, Entry, Handling};
use super::visitor::{Desk, SignedIn, Visitor};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::{AnnouncementId, SubmissionId, VersionId, WijkId};
use crate::foundation::links::Links;
use crate::neighbourhood::accounts::{Account, Moderator, seats};
use crate::neighbourhood::announcements;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::partners::{self, Partner};
use crate::neighbourhood::posts;
use crate::neighbourhood::reports::handle::{self, UNREAD};
use crate::neighbourhood::submissions::{Card, Why, decide, store, withdraw};
use crate::neighbourhood::timelines::Shown;
use crate::neighbourhood::wijken;

/// Of each lane: nobody decides about more at once, and the next ones come up by themselves.
const MOST: usize = 50;
const ANNOUNCED: i64 = 15;
const WORDS_CHARACTERS: usize = 500;

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    t: Translator,
    layout: Layout,
    csrf: String,
    notice: Option<String>,
    is_undone: bool,
    wijken: Vec<DeskWijk>,
    wijk: WijkView,
    waiting: Vec<Waiting>,
    waiting_count: usize,
    replies: Vec<Waiting>,
    replies_count: usize,
    reports: Vec<Entry>,
    announced: Vec<Announced>,
    private_count: i64,
    private_url: String,
}

struct DeskWijk {
    name: String,
    url: String,
    waiting: i64,
    is_current: bool,
}

struct Waiting {
    id: SubmissionId,
    version: VersionId,
    author_name: String,
    author_handle: String,
    author_url: String,
    host: String,
    why: Why,
    received: Time,
    title: Option<String>,
    warning: Option<String>,
    body: Body,
    pictures: Gallery,
    pictures_seen: usize,
    quoted: Option<String>,
    previous: Option<Body>,
    original_url: Option<String>,
    approve_url: String,
    refuse_url: String,
}

/// What is decided about.
struct Body {
    html: String,
    event: Option<EventView>,
    poll: Option<PollView>,
}

impl Body {
    fn of(shown: &posts::Shown) -> Self {
        Self {
            html: shown.content.as_str().to_owned(),
            event: shown.event.as_ref().map(EventView::of),
            poll: shown.poll.as_ref().map(|poll| PollView::of(poll, None, Time::ZERO)),
        }
    }
}

struct Announced {
    id: AnnouncementId,
    author_name: String,
    text: String,
    at: Time,
    permalink: String,
    withdraw_url: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    wijk: Option<String>,
    /// What was just done.
    melding: Option<Notice>,
}

/// What a decision says afterwards.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    Approved,
    Refused,
    Withdrawn,
    /// A report was read, and things left as they are.
    Handled,
    /// Somebody was first, or the author changed it.
    Conflict,
    /// No reason was chosen, or the words are too many.
    Reason,
    /// A report ends with a word.
    Answer,
    /// The author's server would not read the report.
    Unread,
}

impl Notice {
    fn changed_nothing(self) -> bool {
        matches!(self, Self::Conflict | Self::Reason | Self::Answer | Self::Unread)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Handled => "handled",
            Self::Conflict => "conflict",
            Self::Reason => "reason",
            Self::Answer => "answer",
            Self::Unread => "unread",
        }
    }
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    me: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let desk = me.desk(asked.wijk.as_deref())?;
    let (account, id, now) = (me.account().clone(), desk.wijk.id(), web.app.clock.now());
    let mut lanes = web.app.database.read(move |c| Lanes::read(c, &account, id, now)).await?;
    let slug = desk.wijk.slug();
    let t = visitor.translator(&web);
    let links = &web.app.links;
    Ok(layout::page(&DeskPage {
        layout: Layout::new(&web, &visitor, &address(slug)),
        csrf: me.session.csrf.clone(),
        notice: asked.melding.map(|notice| t.say_named("desk-notice", notice.word())),
        is_undone: asked.melding.is_some_and(Notice::changed_nothing),
        wijken: tabs(&me, id),
        wijk: WijkView::of(&desk.wijk, 0),
        waiting_count: lanes.waiting.len(),
        waiting: lanes.entries(&lanes.waiting, slug, &t),
        replies_count: lanes.replies.len(),
        replies: lanes.entries(&lanes.replies, slug, &t),
        reports: lanes.reports.drain(..).map(|read| reports::entry(read, slug, links)).collect(),
        announced: lanes
            .announced
            .iter()
            .map(|shown| announced(links, slug, shown, &lanes.partners))
            .collect(),
        private_count: lanes.private,
        private_url: private::address(slug),
        t,
    })?)
}

/// A submission, and of an edit what was approved before.
type Waited = (Card, Option<posts::Shown>);

/// All that lies on the desk of one wijk.
struct Lanes {
    waiting: Vec<Waited>,
    replies: Vec<Waited>,
    reports: Vec<reports::Read>,
    announced: Vec<Shown>,
    partners: Vec<Partner>,
    private: i64,
    pictures: Pictures,
}

impl Lanes {
    fn read(conn: &mut Connection, account: &Account, wijk: WijkId, now: Time) -> Result<Self> {
        let by = seats::moderator(conn, account, wijk, now)?;
        let (waiting, replies) = (lane(conn, &by, false)?, lane(conn, &by, true)?);
        let cards = [&waiting, &replies].into_iter().flat_map(|lane| lane.iter().take(MOST));
        let versions: Vec<VersionId> = cards.map(|(card, _)| card.version.id).collect();
        Ok(Self {
            pictures: Pictures::of(conn, &versions)?,
            waiting,
            replies,
            reports: reports::read(conn, &by)?,
            announced: store::recently_announced(conn, by.wijk(), ANNOUNCED)?,
            partners: partners::verified(conn, by.wijk(), now)?,
            private: posts::store::count_private(conn, &by)?,
        })
    }

    fn entries(&self, lane: &[Waited], slug: &str, t: &Translator) -> Vec<Waiting> {
        lane.iter().take(MOST).map(|entry| self.entry(entry, slug, t)).collect()
    }

    fn entry(&self, (card, before): &Waited, slug: &str, t: &Translator) -> Waiting {
        let (shown, id) = (card.version.shown(), card.submission.id);
        Waiting {
            id,
            version: card.version.id,
            author_name: card.author.shown_name().to_owned(),
            author_handle: card.author.handle(),
            author_url: cards::page_of(&card.author),
            host: card.author.domain.to_string(),
            why: card.submission.why,
            received: card.submission.received_at,
            warning: cards::warning(&shown, t),
            body: Body::of(&shown),
            quoted: cards::quoted(&shown),
            pictures: Gallery::of(&card.version, &self.pictures),
            pictures_seen: self.pictures.count_kept(card.version.id),
            previous: before.as_ref().map(Body::of),
            original_url: cards::original(&card.post),
            approve_url: format!("/balie/{id}/goedkeuren?wijk={slug}"),
            refuse_url: format!("/balie/{id}/weigeren?wijk={slug}"),
            title: shown.title,
        }
    }
}

fn lane(conn: &mut Connection, by: &Moderator, replies: bool) -> Result<Vec<Waited>> {
    let mut lane = Vec::new();
    for card in store::waiting(conn, by.wijk(), replies)? {
        let before = before(conn, &card)?;
        lane.push((card, before));
    }
    Ok(lane)
}

/// What the wijk shows now of a post whose change waits.
fn before(conn: &mut Connection, card: &Card) -> Result<Option<posts::Shown>> {
    if card.submission.why != Why::Edit {
        return Ok(None);
    }
    let Some(shown) = announcements::standing(conn, card.submission.wijk_id, card.post.id)? else {
        return Ok(None);
    };
    Ok(Some(posts::store::version(conn, shown.version_id)?.shown()))
}

fn tabs(me: &SignedIn, current: WijkId) -> Vec<DeskWijk> {
    let tab = |desk: &Desk| DeskWijk {
        name: desk.wijk.name().to_owned(),
        url: address(desk.wijk.slug()),
        waiting: desk.waiting,
        is_current: desk.wijk.id() == current,
    };
    me.desks.iter().map(tab).collect()
}

/// A partner by the name we know it by, as on the wijk's page.
fn announced(links: &Links, slug: &str, shown: &Shown, partners: &[Partner]) -> Announced {
    let id = shown.announcement.id;
    let partner = partners.iter().find(|partner| partner.actor.id == shown.author.id);
    let name = partner.map_or(shown.author.shown_name(), |partner| &partner.row.name);
    Announced {
        id,
        author_name: name.to_owned(),
        text: cards::shortened(&shown.version.shown().plain()),
        at: shown.announcement.announced_at,
        permalink: shown.post.kind.address(links, shown.post.id),
        withdraw_url: format!("/balie/{id}/terughalen?wijk={slug}"),
    }
}

/// Of a form: the desk that it stood on.
#[derive(Deserialize)]
pub(super) struct FromDesk {
    wijk: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Approval {
    /// What the moderator saw, and how many of its pictures.
    versie: VersionId,
    #[serde(default)]
    beelden: usize,
}

#[derive(Deserialize)]
pub(super) struct Refusal {
    versie: VersionId,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
}

#[derive(Deserialize)]
pub(super) struct Withdrawal {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
}

pub(super) async fn approve(
    State(web): State<Web>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<FromDesk>,
    Posted(form): Posted<Approval>,
) -> Result<Redirect, Failure> {
    let (id, now, account) = (id.parse()?, web.app.clock.now(), me.account().clone());
    let seen = decide::Seen { version: form.versie, pictures: form.beelden };
    let decided = web.app.database.write(move |c| {
        let by = moderator_for(c, &account, id, now)?;
        decide::approve(c, id, Some(seen), &by, now)
    });
    afterwards(decided.await, Notice::Approved, &from)
}

pub(super) async fn refuse(
    State(web): State<Web>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<FromDesk>,
    Posted(form): Posted<Refusal>,
) -> Result<Redirect, Failure> {
    let (id, now, account) = (id.parse()?, web.app.clock.now(), me.account().clone());
    let Some(reason) = reason(&form.reason, &form.words) else {
        return Ok(back(&from, Notice::Reason));
    };
    let decided = web.app.database.write(move |c| {
        let by = moderator_for(c, &account, id, now)?;
        decide::refuse(c, id, Some(form.versie), &by, &reason, now)
    });
    afterwards(decided.await, Notice::Refused, &from)
}

pub(super) async fn withdraw(
    State(web): State<Web>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<FromDesk>,
    Posted(form): Posted<Withdrawal>,
) -> Result<Redirect, Failure> {
    let (id, now, account) = (id.parse()?, web.app.clock.now(), me.account().clone());
    let Some(reason) = reason(&form.reason, &form.words) else {
        return Ok(back(&from, Notice::Reason));
    };
    let decided = web.app.database.write(move |c| {
        let announcement = announcements::find(c, id)?;
        let by = seated(c, &account, announcement.wijk_id, now)?;
        let post = posts::store::find(c, announcement.post_id)?;
        withdraw::by_moderator(c, &post, &by, &reason, now)
    });
    afterwards(decided.await, Notice::Withdrawn, &from)
}

pub(super) async fn handle(
    State(web): State<Web>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<FromDesk>,
    Posted(form): Posted<Handling>,
) -> Result<Redirect, Failure> {
    let (id, now, account) = (id.parse()?, web.app.clock.now(), me.account().clone());
    let Some(answer) = form.answer().map(ToOwned::to_owned) else {
        return Ok(back(&from, Notice::Answer));
    };
    let (ending, at) = (form.ending(), from.wijk.clone());
    let handled = web.app.database.write(move |c| {
        let by = reports::moderator_for(c, &account, id, at.as_deref(), now)?;
        handle::end(c, id, ending, &answer, &by, now)
    });
    let done = if ending.takes_back { Notice::Withdrawn } else { Notice::Handled };
    afterwards(handled.await, done, &from)
}

fn moderator_for(
    conn: &mut Connection,
    account: &Account,
    id: SubmissionId,
    now: Time,
) -> Result<Moderator> {
    let card = store::card(conn, id)?;
    seated(conn, account, card.submission.wijk_id, now)
}

/// What lies on another's desk is not there for who has no seat at it.
fn seated(conn: &mut Connection, account: &Account, wijk: WijkId, now: Time) -> Result<Moderator> {
    seats::moderator(conn, account, wijk, now).map_err(|error| match error {
        Error::Forbidden(_) => Error::NotFound,
        other => other,
    })
}

fn afterwards<T>(decided: Result<T>, done: Notice, from: &FromDesk) -> Result<Redirect, Failure> {
    match decided {
        Ok(_) => Ok(back(from, done)),
        Err(Error::Conflict(_)) => Ok(back(from, Notice::Conflict)),
        Err(Error::Invalid { field: UNREAD, .. }) => Ok(back(from, Notice::Unread)),
        Err(error) => Err(error.into()),
    }
}

/// To the desk, so that reloading the page does nothing twice.
fn back(from: &FromDesk, notice: Notice) -> Redirect {
    let wijk = from.wijk.as_deref().filter(|slug| wijken::parse_slug(slug).is_ok());
    match wijk {
        Some(slug) => Redirect::to(&format!("{}&melding={}", address(slug), notice.word())),
        None => Redirect::to(&format!("/balie?melding={}", notice.word())),
    }
}

fn address(slug: &str) -> String {
    format!("/balie?wijk={slug}")
}

/// As it stands in the log: the chosen word, then the moderator's own.
fn reason(chosen: &str, words: &str) -> Option<String> {
    const REASONS: [&str; 7] =
        ["elsewhere", "advertising", "tone", "privacy", "duplicate", "police", "other"];
    let words = words.trim();
    if !REASONS.contains(&chosen) || words.chars().count() > WORDS_CHARACTERS {
        return None;
    }
    Some(if words.is_empty() { chosen.to_owned() } else { format!("{chosen}: {words}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_of_ours_with_few_words() {
        assert_eq!(reason("tone", " ").as_deref(), Some("tone"));
        assert_eq!(reason("other", " te laat ").as_deref(), Some("other: te laat"));
        assert_eq!(reason("", "zomaar"), None);
        assert_eq!(reason("elsewhere", &"x".repeat(501)), None);
    }
}
