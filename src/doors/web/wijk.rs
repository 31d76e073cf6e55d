//! A wijk's page: whose it is, how to follow it, and what it passes on.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::cache::{Made, Place};
use super::cards::{self, AgendaLine, PartnerPlate, PostCard, Setting, WijkView};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::foundation::ids::AnnouncementId;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const POSTS_ON_A_PAGE: i64 = 20;
const EVENTS_BESIDE: i64 = 4;

#[derive(Template)]
#[template(path = "wijk.html")]
struct WijkPage {
    t: Translator,
    layout: Layout,
    wijk: WijkView,
    partners: Vec<PartnerPlate>,
    posts: Vec<PostCard>,
    /// The next ones.
    agenda: Vec<AgendaLine>,
    agenda_url: String,
    older: Option<String>,
    server: &'static str,
    problem: Option<String>,
}

/// A wijk with all that stands on its page.
struct Found {
    wijk: Wijk,
    timeline: timelines::Page,
    agenda: Vec<Shown>,
    around: Around,
    pictures: Pictures,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// Only what was passed on before this one.
    voor: Option<String>,
}

pub(super) async fn page(
    look: Look,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let before = asked.voor.map(|id| id.parse::<AnnouncementId>()).transpose()?;
    let place = Place::Wijk { slug: slug.clone(), before };
    look.at(place, make(&look, slug, before)).await
}

async fn make(look: &Look, slug: String, before: Option<AnnouncementId>) -> Result<Made> {
    let now = look.now();
    let Found { wijk, timeline, agenda, around, pictures } =
        look.read(move |c| read(c, &slug, before, now)).await?;
    let t = look.translator();
    let (links, partners, pictures) = (look.links(), around.partners.as_slice(), &pictures);
    let setting = Setting { links, t: &t, wijk: &wijk, partners, pictures, now };
    let page = WijkPage {
        layout: look.layout(&address(wijk.slug(), before)),
        wijk: WijkView::of(&wijk, around.followers),
        partners: around.partners.iter().map(PartnerPlate::of).collect(),
        posts: setting.cards(&timeline.shown),
        agenda: setting.agenda(&agenda),
        agenda_url: format!("/wijken/{}/agenda", wijk.slug()),
        older: timeline.older.map(|older| address(wijk.slug(), Some(older))),
        server: "",
        problem: None,
        t,
    };
    Ok(Made {
        html: layout::html(&page)?,
        object: Some(wijk.actor.uri.to_string()),
        wijken: vec![wijk.id()],
        until: [
            cards::first_end(&around.partners),
            cards::first_over(&agenda, now),
            cards::first_over(&timeline.shown, now),
        ]
        .into_iter()
        .flatten()
        .min(),
    })
}

fn read(
    conn: &mut Connection,
    slug: &str,
    before: Option<AnnouncementId>,
    now: Time,
) -> Result<Found> {
    let wijk = wijken::open(conn, slug)?;
    let timeline = timelines::of_wijk(conn, wijk.id(), before, POSTS_ON_A_PAGE)?;
    let around = timelines::around(conn, wijk.id(), now)?;
    let agenda = timelines::agenda(conn, wijk.id(), now, EVENTS_BESIDE)?;
    let pictures = Pictures::of(conn, &cards::versions(&timeline.shown))?;
    Ok(Found { wijk, timeline, agenda, around, pictures })
}

fn address(slug: &str, before: Option<AnnouncementId>) -> String {
    match before {
        Some(before) => format!("/wijken/{slug}?voor={before}"),
        None => format!("/wijken/{slug}"),
    }
}
