//! For calendar apps: a wijk's agenda to subscribe to, and one event to put in.

use axum::extract::Path;
use axum::response::Response;

use super::cache::{Body, Made, Place};
use super::cards;
use super::failure::Failure;
use super::icalendar::{self, Calendar, Entry};
use super::look::Look;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::PostId;
use crate::foundation::links::Links;
use crate::foundation::paging::Span;
use crate::neighbourhood::posts::event;
use crate::neighbourhood::timelines::{self, Shown};
use crate::neighbourhood::wijken;

/// TRUST.md §4.
const MOST_EVENTS: usize = 2000;

pub(super) async fn of_wijk(look: Look, Path(slug): Path<String>) -> Result<Response, Failure> {
    let place = Place::Calendar { slug: slug.clone() };
    look.at(place, make_of_wijk(&look, slug)).await
}

async fn make_of_wijk(look: &Look, slug: String) -> Result<Made> {
    let now = look.now();
    let read = look.read(move |c| {
        let wijk = wijken::open(c, &slug)?;
        let events = timelines::agenda(c, wijk.id(), now, Span::First, MOST_EVENTS)?;
        Ok((wijk, events))
    });
    let (wijk, events) = read.await?;
    let (t, links) = (look.translator(), look.links());
    let page = format!("{}/agenda", links.wijk(wijk.slug()));
    let entries: Vec<Entry> =
        events.items.iter().filter_map(|shown| entry(shown, links, &t)).collect();
    let calendar = Calendar {
        name: t.say_with("agenda-title", "wijk", wijk.name()),
        words: events.later.map(|_| t.say_with("calendar-cut", "url", &page)),
        url: Some(page),
    };
    Ok(Made {
        body: Body::Calendar {
            text: icalendar::calendar(&calendar, &entries),
            file: format!("{}.ics", wijk.slug()),
        },
        object: None,
        wijken: vec![wijk.id()],
        until: cards::first_over(&events.items, now),
    })
}

pub(super) async fn of_event(look: Look, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = id.parse()?;
    look.at(Place::CalendarOfEvent { id }, make_of_event(&look, id)).await
}

async fn make_of_event(look: &Look, id: PostId) -> Result<Made> {
    let shown = look.read(move |c| timelines::post(c, id)).await?;
    let entry = entry(&shown, look.links(), &look.translator()).ok_or(Error::NotFound)?;
    let calendar = Calendar { name: entry.title.clone(), words: None, url: None };
    Ok(Made {
        body: Body::Calendar {
            text: icalendar::calendar(&calendar, &[entry]),
            file: "activiteit.ics".to_owned(),
        },
        object: None,
        wijken: vec![shown.announcement.wijk_id],
        until: None,
    })
}

/// `None` for a post that is no event. Behind a warning stay the words.
fn entry(Shown { post, version, .. }: &Shown, links: &Links, t: &Translator) -> Option<Entry> {
    let shown = version.shown();
    let words = cards::warning(&shown, t).unwrap_or_else(|| shown.content.to_plain());
    let event = shown.event?;
    let url = post.kind.address(links, post.id);
    Some(Entry {
        uid: post.uri.to_string(),
        changed: version.written_at,
        starts: event.starts_at,
        ends: event.ends_at,
        status: event.status,
        title: shown.title.unwrap_or_else(|| t.say("agenda-untitled")),
        words: format!("{words}\n\n{url}"),
        place: event.place.as_ref().map(event::Place::line),
        coordinates: event.place.as_ref().and_then(|place| place.coordinates),
        url,
    })
}
