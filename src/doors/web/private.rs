//! What was written to a wijk in private: for its moderators to read and put away. Nothing here is ever passed on.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cards::{self, WijkView};
use super::failure::Failure;
use super::forms::Posted;
use super::layout::{self, Layout};
use super::visitor::{SignedIn, Visitor};
use crate::foundation::clock::Time;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::PrivatePostId;
use crate::foundation::uri::Uri;
use crate::neighbourhood::accounts::seats;
use crate::neighbourhood::posts::{PrivatePost, store};

/// The next ones come up as these are put away.
const MOST: i64 = 50;

#[derive(Template)]
#[template(path = "private.html")]
struct PrivatePage {
    t: Translator,
    layout: Layout,
    csrf: String,
    wijk: WijkView,
    desk_url: String,
    letters: Vec<Letter>,
}

struct Letter {
    id: PrivatePostId,
    author_name: String,
    author_handle: String,
    author_url: String,
    received: Time,
    html: String,
    answer_url: Uri,
    put_away_url: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    wijk: Option<String>,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    me: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let wijk = &me.desk(asked.wijk.as_deref())?.wijk;
    let (account, id, now) = (me.account().clone(), wijk.id(), web.app.clock.now());
    let read = web.app.database.read(move |c| {
        let by = seats::moderator(c, &account, id, now)?;
        store::private_to(c, &by, MOST)
    });
    let letters = read.await?.into_iter().map(|post| letter(post, wijk.slug())).collect();
    Ok(layout::page(&PrivatePage {
        layout: Layout::new(&web, &visitor, &address(wijk.slug())),
        csrf: me.session.csrf.clone(),
        wijk: WijkView::of(wijk, 0),
        desk_url: format!("/balie?wijk={}", wijk.slug()),
        letters,
        t: visitor.translator(&web),
    })?)
}

#[derive(Deserialize)]
pub(super) struct From {
    wijk: String,
}

#[derive(Deserialize)]
pub(super) struct PutAway {}

pub(super) async fn put_away(
    State(web): State<Web>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<From>,
    Posted(PutAway {}): Posted<PutAway>,
) -> Result<Redirect, Failure> {
    let wijk = &me.desk(Some(&from.wijk))?.wijk;
    let (id, wijk_id): (PrivatePostId, _) = (id.parse()?, wijk.id());
    let (account, now) = (me.account().clone(), web.app.clock.now());
    let done = web.app.database.write(move |c| {
        let by = seats::moderator(c, &account, wijk_id, now)?;
        store::put_away(c, id, &by)
    });
    match done.await {
        // Somebody else did it a moment ago.
        Ok(()) | Err(Error::NotFound) => Ok(Redirect::to(&address(wijk.slug()))),
        Err(error) => Err(error.into()),
    }
}

fn letter(post: PrivatePost, slug: &str) -> Letter {
    Letter {
        author_name: post.author.shown_name().to_owned(),
        author_handle: post.author.handle(),
        author_url: cards::page_of(&post.author),
        received: post.received_at,
        html: post.content.as_str().to_owned(),
        answer_url: post.uri,
        put_away_url: format!("/balie/prive/{}/weg?wijk={slug}", post.id),
        id: post.id,
    }
}

pub(super) fn address(slug: &str) -> String {
    format!("/balie/prive?wijk={slug}")
}
