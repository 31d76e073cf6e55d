//! Who follows whom: ask, accept, undo; and whom a wijk follows itself, which others accept. Of a follow that ended, only where a withdrawal must still be heard is kept.

use diesel::prelude::*;

use super::actors::{Actor, ActorKind, store as actors_store};
use super::blocks::{self, Blocklist};
use super::outgoing::Word;
use super::outgoing::store::say;
use super::wijken::{self, Wijk};
use super::{epochs, instances};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, ended_follows, follows};
use crate::foundation::database::{Connection, Statement, on_each, text_enum};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::{ActorId, FollowId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;

text_enum! {
    /// Who follows one of ours is accepted at once. Whom one of ours follows has to answer.
    State { Pending = "pending", Accepted = "accepted", Refused = "refused" }
}

/// How long an ended follow's inbox is remembered.
pub const REMEMBERED: std::time::Duration = std::time::Duration::from_hours(4320);

/// Somebody follows a wijk: accepted at once, and again each time it is asked. Who is blocked is refused.
pub fn ask(
    conn: &mut Connection,
    follower: &Actor,
    wijk: &Wijk,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    if !may_follow(&Blocklist::read(conn)?, follower, &wijk.actor, Some(wijk.id())) {
        let word =
            Word::RejectFollow { follower: follower.id, target: wijk.actor.id, uri: uri.clone() };
        return say(conn, &word, now);
    }
    let follow = keep(conn, follower, &wijk.actor, Some(uri), now)?;
    let word = Word::AcceptFollow {
        follow,
        follower: follower.id,
        target: wijk.actor.id,
        uri: uri.clone(),
    };
    say(conn, &word, now)?;
    epochs::bump_wijk(conn, wijk.id())
}

/// The same for a local partner or redactie. The server's own actor is for servers: people would hear everything twice.
pub fn ask_author(
    conn: &mut Connection,
    follower: &Actor,
    author: &Actor,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    if !may_follow(&Blocklist::read(conn)?, follower, author, None) {
        let word =
            Word::RejectFollow { follower: follower.id, target: author.id, uri: uri.clone() };
        return say(conn, &word, now);
    }
    let follow = keep(conn, follower, author, Some(uri), now)?;
    let word =
        Word::AcceptFollow { follow, follower: follower.id, target: author.id, uri: uri.clone() };
    say(conn, &word, now)
}

/// The server's own actor is for servers.
fn may_follow(
    blocklist: &Blocklist,
    follower: &Actor,
    target: &Actor,
    wijk: Option<WijkId>,
) -> bool {
    let is_for_servers = target.kind == ActorKind::Application;
    blocklist.may_show(&follower.uri, &follower.domain, wijk)
        && (!is_for_servers || follower.kind == ActorKind::Application)
}

/// One row per pair; asking again replaces the id of the Follow and says where the follower lives now. Without an id
/// where the follow went along with a move.
fn keep(
    conn: &mut Connection,
    follower: &Actor,
    target: &Actor,
    uri: Option<&Uri>,
    now: Time,
) -> Result<FollowId> {
    instances::meet(conn, &follower.domain)?;
    let sql = "INSERT INTO follows (id, follower_id, target_id, uri, state, inbox, since) \
             VALUES (?, ?, ?, ?, 'accepted', ?, ?) \
         ON CONFLICT (follower_id, target_id) DO UPDATE SET uri = excluded.uri, state = 'accepted', \
             inbox = excluded.inbox RETURNING id";
    let statement = Statement::new(sql)
        .number(FollowId::next(now).0)
        .number(follower.id.0)
        .number(target.id.0)
        .text_or_null(uri.map(Uri::as_str))
        .text(follower.delivery_inbox())
        .number(now.millis());
    let kept: Kept = on_each!(conn, c => statement.get_result(c))?;
    Ok(kept.id)
}

#[derive(QueryableByName)]
#[diesel(table_name = follows)]
struct Kept {
    id: FollowId,
}

/// Whoever was told at one inbox is told at another.
pub fn inbox_moved(conn: &mut Connection, old: &str, new: &str) -> Result<()> {
    diesel::update(follows::table.filter(follows::inbox.eq(old)))
        .set(follows::inbox.eq(new))
        .execute(conn)?;
    diesel::update(ended_follows::table.filter(ended_follows::inbox.eq(old)))
        .set(ended_follows::inbox.eq(new))
        .execute(conn)?;
    Ok(())
}

/// Where a follower lives now, by its own document.
pub fn lives_at(conn: &mut Connection, follower: &Actor) -> Result<()> {
    let inbox = follower.delivery_inbox();
    let elsewhere = follows::follower_id.eq(follower.id).and(follows::inbox.ne(inbox));
    diesel::update(follows::table.filter(elsewhere)).set(follows::inbox.eq(inbox)).execute(conn)?;
    Ok(())
}

/// The follow ends; answers whether there was one.
pub fn undo(conn: &mut Connection, follower: ActorId, target: ActorId, now: Time) -> Result<bool> {
    let pair =
        follows::table.filter(follows::follower_id.eq(follower).and(follows::target_id.eq(target)));
    let ended: Option<(FollowId, String, Time)> =
        pair.select((follows::id, follows::inbox, follows::since)).first(conn).optional()?;
    let Some((id, inbox, since)) = ended else { return Ok(false) };
    end(conn, id, target, &inbox, since, now)?;
    epochs::bump_wijk(conn, WijkId(target.0))?;
    Ok(true)
}

/// Somebody is gone from the fediverse: all its follows end, and those of it by ours.
pub fn undo_all(conn: &mut Connection, follower: ActorId, now: Time) -> Result<()> {
    diesel::delete(follows::table.filter(follows::target_id.eq(follower))).execute(conn)?;
    let targets: Vec<ActorId> = follows::table
        .filter(follows::follower_id.eq(follower))
        .select(follows::target_id)
        .load(conn)?;
    for target in targets {
        undo(conn, follower, target, now)?;
    }
    Ok(())
}

/// A follower moved to another actor, which its new server confirmed: every follow goes along. Nothing is answered: the
/// new one asked for nothing, and the Follow of the old one is not its own.
pub fn moved(conn: &mut Connection, old: &Actor, new: &Actor, now: Time) -> Result<()> {
    let blocklist = Blocklist::read(conn)?;
    let followed = follows::table.filter(follows::follower_id.eq(old.id));
    for target in followed.select(follows::target_id).load::<ActorId>(conn)? {
        undo(conn, old.id, target, now)?;
        if is_follower(conn, new.id, target)? {
            continue;
        }
        let target = actors_store::find(conn, target)?;
        let wijk = match wijken::open(conn, &target.username) {
            Ok(wijk) => Some(wijk.id()),
            Err(Error::NotFound) => None,
            Err(Error::Gone) => continue,
            Err(error) => return Err(error),
        };
        if may_follow(&blocklist, new, &target, wijk) {
            keep(conn, new, &target, None, now)?;
        }
    }
    Ok(())
}

fn end(
    conn: &mut Connection,
    id: FollowId,
    target: ActorId,
    inbox: &str,
    since: Time,
    now: Time,
) -> Result<()> {
    if diesel::delete(follows::table.find(id)).execute(conn)? == 1 {
        diesel::insert_into(ended_follows::table)
            .values((
                ended_follows::id.eq(id),
                ended_follows::target_id.eq(target),
                ended_follows::inbox.eq(inbox),
                ended_follows::since.eq(since),
                ended_follows::until.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Undo by the id of the Follow alone.
pub fn undo_by_uri(conn: &mut Connection, follower: ActorId, uri: &Uri, now: Time) -> Result<bool> {
    let found = follows::table.filter(follows::follower_id.eq(follower).and(follows::uri.eq(uri)));
    match found.select(follows::target_id).first::<ActorId>(conn).optional()? {
        Some(target) => undo(conn, follower, target, now),
        None => Ok(false),
    }
}

pub fn count(conn: &mut Connection, target: ActorId) -> Result<i64> {
    let accepted = follows::table
        .filter(follows::target_id.eq(target).and(follows::state.eq(State::Accepted)));
    Ok(accepted.count().get_result(conn)?)
}

pub fn is_follower(conn: &mut Connection, follower: ActorId, target: ActorId) -> Result<bool> {
    let pair = follows::follower_id.eq(follower).and(follows::target_id.eq(target));
    let accepted = follows::table.filter(pair.and(follows::state.eq(State::Accepted)));
    Ok(diesel::select(diesel::dsl::exists(accepted)).get_result(conn)?)
}

/// Inboxes behind the follow `cursor`, each once, in the order of their first follows, at most `most`: of those who
/// follow any of `targets` now and, where `heard_since` is given, of those who followed at any time from then on.
pub fn inboxes(
    conn: &mut Connection,
    targets: &[ActorId],
    heard_since: Option<Time>,
    cursor: i64,
    most: i64,
) -> Result<Vec<(FollowId, String)>> {
    let first = diesel::dsl::min(follows::id);
    let following = follows::table
        .filter(follows::target_id.eq_any(targets).and(follows::state.eq(State::Accepted)))
        .group_by(follows::inbox)
        .having(first.gt(FollowId(cursor)))
        .select((first.assume_not_null(), follows::inbox))
        .order(first)
        .limit(most);
    let mut rows: Vec<(FollowId, String)> = on_each!(conn, c => following.load(c))?;
    if let Some(since) = heard_since {
        rows.extend(ended(conn, targets, since, cursor, most)?);
        rows.sort_unstable();
        rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    Ok(rows)
}

/// Which of these servers anybody follows one of `targets` from now.
pub fn servers_following(
    conn: &mut Connection,
    targets: &[ActorId],
    servers: &[&Domain],
) -> Result<Vec<Domain>> {
    let standing = follows::target_id.eq_any(targets).and(follows::state.eq(State::Accepted));
    let there = actors::table.on(actors::id.eq(follows::follower_id));
    let following = follows::table.inner_join(there).filter(standing);
    let following = following.filter(actors::domain.eq_any(servers)).select(actors::domain);
    Ok(on_each!(conn, c => following.distinct().load(c))?)
}

/// Of follows that ended since then, where nobody follows any more.
fn ended(
    conn: &mut Connection,
    targets: &[ActorId],
    since: Time,
    cursor: i64,
    most: i64,
) -> Result<Vec<(FollowId, String)>> {
    let first = diesel::dsl::min(ended_follows::id);
    let still = follows::table.filter(follows::target_id.eq_any(targets)).select(follows::inbox);
    let ended = ended_follows::table
        .filter(ended_follows::target_id.eq_any(targets).and(ended_follows::until.ge(since)))
        .filter(ended_follows::inbox.ne_all(still))
        .group_by(ended_follows::inbox)
        .having(first.gt(FollowId(cursor)))
        .select((first.assume_not_null(), ended_follows::inbox))
        .order(first)
        .limit(most);
    Ok(ended.load(conn)?)
}

/// Followers of a wijk that it does not hear any more are shown out. Who never asked is told nothing.
pub fn show_out(conn: &mut Connection, wijk: &Wijk, now: Time) -> Result<()> {
    let blocklist = Blocklist::read(conn)?;
    let rows: Vec<(ActorId, Option<Uri>)> = follows::table
        .filter(follows::target_id.eq(wijk.actor.id))
        .select((follows::follower_id, follows::uri))
        .load(conn)?;
    for (follower, uri) in rows {
        let actor = actors_store::find(conn, follower)?;
        if !blocklist.may_show(&actor.uri, &actor.domain, Some(wijk.id())) {
            undo(conn, follower, wijk.actor.id, now)?;
            if let Some(uri) = uri {
                say(conn, &Word::RejectFollow { follower, target: wijk.actor.id, uri }, now)?;
            }
        }
    }
    Ok(())
}

/// Whom a wijk does not hear any more it does not follow either. Hearing them again follows nobody by itself.
pub fn turn_from(conn: &mut Connection, wijk: &Wijk, now: Time) -> Result<()> {
    let blocklist = Blocklist::read(conn)?;
    let followed: Vec<ActorId> = follows::table
        .filter(follows::follower_id.eq(wijk.actor.id))
        .select(follows::target_id)
        .load(conn)?;
    for target in followed {
        let actor = actors_store::find(conn, target)?;
        if !blocklist.may_show(&actor.uri, &actor.domain, Some(wijk.id())) {
            leave(conn, wijk.actor.id, target, now)?;
        }
    }
    Ok(())
}

/// A follower blocked the wijk: it follows no more, and is not passed on.
pub fn turned_away(
    conn: &mut Connection,
    follower: &Actor,
    wijk: &Wijk,
    uri: &Uri,
    now: Time,
) -> Result<()> {
    undo(conn, follower.id, wijk.actor.id, now)?;
    blocks::stand_off(conn, wijk.id(), follower.id, uri, now)
}

pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = ended_follows::table.filter(ended_follows::until.lt(now.minus(REMEMBERED)));
    Ok(diesel::delete(old).execute(conn)?)
}

/// One of ours asks to follow somebody elsewhere: pending until the answer. Who refused, or never answered, is asked
/// again; who accepted is not.
pub fn begin(
    conn: &mut Connection,
    links: &Links,
    follower: &Actor,
    target: &Actor,
    now: Time,
) -> Result<()> {
    if state(conn, follower.id, target.id)? == Some(State::Accepted) {
        return Ok(());
    }
    let (id, pair) = (FollowId::next(now), between(follower.id, target.id));
    let uri = Uri::parse(&links.activity(id))?;
    diesel::delete(follows::table.filter(pair)).execute(conn)?;
    diesel::insert_into(follows::table)
        .values((
            follows::id.eq(id),
            follows::follower_id.eq(follower.id),
            follows::target_id.eq(target.id),
            follows::uri.eq(Some(&uri)),
            follows::state.eq(State::Pending),
            follows::inbox.eq(follower.delivery_inbox()),
            follows::since.eq(now),
        ))
        .execute(conn)?;
    say(conn, &Word::Follow { follower: follower.id, target: target.id, uri }, now)
}

/// And takes it back. Nothing is said to who refused.
pub fn leave(conn: &mut Connection, follower: ActorId, target: ActorId, now: Time) -> Result<()> {
    let asked: Option<(Uri, State)> = follows::table
        .filter(between(follower, target))
        .select((follows::uri.assume_not_null(), follows::state))
        .first(conn)
        .optional()?;
    let Some((uri, state)) = asked else { return Ok(()) };
    diesel::delete(follows::table.filter(between(follower, target))).execute(conn)?;
    match state {
        State::Refused => Ok(()),
        _ => say(conn, &Word::UndoFollow { follower, target, uri }, now),
    }
}

/// Of which Follow of ours an answer speaks.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its id. Where it is given it counts.
    pub uri: Option<Uri>,
    /// Follower and followed, where they are told.
    pub pair: Option<(Uri, Uri)>,
}

/// Whom one of ours asked accepts or refuses. An answer by anybody else, or to what was never asked, changes nothing;
/// who refused once is not accepted before being asked again.
pub fn answered(conn: &mut Connection, by: &Actor, asked: &Asked, state: State) -> Result<()> {
    let open: &[State] = match state {
        State::Accepted => &[State::Pending],
        _ => &[State::Pending, State::Accepted],
    };
    let rows: Vec<(FollowId, Uri, Uri)> = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::follower_id)))
        .filter(follows::target_id.eq(by.id).and(actors::is_local))
        .filter(follows::state.eq_any(open.to_vec()))
        .select((follows::id, follows::uri.assume_not_null(), actors::uri))
        .load(conn)?;
    let is_meant = |uri: &Uri, follower: &Uri| {
        let is_pair = asked.pair.as_ref().map(|(one, other)| one == follower && *other == by.uri);
        match &asked.uri {
            Some(id) => id == uri && is_pair.unwrap_or(true),
            None => is_pair.unwrap_or(false),
        }
    };
    for (id, ..) in rows.into_iter().filter(|(_, uri, follower)| is_meant(uri, follower)) {
        diesel::update(follows::table.find(id)).set(follows::state.eq(state)).execute(conn)?;
    }
    Ok(())
}

/// How it stands between two; `None` where nobody asked.
pub fn state(conn: &mut Connection, follower: ActorId, target: ActorId) -> Result<Option<State>> {
    let row = follows::table.filter(between(follower, target));
    Ok(row.select(follows::state).first(conn).optional()?)
}

/// Where those live whom one of ours follows or asked to.
pub fn followed_inboxes(conn: &mut Connection, ours: ActorId) -> Result<Vec<String>> {
    let followed = follows::table
        .inner_join(actors::table.on(actors::id.eq(follows::target_id)))
        .filter(follows::follower_id.eq(ours).and(follows::state.ne(State::Refused)));
    Ok(followed.select(actors::inbox).load(conn)?)
}

type Between = diesel::dsl::And<
    diesel::dsl::Eq<follows::follower_id, ActorId>,
    diesel::dsl::Eq<follows::target_id, ActorId>,
>;

fn between(follower: ActorId, target: ActorId) -> Between {
    follows::follower_id.eq(follower).and(follows::target_id.eq(target))
}
