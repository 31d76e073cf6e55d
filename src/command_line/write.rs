//! `post`: the wijk's redactie or a local partner writes, and offers it to the wijk; changes it, takes it away.

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::{HERE, Time};
use likejewijk::foundation::config::Limits;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::links::Links;
use likejewijk::foundation::text::{SafeHtml, plain_line};
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::{Actor, store as actors_store};
use likejewijk::neighbourhood::media::keep as media;
use likejewijk::neighbourhood::partners::{self, StoredState};
use likejewijk::neighbourhood::posts::event::{Coordinates, Event, EventStatus, Place};
use likejewijk::neighbourhood::posts::poll::{LONGEST_OPTION, Poll};
use likejewijk::neighbourhood::posts::{self, Kind, Shown, store as posts_store};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};
use likejewijk::neighbourhood::wijken::Wijk;
use serde::Serialize;

use super::arguments::{Changes, NewPost, Post, PostCommand};
use super::failure::{Failure, Named, Outcome};
use super::pictures::{self, Taken};
use super::print::Printer;
use super::values::within;
use super::wijken;

const LONGEST_PLACE: usize = 300;
const FEWEST_OPTIONS: usize = 2;
const MOST_OPTIONS: usize = 10;
const MOST_TAGS: usize = 20;
const LOOK: &str = "post, which prints it";

#[derive(Serialize)]
struct Made {
    id: Uri,
    url: String,
}

pub(super) async fn run(app: App, print: Printer, post: Post) -> Outcome {
    match (post.command, post.new) {
        (Some(PostCommand::Edit { id, changes }), _) => edit(app, id, changes).await,
        (Some(PostCommand::Delete { id }), _) => delete(app, id).await,
        (None, Some(new)) => write(app, print, new).await,
        (None, None) => Err(Failure::usage("say what to post; see likejewijk post --help")),
    }
}

async fn write(app: App, print: Printer, new: NewPost) -> Outcome {
    let (links, now) = (app.links.clone(), app.clock.now());
    let shown = understood(&new, &app.config.limits, &links, now)?;
    let Taken { attachments, stored } = pictures::take(&app, &new.images, &new.alts).await?;
    let shown = Shown { attachments, ..shown };
    let published = move |conn: &mut Connection| {
        let wijk = wijken::named(conn, &new.wijk)?;
        let author = author(conn, &wijk, &new.author)?;
        let shown = Shown { language: Some(wijk.row.language.clone()), ..shown.clone() };
        let post = arrive::written_here(conn, &links, &wijk, &author, new.kind, &shown, now)?;
        let version = posts_store::version(conn, post.newest_version)?;
        media::own(conn, &version, &stored, now)?;
        Ok(Made { id: post.uri, url: post.url })
    };
    let made = app.database.write(published).await?;
    print.made(&made, &made.url)
}

async fn delete(app: App, id: String) -> Outcome {
    let now = app.clock.now();
    let deleted = move |conn: &mut Connection| {
        let (post, author) = written_here(conn, &id)?;
        withdraw::deleted(conn, &author, &post.uri, None, now)
    };
    Ok(app.database.write(deleted).await?)
}

async fn edit(app: App, id: String, changes: Changes) -> Outcome {
    let (links, limits, now) = (app.links.clone(), app.config.limits.clone(), app.clock.now());
    let edited = move |conn: &mut Connection| {
        let (post, _) = written_here(conn, &id)?;
        let before = posts_store::version(conn, post.newest_version)?.shown();
        let shown = changes.apply(&post, before, &limits, &links)?;
        arrive::changed_here(conn, post.id, &shown, now)
    };
    Ok(app.database.write(edited).await?)
}

/// A post of this server that is still there, and its author.
fn written_here(conn: &mut Connection, id: &str) -> Result<(posts::Post, Actor)> {
    let post: posts::Post = {
        let uri = Uri::typed(id).map_err(|_| Error::NotFound);
        uri.and_then(|uri| posts_store::by_uri(conn, &uri)).named("id", id, LOOK)?
    };
    if post.gone_at.is_some() {
        return Err(Error::invalid("id", format!("«{id}» was deleted already")));
    }
    if !post.is_local {
        return Err(Error::invalid("id", format!("«{id}» was written elsewhere, and is not ours")));
    }
    let author = actors_store::find(conn, post.author_id)?;
    Ok((post, author))
}

impl Changes {
    fn apply(
        &self,
        post: &posts::Post,
        before: Shown,
        limits: &Limits,
        links: &Links,
    ) -> Result<Shown> {
        let mut shown = before;
        if let Some(text) = &self.text {
            (shown.content, shown.tags) = words(text, limits, links)?;
        }
        if let Some(title) = title(self.title.as_deref(), limits)? {
            shown.title = Some(title);
        }
        let Self { starts, ends, place, coordinates, .. } = self;
        match &mut shown.event {
            Some(event) => {
                event.starts_at = starts.unwrap_or(event.starts_at);
                event.ends_at = ends.or(event.ends_at);
                let place = self::place(place.as_deref(), *coordinates)?;
                event.place = place.or_else(|| event.place.take());
                if self.cancel {
                    event.status = EventStatus::Cancelled;
                }
                in_order(event.starts_at, event.ends_at)?;
            }
            None if starts.is_some() || ends.is_some() || place.is_some() || self.cancel => {
                let problem = format!("«{}» is no event: only its title and text change", post.uri);
                return Err(Error::invalid("id", problem));
            }
            None => {}
        }
        Ok(shown)
    }
}

