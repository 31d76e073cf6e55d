//! Signing in and out. A known name with a wrong password and an unknown name get the same answer after the same time.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cookies::{self, Cookie};
use super::failure::Failure;
use super::forms::Posted;
use super::layout::{self, Layout};
use super::visitor::{Visitor, sign_in_address};
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::foundation::secret::random_token;
use crate::neighbourhood::accounts::Account;
use crate::neighbourhood::accounts::passwords;
use crate::neighbourhood::accounts::seats;
use crate::neighbourhood::accounts::sessions;
use crate::neighbourhood::accounts::store as accounts;
use crate::neighbourhood::accounts::tokens::{Token, TokenHash};

/// Where who signs in goes who came from nowhere.
const DESK: &str = "/balie";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    t: Translator,
    layout: Layout,
    csrf: String,
    username: &'static str,
    next: String,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    show(&web, &visitor, next(&asked.next), None)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    next: &str,
    problem: Option<&str>,
) -> Result<Response, Failure> {
    let (csrf, cookie) = visitor.form_token(&web.app)?;
    let t = visitor.translator(web);
    let page = layout::page(&SignInPage {
        layout: Layout::new(web, visitor, &sign_in_address(next)),
        csrf,
        username: "",
        next: next.to_owned(),
        problem: problem.map(|key| t.say(key)),
        t,
    })?;
    Ok((cookie, page).into_response())
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    username: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
    Posted(form): Posted<SignIn>,
) -> Result<Response, Failure> {
    web.limits.sign_ins_by_address.check(&visitor.address.household())?;
    let next = next(&form.next);
    let Some(account) = check(&web, &form).await? else {
        let mut answer = show(&web, &visitor, next, Some("sign-in-problem"))?;
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(answer);
    };
    let home = home_of(&web, &account).await?;
    let cookie = begin(&web.app, account, cookies::shown_session(&web.app, &headers)).await?;
    Ok((cookie, Redirect::to(if next.is_empty() { home } else { next })).into_response())
}

/// Where somebody begins who asked for no page: at the desk, where they have one.
async fn home_of(web: &Web, account: &Account) -> Result<&'static str, Failure> {
    let (account, now) = (account.clone(), web.app.clock.now());
    let wijken = web.app.database.read(move |c| seats::wijken_of(c, &account, now)).await?;
    Ok(if wijken.is_empty() { "/" } else { DESK })
}

/// The account that this name and password open.
async fn check(web: &Web, form: &SignIn) -> Result<Option<Account>, Failure> {
    let login: String = form.username.chars().take(300).collect();
    let typed = login.trim().to_lowercase();
    let account = web.app.database.read(move |c| accounts::by_login(c, &login)).await?;
    // One account is one, by whichever of its names.
    let name = account.as_ref().map_or(typed, |account| account.username.clone());
    web.limits.sign_ins_by_account.check(&name)?;
    let (hash, given) =
        (account.as_ref().and_then(|a| a.password().cloned()), form.password.clone());
    let opens = hashing(move || passwords::verify(hash.as_ref(), &given)).await?;
    Ok(account.filter(|_| opens))
}

/// A new session; what the browser showed before is over.
pub(super) async fn begin(
    app: &App,
    account: Account,
    before: Option<TokenHash>,
) -> Result<Cookie> {
    let (token, csrf, now) = (Token::draw(&app.secret)?, random_token()?, app.clock.now());
    let cookie = cookies::new_session(&app.config, &token);
    let write = move |c: &mut _| {
        if let Some(before) = &before {
            sessions::end(c, before)?;
        }
        sessions::begin(c, &account, token.hash(), &csrf, now)
    };
    app.database.write(write).await?;
    Ok(cookie)
}

/// Hashing takes a while: not on the threads that serve everybody.
pub(super) async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[derive(Deserialize)]
pub(super) struct SignOut {}

pub(super) async fn sign_out(
    State(web): State<Web>,
    headers: HeaderMap,
    Posted(SignOut {}): Posted<SignOut>,
) -> Result<Response, Failure> {
    if let Some(token) = cookies::shown_session(&web.app, &headers) {
        web.app.database.write(move |c| sessions::end(c, &token)).await?;
    }
    Ok((cookies::no_session(&web.app.config), Redirect::to("/")).into_response())
}

/// A path of ours, or nothing (A16): no other host in any spelling, nothing that a browser or a proxy reads twice.
fn next(asked: &str) -> &str {
    let path = asked.split(['?', '#']).next().unwrap_or_default();
    let is_plain = asked.len() <= 500 && asked.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let is_path = path.starts_with('/') && !path.contains("//") && !path.contains('%');
    if is_plain && is_path { asked } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a16_next_is_a_path_of_ours() {
        for good in
            ["/", "/balie", "/balie?wijk=oost", "/wijken/oost?voor=9&taal=en", "/balie?x=%2F"]
        {
            assert_eq!(next(good), good);
        }
        for evil in [
            "",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https:evil.test",
            "https://evil.test/",
            "%2f%2fevil.test",
            "/%2fevil.test",
            "/%5cevil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            " /balie",
            "/%09/evil.test",
            "javascript:alert(1)",
            "///evil.test",
            "/a//evil.test",
            "evil.test",
            "@evil.test",
            "/é",
        ] {
            assert_eq!(next(evil), "", "{evil}");
        }
    }

    #[test]
    fn the_way_back_goes_along() {
        assert_eq!(sign_in_address(""), "/aanmelden");
        assert_eq!(sign_in_address("/balie?wijk=oost"), "/aanmelden?next=%2Fbalie%3Fwijk%3Doost");
    }
}
