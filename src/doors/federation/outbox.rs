//! Words of `outgoing` → deliveries, one slice at a time: which inbox hears of it, and in which form its server is told.

use std::collections::{BTreeSet, HashMap};

use url::Url;

use super::activities::{announcing, publishing};
use super::saying::say;
use super::telling::{Embedded, Said, Telling, reads_authors};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::ids::{ActivityId, ActorId, PostId};
use crate::foundation::links::Links;
use crate::neighbourhood::announcements::{self, Form};
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::follows;
use crate::neighbourhood::instances::{self, Kind, Known};
use crate::neighbourhood::outgoing::Word;
use crate::neighbourhood::outgoing::store::{self, Addressed, NewActivity, Pending};

/// Follows read in one transaction: a large announcement never holds the writer long.
const SLICE: i64 = 500;

/// Writes down the next slice of each word's deliveries, and wakes their hosts.
///
/// # Errors
/// Of the first that cannot be: then none of them is.
pub fn expand(conn: &mut Connection, links: &Links, words: &[Pending], now: Time) -> Result<()> {
    let (mut hosts, mut first) = (BTreeSet::new(), BTreeSet::new());
    for pending in words {
        let woken = if pending.is_urgent { &mut first } else { &mut hosts };
        woken.extend(expand_one(conn, links, pending, now)?);
    }
    store::wake(conn, &first, Time::ZERO)?;
    store::wake(conn, &hosts, now)
}

/// The next slice of a word's deliveries; each form is made when the first server needs it. Answers whose they are.
///
/// # Errors
/// `NotFound` where the word's subject is no more.
fn expand_one(
    conn: &mut Connection,
    links: &Links,
    pending: &Pending,
    now: Time,
) -> Result<BTreeSet<Domain>> {
    let mut made = pending.made;
    let activity = made.activity.unwrap_or_else(|| new_id(&pending.word, now));
    let embedded = made.embedded.unwrap_or_else(|| ActivityId::next(now));
    let said = say(conn, links, pending, activity, embedded)?;
    let (mut inboxes, next) = slice(conn, &said, pending.cursor)?;
    if pending.cursor == 0 {
        inboxes.extend(said.directly.iter().cloned());
    }
    let reached = reachable(conn, links, inboxes)?;
    let told = forms(conn, &said, &reached)?;
    let (signer, post) = (said.signer, pending.word.post());
    if let (None, Some(json)) = (made.activity, &said.activity) {
        let is_public = pending.word.is_public();
        let new = NewActivity { id: activity, signer, post, is_public, json };
        store::keep_activity(conn, &new, now)?;
        made.activity = Some(activity);
    }
    if let (None, Some(Embedded { json, .. })) = (made.embedded, &said.embedded)
        && told.values().any(|form| *form == Form::Embedded)
    {
        let new = NewActivity { id: embedded, signer, post, is_public: false, json };
        store::keep_activity(conn, &new, now)?;
        made.embedded = Some(embedded);
    }
    let mut deliveries = Vec::with_capacity(reached.len());
    for (inbox, host) in reached {
        let activity = match told.get(&host) {
            Some(Form::Object) => made.activity,
            Some(Form::Embedded) => made.embedded,
            Some(Form::Untold) | None => None,
        };
        deliveries.extend(activity.map(|activity| Addressed { inbox, host, activity }));
    }
    if let Telling::Announcing(announcement) = said.telling {
        announcements::remember_forms(conn, announcement, told)?;
    }
    store::expanded(conn, pending, made, &deliveries, next, now)?;
    Ok(deliveries.into_iter().map(|one| one.host).collect())
}

/// What is embedded in what is said later has an id that can be told from its subject.
fn new_id(word: &Word, now: Time) -> ActivityId {
    match word {
        Word::CreatePost { post } => publishing::create_id(*post),
        Word::Relay { announcement, .. } => announcing::relay_id(*announcement),
        _ => ActivityId::next(now),
    }
}

fn slice(conn: &mut Connection, said: &Said, cursor: i64) -> Result<(Vec<String>, Option<i64>)> {
    if said.followers_of.is_empty() {
        return Ok((Vec::new(), None));
    }
    let rows = follows::inboxes(conn, &said.followers_of, said.heard_since, cursor, SLICE)?;
    let is_last = i64::try_from(rows.len()).unwrap_or(0) < SLICE;
    let next = if is_last { None } else { rows.last().map(|(follow, _)| follow.0) };
    Ok((rows.into_iter().map(|(_, inbox)| inbox).collect(), next))
}

/// Each inbox once, but our own and those of servers that are not heard here.
fn reachable(
    conn: &mut Connection,
    links: &Links,
    mut inboxes: Vec<String>,
) -> Result<Vec<(String, Domain)>> {
    inboxes.sort_unstable();
    inboxes.dedup();
    let blocklist = Blocklist::read(conn)?;
    let hosts = inboxes.into_iter().filter_map(|inbox| {
        let host = Url::parse(&inbox).ok().and_then(|url| Domain::of(&url).ok())?;
        (host != *links.domain() && !blocklist.refuses_domain(&host)).then_some((inbox, host))
    });
    Ok(hosts.collect())
}

/// How each of these servers is told.
fn forms(
    conn: &mut Connection,
    said: &Said,
    reached: &[(String, Domain)],
) -> Result<HashMap<Domain, Form>> {
    let hosts: Vec<&Domain> = reached.iter().map(|(_, host)| host).collect();
    let (known, before) = match said.telling {
        Telling::Alike => (HashMap::new(), HashMap::new()),
        Telling::Writing { post, .. } => {
            let known = instances::among(conn, &hosts)?;
            let by_wijk = told_by_a_wijk(conn, post, &known)?;
            (known, by_wijk)
        }
        Telling::Announcing(_) | Telling::Relaying => {
            (instances::among(conn, &hosts)?, HashMap::new())
        }
        Telling::Following(id) => {
            (instances::among(conn, &hosts)?, announcements::forms(conn, id)?)
        }
    };
    let nothing = Known::default();
    let form =
        |host: &Domain| said.form(known.get(host).unwrap_or(&nothing), before.get(host).copied());
    Ok(hosts.into_iter().map(|host| (host.clone(), form(host))).collect())
}

/// Servers of communities that hear of a post from a wijk they follow: one form for each server, and theirs has the title.
fn told_by_a_wijk(
    conn: &mut Connection,
    post: PostId,
    known: &HashMap<Domain, Known>,
) -> Result<HashMap<Domain, Form>> {
    let is_choosing = |known: &Known| known.kind() == Kind::Threadiverse && reads_authors(known);
    let choosing = known.iter().filter(|(_, known)| is_choosing(known));
    let choosing: Vec<&Domain> = choosing.map(|(host, _)| host).collect();
    if choosing.is_empty() {
        return Ok(HashMap::new());
    }
    let wijken: Vec<ActorId> =
        announcements::ever_by(conn, post)?.into_iter().map(ActorId::from).collect();
    let following = follows::servers_following(conn, &wijken, &choosing)?;
    Ok(following.into_iter().map(|host| (host, Form::Embedded)).collect())
}
