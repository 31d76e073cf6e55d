//! The accounts' queries.

use diesel::prelude::*;

use super::{Account, NewAccount, PasswordHash};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::{accounts, invitations};
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::AccountId;

/// # Errors
/// `Conflict` where the username or the address is taken.
pub fn add(conn: &mut Connection, new: &NewAccount, now: Time) -> Result<Account> {
    if by_username(conn, &new.username)?.is_some() {
        return Err(Error::Conflict("that username is taken; choose another"));
    }
    if by_email(conn, new.email.as_str())?.is_some() {
        return Err(Error::Conflict("an account with that e-mail address exists already"));
    }
    let account = Account {
        id: AccountId::next(now),
        username: new.username.clone(),
        email: new.email.clone(),
        name: new.name.clone(),
        password_hash: new.password_hash.clone(),
        is_admin: new.is_admin,
        auth_epoch: 0,
        created_at: now,
        disabled_at: None,
    };
    diesel::insert_into(accounts::table).values(account.clone()).execute(conn)?;
    Ok(account)
}

pub fn find(conn: &mut Connection, id: AccountId) -> Result<Account> {
    accounts::table
        .find(id)
        .select(Account::as_select())
        .first(conn)
        .optional()?
        .ok_or(Error::NotFound)
}

pub fn by_username(conn: &mut Connection, username: &str) -> Result<Option<Account>> {
    let found = accounts::table.filter(accounts::username.eq(username));
    Ok(found.select(Account::as_select()).first(conn).optional()?)
}

fn by_email(conn: &mut Connection, email: &str) -> Result<Option<Account>> {
    let found = accounts::table.filter(accounts::email.eq(email));
    Ok(found.select(Account::as_select()).first(conn).optional()?)
}

/// By what people type when they sign in: the username or the e-mail address, in any case.
pub fn by_login(conn: &mut Connection, login: &str) -> Result<Option<Account>> {
    let login = login.trim().to_lowercase();
    if login.contains(['@', '\0']) {
        return login
            .parse::<super::EmailAddress>()
            .map_or(Ok(None), |email| by_email(conn, email.as_str()));
    }
    by_username(conn, &login)
}

/// By username.
pub fn list(conn: &mut Connection) -> Result<Vec<Account>> {
    Ok(accounts::table.order(accounts::username).select(Account::as_select()).load(conn)?)
}

/// Signs it out everywhere.
pub fn set_password(conn: &mut Connection, id: AccountId, password: &PasswordHash) -> Result<()> {
    diesel::update(accounts::table.find(id))
        .set(accounts::password_hash.eq(Some(password)))
        .execute(conn)?;
    end_sessions(conn, id)
}

/// Nobody signs in with it any more, by session, password or invitation.
///
/// # Errors
/// `Conflict` where it was disabled before.
pub fn disable(conn: &mut Connection, id: AccountId, now: Time) -> Result<()> {
    let row = accounts::table.filter(accounts::id.eq(id).and(accounts::disabled_at.is_null()));
    let rows = diesel::update(row).set(accounts::disabled_at.eq(Some(now))).execute(conn)?;
    first(rows, "that account is disabled already")?;
    diesel::delete(invitations::table.filter(invitations::account_id.eq(id))).execute(conn)?;
    end_sessions(conn, id)
}

/// Opens a disabled account again. What opened it before does not.
pub(super) fn enable(conn: &mut Connection, id: AccountId) -> Result<()> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::disabled_at.eq(None::<Time>),
            accounts::password_hash.eq(None::<PasswordHash>),
        ))
        .execute(conn)?;
    end_sessions(conn, id)
}

/// A new epoch: what was signed in before is not any more.
pub(super) fn end_sessions(conn: &mut Connection, id: AccountId) -> Result<()> {
    diesel::update(accounts::table.find(id))
        .set(accounts::auth_epoch.eq(accounts::auth_epoch + 1))
        .execute(conn)?;
    Ok(())
}