fn understood(new: &NewPost, limits: &Limits, links: &Links, now: Time) -> Result<Shown> {
    let (content, tags) = words(&new.text, limits, links)?;
    let title = title(new.title.as_deref(), limits)?;
    Ok(Shown {
        event: event(new, title.as_deref())?,
        poll: poll(new, now)?,
        title,
        content,
        tags,
        ..Shown::default()
    })
}

fn words(text: &str, limits: &Limits, links: &Links) -> Result<(SafeHtml, Vec<String>)> {
    let text = within("text", text, limits.post_characters)?;
    let (html, tags) = SafeHtml::from_plain_with_tags(&text, |tag| links.tag(tag));
    if tags.len() > MOST_TAGS {
        return Err(Error::invalid("text", format!("at most {MOST_TAGS} hashtags")));
    }
    Ok((html, tags))
}

fn title(written: Option<&str>, limits: &Limits) -> Result<Option<String>> {
    let Some(title) = written else { return Ok(None) };
    let title = within("title", title, limits.title_characters)?;
    Ok(Some(plain_line(&title, limits.title_characters)))
}

/// Of an event the title, the beginning and more; of everything else none of it.
fn event(new: &NewPost, title: Option<&str>) -> Result<Option<Event>> {
    let NewPost { starts, ends, place, .. } = new;
    if new.kind != Kind::Event {
        return match (starts, place) {
            (Some(_), _) => Err(only("starts", "an event", "--kind event")),
            (_, Some(_)) => Err(only("place", "an event", "--kind event")),
            _ if ends.is_some() && new.kind != Kind::Poll => {
                Err(only("ends", "an event or a poll", "--kind event or --kind poll"))
            }
            _ => Ok(None),
        };
    }
    if title.is_none() {
        return Err(Error::invalid("title", "an event has a title; add --title"));
    }
    let starts_at = starts.ok_or_else(|| {
        Error::invalid("starts", "an event has a beginning; add --starts 2026-09-26T14:00")
    })?;
    in_order(starts_at, *ends)?;
    Ok(Some(Event {
        starts_at,
        ends_at: *ends,
        time_zone: Some(HERE.to_owned()),
        status: EventStatus::Confirmed,
        place: self::place(place.as_deref(), new.coordinates)?,
        online_url: None,
    }))
}

fn in_order(starts_at: Time, ends_at: Option<Time>) -> Result<()> {
    if ends_at.is_some_and(|ends_at| ends_at <= starts_at) {
        return Err(Error::invalid("ends", "an event ends after it begins"));
    }
    Ok(())
}

fn place(text: Option<&str>, coordinates: Option<Coordinates>) -> Result<Option<Place>> {
    let Some(text) = text else { return Ok(None) };
    let text = within("place", text, LONGEST_PLACE)?;
    let place = Place::parse(&plain_line(&text, LONGEST_PLACE));
    Ok(Some(Place { coordinates, ..place }))
}

/// Of a poll what can be chosen and until when; of everything else none of it.
fn poll(new: &NewPost, now: Time) -> Result<Option<Poll>> {
    if new.kind != Kind::Poll {
        return if new.options.is_empty() && !new.multiple {
            Ok(None)
        } else {
            Err(only("option", "a poll", "--kind poll"))
        };
    }
    let ends_at = new
        .ends
        .ok_or_else(|| Error::invalid("ends", "a poll has an end; add --ends 2026-12-01T20:00"))?;
    if ends_at <= now {
        return Err(Error::invalid("ends", "a poll ends later than now"));
    }
    Ok(Some(Poll {
        options: options(&new.options)?,
        is_multiple: new.multiple,
        ends_at: Some(ends_at),
    }))
}

fn options(written: &[String]) -> Result<Vec<String>> {
    if !(FEWEST_OPTIONS..=MOST_OPTIONS).contains(&written.len()) {
        let problem =
            format!("a poll has {FEWEST_OPTIONS} to {MOST_OPTIONS} options, each with --option");
        return Err(Error::invalid("option", problem));
    }
    let mut options: Vec<String> = Vec::new();
    for option in written {
        let option = plain_line(&within("option", option, LONGEST_OPTION)?, LONGEST_OPTION);
        if options.contains(&option) {
            return Err(Error::invalid("option", format!("«{option}» stands there twice")));
        }
        options.push(option);
    }
    Ok(options)
}

fn only(field: &'static str, whose: &str, how: &str) -> Error {
    Error::invalid(field, format!("is for {whose}; add {how}, or leave it out"))
}

/// Who may write for this wijk from here: its redactie, and its local partners.
fn author(conn: &mut Connection, wijk: &Wijk, name: &str) -> Result<Actor> {
    let look = "partner list --wijk SLUG";
    let actor = actors_store::local(conn, name).named("as", name, look)?;
    let partner = partners::of_actor(conn, wijk.id(), actor.id)?;
    let is_partner = partner.is_some_and(|partner| partner.row.state != StoredState::Revoked);
    if actor.id == wijk.row.redactie_id || is_partner {
        return Ok(actor);
    }
    let problem = format!(
        "«{name}» does not write for {}; name {0}_redactie or a local partner of it",
        wijk.slug()
    );
    Err(Error::invalid("as", problem))
}
