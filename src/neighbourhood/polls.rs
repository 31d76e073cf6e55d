//! The votes of polls. Of ours they are counted here; of others their server tells how they stand.
//!
//! Who voted is nobody's business, and we do not keep it: a vote is remembered under a keyed hash of poll and voter, so
//! that nobody votes twice, and forgotten when the poll closes. Without the server's secret nobody can tell from the
//! hash who it was, and from two hashes not whether one person voted in two polls.

use std::time::Duration;

use diesel::prelude::*;

use super::blocks::Blocklist;
use super::outgoing::Word;
use super::outgoing::store::say;
use super::posts::Post;
use super::posts::poll::{Count, Poll, Tally};
use super::{announcements, epochs};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{poll_inboxes, poll_votes, polls, posts};
use crate::foundation::database::{Connection, on_each};
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::PostId;
use crate::foundation::uri::Uri;

/// Counts are told at most this often; Mastodon waits as long.
pub const TOLD_EVERY: Duration = Duration::from_mins(3);
/// Polls closed or told about at one time.
const AT_ONCE: i64 = 100;

/// How a poll stands.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = polls)]
#[diesel(treat_none_as_default_value = false)]
pub struct Ballot {
    pub post_id: PostId,
    pub is_multiple: bool,
    pub ends_at: Option<Time>,
    pub closed_at: Option<Time>,
    /// [`Count`]s in JSON.
    pub counts: String,
    /// Where its server does not tell it: `None`.
    pub voters: Option<i64>,
    pub told_at: Time,
    pub is_changed: bool,
}

impl Ballot {
    fn new(post: PostId, poll: &Poll, tally: &Tally, now: Time) -> Result<Self> {
        Ok(Self {
            post_id: post,
            is_multiple: poll.is_multiple,
            ends_at: poll.ends_at,
            closed_at: tally.closed_at,
            counts: json(&tally.counts)?,
            voters: tally.voters,
            told_at: now,
            is_changed: false,
        })
    }

    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        serde_json::from_str(&self.counts).unwrap_or_default()
    }

    /// How often this was chosen.
    #[must_use]
    pub fn votes(&self, option: &str) -> i64 {
        self.counts().iter().find(|count| count.option == option).map_or(0, |count| count.votes)
    }

    #[must_use]
    pub fn is_over(&self, now: Time) -> bool {
        self.closed_at.is_some() || self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }
}

/// One who votes, as far as we want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// See the head of this file; `foundation::secret` makes it.
    pub hash: String,
    /// Where the counts are told to who voted: a server's inbox, none that is a person's own.
    pub shared_inbox: Option<String>,
}

/// A poll of ours is open.
pub fn open(conn: &mut Connection, post: PostId, poll: &Poll, now: Time) -> Result<()> {
    let none = |option: &String| Count { option: option.clone(), votes: 0 };
    let counts = poll.options.iter().map(none).collect();
    let tally = Tally { counts, voters: Some(0), closed_at: None };
    diesel::insert_into(polls::table)
        .values(Ballot::new(post, poll, &tally, now)?)
        .execute(conn)?;
    Ok(())
}

/// A poll elsewhere stands so now.
pub fn counted(
    conn: &mut Connection,
    post: PostId,
    poll: &Poll,
    tally: &Tally,
    now: Time,
) -> Result<()> {
    let ballot = Ballot::new(post, poll, tally, now)?;
    let stands_so = find(conn, post)?.is_some_and(|known| {
        (&known.counts, known.voters, known.closed_at, known.ends_at)
            == (&ballot.counts, ballot.voters, ballot.closed_at, ballot.ends_at)
    });
    if stands_so {
        return Ok(());
    }
    on_each!(conn, c => diesel::insert_into(polls::table)
        .values(&ballot)
        .on_conflict(polls::post_id)
        .do_update()
        .set((
            polls::is_multiple.eq(ballot.is_multiple),
            polls::ends_at.eq(ballot.ends_at),
            polls::closed_at.eq(ballot.closed_at),
            polls::counts.eq(&ballot.counts),
            polls::voters.eq(ballot.voters),
        ))
        .execute(c))?;
    show_anew(conn, post)
}

