//! `likejewijk demo`: a wijk server with three wijken, and beside it another server with a resident and a wijkagent, so
//! that a newcomer sees real posts go from one to the other. Everything lives in a temporary folder and ends with it.

mod elsewhere;

use std::net::SocketAddr;
use std::sync::Arc;

use elsewhere::Elsewhere;

use crate::doors::federation::lookup;
use crate::foundation::app::App;
use crate::foundation::clock::Clock;
use crate::foundation::config::Config;
use crate::foundation::error::{Error, Result};
use crate::foundation::secret::random_token;
use crate::foundation::text::SafeHtml;
use crate::neighbourhood::accounts::passwords::NewPassword;
use crate::neighbourhood::accounts::seats::{self, Seat};
use crate::neighbourhood::accounts::{NewAccount, store as accounts_store};
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::partners::{self, Kind, NewPartner};
use crate::neighbourhood::posts::{self, Shown};
use crate::neighbourhood::submissions::arrive;
use crate::neighbourhood::wijken::{self, Edit, NewWijk, Wijk};
use crate::server::{self, Role};

const HERE: &str = "wijk.localhost:8080";
const THERE: &str = "elders.localhost:8081";
const HERE_ADDRESS: &str = "127.0.0.1:8080";
const THERE_ADDRESS: &str = "127.0.0.1:8081";

/// Slug, name, what it says of itself.
const WIJKEN: [(&str, &str, &str); 3] = [
    (
        "bloemhof",
        "Bloemhof",
        "Nieuws, tips en plannen van en voor iedereen in Bloemhof. Doe je mee?",
    ),
    ("beverwaard", "Beverwaard", "Wat er speelt in de Beverwaard, van buren voor buren."),
    ("lombardijen", "Lombardijen", "Samen maken we Lombardijen. Volg de wijk en praat mee."),
];

/// Runs until Ctrl-C.
///
/// # Errors
/// One line where a port is in use.
pub async fn run() -> Result<()> {
    let folder = tempfile::tempdir().map_err(Error::internal)?;
    let app = App::open(configuration(folder.path())?, Clock::system())?;
    let [here, there] = [HERE_ADDRESS, THERE_ADDRESS].map(str::parse::<SocketAddr>);
    let here = server::listen(here.map_err(Error::internal)?).await?;
    let there = server::listen(there.map_err(Error::internal)?).await?;
    let running = server::start(app.clone(), Role::All, here).await?;
    let elsewhere = Arc::new(Elsewhere::new(&app, THERE)?);
    let attended = async {
        welcome(&furnish(&app, &elsewhere).await?);
        server::terminated().await
    };
    let ended = tokio::select! {
        ended = attended => ended,
        () = elsewhere::serve(elsewhere.clone(), there) => Ok(()),
    };
    running.stop().await;
    ended
}

fn configuration(folder: &std::path::Path) -> Result<Config> {
    let set = |key: &str, value: String| (format!("LIKEJEWIJK_{key}"), value);
    Config::load(
        None,
        [
            set("URL", format!("http://{HERE}")),
            set("LISTEN", HERE_ADDRESS.to_owned()),
            set("DATA", folder.display().to_string()),
            set("LAB_HOSTS", format!("{HERE}={HERE_ADDRESS},{THERE}={THERE_ADDRESS}")),
            set("RETRY_SCALE", "0.1".to_owned()),
            set("ADMIN_EMAIL", "beheer@wijk.localhost".to_owned()),
        ],
    )
}

/// Wijken, a moderator, a partner elsewhere, a follower, and the first posts. Answers the moderator's password.
async fn furnish(app: &App, elsewhere: &Elsewhere) -> Result<String> {
    let mut bloemhof = None;
    for (slug, name, summary) in WIJKEN {
        let wijk = add_wijk(app, slug, name, summary).await?;
        bloemhof = bloemhof.or(Some(wijk));
    }
    let bloemhof = bloemhof.ok_or(Error::NotFound)?;
    let password = add_moderator(app).await?;
    add_partner(app, &bloemhof).await?;
    elsewhere.follow().await?;
    greet(app, &bloemhof).await?;
    elsewhere
        .write(
            elsewhere::WIJKAGENT,
            "Vanmiddag van 15 tot 17 uur ben ik op het Oleanderplein. Kom even langs met je vraag of idee, de koffie staat klaar.",
        )
        .await?;
    elsewhere
        .write(elsewhere::BEWONER, "Wie helpt zaterdag om 10 uur mee de plantenbakken in de straat te vullen? Er is aarde genoeg.")
        .await?;
    Ok(password)
}

