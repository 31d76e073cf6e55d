//! What is to be done in a wijk: its events that are not over.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;

use super::cache::{Body, Made, Place};
use super::cards::{self, AgendaLine, Setting, WijkView};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use super::pager::{self, Asked, List, Pager};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::foundation::ids::AnnouncementId;
use crate::foundation::paging::{At, Span};
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Events};
use crate::neighbourhood::wijken::{self, Wijk};

const EVENTS_ON_A_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "agenda.html")]
struct AgendaPage {
    t: Translator,
    layout: Layout,
    wijk: WijkView,
    wijk_url: String,
    object_url: String,
    calendar_url: String,
    agenda: Vec<AgendaLine>,
    pager: Pager,
}

pub(super) async fn page(
    look: Look,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let span = asked.span()?;
    let place = Place::Agenda { slug: slug.clone(), span };
    look.at(place, make(&look, slug, span)).await
}

async fn make(look: &Look, slug: String, span: Span<At<AnnouncementId>>) -> Result<Made> {
    let now = look.now();
    let (wijk, events, around) = look.read(move |c| read(c, &slug, span, now)).await?;
    let t = look.translator();
    let links = look.links();
    // The lines of an agenda show no pictures.
    let (partners, pictures) = (around.partners.as_slice(), &Pictures::default());
    let setting = Setting { links, t: &t, wijk: &wijk, partners, pictures, now };
    let object = format!("{}/agenda", wijk.actor.uri);
    let here = format!("/wijken/{}/agenda", wijk.slug());
    let page = AgendaPage {
        layout: look.layout(&pager::address(&here, span)),
        wijk: WijkView::of(&wijk, around.followers),
        wijk_url: links.wijk(wijk.slug()),
        object_url: object.clone(),
        calendar_url: links.calendar(wijk.slug()),
        agenda: setting.agenda(&events.items),
        pager: Pager::new(List::Agenda, (&here, "agenda-title"), span, &events),
        t,
    };
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: Some(object),
        wijken: vec![wijk.id()],
        until: cards::first_over(&events.items, now),
    })
}

fn read(
    conn: &mut Connection,
    slug: &str,
    span: Span<At<AnnouncementId>>,
    now: Time,
) -> Result<(Wijk, Events, Around)> {
    let wijk = wijken::open(conn, slug)?;
    let events = timelines::agenda(conn, wijk.id(), now, span, EVENTS_ON_A_PAGE)?;
    let around = timelines::around(conn, wijk.id(), now)?;
    Ok((wijk, events, around))
}
