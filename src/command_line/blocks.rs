//! `block add`, `list` and `remove`: whom a wijk or the whole server does not hear.

use likejewijk::doors::federation::lookup;
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::ids::WijkId;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::Handle;
use likejewijk::neighbourhood::blocks::{self, Block, Blocked};
use likejewijk::neighbourhood::moderation::{self, Decision};
use likejewijk::neighbourhood::{follows, wijken as rooms};
use serde::Serialize;

use super::arguments::BlockCommand;
use super::failure::{Named, Outcome};
use super::print::{Column, Printer};
use super::values::{Moment, or_dash, within};
use super::wijken;

const LONGEST_REASON: usize = 1000;

#[derive(Serialize)]
struct Line {
    what: String,
    wijk: Option<String>,
    reason: Option<String>,
    since: Moment,
}

const COLUMNS: [Column<Line>; 4] = [
    ("what", |line| line.what.clone()),
    ("wijk", |line| or_dash(line.wijk.as_deref())),
    ("since", |line| line.since.to_string()),
    ("reason", |line| or_dash(line.reason.as_deref())),
];

pub(super) async fn run(app: App, print: Printer, command: BlockCommand) -> Outcome {
    match command {
        BlockCommand::Add { what, wijk, reason } => {
            let reason =
                reason.map(|reason| within("reason", &reason, LONGEST_REASON)).transpose()?;
            add(app, What::parse(&what)?, wijk, reason).await
        }
        BlockCommand::List { wijk } => list(app, print, wijk).await,
        BlockCommand::Remove { what, wijk } => remove(app, What::parse(&what)?, wijk).await,
    }
}

/// What can be blocked, in the one spelling it is kept under.
#[derive(Debug, Clone)]
enum What {
    Handle(Handle),
    Actor(Uri),
    Domain(Domain),
}

impl What {
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.contains("://") {
            return Uri::typed(text).map(Self::Actor);
        }
        if text.contains('@') {
            Handle::parse(text).map(Self::Handle)
        } else {
            Domain::parse(text).map(Self::Domain)
        }
    }

    /// A handle is only a name: what is blocked is the actor behind it.
    async fn blocked(&self, app: &App) -> Result<Blocked> {
        match self {
            Self::Handle(handle) => {
                let found = lookup::actor(app, &handle.to_string()).await;
                found.map(|actor| Blocked::Actor(actor.uri)).map_err(|e| {
                    Error::invalid(
                        "what",
                        format!(
                            "{handle} leads to no actor ({e}); give the actor's URL, or block {}",
                            handle.domain
                        ),
                    )
                })
            }
            Self::Actor(uri) => Ok(Blocked::Actor(uri.clone())),
            Self::Domain(domain) if app.links.domain().is_within(domain) => {
                Err(Error::invalid("what", format!("{domain} is this server itself")))
            }
            Self::Domain(domain) => Ok(Blocked::Domain(domain.clone())),
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Handle(handle) => handle.fmt(f),
            Self::Actor(uri) => uri.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}

async fn add(app: App, what: What, wijk: Option<String>, reason: Option<String>) -> Outcome {
    let now = app.clock.now();
    let slug = wijk.clone();
    app.database.read(move |conn| id_of(conn, slug.as_deref()).map(drop)).await?;
    let blocked = what.blocked(&app).await?;
    let what = what.to_string();
    let added = move |conn: &mut Connection| {
        let wijk = id_of(conn, wijk.as_deref())?;
        blocks::add(conn, &what, &blocked, wijk, reason.as_deref(), now)?;
        part(conn, wijk, now)?;
        moderation::record(conn, wijk, Decision::Blocked, None, &what, reason.as_deref(), now)
    };
    Ok(app.database.write(added).await?)
}

/// From who follows or is followed and is not heard any more, of that wijk or of every one.
fn part(conn: &mut Connection, wijk: Option<WijkId>, now: Time) -> Result<()> {
    let wijken = match wijk {
        Some(id) => vec![rooms::by_id(conn, id)?],
        None => rooms::list(conn)?,
    };
    wijken.iter().try_for_each(|wijk| {
        follows::show_out(conn, wijk, now)?;
        follows::turn_from(conn, wijk, now)
    })
}

async fn remove(app: App, what: What, wijk: Option<String>) -> Outcome {
    let (what, now) = (what.to_string(), app.clock.now());
    let removed = move |conn: &mut Connection| {
        let wijk = id_of(conn, wijk.as_deref())?;
        blocks::remove(conn, &what, wijk).named("what", &what, "block list")?;
        moderation::record(conn, wijk, Decision::Unblocked, None, &what, None, now)
    };
    Ok(app.database.write(removed).await?)
}

async fn list(app: App, print: Printer, wijk: Option<String>) -> Outcome {
    let read = move |conn: &mut Connection| match wijk {
        Some(slug) => {
            let wijk = id_of(conn, Some(&slug))?;
            Ok(lines(blocks::list(conn, wijk)?, Some(&slug)))
        }
        None => everywhere(conn),
    };
    print.list(&app.database.read(read).await?, &COLUMNS)
}

/// The server's, then each wijk's.
fn everywhere(conn: &mut Connection) -> Result<Vec<Line>> {
    let mut all = lines(blocks::list(conn, None)?, None);
    for wijk in rooms::list(conn)? {
        all.extend(lines(blocks::list(conn, Some(wijk.id()))?, Some(wijk.slug())));
    }
    Ok(all)
}

fn lines(blocks: Vec<Block>, wijk: Option<&str>) -> Vec<Line> {
    let line = |block: Block| Line {
        what: block.what,
        wijk: wijk.map(ToOwned::to_owned),
        reason: block.reason,
        since: Moment(block.since),
    };
    blocks.into_iter().map(line).collect()
}

fn id_of(conn: &mut Connection, slug: Option<&str>) -> Result<Option<WijkId>> {
    slug.map(|slug| wijken::named(conn, slug).map(|wijk| wijk.id())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blocked_has_one_spelling() {
        for (written, kept) in [
            ("naam@B.Test", "@naam@b.test"),
            ("@naam@b.test", "@naam@b.test"),
            ("B.TEST.", "b.test"),
            ("https://B.test/users/naam", "https://b.test/users/naam"),
        ] {
            assert_eq!(What::parse(written).unwrap().to_string(), kept, "{written}");
        }
        for wrong in ["", "b test", "ftp://b.test/", "@naam", "127.0.0.1"] {
            assert!(What::parse(wrong).is_err(), "{wrong}");
        }
    }
}
