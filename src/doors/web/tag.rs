//! What the wijken pass on under a hashtag.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::cache::{Made, Place};
use super::cards::{self, PostCard, Setting, WijkPlate};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::WijkId;
use crate::foundation::links::Links;
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

pub(super) async fn page(look: Look, Path(tag): Path<String>) -> Result<Response, Failure> {
    let tag = hashtag(&tag).ok_or(Error::NotFound)?;
    let place = Place::Tag(tag.clone());
    look.at(place, make(&look, tag)).await
}

async fn make(look: &Look, tag: String) -> Result<Made> {
    let (now, wanted) = (look.now(), tag.clone());
    let found = look.read(move |c| read(c, &wanted, now)).await?;
    let t = look.translator();
    let page = TagPage {
        layout: look.layout(&format!("/tags/{tag}")),
        posts: found.posts(look.links(), &t, now),
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
    fn posts(&self, links: &Links, t: &Translator, now: Time) -> Vec<TaggedPost> {
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
