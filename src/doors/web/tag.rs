//! What the wijken pass on under a hashtag.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;

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
use crate::foundation::ids::{AnnouncementId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::paging::Span;
use crate::foundation::text::hashtag;
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::timelines::{self, Around, Newest, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const POSTS_ON_A_PAGE: usize = 40;

#[derive(Template)]
#[template(path = "tag.html")]
struct TagPage {
    t: Translator,
    layout: Layout,
    tag: String,
    posts: Vec<TaggedPost>,
    pager: Pager,
}

struct TaggedPost {
    wijk: WijkPlate,
    card: PostCard,
}

struct Found {
    page: Newest,
    pictures: Pictures,
    /// Those that pass any of it on.
    wijken: BTreeMap<WijkId, (Wijk, Around)>,
    /// Any of these may pass on something new.
    all: Vec<WijkId>,
}

pub(super) async fn page(
    look: Look,
    Path(tag): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let (tag, span) = (hashtag(&tag).ok_or(Error::NotFound)?, asked.span()?);
    let place = Place::Tag { tag: tag.clone(), span };
    look.at(place, make(&look, tag, span)).await
}

async fn make(look: &Look, tag: String, span: Span<AnnouncementId>) -> Result<Made> {
    let (now, wanted) = (look.now(), tag.clone());
    let found = look.read(move |c| read(c, &wanted, span, now)).await?;
    let t = look.translator();
    let here = format!("/tags/{tag}");
    let page = TagPage {
        layout: look.layout(&pager::address(&here, span)),
        posts: found.posts(look.links(), &t, now),
        pager: Pager::new(List::Posts, (&here, "content"), span, &found.page),
        tag: format!("#{tag}"),
        t,
    };
    let ends = found.wijken.values().filter_map(|(_, around)| cards::first_end(&around.partners));
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: None,
        until: ends.chain(cards::first_over(&found.page.items, now)).min(),
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
        self.page.items.iter().filter_map(tagged).collect()
    }
}

/// # Errors
/// `NotFound` where there is nothing: anybody can think of a tag.
fn read(conn: &mut Connection, tag: &str, span: Span<AnnouncementId>, now: Time) -> Result<Found> {
    let page = timelines::tagged(conn, tag, span, POSTS_ON_A_PAGE)?;
    if page.items.is_empty() && page.earlier.is_none() && page.later.is_none() {
        return Err(Error::NotFound);
    }
    let mut wijken = BTreeMap::new();
    for id in page.items.iter().map(|shown| shown.announcement.wijk_id) {
        if let Entry::Vacant(unread) = wijken.entry(id) {
            unread.insert((wijken::by_id(conn, id)?, timelines::around(conn, id, now)?));
        }
    }
    let all = wijken::list(conn)?.iter().map(Wijk::id).collect();
    let pictures = Pictures::of(conn, &cards::versions(&page.items))?;
    Ok(Found { page, pictures, wijken, all })
}