/// Counts a vote in a poll of ours. Where one may be chosen the first vote stands; what is no option, what comes twice
/// and what comes after the end changes nothing.
pub fn vote(
    conn: &mut Connection,
    post: &Post,
    voter: &Voter,
    chosen: &[String],
    now: Time,
) -> Result<()> {
    if !post.is_local || !post.visibility.is_public() || post.gone_at.is_some() {
        return Ok(());
    }
    let Some(ballot) = hold_open(conn, post.id, now)? else { return Ok(()) };
    let mut counts = ballot.counts();
    let before = voted(conn, post.id, voter)?;
    let most = if ballot.is_multiple { counts.len() } else { 1 };
    let mut total = before.len();
    for count in &mut counts {
        let is_new = chosen.contains(&count.option) && !before.contains(&count.option);
        if is_new && total < most {
            remember(conn, post.id, voter, &count.option)?;
            count.votes += 1;
            total += 1;
        }
    }
    if total == before.len() {
        return Ok(());
    }
    let voters = ballot.voters.unwrap_or(0) + i64::from(before.is_empty());
    diesel::update(polls::table.find(post.id))
        .set((
            polls::counts.eq(json(&counts)?),
            polls::voters.eq(Some(voters)),
            polls::is_changed.eq(true),
        ))
        .execute(conn)?;
    if let Some(inbox) = &voter.shared_inbox {
        on_each!(conn, c => diesel::insert_into(poll_inboxes::table)
            .values((poll_inboxes::post_id.eq(post.id), poll_inboxes::inbox.eq(inbox)))
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    show_anew(conn, post.id)
}

/// Whether every wijk that shows a poll hears `voter`: the count that it shows is one for all.
pub fn may_vote(conn: &mut Connection, post: PostId, voter: &Uri) -> Result<bool> {
    let (blocklist, host) = (Blocklist::read(conn)?, voter.domain());
    let standing = announcements::all_standing(conn, post)?;
    Ok(standing.iter().all(|shown| blocklist.may_show(voter, &host, Some(shown.wijk_id))))
}

/// Locks the row of a poll that takes votes, and reads it.
fn hold_open(conn: &mut Connection, post: PostId, now: Time) -> Result<Option<Ballot>> {
    let still = polls::ends_at.is_null().or(polls::ends_at.gt(now).assume_not_null());
    let row = polls::table.filter(polls::post_id.eq(post)).filter(polls::closed_at.is_null());
    let held = diesel::update(row.filter(still)).set(polls::told_at.eq(polls::told_at));
    if held.execute(conn)? == 1 { find(conn, post) } else { Ok(None) }
}

fn voted(conn: &mut Connection, post: PostId, voter: &Voter) -> Result<Vec<String>> {
    let own = poll_votes::post_id.eq(post).and(poll_votes::voter.eq(&voter.hash));
    Ok(poll_votes::table.filter(own).select(poll_votes::option).load(conn)?)
}

fn remember(conn: &mut Connection, post: PostId, voter: &Voter, option: &str) -> Result<()> {
    diesel::insert_into(poll_votes::table)
        .values((
            poll_votes::post_id.eq(post),
            poll_votes::voter.eq(&voter.hash),
            poll_votes::option.eq(option),
        ))
        .execute(conn)?;
    Ok(())
}

/// Closes the polls of ours whose time has come and tells how they ended, and tells of others how they stand where
/// that changed. Answers how many were told about.
pub fn close_and_tell(conn: &mut Connection, now: Time) -> Result<usize> {
    let (ended, changed) = (ended(conn, now)?, changed(conn, now)?);
    for post in &ended {
        close(conn, *post, now)?;
    }
    for post in &changed {
        let news = polls::table.filter(polls::post_id.eq(*post).and(polls::is_changed));
        let told = diesel::update(news)
            .set((polls::told_at.eq(now), polls::is_changed.eq(false)))
            .execute(conn)?;
        if told == 1 {
            say(conn, &Word::UpdatePoll { post: *post }, now)?;
        }
    }
    Ok(ended.len() + changed.len())
}

/// Whether [`close_and_tell`] would do anything; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    Ok(!ended(conn, now)?.is_empty() || !changed(conn, now)?.is_empty())
}

fn ended(conn: &mut Connection, now: Time) -> Result<Vec<PostId>> {
    let over = polls::closed_at.is_null().and(polls::ends_at.le(now).assume_not_null());
    let ours = polls::table.inner_join(posts::table).filter(posts::is_local);
    Ok(ours.filter(over).select(polls::post_id).order(polls::post_id).limit(AT_ONCE).load(conn)?)
}

fn changed(conn: &mut Connection, now: Time) -> Result<Vec<PostId>> {
    let due = polls::is_changed
        .and(polls::told_at.le(now.minus(TOLD_EVERY)))
        .and(polls::closed_at.is_null());
    let rows = polls::table.filter(due).select(polls::post_id).order(polls::post_id);
    Ok(rows.limit(AT_ONCE).load(conn)?)
}

fn close(conn: &mut Connection, post: PostId, now: Time) -> Result<()> {
    let open = polls::table.filter(polls::post_id.eq(post).and(polls::closed_at.is_null()));
    let closed = diesel::update(open)
        .set((polls::closed_at.eq(Some(now)), polls::told_at.eq(now), polls::is_changed.eq(false)))
        .execute(conn)?;
    if closed == 0 {
        return Ok(());
    }
    forget_voters(conn, post)?;
    say(conn, &Word::UpdatePoll { post }, now)?;
    show_anew(conn, post)
}

/// What is kept of votes in polls that closed a day ago: where the end was to be told.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = polls::closed_at.lt(now.minus(Duration::from_hours(24))).assume_not_null();
    let over = polls::table.filter(old).select(polls::post_id);
    let inboxes = poll_inboxes::table.filter(poll_inboxes::post_id.eq_any(over));
    Ok(diesel::delete(inboxes).execute(conn)?)
}

/// The poll is gone, and with it who voted.
pub fn end(conn: &mut Connection, post: PostId, now: Time) -> Result<()> {
    let open = polls::table.filter(polls::post_id.eq(post).and(polls::closed_at.is_null()));
    diesel::update(open)
        .set((polls::closed_at.eq(Some(now)), polls::is_changed.eq(false)))
        .execute(conn)?;
    forget_voters(conn, post)
}

fn forget_voters(conn: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(poll_votes::table.filter(poll_votes::post_id.eq(post))).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Connection, post: PostId) -> Result<Option<Ballot>> {
    Ok(polls::table.find(post).select(Ballot::as_select()).first(conn).optional()?)
}

/// Servers that voters came from.
pub fn inboxes(conn: &mut Connection, post: PostId) -> Result<Vec<String>> {
    let heard = poll_inboxes::table.filter(poll_inboxes::post_id.eq(post));
    Ok(heard.select(poll_inboxes::inbox).load(conn)?)
}

/// Whatever page shows it shows other numbers now.
fn show_anew(conn: &mut Connection, post: PostId) -> Result<()> {
    for announcement in announcements::all_standing(conn, post)? {
        epochs::bump_wijk(conn, announcement.wijk_id)?;
    }
    Ok(())
}

fn json(counts: &[Count]) -> Result<String> {
    serde_json::to_string(counts).map_err(Error::internal)
}
