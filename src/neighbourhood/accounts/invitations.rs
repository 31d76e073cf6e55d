//! An invitation: a link that lets one person choose the password of one account, once, within seven days.

use std::time::Duration;

use diesel::prelude::*;

use super::tokens::TokenHash;
use super::{Account, PasswordHash, store};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{accounts, invitations};
use crate::foundation::error::{Error, Result};

const VALID_FOR: Duration = Duration::from_hours(7 * 24);

/// Replaces those before it. A disabled account is open again, for whoever has this link only.
pub fn invite(
    conn: &mut Connection,
    account: &Account,
    token: &TokenHash,
    now: Time,
) -> Result<()> {
    if account.disabled_at.is_some() {
        store::enable(conn, account.id)?;
    }
    let unused = invitations::account_id.eq(account.id).and(invitations::used_at.is_null());
    diesel::delete(invitations::table.filter(unused)).execute(conn)?;
    diesel::insert_into(invitations::table)
        .values((
            invitations::token_hash.eq(&token.0),
            invitations::account_id.eq(account.id),
            invitations::expires_at.eq(now.plus(VALID_FOR)),
            invitations::used_at.eq(None::<Time>),
        ))
        .execute(conn)?;
    Ok(())
}

/// For whom it is.
///
/// # Errors
/// `NotFound` for one that was used, replaced, is too old or never was.
pub fn find(conn: &mut Connection, token: &TokenHash, now: Time) -> Result<Account> {
    let open = invitations::used_at.is_null().and(invitations::expires_at.ge(now));
    let found = invitations::table.inner_join(accounts::table).filter(
        invitations::token_hash.eq(&token.0).and(open).and(accounts::disabled_at.is_null()),
    );
    found.select(Account::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// Sets the password; whoever was signed in is not any more. The account as it is now, for signing in at once.
///
/// # Errors
/// As [`find`]; of two who come at once, the second.
pub fn accept(
    conn: &mut Connection,
    token: &TokenHash,
    password: &PasswordHash,
    now: Time,
) -> Result<Account> {
    let account = find(conn, token, now)?;
    let unused = invitations::token_hash.eq(&token.0).and(invitations::used_at.is_null());
    let rows = diesel::update(invitations::table.filter(unused))
        .set(invitations::used_at.eq(Some(now)))
        .execute(conn)?;
    if rows == 0 {
        return Err(Error::NotFound);
    }
    store::set_password(conn, account.id, password)?;
    store::find(conn, account.id)
}

pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    Ok(diesel::delete(invitations::table.filter(invitations::expires_at.lt(now))).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::super::passwords::verify;
    use super::super::{NewAccount, sessions};
    use super::*;
    use crate::foundation::database::Database;

    const NOW: Time = Time::from_millis(1_795_000_000_000);

    fn hash(text: &str) -> TokenHash {
        TokenHash(text.to_owned())
    }

    fn password(text: &str) -> PasswordHash {
        PasswordHash(text.to_owned())
    }

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database =
            Database::open(&format!("sqlite:{}", folder.path().join("test.db").display())).unwrap();
        (folder, database)
    }

    fn moderator(conn: &mut Connection) -> Result<Account> {
        store::add(
            conn,
            &NewAccount::check("moderator1", "moderator1@wijk.test", None, false)?,
            NOW,
        )
    }

    #[tokio::test]
    async fn a21_an_invitation_opens_once_and_only_in_time() {
        let (_folder, database) = database();
        let work = |conn: &mut Connection| {
            let account = moderator(conn)?;
            invite(conn, &account, &hash("first"), NOW)?;
            invite(conn, &account, &hash("second"), NOW)?;
            assert!(matches!(find(conn, &hash("first"), NOW), Err(Error::NotFound)), "replaced");
            let late = NOW.plus(VALID_FOR + Duration::from_millis(1));
            assert!(
                matches!(accept(conn, &hash("second"), &password("x"), late), Err(Error::NotFound)),
                "too old"
            );

            let accepted = accept(conn, &hash("second"), &password("new"), NOW)?;
            assert_eq!((accepted.password(), accepted.auth_epoch), (Some(&password("new")), 1));
            assert!(
                matches!(
                    accept(conn, &hash("second"), &password("again"), NOW),
                    Err(Error::NotFound)
                ),
                "used"
            );
            assert_eq!(store::find(conn, account.id)?.password(), Some(&password("new")));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    #[tokio::test]
    async fn a_disabled_account_opens_by_a_new_invitation_only() {
        let (_folder, database) = database();
        let work = |conn: &mut Connection| {
            let account = moderator(conn)?;
            store::set_password(conn, account.id, &password("old"))?;
            let account = store::find(conn, account.id)?;
            sessions::begin(conn, &account, &hash("session"), "csrf", NOW)?;
            invite(conn, &account, &hash("out"), NOW)?;

            store::disable(conn, account.id, NOW)?;
            let disabled = store::find(conn, account.id)?;
            assert_eq!(disabled.password(), None);
            assert!(!verify(disabled.password(), "whatever").unwrap());
            assert!(sessions::find(conn, &hash("session"), NOW)?.is_none());
            assert!(find(conn, &hash("out"), NOW).is_err());
            assert!(matches!(store::disable(conn, account.id, NOW), Err(Error::Conflict(_))));

            invite(conn, &disabled, &hash("again"), NOW)?;
            assert_eq!(
                store::find(conn, account.id)?.password(),
                None,
                "the old password stays out"
            );
            accept(conn, &hash("again"), &password("new"), NOW).map(drop)
        };
        database.write(work).await.unwrap();
    }
}
