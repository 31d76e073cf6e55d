//! What is to be done in a wijk: its events that are not over.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::cache::{Made, Place};
use super::cards::{self, AgendaLine, Setting, WijkView};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const EVENTS_ON_A_PAGE: i64 = 100;

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
}

pub(super) async fn page(look: Look, Path(slug): Path<String>) -> Result<Response, Failure> {
    let place = Place::Agenda { slug: slug.clone() };
    look.at(place, make(&look, slug)).await
}

async fn make(look: &Look, slug: String) -> Result<Made> {
    let now = look.now();
    let (wijk, shown, around) = look.read(move |c| read(c, &slug, now)).await?;
    let t = look.translator();
    let links = look.links();
    // The lines of an agenda show no pictures.
    let (partners, pictures) = (around.partners.as_slice(), &Pictures::default());
    let setting = Setting { links, t: &t, wijk: &wijk, partners, pictures, now };
    let object = format!("{}/agenda", wijk.actor.uri);
    let page = AgendaPage {
        layout: look.layout(&format!("/wijken/{}/agenda", wijk.slug())),
        wijk: WijkView::of(&wijk, around.followers),
        wijk_url: links.wijk(wijk.slug()),
        object_url: object.clone(),
        calendar_url: links.calendar(wijk.slug()),
        agenda: setting.agenda(&shown),
        t,
    };
    Ok(Made {
        html: layout::html(&page)?,
        object: Some(object),
        wijken: vec![wijk.id()],
        until: cards::first_over(&shown, now),
    })
}

fn read(conn: &mut Connection, slug: &str, now: Time) -> Result<(Wijk, Vec<Shown>, Around)> {
    let wijk = wijken::open(conn, slug)?;
    let shown = timelines::agenda(conn, wijk.id(), now, EVENTS_ON_A_PAGE)?;
    let around = timelines::around(conn, wijk.id(), now)?;
    Ok((wijk, shown, around))
}
