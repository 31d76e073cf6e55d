//! What we know of other servers: that they are there, and when we last had an answer of one.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{actors, hosts};
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub host: Domain,
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
    let instance = |(host, fetched): (Domain, Option<Time>)| {
        let last_seen = fetched.max(took.get(&host).copied().flatten())?;
        Some(Instance { host, last_seen })
    };
    Ok(fetched.into_iter().filter_map(instance).collect())
}
