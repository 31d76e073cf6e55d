//! A wijk's page: whose it is, how to follow it, and what it passes on.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;

use super::cache::{Body, Made, Place};
use super::cards::{self, AgendaLine, PartnerPlate, PostCard, Setting, WijkView};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use super::pager::{self, Asked, List, Pager};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::foundation::ids::AnnouncementId;
use crate::foundation::paging::Span;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Newest, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const POSTS_ON_A_PAGE: usize = 20;
const EVENTS_BESIDE: usize = 4;

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
    pager: Pager,
    server: &'static str,
    problem: Option<String>,
}

/// A wijk with all that stands on its page.
struct Found {
    wijk: Wijk,
    timeline: Newest,
    agenda: Vec<Shown>,
    around: Around,
    pictures: Pictures,
}

pub(super) async fn page(
    look: Look,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let span = asked.span()?;
    let place = Place::Wijk { slug: slug.clone(), span };
    look.at(place, make(&look, slug, span)).await
}

async fn make(look: &Look, slug: String, span: Span<AnnouncementId>) -> Result<Made> {
    let now = look.now();
    let Found { wijk, timeline, agenda, around, pictures } =
        look.read(move |c| read(c, &slug, span, now)).await?;
    let t = look.translator();
    let (links, partners, pictures) = (look.links(), around.partners.as_slice(), &pictures);
    let setting = Setting { links, t: &t, wijk: &wijk, partners, pictures, now };
    let here = format!("/wijken/{}", wijk.slug());
    let page = WijkPage {
        layout: look.layout(&pager::address(&here, span)),
        wijk: WijkView::of(&wijk, around.followers),
        partners: around.partners.iter().map(PartnerPlate::of).collect(),
        posts: setting.cards(&timeline.items),
        agenda: setting.agenda(&agenda),
        agenda_url: format!("{here}/agenda"),
        pager: Pager::new(List::Posts, (&here, "timeline-title"), span, &timeline),
        server: "",
        problem: None,
        t,
    };
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: Some(wijk.actor.uri.to_string()),
        wijken: vec![wijk.id()],
        until: [
            cards::first_end(&around.partners),
            cards::first_over(&agenda, now),
            cards::first_over(&timeline.items, now),
        ]
        .into_iter()
        .flatten()
        .min(),
    })
}

fn read(conn: &mut Connection, slug: &str, span: Span<AnnouncementId>, now: Time) -> Result<Found> {
    let wijk = wijken::open(conn, slug)?;
    let timeline = timelines::of_wijk(conn, wijk.id(), span, POSTS_ON_A_PAGE)?;
    let around = timelines::around(conn, wijk.id(), now)?;
    let agenda = timelines::agenda(conn, wijk.id(), now, Span::First, EVENTS_BESIDE)?.items;
    let pictures = Pictures::of(conn, &cards::versions(&timeline.items))?;
    Ok(Found { wijk, timeline, agenda, around, pictures })
}
