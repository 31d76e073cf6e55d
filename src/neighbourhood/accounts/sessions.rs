//! A session: from signing in to signing out, 14 idle days, 90 days in all, or a new epoch of the account.

use std::time::Duration;

use diesel::prelude::*;

use super::Account;
use super::tokens::TokenHash;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{accounts, sessions};
use crate::foundation::error::Result;

const IDLE: Duration = Duration::from_hours(14 * 24);
pub const LONGEST: Duration = Duration::from_hours(90 * 24);
/// How exactly it is known when somebody was here: reading a page should not cost a write.
const SEEN_EVERY: Duration = Duration::from_mins(10);

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    pub account: Account,
    /// What this session's forms carry.
    pub csrf: String,
    token: TokenHash,
    seen_at: Time,
}

/// Somebody signed in, as the `account` that was read with the password: when that changed meanwhile, the session is
/// over before it began. Every sign-in draws a new token.
pub fn begin(
    conn: &mut Connection,
    account: &Account,
    token: &TokenHash,
    csrf: &str,
    now: Time,
) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(&token.0),
            sessions::account_id.eq(account.id),
            sessions::auth_epoch.eq(account.auth_epoch),
            sessions::csrf.eq(csrf),
            sessions::created_at.eq(now),
            sessions::seen_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// `None` for one that is over or never was.
pub fn find(conn: &mut Connection, token: &TokenHash, now: Time) -> Result<Option<Session>> {
    let alive = sessions::auth_epoch
        .eq(accounts::auth_epoch)
        .and(accounts::disabled_at.is_null())
        .and(sessions::seen_at.ge(now.minus(IDLE)))
        .and(sessions::created_at.ge(now.minus(LONGEST)));
    let found = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::token_hash.eq(&token.0).and(alive))
        .select((Account::as_select(), sessions::csrf, sessions::seen_at))
        .first::<(Account, String, Time)>(conn)
        .optional()?;
    Ok(found.map(|(account, csrf, seen_at)| Session {
        account,
        csrf,
        token: token.clone(),
        seen_at,
    }))
}

impl Session {
    /// Long enough ago that [`seen`] is worth a write.
    #[must_use]
    pub fn is_seen_long_ago(&self, now: Time) -> bool {
        now.since(self.seen_at) >= SEEN_EVERY
    }
}

pub fn seen(conn: &mut Connection, session: &Session, now: Time) -> Result<()> {
    diesel::update(sessions::table.find(&session.token.0))
        .set(sessions::seen_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Signs out; also what a browser brought along when it signs in anew.
pub fn end(conn: &mut Connection, token: &TokenHash) -> Result<()> {
    diesel::delete(sessions::table.find(&token.0)).execute(conn)?;
    Ok(())
}

/// Those that are over by time; those of an older epoch go the same way.
pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let over =
        sessions::seen_at.lt(now.minus(IDLE)).or(sessions::created_at.lt(now.minus(LONGEST)));
    Ok(diesel::delete(sessions::table.filter(over)).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::super::{NewAccount, PasswordHash, store};
    use super::*;
    use crate::foundation::database::Database;

    const NOW: Time = Time::from_millis(1_795_000_000_000);
    const DAY: Duration = Duration::from_hours(24);

    fn token() -> TokenHash {
        TokenHash("session".to_owned())
    }

    /// Runs `work` with somebody who signed in at `NOW`.
    async fn signed_in(work: impl Fn(&mut Connection, Account) -> Result<()> + Send + 'static) {
        let folder = tempfile::tempdir().unwrap();
        let database =
            Database::open(&format!("sqlite:{}", folder.path().join("test.db").display())).unwrap();
        let work = move |conn: &mut Connection| {
            let new = NewAccount::check("moderator1", "moderator1@wijk.test", None, false)?;
            let account = store::add(conn, &new, NOW)?;
            begin(conn, &account, &token(), "csrf", NOW)?;
            work(conn, account)
        };
        database.write(work).await.unwrap();
    }

    #[tokio::test]
    async fn a_session_ends_after_14_idle_days_or_90_in_all() {
        signed_in(|conn, _| {
            assert!(find(conn, &token(), NOW.plus(DAY * 14))?.is_some());
            assert!(find(conn, &token(), NOW.plus(DAY * 15))?.is_none());
            for week in 1..=12 {
                let later = NOW.plus(DAY * 7 * week);
                let session = find(conn, &token(), later)?.expect("still signed in");
                seen(conn, &session, later)?;
            }
            assert!(find(conn, &token(), NOW.plus(DAY * 90))?.is_some());
            assert!(find(conn, &token(), NOW.plus(DAY * 91))?.is_none());
            assert_eq!(sweep(conn, NOW.plus(DAY * 90))?, 0);
            assert_eq!(sweep(conn, NOW.plus(DAY * 91))?, 1);
            Ok(())
        })
        .await;
    }

    #[tokio::test]
    async fn a10_a_new_password_ends_it_and_signing_out_too() {
        signed_in(|conn, account| {
            let session = find(conn, &token(), NOW)?.expect("signed in");
            assert_eq!((session.csrf.as_str(), session.account.id), ("csrf", account.id));
            store::set_password(conn, account.id, &PasswordHash("new".to_owned()))?;
            assert!(find(conn, &token(), NOW)?.is_none());

            let other = TokenHash("other".to_owned());
            begin(conn, &account, &other, "csrf", NOW)?;
            assert!(
                find(conn, &other, NOW)?.is_none(),
                "signed in with what is not the password any more"
            );

            let again = TokenHash("again".to_owned());
            let account = store::find(conn, account.id)?;
            begin(conn, &account, &again, "csrf", NOW)?;
            assert!(find(conn, &again, NOW)?.is_some());
            end(conn, &again)?;
            assert!(find(conn, &again, NOW)?.is_none());
            Ok(())
        })
        .await;
    }

    #[tokio::test]
    async fn being_seen_is_written_every_ten_minutes() {
        signed_in(|conn, _| {
            let session = find(conn, &token(), NOW)?.expect("signed in");
            assert!(!session.is_seen_long_ago(NOW.plus(Duration::from_secs(599))));
            assert!(session.is_seen_long_ago(NOW.plus(Duration::from_mins(10))));
            Ok(())
        })
        .await;
    }
}
