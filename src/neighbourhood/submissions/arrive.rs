//! Who goes straight through and who waits: the one place where a mention, a local post and an edit are judged.

use super::{State, Submission, Why, store, withdraw};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{PostId, SubmissionId, WijkId};
use crate::foundation::links::Links;
use crate::neighbourhood::actors::{Actor, store as actors_store};
use crate::neighbourhood::announcements;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::follows;
use crate::neighbourhood::instances;
use crate::neighbourhood::media::keep as media;
use crate::neighbourhood::partners;
use crate::neighbourhood::polls;
use crate::neighbourhood::posts::receive::{self, Kept, Received};
use crate::neighbourhood::posts::{Kind, Post, Shown, Version, publish, store as posts_store};
use crate::neighbourhood::wijken::{self, Wijk};

/// A post that names more wijken than this waits in each.
const MOST_WIJKEN: usize = 3;

/// A public post as it was offered to a wijk. Offering it again changes nothing.
pub struct Offer<'a> {
    pub author: &'a Actor,
    pub post: &'a Post,
    pub version: &'a Version,
    /// How many wijken of this server it names.
    pub wijken_named: usize,
}

/// A post as its origin gave it to us just now: a public one is offered to the wijken it names, a private one is kept
/// apart, and hides whatever of it was public before.
pub fn received(
    conn: &mut Connection,
    author: &Actor,
    received: &Received,
    now: Time,
) -> Result<()> {
    let named = wijken::among(conn, &received.addressed)?;
    if !received.visibility.is_public() {
        return kept_apart(conn, author, received, &named, now);
    }
    let known = posts_store::by_uri(conn, &received.uri)?;
    let wijken_named = named.len();
    let named = with_followers(conn, named, author, received, now)?;
    let in_threads = where_it_answers(conn, received)?;
    if named.is_empty() && in_threads.is_empty() && known.is_none() {
        return Ok(());
    }
    let (post, version, wijken) = match receive::keep(conn, author, known, received, now)? {
        Kept::New { post, version } => (post, *version, joined(conn, named, in_threads)?),
        Kept::Again { post, version } => {
            let wijken = concerned(conn, named, in_threads, post.id)?;
            (post, posts_store::version(conn, version)?, wijken)
        }
        Kept::Deleted => return Ok(()),
    };
    // Its server is told when the wijk passes it on.
    instances::meet(conn, &author.domain)?;
    media::want(conn, &version, now)?;
    if let (Some(poll), Some(tally)) = (&received.shown.poll, &received.tally) {
        polls::counted(conn, post.id, poll, tally, now)?;
    }
    let offer = Offer { author, post: &post, version: &version, wijken_named };
    for wijk in wijken {
        if received.may_be_announced_by(&wijk.actor.uri) {
            by_mention(conn, &wijk, &offer, now)?;
        } else {
            withdraw::from_wijk(conn, wijk.id(), post.id, now)?;
        }
    }
    Ok(())
}

/// The wijken it names, and those that follow its author to pass on posts such as this.
fn with_followers(
    conn: &mut Connection,
    mut named: Vec<Wijk>,
    author: &Actor,
    received: &Received,
    now: Time,
) -> Result<Vec<Wijk>> {
    for wijk in partners::passing_on(conn, author.id, received, now)? {
        if named.iter().all(|known| known.id() != wijk.id()) {
            named.push(wijk);
        }
    }
    Ok(named)
}

/// The wijken that show the conversation it answers in: it asks for its place there, whether it names them or not.
fn where_it_answers(conn: &mut Connection, received: &Received) -> Result<Vec<WijkId>> {
    let Some(answered) = receive::answered(conn, received)? else { return Ok(Vec::new()) };
    let shown = announcements::all_standing(conn, answered.thread_id)?;
    Ok(shown.into_iter().map(|announcement| announcement.wijk_id).collect())
}

/// The wijken it names or answers in, and those that passed it on or hold it waiting and that an edit names no more:
/// what they show and decide is what its author says now.
fn concerned(
    conn: &mut Connection,
    named: Vec<Wijk>,
    in_threads: Vec<WijkId>,
    post: PostId,
) -> Result<Vec<Wijk>> {
    let mut others = in_threads;
    let passed_on = announcements::all_standing(conn, post)?;
    others.extend(passed_on.into_iter().map(|passed_on| passed_on.wijk_id));
    others.extend(store::waiting_in(conn, post)?);
    joined(conn, named, others)
}

/// These wijken and those, each once.
fn joined(conn: &mut Connection, mut named: Vec<Wijk>, others: Vec<WijkId>) -> Result<Vec<Wijk>> {
    for id in others {
        if named.iter().all(|wijk| wijk.id() != id) {
            named.push(wijken::by_id(conn, id)?);
        }
    }
    Ok(named)
}

fn kept_apart(
    conn: &mut Connection,
    author: &Actor,
    received: &Received,
    named: &[Wijk],
    now: Time,
) -> Result<()> {
    if let Some(post) = posts_store::by_uri(conn, &received.uri)?
        && post.author_id == author.id
        && !post.is_local
    {
        withdraw::not_public_any_more(conn, &post, now)?;
    }
    let blocklist = Blocklist::read(conn)?;
    let hears = |wijk: &&Wijk| blocklist.may_show(&author.uri, &author.domain, Some(wijk.id()));
    for wijk in named.iter().filter(hears) {
        posts_store::keep_private(
            conn,
            wijk.id(),
            author.id,
            &received.uri,
            &received.shown.content,
            now,
        )?;
    }
    Ok(())
}

