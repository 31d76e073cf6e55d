//! A partner of a wijk: an organisation or officer whose posts go straight through, with a kind, a state and an end.

use std::fmt;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;

use super::actors::keys::{self, NewActor, NewKey};
use super::actors::{Actor, ActorKind};
use super::blocks::Blocklist;
use super::posts::Visibility;
use super::posts::receive::Received;
use super::wijken::{self, Wijk};
use super::{epochs, follows, moderation};
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, partners};
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::{ActorId, PartnerId, WijkId};
use crate::foundation::links::Links;
use crate::neighbourhood::moderation::Decision;

text_enum! {
    /// What a partner is.
    Kind {
        Gemeente = "gemeente", Politie = "politie", Brandweer = "brandweer", Toezicht = "toezicht",
        Reiniging = "reiniging", Onderwijs = "onderwijs", Zorg = "zorg", Welzijn = "welzijn",
        Opbouwwerk = "opbouwwerk", Woningcorporatie = "woningcorporatie", Ondernemers = "ondernemers",
        Sport = "sport", Vrijwilligers = "vrijwilligers", Wijkgebouw = "wijkgebouw", Initiatief = "initiatief",
        Dienst = "dienst", Media = "media", Overig = "overig",
    }
}

text_enum! {
    /// As stored; a verified one whose end has passed is *expired*, see [`Partner::state`].
    StoredState {
        Invited = "invited", Pending = "pending", Verified = "verified", Frozen = "frozen", Revoked = "revoked",
    }
}

/// Which posts of a partner the wijk passes on. Those that mention it always; beyond that the wijk follows the partner.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum PassOn {
    Mentions,
    /// Public ones with this hashtag too, as `hashtag:TAG` in lower case.
    Hashtag(String),
    /// All public ones.
    All,
}

const HASHTAG: &str = "hashtag:";
/// As long as the longest on Mastodon, and more than anybody types.
const LONGEST_HASHTAG: usize = 100;

impl PassOn {
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mentions => "mentions",
            Self::Hashtag(whole) => whole,
            Self::All => "all",
        }
    }

    /// Whether the wijk must follow the partner to hear of them.
    #[must_use]
    pub fn follows(&self) -> bool {
        *self != Self::Mentions
    }

    /// Whether it takes a post that does not mention the wijk: a public one that answers nobody. What is public but not
    /// pushed is for those whom it names.
    #[must_use]
    fn takes(&self, post: &Received) -> bool {
        if post.visibility != Visibility::Public || post.in_reply_to.is_some() {
            return false;
        }
        match self {
            Self::Mentions => false,
            Self::Hashtag(whole) => {
                post.shown.tags.iter().any(|tag| whole[HASHTAG.len()..] == **tag)
            }
            Self::All => true,
        }
    }
}

impl fmt::Display for PassOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PassOn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("pass-on", "write mentions, hashtag:TAG or all");
        match text {
            "mentions" => Ok(Self::Mentions),
            "all" => Ok(Self::All),
            _ => {
                let tag = text.strip_prefix(HASHTAG).ok_or_else(wrong)?;
                let tag = tag.strip_prefix('#').unwrap_or(tag).to_lowercase();
                let is_plain = tag.chars().all(|c| c.is_alphanumeric() || c == '_');
                let is_tag = is_plain && (1..=LONGEST_HASHTAG).contains(&tag.chars().count());
                is_tag.then(|| Self::Hashtag(format!("{HASHTAG}{tag}"))).ok_or_else(wrong)
            }
        }
    }
}

impl<DB: Backend> ToSql<Text, DB> for PassOn
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for PassOn
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        String::from_sql(bytes)?.parse().map_err(Into::into)
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = partners)]
#[diesel(treat_none_as_default_value = false)]
pub struct PartnerRow {
    pub id: PartnerId,
    pub wijk_id: WijkId,
    pub actor_id: ActorId,
    pub kind: Kind,
    pub name: String,
    pub state: StoredState,
    pub pass_on: PassOn,
    pub until: Option<Time>,
    pub verified_at: Option<Time>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Partner {
    #[diesel(embed)]
    pub row: PartnerRow,
    #[diesel(embed)]
    pub actor: Actor,
}

impl Partner {
    /// `invited`, `pending`, `verified`, `frozen`, `expired` or `revoked`.
    #[must_use]
    pub fn state(&self, now: Time) -> &'static str {
        if self.row.state == StoredState::Verified && !self.is_verified(now) {
            return "expired";
        }
        self.row.state.as_str()
    }

