//! `wijk add`, `edit`, `close` and `list`.

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::Result;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::wijken::{self, Edit, NewWijk, Wijk};
use likejewijk::neighbourhood::{follows, partners, submissions};
use serde::Serialize;

use super::arguments::WijkCommand;
use super::failure::{Named, Outcome};
use super::print::{Column, Printer};
use super::values::{at_most, within};

const LONGEST: usize = 100;
const LONGEST_SUMMARY: usize = 2000;

#[derive(Serialize)]
struct Made {
    slug: String,
    name: String,
    handle: String,
    actor: Uri,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    wijk: Made,
    followers: i64,
    partners: usize,
    waiting: i64,
}

const COLUMNS: [Column<Line>; 6] = [
    ("slug", |line| line.wijk.slug.clone()),
    ("name", |line| line.wijk.name.clone()),
    ("handle", |line| line.wijk.handle.clone()),
    ("followers", |line| line.followers.to_string()),
    ("partners", |line| line.partners.to_string()),
    ("waiting", |line| line.waiting.to_string()),
];

pub(super) async fn run(app: App, print: Printer, command: WijkCommand) -> Outcome {
    match command {
        WijkCommand::Add { slug, name, municipality, language } => {
            let municipality =
                municipality.map(|name| within("municipality", &name, LONGEST)).transpose()?;
            let mut new = NewWijk::prepare(&app.secret, &app.links, &slug, &name)?;
            (new.municipality, new.language) = (municipality, language);
            add(app, print, new).await
        }
        WijkCommand::Edit { slug, name, summary, colour } => {
            let name = name.map(|name| within("name", &name, LONGEST)).transpose()?;
            let summary =
                summary.map(|text| at_most("summary", &text, LONGEST_SUMMARY)).transpose()?;
            edit(app, print, slug, Edit { name, summary, colour }).await
        }
        WijkCommand::Close { slug } => close(app, slug).await,
        WijkCommand::List => list(app, print).await,
    }
}

async fn add(app: App, print: Printer, new: NewWijk) -> Outcome {
    let (links, now) = (app.links.clone(), app.clock.now());
    let wijk = app.database.write(move |conn| wijken::add(conn, &links, &new, now)).await?;
    made(print, &wijk)
}

async fn edit(app: App, print: Printer, slug: String, edit: Edit) -> Outcome {
    let now = app.clock.now();
    let edited = move |conn: &mut Connection| {
        wijken::edit(conn, &slug, &edit, now).named("wijk", &slug, "wijk list")
    };
    let wijk = app.database.write(edited).await?;
    made(print, &wijk)
}

async fn close(app: App, slug: String) -> Outcome {
    let now = app.clock.now();
    let closed = move |conn: &mut Connection| {
        wijken::close(conn, &slug, now).named("wijk", &slug, "wijk list")
    };
    Ok(app.database.write(closed).await?)
}

async fn list(app: App, print: Printer) -> Outcome {
    let now = app.clock.now();
    let read = move |conn: &mut Connection| {
        let wijken = wijken::list(conn)?;
        wijken.iter().map(|wijk| Line::read(conn, wijk, now)).collect::<Result<Vec<_>>>()
    };
    print.list(&app.database.read(read).await?, &COLUMNS)
}

/// The wijk that a command names.
pub(super) fn named(conn: &mut Connection, slug: &str) -> Result<Wijk> {
    wijken::open(conn, slug).named("wijk", slug, "wijk list")
}

fn made(print: Printer, wijk: &Wijk) -> Outcome {
    let made = Made::from(wijk);
    print.made(&made, &made.handle)
}

impl From<&Wijk> for Made {
    fn from(wijk: &Wijk) -> Self {
        Self {
            slug: wijk.slug().to_owned(),
            name: wijk.name().to_owned(),
            handle: wijk.actor.handle(),
            actor: wijk.actor.uri.clone(),
        }
    }
}

impl Line {
    fn read(conn: &mut Connection, wijk: &Wijk, now: Time) -> Result<Self> {
        Ok(Self {
            wijk: Made::from(wijk),
            followers: follows::count(conn, wijk.actor.id)?,
            partners: partners::verified(conn, wijk.id(), now)?.len(),
            waiting: submissions::store::count_waiting(conn, wijk.id())?,
        })
    }
}