/// A local author writes for the wijk: published, and offered to it like any other post.
pub fn written_here(
    conn: &mut Connection,
    links: &Links,
    wijk: &Wijk,
    author: &Actor,
    kind: Kind,
    shown: &Shown,
    now: Time,
) -> Result<Post> {
    let (post, version) = publish::publish(conn, links, author, kind, shown, now)?;
    if let Some(poll) = &shown.poll {
        polls::open(conn, post.id, poll, now)?;
    }
    let version = posts_store::version(conn, version)?;
    by_mention(
        conn,
        wijk,
        &Offer { author, post: &post, version: &version, wijken_named: 1 },
        now,
    )?;
    Ok(post)
}

/// A local author changes a post: whoever hears it hears that, and the wijken that pass it on judge it anew.
///
/// # Errors
/// `NotFound` where it was not written here, or is gone.
pub fn changed_here(conn: &mut Connection, id: PostId, shown: &Shown, now: Time) -> Result<()> {
    let Some((post, version)) = publish::edit(conn, id, shown, now)? else { return Ok(()) };
    media::want(conn, &version, now)?;
    let author = actors_store::find(conn, post.author_id)?;
    let wijken = concerned(conn, Vec::new(), Vec::new(), post.id)?;
    let wijken_named = wijken.len();
    for wijk in wijken {
        let offer = Offer { author: &author, post: &post, version: &version, wijken_named };
        by_mention(conn, &wijk, &offer, now)?;
    }
    Ok(())
}

/// A post mentions the wijk: a verified partner's is passed on, everybody else's waits. A new version of a post that
/// was passed on is shown when its author goes straight through; else the approved one stays and the new one waits.
pub fn by_mention(conn: &mut Connection, wijk: &Wijk, offer: &Offer<'_>, now: Time) -> Result<()> {
    if !offer.post.visibility.is_public() || offer.post.gone_at.is_some() {
        return Ok(());
    }
    if !Blocklist::read(conn)?.may_show(&offer.author.uri, &offer.author.domain, Some(wijk.id())) {
        return Ok(());
    }
    match judge(conn, wijk, offer, now)? {
        None => pass_on(conn, wijk, offer, now),
        Some(why) => hold(conn, wijk, offer, why, now),
    }
}

/// Why it must wait; `None` for who goes straight through.
fn judge(conn: &mut Connection, wijk: &Wijk, offer: &Offer<'_>, now: Time) -> Result<Option<Why>> {
    let partner = partners::of_actor(conn, wijk.id(), offer.author.id)?;
    let is_own = offer.author.id == wijk.row.redactie_id;
    Ok(if offer.wijken_named > MOST_WIJKEN {
        Some(Why::Rule)
    } else if is_own || partner.as_ref().is_some_and(|partner| partner.is_verified(now)) {
        None
    } else if offer.post.in_reply_to.is_some() {
        Some(Why::Reply)
    } else if partner.is_some() {
        Some(Why::Partner)
    } else if follows::is_follower(conn, offer.author.id, wijk.actor.id)? {
        Some(Why::Newcomer)
    } else {
        Some(Why::Stranger)
    })
}

fn pass_on(conn: &mut Connection, wijk: &Wijk, offer: &Offer<'_>, now: Time) -> Result<()> {
    match store::of_post(conn, wijk.id(), offer.post.id)? {
        // A moderator's word about this post stands: an edit does not bring back what was refused or taken back.
        Some(last) if matches!(last.state, State::Refused | State::Withdrawn) => Ok(()),
        Some(waiting) if waiting.state == State::Waiting => {
            store::offer_version(conn, waiting.id, offer.version.id)
        }
        last => {
            announcements::announce(conn, wijk.id(), offer.post, offer.version, now)?;
            if last.is_none() {
                note(conn, wijk, offer, State::Approved, Why::Partner, now)
            } else {
                Ok(())
            }
        }
    }
}

fn hold(conn: &mut Connection, wijk: &Wijk, offer: &Offer<'_>, why: Why, now: Time) -> Result<()> {
    match store::of_post(conn, wijk.id(), offer.post.id)? {
        None => note(conn, wijk, offer, State::Waiting, why, now),
        Some(waiting) if waiting.state == State::Waiting => {
            store::offer_version(conn, waiting.id, offer.version.id)
        }
        Some(last) if last.state == State::Approved => hold_edit(conn, wijk, offer, now),
        Some(_) => Ok(()),
    }
}

/// The approved version stays; what differs from it waits.
fn hold_edit(conn: &mut Connection, wijk: &Wijk, offer: &Offer<'_>, now: Time) -> Result<()> {
    match announcements::standing(conn, wijk.id(), offer.post.id)? {
        Some(shown) if shown.version_id != offer.version.id => {
            note(conn, wijk, offer, State::Waiting, Why::Edit, now)
        }
        _ => Ok(()),
    }
}

fn note(
    conn: &mut Connection,
    wijk: &Wijk,
    offer: &Offer<'_>,
    state: State,
    why: Why,
    now: Time,
) -> Result<()> {
    let submission = Submission {
        id: SubmissionId::next(now),
        wijk_id: wijk.id(),
        post_id: offer.post.id,
        version_id: offer.version.id,
        state,
        why,
        received_at: now,
        decided_at: (state != State::Waiting).then_some(now),
    };
    store::insert(conn, &submission)
}
