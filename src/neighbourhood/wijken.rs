//! A wijk: its Group actor, its redactie, and how it presents itself.

use std::collections::HashSet;

use diesel::prelude::*;

use super::actors::keys::{self, NewActor, NewKey};
use super::actors::{Actor, ActorKind, store as actors_store};
use super::epochs;
use super::outgoing::Word;
use super::outgoing::store::say;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, wijken};
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::{ActorId, WijkId};
use crate::foundation::links::Links;
use crate::foundation::secret::Secret;
use crate::foundation::uri::Uri;

text_enum! {
    /// The colours a wijk can have; the style sheet knows each.
    Colour {
        Brick = "brick",
        Canal = "canal",
        Leaf = "leaf",
        Tulip = "tulip",
        Amber = "amber",
        Slate = "slate",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = wijken)]
#[diesel(treat_none_as_default_value = false)]
pub struct WijkRow {
    pub id: WijkId,
    pub redactie_id: ActorId,
    pub municipality: Option<String>,
    pub language: String,
    pub colour: Colour,
    pub updated_at: Time,
    pub closed_at: Option<Time>,
}

/// The row with its actor, who owns its name.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Wijk {
    #[diesel(embed)]
    pub row: WijkRow,
    #[diesel(embed)]
    pub actor: Actor,
}

impl Wijk {
    #[must_use]
    pub fn id(&self) -> WijkId {
        self.row.id
    }

    #[must_use]
    pub fn slug(&self) -> &str {
        &self.actor.username
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.actor.name
    }
}

/// `[a-z0-9_]{2,20}` and not one of the names the server needs itself.
pub fn parse_slug(text: &str) -> Result<&str> {
    parse_name(text, 20)
}

/// The same rule for organisations; all local actors share one name space.
pub fn parse_name(text: &str, longest: usize) -> Result<&str> {
    const RESERVED: [&str; 22] = [
        "moderatie",
        "moderator",
        "relay",
        "actor",
        "actors",
        "inbox",
        "outbox",
        "admin",
        "beheer",
        "balie",
        "redactie",
        "root",
        "webmaster",
        "postmaster",
        "support",
        "info",
        "wijk",
        "wijken",
        "partner",
        "partners",
        "likejewijk",
        "api",
    ];
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if text.len() < 2 || text.len() > longest || !text.bytes().all(plain) {
        return Err(Error::invalid("name", format!("«{text}»: 2 to {longest} of a-z, 0-9 and _")));
    }
    if RESERVED.contains(&text) || text.ends_with("_redactie") {
        return Err(Error::invalid("name", format!("«{text}» is reserved; choose another")));
    }
    Ok(text)
}

pub struct NewWijk {
    pub slug: String,
    pub name: String,
    pub municipality: Option<String>,
    pub language: String,
    keys: [NewKey; 2],
}

impl NewWijk {
    /// Makes the two keys, which takes a moment: before the transaction.
    pub fn prepare(secret: &Secret, links: &Links, slug: &str, name: &str) -> Result<Self> {
        let slug = parse_slug(slug)?;
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid("name", "give the wijk a name of at most 100 characters"));
        }
        let wijk = Uri::parse(&links.wijk(slug))?;
        let redactie = Uri::parse(&links.partner(&redactie_of(slug)))?;
        Ok(Self {
            slug: slug.to_owned(),
            name: name.trim().to_owned(),
            municipality: None,
            language: "nl".to_owned(),
            keys: [NewKey::make(secret, &wijk)?, NewKey::make(secret, &redactie)?],
        })
    }
}

#[must_use]
pub fn redactie_of(slug: &str) -> String {
    format!("{slug}_redactie")
}

/// Makes the wijk and its redactie.
///
/// # Errors
/// `Conflict` where a local actor has that name.
pub fn add(conn: &mut Connection, links: &Links, new: &NewWijk, now: Time) -> Result<Wijk> {
    let [wijk_key, redactie_key] = &new.keys;
    let make = |conn: &mut Connection, kind, username: &str, name: &str, key| {
        let uri =
            if kind == ActorKind::Group { links.wijk(username) } else { links.partner(username) };
        let actor = NewActor {
            kind,
            domain: links.domain(),
            username,
            name,
            inbox: format!("{uri}/inbox"),
            shared_inbox: links.shared_inbox(),
        };
        keys::make(conn, &actor, key, now)
    };
    let actor = make(conn, ActorKind::Group, &new.slug, &new.name, wijk_key)?;
    let redactie_name = format!("Redactie {}", new.name);
    let redactie =
        make(conn, ActorKind::Service, &redactie_of(&new.slug), &redactie_name, redactie_key)?;
    let row = WijkRow {
        id: WijkId(actor.id.0),
        redactie_id: redactie.id,
        municipality: new.municipality.clone(),
        language: new.language.clone(),
        colour: Colour::ALL[usize::try_from(actor.id.0).unwrap_or(0) % Colour::ALL.len()],
        updated_at: now,
        closed_at: None,
    };
    diesel::insert_into(wijken::table).values(row.clone()).execute(conn)?;
    epochs::bump_server(conn)?;
    Ok(Wijk { row, actor })
}

