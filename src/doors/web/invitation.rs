//! Accepting an invitation: who has the link chooses a password and is signed in.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::cookies;
use super::failure::Failure;
use super::forms::Posted;
use super::layout::{self, Layout};
use super::sign_in::{begin, hashing};
use super::visitor::Visitor;
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Translator;
use crate::neighbourhood::accounts::Account;
use crate::neighbourhood::accounts::invitations;
use crate::neighbourhood::accounts::passwords::NewPassword;
use crate::neighbourhood::accounts::tokens::TokenHash;

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    t: Translator,
    layout: Layout,
    csrf: String,
    accept_url: String,
    name: String,
    username: String,
    problem: Option<String>,
}

pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    web.limits.pages.check(&visitor.address.household())?;
    let account = invited(&web, &token).await?;
    show(&web, &visitor, &account, &token, None)
}

async fn invited(web: &Web, token: &str) -> Result<Account> {
    let (token, now) = (TokenHash::of(&web.app.secret, token), web.app.clock.now());
    web.app.database.read(move |c| invitations::find(c, &token, now)).await
}

/// The links to other languages would carry the token on: there are none.
fn show(
    web: &Web,
    visitor: &Visitor,
    account: &Account,
    token: &str,
    problem: Option<&str>,
) -> Result<Response, Failure> {
    let (csrf, cookie) = visitor.form_token(&web.app)?;
    let t = visitor.translator(web);
    let page = layout::page(&InvitationPage {
        layout: Layout::nameless(web, visitor),
        csrf,
        accept_url: format!("/uitnodiging/{token}"),
        name: account.shown_name().to_owned(),
        username: account.username.clone(),
        problem: problem.map(|key| t.say(key)),
        t,
    })?;
    Ok((cookie, page).into_response())
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    password: String,
}

pub(super) async fn accept(
    State(web): State<Web>,
    visitor: Visitor,
    Path(token): Path<String>,
    headers: HeaderMap,
    Posted(chosen): Posted<Chosen>,
) -> Result<Response, Failure> {
    web.limits.sign_ins_by_address.check(&visitor.address.household())?;
    let account = invited(&web, &token).await?;
    let password = match NewPassword::parse(&chosen.password) {
        Ok(password) => password,
        Err(Error::Invalid { .. }) => {
            let mut answer = show(&web, &visitor, &account, &token, Some("invitation-problem"))?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(answer);
        }
        Err(error) => return Err(error.into()),
    };
    let hash = hashing(move || password.hash()).await?;
    let (opens, now) = (TokenHash::of(&web.app.secret, &token), web.app.clock.now());
    let account =
        web.app.database.write(move |c| invitations::accept(c, &opens, &hash, now)).await?;
    let cookie = begin(&web.app, account, cookies::shown_session(&web.app, &headers)).await?;
    Ok((cookie, Redirect::to("/balie")).into_response())
}
