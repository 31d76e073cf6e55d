//! Who may do what, for how long. A [`Moderator`] is a proof: only this file makes one.

use diesel::prelude::*;

use super::{Account, store};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::seats;
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::{Error, Reason, Result};
use crate::foundation::ids::{AccountId, ActorId, SeatId, WijkId};
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::wijken::{self, Wijk};

/// May decide for one wijk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moderator {
    wijk: WijkId,
    by: Option<AccountId>,
    is_administrator: bool,
}

impl Moderator {
    /// Whoever may run commands on the server's machine.
    #[must_use]
    pub fn operator(wijk: WijkId) -> Self {
        Self { wijk, by: None, is_administrator: true }
    }

    #[must_use]
    pub fn wijk(&self) -> WijkId {
        self.wijk
    }

    /// Decides for every wijk, and about what concerns none.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.is_administrator
    }

    /// `None` for the operator.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.by
    }
}

text_enum! {
    Role { Moderator = "moderator", Editor = "editor" }
}

/// Where somebody sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// Decides what the wijk passes on.
    Moderator(WijkId),
    /// Writes as the wijk's redactie.
    Redactie { wijk: WijkId, redactie: ActorId },
    /// Writes as a local partner.
    Partner(ActorId),
}

impl Seat {
    #[must_use]
    pub fn redactie_of(wijk: &Wijk) -> Self {
        Self::Redactie { wijk: wijk.id(), redactie: wijk.row.redactie_id }
    }

    fn columns(self) -> (Role, Option<WijkId>, Option<ActorId>) {
        match self {
            Self::Moderator(wijk) => (Role::Moderator, Some(wijk), None),
            Self::Redactie { wijk, redactie } => (Role::Editor, Some(wijk), Some(redactie)),
            Self::Partner(actor) => (Role::Editor, None, Some(actor)),
        }
    }
}

/// A seat as people read it: of a wijk, or of a local partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub role: Role,
    /// The wijk's slug.
    pub wijk: Option<String>,
    /// The partner's name in handles.
    pub partner: Option<String>,
    /// `None`: without end. One that has passed counts no more.
    pub until: Option<Time>,
}

/// # Errors
/// `Forbidden` for who has no seat in that wijk now. An administrator has one in every wijk.
pub fn moderator(
    conn: &mut Connection,
    account: &Account,
    wijk: WijkId,
    now: Time,
) -> Result<Moderator> {
    if account.is_admin || seated(conn, account, now)?.contains(&wijk) {
        let (by, is_administrator) = (Some(account.id), account.is_admin);
        return Ok(Moderator { wijk, by, is_administrator });
    }
    Err(Error::Forbidden(Reason::NoSeat))
}

/// The open wijken where this account may decide, by name.
pub fn wijken_of(conn: &mut Connection, account: &Account, now: Time) -> Result<Vec<Wijk>> {
    let mut wijken = wijken::list(conn)?;
    if !account.is_admin {
        let seated = seated(conn, account, now)?;
        wijken.retain(|wijk| seated.contains(&wijk.id()));
    }
    Ok(wijken)
}

fn seated(conn: &mut Connection, account: &Account, now: Time) -> Result<Vec<WijkId>> {
    let lasting = seats::until.is_null().or(seats::until.ge(now));
    let of_account = seats::account_id.eq(account.id).and(seats::role.eq(Role::Moderator));
    let found = seats::table.filter(of_account.and(lasting)).select(seats::wijk_id);
    Ok(found.load::<Option<WijkId>>(conn)?.into_iter().flatten().collect())
}

/// Gives a seat, or one that was given another end. Who may do more than before signs in anew.
pub fn grant(
    conn: &mut Connection,
    account: &Account,
    seat: Seat,
    until: Option<Time>,
    now: Time,
) -> Result<()> {
    take(conn, account.id, seat)?;
    let (role, wijk, actor) = seat.columns();
    diesel::insert_into(seats::table)
        .values((
            seats::id.eq(SeatId::next(now)),
            seats::account_id.eq(account.id),
            seats::role.eq(role),
            seats::wijk_id.eq(wijk),
            seats::actor_id.eq(actor),
            seats::until.eq(until),
            seats::granted_at.eq(now),
        ))
        .execute(conn)?;
    store::end_sessions(conn, account.id)
}

/// # Errors
/// `NotFound` where that seat was not held.
pub fn revoke(conn: &mut Connection, account: &Account, seat: Seat) -> Result<()> {
    if take(conn, account.id, seat)? == 0 {
        return Err(Error::NotFound);
    }
    store::end_sessions(conn, account.id)
}

fn take(conn: &mut Connection, account: AccountId, seat: Seat) -> Result<usize> {
    let held = rows(conn, account)?;
    let same = held.iter().filter(|row| (row.1, row.2, row.3) == seat.columns());
    let ids: Vec<SeatId> = same.map(|row| row.0).collect();
    Ok(diesel::delete(seats::table.filter(seats::id.eq_any(ids))).execute(conn)?)
}

type Row = (SeatId, Role, Option<WijkId>, Option<ActorId>, Option<Time>);

