//! The first page: which wijken live here.

use askama::Template;
use axum::response::Response;

use super::cache::{Body, Made, Place};
use super::cards::WijkPlate;
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::neighbourhood::follows;
use crate::neighbourhood::wijken::{self, Wijk};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    t: Translator,
    layout: Layout,
    wijken: Vec<WijkPlate>,
}

pub(super) async fn page(look: Look) -> Result<Response, Failure> {
    look.at(Place::Home, make(&look)).await
}

async fn make(look: &Look) -> Result<Made> {
    let wijken = look.read(with_followers).await?;
    let plate = |(wijk, followers): &(Wijk, i64)| WijkPlate::of(look.links(), wijk, *followers);
    let page = HomePage {
        t: look.translator(),
        layout: look.layout("/"),
        wijken: wijken.iter().map(plate).collect(),
    };
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: None,
        wijken: wijken.iter().map(|(wijk, _)| wijk.id()).collect(),
        until: None,
    })
}

fn with_followers(conn: &mut Connection) -> Result<Vec<(Wijk, i64)>> {
    let mut found = Vec::new();
    for wijk in wijken::list(conn)? {
        let followers = follows::count(conn, wijk.actor.id)?;
        found.push((wijk, followers));
    }
    Ok(found)
}
