//! A local actor gets a new key, under the same id. An emergency: some servers never look again at a key they hold, so
//! they must hear of the new one in words that the old one signed.

use diesel::prelude::*;

use super::actors::Actor;
use super::actors::keys::{self, NewKey};
use super::outgoing::Word;
use super::outgoing::store::{last_said, say};
use super::wijken;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{activities, deliveries, outgoing};
use crate::foundation::error::{Error, Result};
use crate::foundation::ids::ActorId;

/// Its document shows the new key at once, its followers get an Update with it. What was said before, and that Update,
/// the former key still signs.
pub fn rotate(conn: &mut Connection, actor: &Actor, key: &NewKey, now: Time) -> Result<()> {
    if matches!(wijken::open(conn, &actor.username), Err(Error::Gone)) {
        return Err(Error::Gone);
    }
    keys::replace(conn, actor.id, key, now)?;
    let word = Word::UpdateKey { actor: actor.id, at: now };
    say(conn, &word, now)?;
    let through = last_said(conn, &word.object())?;
    keys::former_signs_through(conn, actor.id, through)
}

/// Former keys that nothing waits for any more go. Answers how many.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let mut gone = 0;
    for (actor, through, is_over) in keys::rotated(conn, now)? {
        if is_over || !waits(conn, actor, through)? {
            keys::forget_former(conn, actor)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// A word that has no deliveries yet, or a delivery that the former key signs.
fn waits(conn: &mut Connection, signer: ActorId, through: i64) -> Result<bool> {
    let word = outgoing::table.filter(outgoing::seq.le(through).and(outgoing::state.eq("waiting")));
    let delivery = deliveries::table
        .inner_join(activities::table.on(activities::id.eq(deliveries::activity_id)))
        .filter(deliveries::seq.le(through).and(deliveries::is_dead.eq(false)))
        .filter(activities::signer_id.eq(signer));
    Ok(diesel::select(diesel::dsl::exists(word)).get_result(conn)?
        || diesel::select(diesel::dsl::exists(delivery)).get_result::<bool>(conn)?)
}