    #[must_use]
    pub fn is_verified(&self, now: Time) -> bool {
        self.row.state == StoredState::Verified && self.row.until.is_none_or(|until| now <= until)
    }
}

/// What the operator vouches for.
#[derive(Debug, Clone)]
pub struct NewPartner {
    pub kind: Kind,
    pub name: String,
    pub until: Option<Time>,
}

impl NewPartner {
    pub fn check(self) -> Result<Self> {
        let length = self.name.trim().chars().count();
        if length == 0 || length > 100 {
            return Err(Error::invalid(
                "name",
                "give the partner a name of at most 100 characters",
            ));
        }
        Ok(Self { name: self.name.trim().to_owned(), ..self })
    }
}

/// Verifies an actor for the wijk on the operator's word. Who was revoked may be added again, and who only moved here.
///
/// # Errors
/// `Conflict` where it is a partner of this wijk already.
pub fn add(
    conn: &mut Connection,
    wijk: &Wijk,
    actor: &Actor,
    new: &NewPartner,
    now: Time,
) -> Result<Partner> {
    if actor.kind == ActorKind::Group {
        return Err(Error::invalid(
            "partner",
            "a group passes on what others say; name the organisation or officer itself",
        ));
    }
    let row = PartnerRow {
        id: PartnerId::next(now),
        wijk_id: wijk.id(),
        actor_id: actor.id,
        kind: new.kind,
        name: new.name.clone(),
        state: StoredState::Verified,
        pass_on: PassOn::Mentions,
        until: new.until,
        verified_at: Some(now),
        reason: None,
    };
    match of_actor(conn, wijk.id(), actor.id)? {
        Some(known) if ![StoredState::Revoked, StoredState::Pending].contains(&known.row.state) => {
            return Err(Error::Conflict(
                "that is a partner of this wijk already; see partner list",
            ));
        }
        Some(known) => {
            diesel::delete(partners::table.find(known.row.id)).execute(conn)?;
        }
        None => {}
    }
    diesel::insert_into(partners::table).values(row.clone()).execute(conn)?;
    moderation::record(
        conn,
        Some(wijk.id()),
        Decision::PartnerVerified,
        None,
        actor.uri.as_str(),
        None,
        now,
    )?;
    epochs::bump_wijk(conn, wijk.id())?;
    find(conn, row.id)
}

/// Makes a local actor for an organisation (or, with `is_person`, an officer) that has no server of its own.
pub fn make_actor(
    conn: &mut Connection,
    links: &Links,
    username: &str,
    new: &NewPartner,
    is_person: bool,
    key: &NewKey,
    now: Time,
) -> Result<Actor> {
    let uri = links.partner(username);
    let actor = NewActor {
        kind: if is_person { ActorKind::Person } else { ActorKind::Organization },
        domain: links.domain(),
        username,
        name: &new.name,
        inbox: format!("{uri}/inbox"),
        shared_inbox: links.shared_inbox(),
    };
    keys::make(conn, &actor, key, now)
}

