//! What the wijken pass on under a hashtag.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::Web;
use super::cache::{Made, Place};
use super::cards::{self, PostCard, Setting, WijkPlate};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::visitor::Visitor;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::WijkId;
use crate::foundation::text::hashtag;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const POSTS_ON_A_PAGE: i64 = 40;

#[derive(Template)]
#[template(path = "tag.html")]
struct TagPage {
    t: Translator,
    layout: Layout,
    tag: String,
    posts: Vec<TaggedPost>,
}

struct TaggedPost {
    wijk: WijkPlate,
    card: PostCard,
}

struct Found {
    shown: Vec<Shown>,
    pictures: Pictures,
    /// Those that pass any of it on.
    wijken: BTreeMap<WijkId, (Wijk, Around)>,
    /// Any of these may pass on something new.
    all: Vec<WijkId>,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Path(tag): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let tag = hashtag(&tag).ok_or(Error::NotFound)?;
    let place = Place::Tag(tag.clone());
    web.pages.show(&web, &visitor, place, &headers, make(&web, &visitor, tag)).await
}

async fn make(web: &Web, visitor: &Visitor, tag: String) -> Result<Made> {
    let (now, wanted) = (web.app.clock.now(), tag.clone());
    let found = web.app.database.read(move |c| read(c, &wanted, now)).await?;
    let t = visitor.translator(web);
    let page = TagPage {
        layout: Layout::new(web, visitor, &format!("/tags/{tag}")),
        posts: found.posts(web, &t, now),
        tag: format!("#{tag}"),
        t,
    };
    let ends = found.wijken.values().filter_map(|(_, around)| cards::first_end(&around.partners));
    Ok(Made {
        html: layout::html(&page)?,
        object: None,
        until: ends.chain(cards::first_over(&found.shown, now)).min(),
        wijken: found.all,
    })
}

impl Found {
    fn posts(&self, web: &Web, t: &Translator, now: Time) -> Vec<TaggedPost> {
        let links = &web.app.links;
        let tagged = |shown: &Shown| {
            let (wijk, around) = self.wijken.get(&shown.announcement.wijk_id)?;
            let (partners, pictures) = (around.partners.as_slice(), &self.pictures);
            let setting = Setting { links, t, wijk, partners, pictures, now };
            let wijk = WijkPlate::of(links, wijk, around.followers);
            Some(TaggedPost { wijk, card: setting.card(shown) })
        };
        self.shown.iter().filter_map(tagged).collect()
    }
}

/// # Errors
/// `NotFound` where there is nothing: anybody can think of a tag.
fn read(conn: &mut Connection, tag: &str, now: Time) -> Result<Found> {
    let shown = timelines::tagged(conn, tag, POSTS_ON_A_PAGE)?;
    if shown.is_empty() {
        return Err(Error::NotFound);
    }
    let mut wijken = BTreeMap::new();
    for id in shown.iter().map(|shown| shown.announcement.wijk_id) {
        if let Entry::Vacant(unread) = wijken.entry(id) {
            unread.insert((wijken::by_id(conn, id)?, timelines::around(conn, id, now)?));
        }
    }
    let all = wijken::list(conn)?.iter().map(Wijk::id).collect();
    let pictures = Pictures::of(conn, &cards::versions(&shown))?;
    Ok(Found { shown, pictures, wijken, all })
}
