//! The first page: which wijken live here.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::Web;
use super::cache::{Made, Place};
use super::cards::WijkPlate;
use super::failure::Failure;
use super::layout::{self, Layout};
use super::visitor::Visitor;
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

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    web.pages.show(&web, &visitor, Place::Home, &headers, make(&web, &visitor)).await
}

async fn make(web: &Web, visitor: &Visitor) -> Result<Made> {
    let wijken = web.app.database.read(with_followers).await?;
    let plate = |(wijk, followers): &(Wijk, i64)| WijkPlate::of(&web.app.links, wijk, *followers);
    let page = HomePage {
        t: visitor.translator(web),
        layout: Layout::new(web, visitor, "/"),
        wijken: wijken.iter().map(plate).collect(),
    };
    Ok(Made {
        html: layout::html(&page)?,
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
