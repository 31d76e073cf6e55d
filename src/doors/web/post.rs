//! One post on a page of its own, with the answers the wijk let in. Of a post written elsewhere: what we keep of it.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;

use super::cache::{Body, Made, Place};
use super::cards::{self, PostCard, Setting, WijkPlate};
use super::failure::Failure;
use super::layout::{self, Layout};
use super::look::Look;
use super::pager::{self, Asked, List, Pager};
use super::thread::{Reply, Thread};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::{PostId, VersionId};
use crate::foundation::paging::{At, Span};
use crate::neighbourhood::media::Pictures;
use crate::neighbourhood::reactions::{self, Totals};
use crate::neighbourhood::timelines::{self, Around, Shown};
use crate::neighbourhood::wijken::{self, Wijk};

const CONVERSATIONS: &str = "gesprekken";

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage {
    t: Translator,
    layout: Layout,
    wijk: Option<WijkPlate>,
    post: PostCard,
    object_url: String,
    replies: Vec<Reply>,
    pager: Pager,
    /// What it answers, where that is shown here too.
    answered_url: Option<String>,
    likes: i64,
    shares: i64,
}

/// A post with all that stands around it.
struct Found {
    shown: Shown,
    wijk: Wijk,
    around: Around,
    thread: Thread,
    totals: Totals,
    pictures: Pictures,
}

pub(super) async fn page(
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    show(&look, "berichten", &id, &asked).await
}

pub(super) async fn event(
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    show(&look, "agenda", &id, &asked).await
}

pub(super) async fn poll(
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    show(&look, "peilingen", &id, &asked).await
}

/// A conversation, by what opened it: a post of whichever kind.
pub(super) async fn conversation(
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    show(&look, CONVERSATIONS, &id, &asked).await
}

/// What stands at `/{kind}/{id}`: every post at one address, but for its conversation.
async fn show(
    look: &Look,
    kind: &'static str,
    id: &str,
    asked: &Asked,
) -> Result<Response, Failure> {
    let (id, span) = (id.parse::<PostId>()?, asked.span()?);
    look.at(Place::Post { kind, id, span }, make(look, kind, id, span)).await
}

async fn make(look: &Look, kind: &str, id: PostId, span: Span<At<PostId>>) -> Result<Made> {
    let path = format!("{kind}/{id}");
    let now = look.now();
    let Found { shown, wijk, around, thread, totals, pictures } =
        look.read(move |c| read(c, id, span, now)).await?;
    let (t, links) = (look.translator(), look.links());
    if kind != CONVERSATIONS && shown.post.kind.address(links, id) != links.at(&path) {
        return Err(Error::NotFound);
    }
    let (partners, pictures) = (around.partners.as_slice(), &pictures);
    let setting = Setting { links, t: &t, wijk: &wijk, partners, pictures, now };
    let over = cards::first_over(std::slice::from_ref(&shown), now);
    let here = format!("/{path}");
    let is_open = wijk.row.closed_at.is_none();
    let page = PostPage {
        layout: look.layout(&pager::address(&here, span)),
        wijk: is_open.then(|| WijkPlate::of(links, &wijk, around.followers)),
        post: setting.card(&shown),
        object_url: shown.post.uri.to_string(),
        replies: thread.replies(&setting),
        pager: Pager::new(List::Replies, (&here, "replies-title"), span, &thread.page),
        answered_url: (shown.post.thread_id != shown.post.id)
            .then(|| links.conversation(shown.post.thread_id)),
        likes: totals.likes,
        shares: totals.shares,
        t,
    };
    Ok(Made {
        body: Body::Html(layout::html(&page)?),
        object: Some(shown.post.uri.to_string()),
        wijken: vec![wijk.id()],
        until: [cards::first_end(&around.partners), over].into_iter().flatten().min(),
    })
}

fn read(conn: &mut Connection, id: PostId, span: Span<At<PostId>>, now: Time) -> Result<Found> {
    let shown = timelines::post(conn, id)?;
    let wijk = wijken::by_id(conn, shown.announcement.wijk_id)?;
    let around = timelines::around(conn, wijk.id(), now)?;
    let thread = Thread::read(conn, &shown.post, wijk.id(), span)?;
    let totals = reactions::totals(conn, id)?;
    let drawn = thread.shown().chain([&shown]);
    let versions: Vec<VersionId> = drawn.map(|shown| shown.version.id).collect();
    let pictures = Pictures::of(conn, &versions)?;
    Ok(Found { shown, wijk, around, thread, totals, pictures })
}
