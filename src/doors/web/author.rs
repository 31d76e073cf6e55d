//! Somebody who writes here: a partner without a server of its own, or a wijk's redactie. Who they are, for which wijken
//! they speak, and what those passed on.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cache::{Body, Made, Place};
use super::cards::{self, PostCard, Setting, WijkPlate};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use super::pager::{self, Asked, List, Pager};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::AnnouncementId;
use crate::foundation::links::Links;
use crate::foundation::paging::Span;
use crate::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use crate::neighbourhood::follows;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::partners::{self, Partner};
use crate::neighbourhood::timelines::{self, Newest};
use crate::neighbourhood::wijken::Wijk;

const POSTS_OF_A_WIJK: usize = 20;

#[derive(Template)]
#[template(path = "author.html")]
struct AuthorPage {
    t: Translator,
    layout: Layout,
    name: String,
    initial: String,
    handle: String,
    object_url: String,
    mark: &'static str,
    voices: Vec<Voice>,
    /// To all wijken, from one.
    all_url: Option<String>,
}

/// For one wijk.
struct Voice {
    wijk: WijkPlate,
    posts: Vec<PostCard>,
    pager: Pager,
}

/// What is read for a voice.
struct Spoken {
    wijk: Wijk,
    followers: i64,
    partners: Vec<Partner>,
    page: Newest,
    pictures: Pictures,
}

#[derive(Deserialize)]
pub(super) struct AskedVoice {
    wijk: Option<String>,
    #[serde(flatten)]
    page: Asked,
}

/// Which part of the page: what is passed on in one wijk, from somewhere on, or the beginning in each.
#[derive(Clone)]
struct Part {
    wijk: Option<String>,
    span: Span<AnnouncementId>,
}

impl Part {
    /// # Errors
    /// `NotFound` for a key without the wijk that it is of.
    fn of(asked: AskedVoice) -> Result<Self> {
        let span = asked.page.span()?;
        if asked.wijk.is_none() && span != Span::First {
            return Err(Error::NotFound);
        }
        Ok(Self { wijk: asked.wijk, span })
    }
}

/// Of all that is passed on in one wijk.
fn address_of(author: &str, wijk: &str) -> String {
    format!("{author}?wijk={wijk}")
}

pub(super) async fn page(
    look: Look,
    Path(name): Path<String>,
    Query(asked): Query<AskedVoice>,
) -> Result<Response, Failure> {
    let part = Part::of(asked)?;
    let place = Place::Author { name: name.clone(), wijk: part.wijk.clone(), span: part.span };
    look.at(place, make(&look, name, part)).await
}

async fn make(look: &Look, name: String, part: Part) -> Result<Made> {
    let (now, links) = (look.now(), look.links().clone());
    let all = format!("/partners/{name}");
    let here = part.wijk.as_ref().map(|wijk| address_of(&all, wijk));
    let span = part.span;
    let (author, spoken) = look.read(move |c| read(c, &links, &name, &part, now)).await?;
    let t = look.translator();
    let voices = spoken.iter().enumerate().map(|(at, spoken)| {
        let heading = format!("voice-{}", at + 1);
        let pager = Pager::new(
            List::Posts,
            (&address_of(&all, spoken.wijk.slug()), &heading),
            span,
            &spoken.page,
        );
        spoken.voice(look.links(), &t, now, pager)
    });
    let page = AuthorPage {
        layout: look.layout(&pager::address(here.as_deref().unwrap_or(&all), span)),
        initial: cards::initial(author.shown_name()),
        name: author.shown_name().to_owned(),
        handle: author.handle(),
        object_url: author.uri.to_string(),
        mark: if author.kind == ActorKind::Service { "redactie" } else { "partner" },
        voices: voices.collect(),
        all_url: here.map(|_| all),
        t,
    };
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: Some(author.uri.to_string()),
        wijken: spoken.iter().map(|spoken| spoken.wijk.id()).collect(),
        until: spoken.iter().filter_map(|spoken| spoken.until(now)).min(),
    })
}

impl Spoken {
    fn until(&self, now: Time) -> Option<Time> {
        let ends = [cards::first_end(&self.partners), cards::first_over(&self.page.items, now)];
        ends.into_iter().flatten().min()
    }

    fn voice(&self, links: &Links, t: &Translator, now: Time, pager: Pager) -> Voice {
        let (partners, pictures) = (self.partners.as_slice(), &self.pictures);
        let setting = Setting { links, t, wijk: &self.wijk, partners, pictures, now };
        Voice {
            wijk: WijkPlate::of(links, &self.wijk, self.followers),
            posts: setting.cards(&self.page.items),
            pager,
        }
    }
}

fn read(
    conn: &mut Connection,
    links: &Links,
    name: &str,
    part: &Part,
    now: Time,
) -> Result<(Actor, Vec<Spoken>)> {
    let author = actors_store::local(conn, name)?;
    if author.uri != *links.partner(name) {
        return Err(Error::NotFound);
    }
    let mut spoken = Vec::new();
    let wijken = partners::wijken_of(conn, author.id, now)?.into_iter();
    for wijk in wijken.filter(|wijk| part.wijk.as_ref().is_none_or(|one| one == wijk.slug())) {
        let page = timelines::of_author_in(conn, wijk.id(), author.id, part.span, POSTS_OF_A_WIJK)?;
        spoken.push(Spoken {
            followers: follows::count(conn, wijk.actor.id)?,
            partners: partners::verified(conn, wijk.id(), now)?,
            pictures: Pictures::of(conn, &cards::versions(&page.items))?,
            page,
            wijk,
        });
    }
    if part.wijk.is_some() && spoken.is_empty() {
        return Err(Error::NotFound);
    }
    Ok((author, spoken))
}

/// `/@name`, as other servers write it: to the page that name has.
pub(super) async fn by_name(
    State(web): State<Web>,
    Path(name): Path<String>,
) -> Result<Redirect, Failure> {
    let actor = web.app.database.read(move |c| actors_store::local(c, &name)).await?;
    Ok(Redirect::to(&actor.url))
}
