//! What the guard lets in, on its way to the table: all that wait are written down together.

use std::collections::BTreeSet;

use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::neighbourhood::arrivals::{self, NewArrival};
use crate::neighbourhood::outgoing::queue;

/// To be kept; and its sender's server is heard from.
pub struct Letter {
    pub arrival: NewArrival,
    pub signer: Domain,
}

pub(super) fn keep(conn: &mut Connection, letters: &[Letter]) -> Result<()> {
    let arrivals: Vec<&NewArrival> = letters.iter().map(|letter| &letter.arrival).collect();
    arrivals::keep(conn, &arrivals)?;
    let signers: BTreeSet<&Domain> = letters.iter().map(|letter| &letter.signer).collect();
    let now = arrivals.iter().map(|arrival| arrival.received_at).max().unwrap_or(Time::ZERO);
    queue::heard_from(conn, &signers, now)
}
