//! `partner add`, `new`, `list`, `pass-on`, `freeze`, `unfreeze`, `confirm`, `renew` and `revoke`.

use likejewijk::doors::federation::lookup;
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::ids::PartnerId;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::keys::NewKey;
use likejewijk::neighbourhood::actors::{Actor, ActorKind};
use likejewijk::neighbourhood::follows;
use likejewijk::neighbourhood::partners::{self, NewPartner, Partner, PassOn};
use likejewijk::neighbourhood::wijken::parse_name;
use serde::Serialize;

use super::arguments::{NewPartnerArguments, PartnerCommand};
use super::failure::{Named, Outcome};
use super::print::{Column, Printer};
use super::values::{ahead, or_dash, within};
use super::wijken;

const LONGEST_USERNAME: usize = 30;
const LONGEST_REASON: usize = 1000;

#[derive(Serialize)]
struct Line {
    id: PartnerId,
    actor: Uri,
    handle: String,
    kind: partners::Kind,
    name: String,
    state: &'static str,
    until: Option<String>,
    pass_on: String,
    /// Whether the partner accepted the wijk's Follow: `pending`, `accepted`, `refused`.
    follow: Option<&'static str>,
    /// Why it is in its state, where that was said.
    reason: Option<String>,
}

const COLUMNS: [Column<Line>; 8] = [
    ("id", |line| line.id.to_string()),
    ("handle", |line| line.handle.clone()),
    ("kind", |line| line.kind.to_string()),
    ("name", |line| line.name.clone()),
    ("state", |line| line.state.to_owned()),
    ("until", |line| or_dash(line.until.as_deref())),
    ("passes on", |line| line.pass_on.clone()),
    ("follow", |line| or_dash(line.follow)),
];

pub(super) async fn run(app: App, print: Printer, command: PartnerCommand) -> Outcome {
    let now = app.clock.now();
    match command {
        PartnerCommand::Add { actor, partner, pass_on } => {
            add(app, print, actor, partner, pass_on).await
        }
        PartnerCommand::New { username, partner, person } => {
            new(app, print, username, partner, person).await
        }
        PartnerCommand::List { wijk } => list(app, print, wijk).await,
        PartnerCommand::PassOn { id, which } => {
            let links = app.links.clone();
            let work = move |conn: &mut _, id| partners::pass_on(conn, &links, id, &which, now);
            change(app, print, id, work).await
        }
        PartnerCommand::Confirm { id } => {
            let links = app.links.clone();
            change(app, print, id, move |conn, id| partners::confirm(conn, &links, id, now)).await
        }
        PartnerCommand::Freeze { id } => {
            change(app, print, id, move |conn, id| partners::freeze(conn, id, now)).await
        }
        PartnerCommand::Unfreeze { id } => {
            change(app, print, id, move |conn, id| partners::unfreeze(conn, id, now)).await
        }
        PartnerCommand::Renew { id, until } => {
            let until = ahead(until, now)?;
            change(app, print, id, move |conn, id| partners::renew(conn, id, until, now)).await
        }
        PartnerCommand::Revoke { id, reason } => {
            let reason = within("reason", &reason, LONGEST_REASON)?;
            change(app, print, id, move |conn, id| partners::revoke(conn, id, &reason, now)).await
        }
    }
}

/// The actor is looked up before the transaction, and not at all for a wijk that is not here.
async fn add(
    app: App,
    print: Printer,
    named: String,
    arguments: NewPartnerArguments,
    which: PassOn,
) -> Outcome {
    let now = app.clock.now();
    let (slug, new) = understood(arguments, now)?;
    let wijk = app.database.read(move |conn| wijken::named(conn, &slug)).await?;
    let actor = lookup::actor(&app, &named).await.named("partner", &named, "partner add --help")?;
    may_be_partner(&actor)?;
    let links = app.links.clone();
    let added = move |conn: &mut Connection| {
        let partner = partners::add(conn, &wijk, &actor, &new, now)?;
        let partner = match &which {
            PassOn::Mentions => partner,
            which => partners::pass_on(conn, &links, partner.row.id, which, now)?,
        };
        Line::of(conn, &partner, now)
    };
    made(print, &app.database.write(added).await?)
}

fn may_be_partner(actor: &Actor) -> Result<()> {
    let problem = match actor.kind {
        _ if actor.gone_at.is_some() => "is not there any more",
        ActorKind::Application | ActorKind::Service if actor.is_local => "is this server's own",
        _ => return Ok(()),
    };
    Err(Error::invalid(
        "partner",
        format!("{} {problem}; name an organisation or officer", actor.handle()),
    ))
}

async fn new(
    app: App,
    print: Printer,
    username: String,
    arguments: NewPartnerArguments,
    is_person: bool,
) -> Outcome {
    let now = app.clock.now();
    let (slug, new) = understood(arguments, now)?;
    parse_name(&username, LONGEST_USERNAME)?;
    let (links, key) = (
        app.links.clone(),
        NewKey::make(&app.secret, &Uri::parse(&app.links.partner(&username))?)?,
    );
    let made_and_added = move |conn: &mut Connection| {
        let wijk = wijken::named(conn, &slug)?;
        let actor = partners::make_actor(conn, &links, &username, &new, is_person, &key, now)?;
        let partner = partners::add(conn, &wijk, &actor, &new, now)?;
        Line::of(conn, &partner, now)
    };
    made(print, &app.database.write(made_and_added).await?)
}

fn understood(arguments: NewPartnerArguments, now: Time) -> Result<(String, NewPartner)> {
    let NewPartnerArguments { wijk, kind, name, until } = arguments;
    Ok((wijk, NewPartner { kind, name, until: ahead(until, now)? }.check()?))
}

async fn list(app: App, print: Printer, slug: String) -> Outcome {
    let now = app.clock.now();
    let read = move |conn: &mut Connection| {
        let wijk = wijken::named(conn, &slug)?;
        let partners = partners::list(conn, wijk.id())?;
        partners.iter().map(|partner| Line::of(conn, partner, now)).collect::<Result<Vec<_>>>()
    };
    print.list(&app.database.read(read).await?, &COLUMNS)
}

async fn change(
    app: App,
    print: Printer,
    id: String,
    work: impl Fn(&mut Connection, PartnerId) -> Result<Partner> + Send + 'static,
) -> Outcome {
    let now = app.clock.now();
    let look = "partner list --wijk SLUG";
    let parsed = id.parse::<PartnerId>().named("partner", &id, look)?;
    let changed = move |conn: &mut Connection| {
        let partner = work(conn, parsed).named("partner", &id, look)?;
        Line::of(conn, &partner, now)
    };
    let line = app.database.write(changed).await?;
    print.made(&line, line.state)
}

/// Its id is what the next command wants.
fn made(print: Printer, line: &Line) -> Outcome {
    print.made(line, &line.id.to_string())
}

impl Line {
    fn of(conn: &mut Connection, partner: &Partner, now: Time) -> Result<Self> {
        Ok(Self {
            follow: partners::follow_of(conn, partner)?.map(follows::State::as_str),
            reason: partner.row.reason.clone(),
            id: partner.row.id,
            actor: partner.actor.uri.clone(),
            handle: partner.actor.handle(),
            kind: partner.row.kind,
            name: partner.row.name.clone(),
            state: partner.state(now),
            until: partner.row.until.map(Time::date),
            pass_on: partner.row.pass_on.to_string(),
        })
    }
}
