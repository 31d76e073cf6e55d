//! Other servers: which software they run, what kind of server that makes them, and when we last had an answer.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::{actors, hosts, instances};
use crate::foundation::database::{Claiming, Connection, Statement, on_each, text_enum};
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};

text_enum! {
    /// How a server reads what a wijk passes on.
    Kind {
        /// Boosts: the id of the post. Also every server we know nothing of.
        Microblog = "microblog",
        /// Communities (FEP-1b12): the author's own activity, embedded.
        Threadiverse = "threadiverse",
        /// Events.
        Calendar = "calendar",
    }
}

impl Kind {
    /// By `software.name` of NodeInfo.
    #[must_use]
    pub fn of(software: &str) -> Self {
        match software {
            "lemmy" | "piefed" | "mbin" | "kbin" | "lotide" | "nodebb" | "discourse" => {
                Self::Threadiverse
            }
            "gancio" | "mobilizon" => Self::Calendar,
            _ => Self::Microblog,
        }
    }
}

/// What its NodeInfo says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// `[a-z0-9-]+`
    pub name: String,
    pub version: String,
}

/// What is known of a server we spoke with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = instances)]
pub struct Known {
    pub software: Option<String>,
    pub version: Option<String>,
    pub learned: Option<Kind>,
    /// An administrator knows better.
    pub given: Option<Kind>,
}

impl Known {
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.given.or(self.learned).unwrap_or(Kind::Microblog)
    }

    #[must_use]
    pub fn runs(&self, software: &str) -> bool {
        self.software.as_deref() == Some(software)
    }

    /// The first number of the version; 0 where it has none.
    #[must_use]
    pub fn major_version(&self) -> u32 {
        let version = self.version.as_deref().unwrap_or_default();
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }
}

/// How long what NodeInfo said is believed.
const FRESH_FOR: Duration = Duration::from_hours(24);
/// How long after an answer that did not come it is asked for again.
const AGAIN_AFTER: Duration = Duration::from_hours(1);

/// A server we will speak with: what it runs is asked for soon.
pub fn meet(conn: &mut Connection, host: &Domain) -> Result<()> {
    on_each!(conn, c => diesel::insert_into(instances::table)
        .values((instances::host.eq(host), instances::ask_at.eq(Time::ZERO)))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = Text)]
    host: Domain,
}

/// Takes up to `most` servers whose NodeInfo is to be asked for; where none comes they are asked again.
pub fn claim(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<Domain>> {
    let skip = Claiming::on(conn).skip;
    let sql = format!(
        "UPDATE instances SET ask_at = ? WHERE host IN (\
            SELECT host FROM instances WHERE ask_at <= ? ORDER BY ask_at LIMIT ? {skip}) \
         RETURNING host"
    );
    let again = now.plus(AGAIN_AFTER).millis();
    let statement = Statement::new(sql).number(again).number(now.millis()).number(most);
    let rows: Vec<Asked> = on_each!(conn, c => statement.load(c))?;
    Ok(rows.into_iter().map(|asked| asked.host).collect())
}

/// Whether there is anything to claim; writes nothing.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    let due = instances::table.filter(instances::ask_at.le(now));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(conn)?)
}

pub fn learn(conn: &mut Connection, host: &Domain, software: &Software, now: Time) -> Result<()> {
    diesel::update(instances::table.find(host))
        .set((
            instances::software.eq(Some(&software.name)),
            instances::version.eq(Some(&software.version)),
            instances::learned.eq(Some(Kind::of(&software.name))),
            instances::ask_at.eq(now.plus(FRESH_FOR)),
        ))
        .execute(conn)?;
    Ok(())
}

/// An administrator says what it is; `None` leaves that to its NodeInfo again.
///
/// # Errors
/// `NotFound` for a server of which we know nobody.
pub fn give(conn: &mut Connection, host: &Domain, kind: Option<Kind>) -> Result<()> {
    let is_known = actors::table.filter(actors::is_local.eq(false).and(actors::domain.eq(host)));
    if !diesel::select(diesel::dsl::exists(is_known)).get_result::<bool>(conn)? {
        return Err(Error::NotFound);
    }
    meet(conn, host)?;
    diesel::update(instances::table.find(host)).set(instances::given.eq(kind)).execute(conn)?;
    Ok(())
}

/// What is known of these; those we know nothing of are left out.
pub fn among(conn: &mut Connection, wanted: &[&Domain]) -> Result<HashMap<Domain, Known>> {
    let rows = instances::table.filter(instances::host.eq_any(wanted));
    let rows: Vec<(Domain, Known)> =
        on_each!(conn, c => rows.select((instances::host, Known::as_select())).load(c))?;
    Ok(rows.into_iter().collect())
}

/// A line of `likejewijk instance list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub host: Domain,
    pub known: Known,
    /// An actor of it was fetched, or it took a delivery.
    pub last_seen: Time,
}

/// Every server an actor of which we know, by name.
pub fn list(conn: &mut Connection) -> Result<Vec<Instance>> {
    let fetched: Vec<(Domain, Option<Time>)> = actors::table
        .filter(actors::is_local.eq(false))
        .group_by(actors::domain)
        .select((actors::domain, diesel::dsl::max(actors::fetched_at)))
        .order(actors::domain)
        .load(conn)?;
    let took: Vec<(Domain, Option<Time>)> = hosts::table
        .filter(hosts::seen_at.is_not_null())
        .select((hosts::host, hosts::seen_at))
        .load(conn)?;
    let took: BTreeMap<Domain, Option<Time>> = took.into_iter().collect();
    let known: Vec<(Domain, Known)> =
        instances::table.select((instances::host, Known::as_select())).load(conn)?;
    let mut known: HashMap<Domain, Known> = known.into_iter().collect();
    let instance = |(host, fetched): (Domain, Option<Time>)| {
        let last_seen = fetched.max(took.get(&host).copied().flatten())?;
        let known = known.remove(&host).unwrap_or_default();
        Some(Instance { host, known, last_seen })
    };
    Ok(fetched.into_iter().filter_map(instance).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_version_counts() {
        for (version, major) in [("1.0.0-beta.1", 1), ("0.19.15", 0), ("", 0), ("v2", 0)] {
            let known = Known { version: Some(version.to_owned()), ..Known::default() };
            assert_eq!(known.major_version(), major, "{version}");
        }
    }
}
