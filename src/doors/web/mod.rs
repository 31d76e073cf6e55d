//! The door for people: pages in HTML, forms, a session. What it shows it asks of the rooms; it decides nothing.
//!
//! Every route but the files of `assets` passes `doorway`: there it is found out who visits, whether a form is ours,
//! and there every answer gets its headers.

mod failure;
mod error_page;
mod limits;
mod assets;
pub mod media;
mod cache;
mod cookies;
mod visitor;
mod forms;
mod layout;
mod look;
mod doorway;
mod cards;
mod pager;
mod thread;
mod home;
mod wijk;
mod follow;
mod post;
mod agenda;
mod icalendar;
mod calendar;
mod tag;
mod author;
mod sign_in;
mod invitation;
mod reports;
mod desk;
mod private;
mod report;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::cache::Pages;
use self::limits::Limits;
use crate::foundation::app::App;

/// What the handlers of this door are handed.
#[derive(Clone)]
struct Web {
    app: App,
    pages: Arc<Pages>,
    limits: Arc<Limits>,
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> Self {
        web.app.clone()
    }
}

/// Who may: a visitor, unless said otherwise. What this door does not know is asked of `otherwise`; what that does not
/// know either is a page of ours too.
pub fn routes(app: &App, otherwise: Router) -> Router {
    let web = Web {
        app: app.clone(),
        pages: Arc::new(Pages::new()),
        limits: Arc::new(Limits::new(&app.config)),
    };
    Router::new()
        .route("/", get(home::page))
        .route("/wijken/{slug}", get(wijk::page))
        .route("/wijken/{slug}/volgen", get(follow::page))
        .route("/wijken/{slug}/agenda", get(agenda::page))
        .route("/wijken/{slug}/agenda.ics", get(calendar::of_wijk))
        .route("/berichten/{id}", get(post::page))
        .route("/gesprekken/{id}", get(post::conversation))
        .route("/melden", get(report::page).post(report::send))
        .route("/agenda/{id}", get(post::event))
        .route("/agenda/{id}/activiteit.ics", get(calendar::of_event))
        .route("/peilingen/{id}", get(post::poll))
        .route("/tags/{tag}", get(tag::page))
        .route("/partners/{name}", get(author::page))
        .route("/@{name}", get(author::by_name))
        .route("/aanmelden", get(sign_in::page).post(sign_in::sign_in))
        .route("/afmelden", post(sign_in::sign_out))
        .route("/uitnodiging/{token}", get(invitation::page).post(invitation::accept))
        // An account; what it sees and does there, a moderator of that wijk.
        .route("/balie", get(desk::page))
        .route("/balie/prive", get(private::page))
        .route("/balie/prive/{private}/weg", post(private::put_away))
        .route("/balie/{submission}/goedkeuren", post(desk::approve))
        .route("/balie/{submission}/weigeren", post(desk::refuse))
        .route("/balie/{announcement}/terughalen", post(desk::withdraw))
        .route("/balie/{report}/afhandelen", post(desk::handle))
        .fallback_service(otherwise)
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(web.clone(), doorway::pass))
        .merge(assets::routes())
        .with_state(web)
}
