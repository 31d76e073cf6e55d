//! `account add`, `list`, `disable` and `invite`; `role grant` and `revoke`.

use std::io::BufRead;

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::neighbourhood::accounts::passwords::NewPassword;
use likejewijk::neighbourhood::accounts::seats::{self, Held, Role, Seat};
use likejewijk::neighbourhood::accounts::tokens::Token;
use likejewijk::neighbourhood::accounts::{Account, NewAccount, invitations, store};
use likejewijk::neighbourhood::actors::{ActorKind, store as actors_store};
use serde::Serialize;

use super::arguments::{AccountCommand, RoleCommand, SeatArguments};
use super::failure::{Failure, Named, Outcome};
use super::print::{Column, Printer};
use super::values::{ahead, or_dash};
use super::wijken;

#[derive(Serialize)]
struct Made {
    username: String,
    /// The link; `None` where a password was given.
    invitation: Option<String>,
}

#[derive(Serialize)]
struct Line {
    username: String,
    name: Option<String>,
    email: String,
    admin: bool,
    disabled: bool,
    roles: Vec<RoleLine>,
}

#[derive(Serialize)]
struct RoleLine {
    wijk: Option<String>,
    role: Role,
    partner: Option<String>,
    until: Option<String>,
}

const COLUMNS: [Column<Line>; 5] = [
    ("username", |line| line.username.clone()),
    ("name", |line| or_dash(line.name.as_deref())),
    ("email", |line| line.email.clone()),
    ("state", |line| {
        let states = [(line.admin, "admin"), (line.disabled, "disabled")];
        states.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
    }),
    ("roles", |line| line.roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
];

pub(super) async fn run(app: App, print: Printer, command: AccountCommand) -> Outcome {
    match command {
        AccountCommand::Add { username, email, name, password_stdin, admin } => {
            let new = NewAccount::check(&username, &email, name.as_deref(), admin)?;
            if password_stdin {
                add_with_password(app, print, new).await
            } else {
                add(app, print, new).await
            }
        }
        AccountCommand::List => list(app, print).await,
        AccountCommand::Disable { username } => disable(app, username).await,
        AccountCommand::Invite { username } => invite(app, print, username).await,
    }
}

async fn add(app: App, print: Printer, new: NewAccount) -> Outcome {
    let (token, now) = (Token::draw(&app.secret)?, app.clock.now());
    let hash = token.hash().clone();
    let added = move |conn: &mut Connection| {
        let account = store::add(conn, &new, now)?;
        invitations::invite(conn, &account, &hash, now)?;
        Ok(account)
    };
    let account = app.database.write(added).await?;
    invited(&app, print, account, &token)
}

async fn add_with_password(app: App, print: Printer, new: NewAccount) -> Outcome {
    let now = app.clock.now();
    let new = new.with_password(NewPassword::parse(&first_line()?)?.hash()?);
    let account = app.database.write(move |conn| store::add(conn, &new, now)).await?;
    let made = Made { username: account.username, invitation: None };
    print.made(&made, &made.username)
}

async fn invite(app: App, print: Printer, username: String) -> Outcome {
    let (token, now) = (Token::draw(&app.secret)?, app.clock.now());
    let hash = token.hash().clone();
    let again = move |conn: &mut Connection| {
        let account = named(conn, &username)?;
        invitations::invite(conn, &account, &hash, now)?;
        Ok(account)
    };
    let account = app.database.write(again).await?;
    invited(&app, print, account, &token)
}

fn invited(app: &App, print: Printer, account: Account, token: &Token) -> Outcome {
    let link = app.links.invitation(token.plain());
    print.made(&Made { username: account.username, invitation: Some(link.clone()) }, &link)
}

async fn disable(app: App, username: String) -> Outcome {
    let now = app.clock.now();
    let disabled = move |conn: &mut Connection| {
        let account = named(conn, &username)?;
        store::disable(conn, account.id, now)
    };
    Ok(app.database.write(disabled).await?)
}

async fn list(app: App, print: Printer) -> Outcome {
    let read = |conn: &mut Connection| {
        let accounts = store::list(conn)?;
        accounts.into_iter().map(|account| Line::read(conn, account)).collect::<Result<Vec<_>>>()
    };
    print.list(&app.database.read(read).await?, &COLUMNS)
}

pub(super) async fn role(app: App, command: RoleCommand) -> Outcome {
    let now = app.clock.now();
    match command {
        RoleCommand::Grant { seat, until } => {
            let until = ahead(until, now)?;
            check(&seat)?;
            let granted = move |conn: &mut Connection| {
                let account = named(conn, &seat.username)?;
                let place = place(conn, &seat)?;
                seats::grant(conn, &account, place, until, now)
            };
            Ok(app.database.write(granted).await?)
        }
        RoleCommand::Revoke { seat } => {
            check(&seat)?;
            let revoked = move |conn: &mut Connection| {
                let account = named(conn, &seat.username)?;
                let place = place(conn, &seat)?;
                seats::revoke(conn, &account, place).map_err(|e| not_held(e, &seat))
            };
            Ok(app.database.write(revoked).await?)
        }
    }
}

fn not_held(e: Error, seat: &SeatArguments) -> Error {
    match e {
        Error::NotFound => Error::invalid(
            "role",
            format!("{} does not hold that seat; see likejewijk account list", seat.username),
        ),
        e => e,
    }
}

fn check(seat: &SeatArguments) -> Outcome {
    match (seat.role, &seat.wijk) {
        (Role::Moderator, None) => {
            Err(Failure::usage("a moderator decides for a wijk: name it with --wijk"))
        }
        _ => Ok(()),
    }
}

fn place(conn: &mut Connection, seat: &SeatArguments) -> Result<Seat> {
    match (seat.role, seat.wijk.as_deref(), seat.partner.as_deref()) {
        (Role::Moderator, Some(slug), _) => Ok(Seat::Moderator(wijken::named(conn, slug)?.id())),
        (_, Some(slug), _) => Ok(Seat::redactie_of(&wijken::named(conn, slug)?)),
        (_, None, Some(name)) => local_partner(conn, name),
        (_, None, None) => Err(Error::invalid("role", "name a wijk or a local partner")),
    }
}

fn local_partner(conn: &mut Connection, name: &str) -> Result<Seat> {
    let actor =
        actors_store::local(conn, name).named("partner", name, "partner list --wijk SLUG")?;
    match actor.kind {
        ActorKind::Organization | ActorKind::Person => Ok(Seat::Partner(actor.id)),
        _ => Err(Error::invalid(
            "partner",
            format!("«{name}» is no local partner; for a wijk's redactie use --wijk SLUG"),
        )),
    }
}

fn named(conn: &mut Connection, username: &str) -> Result<Account> {
    store::by_username(conn, username).named("account", username, "account list")
}

/// Without its line end.
fn first_line() -> Outcome<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Failure::refused(format!("cannot read the password: {e}")))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

impl Line {
    fn read(conn: &mut Connection, account: Account) -> Result<Self> {
        let roles = seats::seats_of(conn, account.id)?;
        Ok(Self {
            username: account.username,
            name: Some(account.name).filter(|name| !name.is_empty()),
            email: account.email.to_string(),
            admin: account.is_admin,
            disabled: account.disabled_at.is_some(),
            roles: roles.into_iter().map(RoleLine::from).collect(),
        })
    }
}

impl From<Held> for RoleLine {
    fn from(held: Held) -> Self {
        Self {
            wijk: held.wijk,
            role: held.role,
            partner: held.partner,
            until: held.until.map(Time::date),
        }
    }
}

impl std::fmt::Display for RoleLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.wijk.as_deref().or(self.partner.as_deref()).unwrap_or_default();
        write!(f, "{} {place}", self.role)?;
        self.until.as_deref().map_or(Ok(()), |until| write!(f, " until {until}"))
    }
}
