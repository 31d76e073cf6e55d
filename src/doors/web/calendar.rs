//! For calendar apps: a wijk's agenda to subscribe to, and one event to put in.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::cards;
use super::failure::Failure;
use super::icalendar::{self, Entry};
use super::visitor::Visitor;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::PostId;
use crate::foundation::links::Links;
use crate::foundation::paging::Span;
use crate::neighbourhood::posts::event::Place;
use crate::neighbourhood::timelines::{self, Shown};
use crate::neighbourhood::wijken;

const MOST_EVENTS: usize = 100;

pub(super) async fn of_wijk(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let now = web.app.clock.now();
    let read = web.app.database.read(move |c| {
        let wijk = wijken::open(c, &slug)?;
        let shown = timelines::agenda(c, wijk.id(), now, Span::First, MOST_EVENTS)?.items;
        Ok((wijk, shown))
    });
    let (wijk, shown) = read.await?;
    let (t, links) = (visitor.translator(&web), &web.app.links);
    let entries: Vec<Entry> = shown.iter().filter_map(|shown| entry(shown, links, &t)).collect();
    let name = t.say_with("agenda-title", "wijk", wijk.name());
    Ok(answer(&format!("{}.ics", wijk.slug()), &name, &entries))
}

pub(super) async fn of_event(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let id: PostId = id.parse()?;
    let shown = web.app.database.read(move |c| timelines::post(c, id)).await?;
    let t = visitor.translator(&web);
    let entry = entry(&shown, &web.app.links, &t).ok_or(Error::NotFound)?;
    let name = entry.title.clone();
    Ok(answer("activiteit.ics", &name, &[entry]))
}

fn answer(file: &str, name: &str, entries: &[Entry]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ];
    (headers, icalendar::calendar(name, entries)).into_response()
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
        place: event.place.as_ref().map(Place::line),
        coordinates: event.place.as_ref().and_then(|place| place.coordinates),
        url,
    })
}
