//! Somebody who writes here: a partner without a server of its own, or a wijk's redactie. Who they are, for which wijken
//! they speak, and what those passed on.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};

use super::Web;
use super::cache::{Made, Place};
use super::cards::{self, PostCard, Setting, WijkPlate};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::links::Links;
use crate::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use crate::neighbourhood::follows;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::partners::{self, Partner};
use crate::neighbourhood::timelines::{self, Shown};
use crate::neighbourhood::wijken::Wijk;

const POSTS_OF_A_WIJK: i64 = 20;

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
}

/// For one wijk.
struct Voice {
    wijk: WijkPlate,
    posts: Vec<PostCard>,
}

/// What is read for a voice.
struct Spoken {
    wijk: Wijk,
    followers: i64,
    partners: Vec<Partner>,
    shown: Vec<Shown>,
    pictures: Pictures,
}

pub(super) async fn page(look: Look, Path(name): Path<String>) -> Result<Response, Failure> {
    let place = Place::Author { name: name.clone() };
    look.at(place, make(&look, name)).await
}

async fn make(look: &Look, name: String) -> Result<Made> {
    let (now, links) = (look.now(), look.links().clone());
    let address = format!("/partners/{name}");
    let (author, spoken) = look.read(move |c| read(c, &links, &name, now)).await?;
    let t = look.translator();
    let page = AuthorPage {
        layout: look.layout(&address),
        initial: cards::initial(author.shown_name()),
        name: author.shown_name().to_owned(),
        handle: author.handle(),
        object_url: author.uri.to_string(),
        mark: if author.kind == ActorKind::Service { "redactie" } else { "partner" },
        voices: spoken.iter().map(|spoken| spoken.voice(look.links(), &t, now)).collect(),
        t,
    };
    Ok(Made {
        html: layout::html(&page)?,
        object: Some(author.uri.to_string()),
        wijken: spoken.iter().map(|spoken| spoken.wijk.id()).collect(),
        until: spoken.iter().filter_map(|spoken| cards::first_end(&spoken.partners)).min(),
    })
}

impl Spoken {
    fn voice(&self, links: &Links, t: &Translator, now: Time) -> Voice {
        let (partners, pictures) = (self.partners.as_slice(), &self.pictures);
        let setting = Setting { links, t, wijk: &self.wijk, partners, pictures, now };
        Voice {
            wijk: WijkPlate::of(links, &self.wijk, self.followers),
            posts: setting.cards(&self.shown),
        }
    }
}

fn read(
    conn: &mut Connection,
    links: &Links,
    name: &str,
    now: Time,
) -> Result<(Actor, Vec<Spoken>)> {
    let author = actors_store::local(conn, name)?;
    if author.uri != *links.partner(name) {
        return Err(Error::NotFound);
    }
    let mut spoken = Vec::new();
    for wijk in partners::wijken_of(conn, author.id, now)? {
        let shown = timelines::of_author_in(conn, wijk.id(), author.id, POSTS_OF_A_WIJK)?;
        spoken.push(Spoken {
            followers: follows::count(conn, wijk.actor.id)?,
            partners: partners::verified(conn, wijk.id(), now)?,
            pictures: Pictures::of(conn, &cards::versions(&shown))?,
            shown,
            wijk,
        });
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