/// What an administrator changes; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub name: Option<String>,
    pub summary: Option<String>,
    pub colour: Option<Colour>,
}

/// Followers' servers hear of it.
pub fn edit(conn: &mut Connection, slug: &str, edit: &Edit, now: Time) -> Result<Wijk> {
    let wijk = open(conn, slug)?;
    actors_store::rename(conn, wijk.actor.id, edit.name.as_deref(), edit.summary.as_deref())?;
    diesel::update(wijken::table.find(wijk.id()))
        .set((
            wijken::colour.eq(edit.colour.unwrap_or(wijk.row.colour)),
            wijken::updated_at.eq(now),
        ))
        .execute(conn)?;
    say(conn, &Word::UpdateWijk { wijk: wijk.id(), at: now }, now)?;
    epochs::bump_wijk(conn, wijk.id())?;
    epochs::bump_server(conn)?;
    find(conn, slug)
}

/// From now on the wijk is gone: 410, and its followers hear a Delete.
pub fn close(conn: &mut Connection, slug: &str, now: Time) -> Result<()> {
    let wijk = open(conn, slug)?;
    let row = wijken::table.filter(wijken::id.eq(wijk.id()).and(wijken::closed_at.is_null()));
    first(
        diesel::update(row).set(wijken::closed_at.eq(Some(now))).execute(conn)?,
        "that wijk is closed already",
    )?;
    say(conn, &Word::DeleteWijk { wijk: wijk.id() }, now)?;
    epochs::bump_wijk(conn, wijk.id())?;
    epochs::bump_server(conn)
}

/// Also a closed one.
pub fn find(conn: &mut Connection, slug: &str) -> Result<Wijk> {
    let found = wijken::table
        .inner_join(actors::table)
        .filter(actors::is_local.and(actors::username.eq(slug)));
    found.select(Wijk::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// # Errors
/// `Gone` for a closed one.
pub fn open(conn: &mut Connection, slug: &str) -> Result<Wijk> {
    let wijk = find(conn, slug)?;
    if wijk.row.closed_at.is_some() { Err(Error::Gone) } else { Ok(wijk) }
}

pub fn by_id(conn: &mut Connection, id: WijkId) -> Result<Wijk> {
    let found = wijken::table.inner_join(actors::table).filter(wijken::id.eq(id));
    found.select(Wijk::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// The open ones among these actors.
pub fn among(conn: &mut Connection, uris: &[Uri]) -> Result<Vec<Wijk>> {
    let open = wijken::table
        .inner_join(actors::table)
        .filter(actors::is_local.and(wijken::closed_at.is_null()));
    let mut found = Vec::new();
    match conn {
        // A list is prepared anew each time, which costs more than to look for each.
        Connection::Sqlite(c) => {
            for uri in uris {
                let one = open.filter(actors::uri.eq(uri)).select(Wijk::as_select());
                found.extend(one.load(c)?);
            }
        }
        Connection::Postgres(c) => {
            let all = open.filter(actors::uri.eq_any(uris)).select(Wijk::as_select());
            found = all.load(c)?;
        }
    }
    found.sort_by_key(Wijk::id);
    found.dedup_by_key(|wijk| wijk.id());
    Ok(found)
}

/// The slugs of those that closed.
pub fn closed_names(conn: &mut Connection) -> Result<HashSet<String>> {
    let closed = wijken::table.inner_join(actors::table).filter(wijken::closed_at.is_not_null());
    Ok(closed.select(actors::username).load::<String>(conn)?.into_iter().collect())
}

/// The open ones, by name.
pub fn list(conn: &mut Connection) -> Result<Vec<Wijk>> {
    let open = wijken::table
        .inner_join(actors::table)
        .filter(wijken::closed_at.is_null())
        .order(actors::name);
    Ok(open.select(Wijk::as_select()).load(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_not_the_servers_own() {
        for good in ["bloemhof", "wijk_9", "ab"] {
            assert!(parse_slug(good).is_ok(), "{good}");
        }
        for bad in [
            "a",
            "Bloemhof",
            "bloem hof",
            "bloemhof_redactie",
            "balie",
            "relay",
            "een_veel_te_lange_naam",
            "é",
            "",
        ] {
            assert!(parse_slug(bad).is_err(), "{bad}");
        }
    }
}