fn rows(conn: &mut Connection, account: AccountId) -> Result<Vec<Row>> {
    let of_account = seats::table.filter(seats::account_id.eq(account)).order(seats::id);
    Ok(of_account
        .select((seats::id, seats::role, seats::wijk_id, seats::actor_id, seats::until))
        .load(conn)?)
}

/// All that were given, in that order.
pub fn seats_of(conn: &mut Connection, account: AccountId) -> Result<Vec<Held>> {
    let rows = rows(conn, account)?;
    let name = |conn: &mut Connection, id: ActorId| {
        actors_store::find(conn, id).map(|actor| actor.username)
    };
    let mut held = Vec::with_capacity(rows.len());
    for (_, role, wijk, actor, until) in rows {
        let (wijk, partner) = match (wijk, actor) {
            (Some(wijk), _) => (Some(name(conn, wijk.into())?), None),
            (None, Some(actor)) => (None, Some(name(conn, actor)?)),
            (None, None) => (None, None),
        };
        held.push(Held { role, wijk, partner, until });
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::super::{NewAccount, sessions, tokens::TokenHash};
    use super::*;
    use crate::foundation::config::Config;
    use crate::foundation::database::Database;
    use crate::foundation::links::Links;
    use crate::foundation::secret::Secret;
    use crate::neighbourhood::wijken::NewWijk;

    const NOW: Time = Time::from_millis(1_795_000_000_000);
    const LATER: Time = Time::from_millis(1_795_000_000_001);

    /// Runs `work` with two wijken and an account.
    async fn town(
        work: impl Fn(&mut Connection, [Wijk; 2], Account) -> Result<()> + Send + 'static,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let database = Database::open(&format!("sqlite:{}", at("test.db").display())).unwrap();
        let secret = Secret::open_or_make(&at("secret")).unwrap();
        let url = ("LIKEJEWIJK_URL".to_owned(), "https://wijk.example".to_owned());
        let config = at("likejewijk.toml");
        std::fs::write(&config, "").unwrap();
        let links = Links::new(&Config::load(Some(&config), [url]).unwrap());
        let new = ["bloemhof", "beverwaard"]
            .map(|slug| NewWijk::prepare(&secret, &links, slug, slug).unwrap());
        let work = move |conn: &mut Connection| {
            let [bloemhof, beverwaard] = &new;
            let wijken = [
                wijken::add(conn, &links, bloemhof, NOW)?,
                wijken::add(conn, &links, beverwaard, NOW)?,
            ];
            let new = NewAccount::check("moderator1", "moderator1@wijk.example", None, false)?;
            let account = store::add(conn, &new, NOW)?;
            work(conn, wijken, account)
        };
        database.write(work).await.unwrap();
    }

    #[tokio::test]
    async fn a_moderator_decides_where_the_seat_is_and_as_long_as_it_lasts() {
        town(|conn, [bloemhof, beverwaard], account| {
            let refused = moderator(conn, &account, bloemhof.id(), NOW);
            assert!(matches!(refused, Err(Error::Forbidden(Reason::NoSeat))));

            grant(conn, &account, Seat::Moderator(bloemhof.id()), Some(NOW), NOW)?;
            let proof = moderator(conn, &account, bloemhof.id(), NOW)?;
            assert_eq!((proof.wijk(), proof.account()), (bloemhof.id(), Some(account.id)));
            assert!(moderator(conn, &account, beverwaard.id(), NOW).is_err());
            assert!(moderator(conn, &account, bloemhof.id(), LATER).is_err(), "it has ended");

            grant(conn, &account, Seat::Moderator(bloemhof.id()), None, NOW)?;
            moderator(conn, &account, bloemhof.id(), LATER)?;
            let names: Vec<String> =
                wijken_of(conn, &account, LATER)?.iter().map(|w| w.slug().to_owned()).collect();
            assert_eq!(names, ["bloemhof"]);

            let admin = Account { is_admin: true, ..account };
            moderator(conn, &admin, beverwaard.id(), NOW)?;
            assert_eq!(wijken_of(conn, &admin, NOW)?.len(), 2);
            Ok(())
        })
        .await;
    }

    #[tokio::test]
    async fn an_editor_decides_nothing() {
        town(|conn, [bloemhof, _], account| {
            grant(conn, &account, Seat::redactie_of(&bloemhof), None, NOW)?;
            assert!(moderator(conn, &account, bloemhof.id(), NOW).is_err());
            let held = Held {
                role: Role::Editor,
                wijk: Some("bloemhof".to_owned()),
                partner: None,
                until: None,
            };
            assert_eq!(seats_of(conn, account.id)?, [held]);

            revoke(conn, &account, Seat::redactie_of(&bloemhof))?;
            assert!(matches!(
                revoke(conn, &account, Seat::redactie_of(&bloemhof)),
                Err(Error::NotFound)
            ));
            assert_eq!(seats_of(conn, account.id)?, []);
            Ok(())
        })
        .await;
    }

    #[tokio::test]
    async fn a7_another_role_is_another_session() {
        town(|conn, [bloemhof, _], account| {
            let token = TokenHash("session".to_owned());
            sessions::begin(conn, &account, &token, "csrf", NOW)?;
            grant(conn, &account, Seat::Moderator(bloemhof.id()), None, NOW)?;
            assert!(sessions::find(conn, &token, NOW)?.is_none());
            Ok(())
        })
        .await;
    }
}
