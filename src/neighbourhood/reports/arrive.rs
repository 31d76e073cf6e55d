//! Whose moderators read a report: those of the wijken that passed the post on, or for which its author speaks; what
//! nobody can place is for the administrators.

use super::{MOST_CHARACTERS, Report, Said, State, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{ActorId, PostId, ReportId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use crate::neighbourhood::announcements;
use crate::neighbourhood::partners;
use crate::neighbourhood::posts::{Post, store as posts_store};
use crate::neighbourhood::wijken::Wijk;

/// More things in one report are not looked at.
const MOST_NAMED: usize = 50;

/// What is reported.
struct Subject {
    uri: Uri,
    post: Option<PostId>,
    actor: Option<ActorId>,
    wijken: Vec<WijkId>,
}

/// Another server reports what it names, in whatever order and mixed with what we never heard of: posts, or where it
/// names none of ours their authors.
pub fn from_server(
    conn: &mut Connection,
    links: &Links,
    named: &[Uri],
    said: &Said,
    now: Time,
) -> Result<()> {
    let (mut posts, mut actors) = (Vec::new(), Vec::new());
    for id in named.iter().take(MOST_NAMED) {
        if let Some(post) = post_called(conn, links, id)? {
            posts.push(post_subject(conn, &post, now)?);
        } else if let Some(actor) = actors_store::by_uri(conn, id)? {
            actors.push(actor_subject(conn, &actor, now)?);
        }
    }
    let mut subjects = if posts.is_empty() { actors } else { posts };
    if let (true, Some(first)) = (subjects.is_empty(), named.first()) {
        subjects.push(Subject { uri: first.clone(), post: None, actor: None, wijken: Vec::new() });
    }
    subjects.iter().try_for_each(|subject| keep(conn, subject, said, now))
}

/// A visitor reports what a page of ours shows: a post, or the wijk itself.
pub fn about_post(conn: &mut Connection, post: &Post, said: &Said, now: Time) -> Result<()> {
    let subject = post_subject(conn, post, now)?;
    keep(conn, &subject, said, now)
}

pub fn about_wijk(conn: &mut Connection, wijk: &Wijk, said: &Said, now: Time) -> Result<()> {
    let subject = actor_subject(conn, &wijk.actor, now)?;
    keep(conn, &subject, said, now)
}

/// By its id, or by its page here.
fn post_called(conn: &mut Connection, links: &Links, id: &Uri) -> Result<Option<Post>> {
    if let Some(post) = posts_store::by_uri(conn, id)? {
        return Ok(Some(post));
    }
    let pages = [links.post(""), links.event(""), links.poll("")];
    let page = pages.iter().find_map(|page| id.as_str().strip_prefix(page.as_str()));
    match page.and_then(|id| id.parse().ok()) {
        Some(id) => posts_store::by_id(conn, id),
        None => Ok(None),
    }
}

/// The wijken that show it, that show the conversation it answers in, or that its author speaks for.
fn post_subject(conn: &mut Connection, post: &Post, now: Time) -> Result<Subject> {
    let mut wijken = showing(conn, post.id)?;
    if wijken.is_empty() {
        wijken = showing(conn, post.thread_id)?;
    }
    if wijken.is_empty() {
        let author = actors_store::find(conn, post.author_id)?;
        wijken = spoken_for(conn, &author, now)?;
    }
    let (uri, actor) = (post.uri.clone(), Some(post.author_id));
    Ok(Subject { uri, post: Some(post.id), actor, wijken })
}

fn actor_subject(conn: &mut Connection, actor: &Actor, now: Time) -> Result<Subject> {
    let mut wijken = spoken_for(conn, actor, now)?;
    if wijken.is_empty() {
        wijken = announcements::passing_on(conn, actor.id)?;
    }
    Ok(Subject { uri: actor.uri.clone(), post: None, actor: Some(actor.id), wijken })
}

fn showing(conn: &mut Connection, post: PostId) -> Result<Vec<WijkId>> {
    let standing = announcements::all_standing(conn, post)?;
    Ok(standing.into_iter().map(|announcement| announcement.wijk_id).collect())
}

fn spoken_for(conn: &mut Connection, actor: &Actor, now: Time) -> Result<Vec<WijkId>> {
    if actor.is_local && actor.kind == ActorKind::Group {
        return Ok(vec![WijkId(actor.id.0)]);
    }
    Ok(partners::wijken_of(conn, actor.id, now)?.iter().map(Wijk::id).collect())
}

/// One open report of one reporter about one thing: what is said again is added to it, as far as it fits.
fn keep(conn: &mut Connection, subject: &Subject, said: &Said, now: Time) -> Result<()> {
    let readers: Vec<Option<WijkId>> = match subject.wijken.as_slice() {
        [] => vec![None],
        wijken => wijken.iter().copied().map(Some).collect(),
    };
    for wijk in readers {
        match store::open_of(conn, wijk, &subject.uri, &said.reporter)? {
            Some(open) => {
                let held = store::said_again(conn, open.id)?;
                store::add_words(conn, held.id, &added(&held.words, &said.words))?;
            }
            None => store::insert(conn, &report(subject, said, wijk, now))?,
        }
    }
    Ok(())
}

fn report(subject: &Subject, said: &Said, wijk_id: Option<WijkId>, now: Time) -> Report {
    Report {
        id: ReportId::next(now),
        wijk_id,
        subject: subject.uri.clone(),
        post_id: subject.post,
        actor_id: subject.actor,
        why: said.why,
        words: cut(&said.words),
        host: said.host.clone(),
        reporter: Some(said.reporter.clone()),
        times: 1,
        state: State::Open,
        received_at: now,
        handled_at: None,
        answer: None,
        is_passed_on: false,
    }
}

fn cut(words: &str) -> String {
    words.trim().chars().filter(|c| *c != '\0').take(MOST_CHARACTERS).collect()
}

fn added(before: &str, words: &str) -> String {
    let words = words.trim();
    if words.is_empty() || before.contains(words) {
        return before.to_owned();
    }
    cut(&format!("{before}\n\n{words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_added_as_far_as_it_fits() {
        assert_eq!(added("Reclame", "Reclame "), "Reclame");
        assert_eq!(added("Reclame", "Alweer"), "Reclame\n\nAlweer");
        assert_eq!(added(&"x".repeat(4998), "Alweer").chars().count(), MOST_CHARACTERS);
        assert_eq!(cut(&"é".repeat(1_000_000)).chars().count(), MOST_CHARACTERS);
    }
}