pub fn find(conn: &mut Connection, id: PartnerId) -> Result<Partner> {
    let found = partners::table.inner_join(actors::table).filter(partners::id.eq(id));
    found.select(Partner::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

pub fn of_actor(conn: &mut Connection, wijk: WijkId, actor: ActorId) -> Result<Option<Partner>> {
    let pair = partners::wijk_id.eq(wijk).and(partners::actor_id.eq(actor));
    let found = partners::table.inner_join(actors::table).filter(pair);
    Ok(found.select(Partner::as_select()).first(conn).optional()?)
}

pub fn list(conn: &mut Connection, wijk: WijkId) -> Result<Vec<Partner>> {
    let of_wijk = partners::table
        .inner_join(actors::table)
        .filter(partners::wijk_id.eq(wijk))
        .order(partners::name);
    Ok(of_wijk.select(Partner::as_select()).load(conn)?)
}

pub fn verified(conn: &mut Connection, wijk: WijkId, now: Time) -> Result<Vec<Partner>> {
    Ok(list(conn, wijk)?.into_iter().filter(|partner| partner.is_verified(now)).collect())
}

/// The wijken for which an actor speaks now: as a verified partner, or as their redactie.
pub fn wijken_of(conn: &mut Connection, actor: ActorId, now: Time) -> Result<Vec<Wijk>> {
    let mut spoken_for = Vec::new();
    for wijk in wijken::list(conn)? {
        let partner = of_actor(conn, wijk.id(), actor)?;
        if wijk.row.redactie_id == actor || partner.is_some_and(|partner| partner.is_verified(now))
        {
            spoken_for.push(wijk);
        }
    }
    Ok(spoken_for)
}

/// The mark is off everywhere, posts wait, until it is unfrozen.
pub fn freeze(conn: &mut Connection, id: PartnerId, now: Time) -> Result<Partner> {
    change(
        conn,
        id,
        &[StoredState::Verified],
        StoredState::Frozen,
        Decision::PartnerFrozen,
        None,
        now,
    )
}

pub fn unfreeze(conn: &mut Connection, id: PartnerId, now: Time) -> Result<Partner> {
    change(
        conn,
        id,
        &[StoredState::Frozen],
        StoredState::Verified,
        Decision::PartnerUnfrozen,
        None,
        now,
    )
}

pub fn revoke(conn: &mut Connection, id: PartnerId, reason: &str, now: Time) -> Result<Partner> {
    let revoked = change(
        conn,
        id,
        &HAS_BEGUN,
        StoredState::Revoked,
        Decision::PartnerRevoked,
        Some(reason),
        now,
    )?;
    follows::leave(conn, revoked.row.wijk_id.into(), revoked.actor.id, now)?;
    Ok(revoked)
}

/// An administrator looked: who moved here is the partner still.
pub fn confirm(conn: &mut Connection, links: &Links, id: PartnerId, now: Time) -> Result<Partner> {
    let pending = [StoredState::Pending];
    let partner =
        change(conn, id, &pending, StoredState::Verified, Decision::PartnerVerified, None, now)?;
    diesel::update(partners::table.find(id))
        .set(partners::verified_at.eq(Some(now)))
        .execute(conn)?;
    hear(conn, links, &partner, now)?;
    find(conn, id)
}

/// Which of its posts the wijk passes on from now on. Saying it again asks again whom the wijk must follow and who has
/// not answered.
///
/// # Errors
/// `Invalid` for a partner that lives here: it writes for the wijk by name.
pub fn pass_on(
    conn: &mut Connection,
    links: &Links,
    id: PartnerId,
    way: &PassOn,
    now: Time,
) -> Result<Partner> {
    let partner = find(conn, id)?;
    if partner.actor.is_local && way.follows() {
        return Err(Error::invalid(
            "pass-on",
            "a partner that lives here writes for the wijk by name; leave it at mentions",
        ));
    }
    let heard = [StoredState::Verified, StoredState::Frozen];
    let row = partners::table.filter(partners::id.eq(id).and(partners::state.eq_any(heard)));
    first(
        diesel::update(row).set(partners::pass_on.eq(way)).execute(conn)?,
        "the partner is not in a state that allows this; see partner list",
    )?;
    let (wijk, subject) = (Some(partner.row.wijk_id), partner.actor.uri.as_str());
    moderation::record(
        conn,
        wijk,
        Decision::PartnerPassOn,
        None,
        subject,
        Some(way.as_str()),
        now,
    )?;
    let partner = find(conn, id)?;
    hear(conn, links, &partner, now)?;
    Ok(partner)
}

/// The wijk follows the partner where it must, and does not where it need not.
fn hear(conn: &mut Connection, links: &Links, partner: &Partner, now: Time) -> Result<()> {
    let wijk = wijken::by_id(conn, partner.row.wijk_id)?;
    if partner.row.pass_on.follows() {
        let blocklist = Blocklist::read(conn)?;
        if !blocklist.may_show(&partner.actor.uri, &partner.actor.domain, Some(wijk.id())) {
            return Err(Error::Conflict("the wijk does not hear that partner; see block list"));
        }
        follows::begin(conn, links, &wijk.actor, &partner.actor, now)
    } else {
        follows::leave(conn, wijk.actor.id, partner.actor.id, now)
    }
}

/// How the wijk's Follow of it stands; `None` where it does not follow.
pub fn follow_of(conn: &mut Connection, partner: &Partner) -> Result<Option<follows::State>> {
    follows::state(conn, partner.row.wijk_id.into(), partner.actor.id)
}

/// The wijken that pass on this post of an actor although it does not mention them: a verified partner accepted that
/// they follow it, for posts such as this.
pub fn passing_on(
    conn: &mut Connection,
    author: ActorId,
    post: &Received,
    now: Time,
) -> Result<Vec<Wijk>> {
    let of_author = partners::table.inner_join(actors::table).filter(partners::actor_id.eq(author));
    let rows: Vec<Partner> = of_author.select(Partner::as_select()).load(conn)?;
    let mut wijken = Vec::new();
    for partner in rows {
        if partner.is_verified(now)
            && partner.row.pass_on.takes(post)
            && follow_of(conn, &partner)? == Some(follows::State::Accepted)
        {
            wijken.push(wijken::by_id(conn, partner.row.wijk_id)?);
        }
    }
    wijken.retain(|wijk| wijk.row.closed_at.is_none());
    Ok(wijken)
}

/// A partner moved to another actor. Whether that is the same organisation is for a person to say: the old one is frozen,
/// the new one waits to be confirmed, and the wijk follows neither.
pub fn moved(conn: &mut Connection, old: &Actor, new: &Actor, now: Time) -> Result<()> {
    let heard = [StoredState::Pending, StoredState::Verified, StoredState::Frozen];
    let rows = partners::table
        .filter(partners::actor_id.eq(old.id).and(partners::state.eq_any(heard)))
        .select(PartnerRow::as_select());
    for row in rows.load(conn)? {
        let reason = format!("moved to {}", new.uri);
        let set = (partners::state.eq(StoredState::Frozen), partners::reason.eq(Some(&reason)));
        diesel::update(partners::table.find(row.id)).set(set).execute(conn)?;
        follows::leave(conn, row.wijk_id.into(), old.id, now)?;
        if new.kind != ActorKind::Group && of_actor(conn, row.wijk_id, new.id)?.is_none() {
            let pending = PartnerRow {
                id: PartnerId::next(now),
                actor_id: new.id,
                state: StoredState::Pending,
                verified_at: None,
                reason: Some(format!("moved from {}", old.uri)),
                ..row.clone()
            };
            diesel::insert_into(partners::table).values(pending).execute(conn)?;
        }
        let wijk = Some(row.wijk_id);
        moderation::record(
            conn,
            wijk,
            Decision::PartnerMoved,
            None,
            old.uri.as_str(),
            Some(&reason),
            now,
        )?;
        epochs::bump_wijk(conn, row.wijk_id)?;
    }
    Ok(())
}

/// States that can still end.
const HAS_BEGUN: [StoredState; 4] =
    [StoredState::Invited, StoredState::Pending, StoredState::Verified, StoredState::Frozen];

/// A new end, or none.
pub fn renew(
    conn: &mut Connection,
    id: PartnerId,
    until: Option<Time>,
    now: Time,
) -> Result<Partner> {
    let partner = find(conn, id)?;
    let row =
        partners::table.filter(partners::id.eq(id).and(partners::state.eq(StoredState::Verified)));
    let set = (partners::until.eq(until), partners::verified_at.eq(Some(now)));
    first(
        diesel::update(row).set(set).execute(conn)?,
        "only a verified or expired partner can be renewed",
    )?;
    moderation::record(
        conn,
        Some(partner.row.wijk_id),
        Decision::PartnerRenewed,
        None,
        partner.actor.uri.as_str(),
        None,
        now,
    )?;
    epochs::bump_wijk(conn, partner.row.wijk_id)?;
    find(conn, id)
}

fn change(
    conn: &mut Connection,
    id: PartnerId,
    from: &[StoredState],
    to: StoredState,
    decision: Decision,
    reason: Option<&str>,
    now: Time,
) -> Result<Partner> {
    let partner = find(conn, id)?;
    let row =
        partners::table.filter(partners::id.eq(id).and(partners::state.eq_any(from.to_vec())));
    let set = (partners::state.eq(to), partners::reason.eq(reason));
    first(
        diesel::update(row).set(set).execute(conn)?,
        "the partner is not in a state that allows this; see partner list",
    )?;
    moderation::record(
        conn,
        Some(partner.row.wijk_id),
        decision,
        None,
        partner.actor.uri.as_str(),
        reason,
        now,
    )?;
    epochs::bump_wijk(conn, partner.row.wijk_id)?;
    find(conn, id)
}
