//! "Something is not right here": anybody tells the moderators, without an account. About a post, or about the wijk.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cards::{self, WijkPlate};
use super::failure::Failure;
use super::forms::Posted;
use super::layout::{self, Layout};
use super::visitor::Visitor;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::ids::PostId;
use crate::foundation::links::Links;
use crate::neighbourhood::posts::Post;
use crate::neighbourhood::reports::{Said, Why, arrive};
use crate::neighbourhood::wijken::{self, Wijk};
use crate::neighbourhood::{follows, timelines};

const WORDS_CHARACTERS: usize = 2000;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    t: Translator,
    layout: Layout,
    csrf: String,
    wijk: WijkPlate,
    /// Author and beginning of the post it is about.
    post: Option<(String, String)>,
    action: String,
    back: String,
    whys: &'static [Why],
    words: String,
    problem: Option<String>,
    is_sent: bool,
}

/// What it is about.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct About {
    bericht: Option<String>,
    wijk: Option<String>,
    /// It was just sent.
    gedaan: Option<String>,
}

impl About {
    /// As it stands in an address.
    fn query(&self) -> String {
        let named = [("bericht", &self.bericht), ("wijk", &self.wijk)];
        let named = named.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(named).finish()
    }
}

/// A thing that a page of ours shows.
enum Shown {
    Post { post: Box<Post>, author: String, text: String, wijk: Wijk },
    Wijk(Wijk),
}

impl Shown {
    fn read(conn: &mut Connection, about: &About) -> Result<Self> {
        match (&about.bericht, &about.wijk) {
            (Some(id), _) => {
                let shown = timelines::post(conn, id.parse::<PostId>()?)?;
                Ok(Self::Post {
                    author: shown.author.shown_name().to_owned(),
                    text: cards::shortened(&shown.version.shown().plain()),
                    wijk: wijken::by_id(conn, shown.announcement.wijk_id)?,
                    post: Box::new(shown.post),
                })
            }
            (None, Some(slug)) => Ok(Self::Wijk(wijken::open(conn, slug)?)),
            (None, None) => Err(Error::NotFound),
        }
    }

    fn wijk(&self) -> &Wijk {
        match self {
            Self::Post { wijk, .. } | Self::Wijk(wijk) => wijk,
        }
    }

    fn page(&self, links: &Links) -> String {
        match self {
            Self::Post { post, .. } => post.kind.address(links, post.id),
            Self::Wijk(wijk) => links.wijk(wijk.slug()),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    why: String,
    #[serde(default)]
    words: String,
    /// A field that people do not see: whoever fills it in is no neighbour.
    #[serde(default)]
    website: String,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Query(about): Query<About>,
) -> Result<Response, Failure> {
    show(&web, &visitor, about, String::new(), None).await
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    about: About,
    words: String,
    problem: Option<&str>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let (query, is_sent) = (about.query(), about.gedaan.is_some());
    let (shown, followers) = web
        .app
        .database
        .read(move |c| {
            let shown = Shown::read(c, &about)?;
            let followers = follows::count(c, shown.wijk().actor.id)?;
            Ok((shown, followers))
        })
        .await?;
    let (csrf, cookie) = visitor.form_token(&web.app)?;
    let (t, links) = (visitor.translator(web), &web.app.links);
    let action = format!("/melden?{query}");
    let page = layout::page(&ReportPage {
        layout: Layout::new(web, visitor, &action),
        csrf,
        wijk: WijkPlate::of(links, shown.wijk(), followers),
        back: shown.page(links),
        post: match shown {
            Shown::Post { author, text, .. } => Some((author, text)),
            Shown::Wijk(_) => None,
        },
        action,
        whys: Why::ALL,
        words,
        problem: problem.map(|key| t.say(key)),
        is_sent,
        t,
    })?;
    Ok((cookie, page).into_response())
}

pub(super) async fn send(
    State(web): State<Web>,
    visitor: Visitor,
    Query(about): Query<About>,
    Posted(form): Posted<Form>,
) -> Result<Response, Failure> {
    let sent = format!("/melden?{}&gedaan=1", about.query());
    if !form.website.is_empty() {
        return Ok(Redirect::to(&sent).into_response());
    }
    let Some(said) = read(&web.app, &visitor, &form) else {
        let words = form.words.chars().take(WORDS_CHARACTERS).collect();
        let mut answer = show(&web, &visitor, about, words, Some("report-problem")).await?;
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(answer);
    };
    web.limits.reports.check(&visitor.address.household())?;
    let now = web.app.clock.now();
    let keep = move |c: &mut Connection| match Shown::read(c, &about)? {
        Shown::Post { post, .. } => arrive::about_post(c, &post, &said, now),
        Shown::Wijk(wijk) => arrive::about_wijk(c, &wijk, &said, now),
    };
    web.app.database.write(keep).await?;
    Ok(Redirect::to(&sent).into_response())
}

/// `None` where nothing was ticked, or the words are too many. Of the visitor a keyed hash of the address is kept while
/// the report is open: it tells one from another and nothing else.
fn read(app: &App, visitor: &Visitor, form: &Form) -> Option<Said> {
    let why = form.why.parse().ok()?;
    if form.words.chars().count() > WORDS_CHARACTERS {
        return None;
    }
    let reporter = format!("reporter at {}", visitor.address.household());
    Some(Said {
        why,
        words: form.words.trim().to_owned(),
        host: None,
        reporter: app.secret.token_hash(&reporter),
    })
}