async fn add_wijk(app: &App, slug: &str, name: &str, summary: &str) -> Result<Wijk> {
    let mut new = NewWijk::prepare(&app.secret, &app.links, slug, name)?;
    new.municipality = Some("Rotterdam".to_owned());
    let (links, now) = (app.links.clone(), app.clock.now());
    let edit = Edit { summary: Some(summary.to_owned()), ..Edit::default() };
    app.database
        .write(move |c| {
            wijken::add(c, &links, &new, now)?;
            wijken::edit(c, &new.slug, &edit, now)
        })
        .await
}

async fn add_moderator(app: &App) -> Result<String> {
    let password = random_token()?;
    let new = NewAccount::check("moderator", "moderator@wijk.localhost", Some("Moderator"), false)?
        .with_password(NewPassword::parse(&password)?.hash()?);
    let now = app.clock.now();
    app.database
        .write(move |c| {
            let account = accounts_store::add(c, &new, now)?;
            for (slug, ..) in WIJKEN {
                let wijk = wijken::find(c, slug)?;
                seats::grant(c, &account, Seat::Moderator(wijk.id()), None, now)?;
            }
            Ok(())
        })
        .await?;
    Ok(password)
}

async fn add_partner(app: &App, wijk: &Wijk) -> Result<()> {
    let actor = lookup::actor(app, &format!("@{}@{THERE}", elsewhere::WIJKAGENT)).await?;
    let new =
        NewPartner { kind: Kind::Politie, name: "Wijkagent Bloemhof".to_owned(), until: None }
            .check()?;
    let (wijk, now) = (wijk.clone(), app.clock.now());
    app.database.write(move |c| partners::add(c, &wijk, &actor, &new, now).map(drop)).await
}

/// The redactie says hello, so that no wijk begins with an empty page.
async fn greet(app: &App, wijk: &Wijk) -> Result<()> {
    let shown = Shown {
        title: Some("Welkom in Bloemhof".to_owned()),
        content: SafeHtml::from_plain(
            "Hier lees je wat er speelt in de wijk. Volg ons vanuit Mastodon of een andere app, en noem ons in je eigen bericht als je iets te melden hebt.",
        ),
        language: Some("nl".to_owned()),
        ..Shown::default()
    };
    let (wijk, links, now) = (wijk.clone(), app.links.clone(), app.clock.now());
    app.database
        .write(move |c| {
            let redactie = actors_store::find(c, wijk.row.redactie_id)?;
            arrive::written_here(c, &links, &wijk, &redactie, posts::Kind::News, &shown, now)
                .map(drop)
        })
        .await
}

#[expect(clippy::print_stdout, reason = "the demo speaks to the person who started it")]
fn welcome(password: &str) {
    println!(
        "\n\
         LikeJeWijk is running (this is a demo; everything is gone when you stop it).\n\
         \n\
         \x20 The neighbourhood      http://{HERE}/wijken/bloemhof\n\
         \x20 Another server         http://{THERE}/   (a resident and the wijkagent live here)\n\
         \x20 The moderation desk    http://{HERE}/balie\n\
         \x20     username  moderator\n\
         \x20     password  {password}\n\
         \n\
         What to try first:\n\
         \x20 1. Open the neighbourhood: the wijkagent's post came from the other server.\n\
         \x20 2. On the other server, write as the wijkagent: a partner's post goes straight through.\n\
         \x20 3. Write as the resident: it waits. Sign in at the desk, approve it, and see it arrive in the feed.\n\
         \n\
         Ctrl-C ends it.\n"
    );
}
