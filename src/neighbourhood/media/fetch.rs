//! What is wanted from other servers: who asks now, and what became of it.

use std::time::Duration;

use super::store;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::foundation::ids::{PictureId, VersionId};
use crate::foundation::images::Stored;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::{announcements, epochs};

/// Longer than a fetch and the drawing behind it may take.
const LEASE: Duration = Duration::from_mins(2);
/// Then it stays a link: half a minute, two, eight … and ten hours after the first.
const TRIES: i32 = 6;

/// A picture to fetch now.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub id: PictureId,
    pub version: VersionId,
    pub url: String,
    pub tries: i32,
}

/// Whether [`claim`] would find anything.
pub fn any_due(conn: &mut Connection, now: Time) -> Result<bool> {
    Ok(!store::due(conn, 1, now)?.is_empty())
}

/// The next ones to fetch, one of a host at a time. A server that is not heard is not asked either.
pub fn claim(conn: &mut Connection, most: i64, now: Time) -> Result<Vec<Wanted>> {
    let blocklist = Blocklist::read(conn)?;
    let mut claimed = Vec::new();
    for picture in store::due(conn, most, now)? {
        if Domain::parse(&picture.host).is_ok_and(|host| blocklist.refuses_domain(&host)) {
            store::refuse(conn, picture.id)?;
        } else if store::lease(conn, picture.id, now.plus(LEASE), now)? {
            claimed.push(Wanted {
                id: picture.id,
                version: picture.version_id,
                url: picture.source,
                tries: picture.tries,
            });
        }
    }
    Ok(claimed)
}

/// It came: the pages that show its version show it from now on.
///
/// # Errors
/// `Conflict` where nobody wants it any more.
pub fn arrived(conn: &mut Connection, wanted: &Wanted, stored: &Stored) -> Result<()> {
    store::keep(conn, wanted.id, stored)?;
    for wijk in announcements::wijken_that_show(conn, wanted.version)? {
        epochs::bump_wijk(conn, wijk)?;
    }
    Ok(())
}

/// It may come later; not for ever.
pub fn failed(conn: &mut Connection, wanted: &Wanted, wait_scale: f64, now: Time) -> Result<()> {
    let tries = wanted.tries + 1;
    if tries >= TRIES {
        return store::refuse(conn, wanted.id);
    }
    let wait = Duration::from_secs(30) * 4_u32.pow(tries.unsigned_abs() - 1);
    store::put_off(conn, wanted.id, tries, now.plus(wait.mul_f64(wait_scale)))
}
