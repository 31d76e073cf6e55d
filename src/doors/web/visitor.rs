//! Who is this: session and language. A cookie says who; a seat, asked for each wijk, says what they may.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::Web;
use super::cookies::{self, Cookie, Cookies};
use super::failure::Failure;
use crate::doors::address::Address;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Reason, Result};
use crate::foundation::i18n::{Language, Translator};
use crate::foundation::secret::random_token;
use crate::neighbourhood::accounts::sessions::{self, Session};
use crate::neighbourhood::accounts::tokens::TokenHash;
use crate::neighbourhood::accounts::{Account, seats};
use crate::neighbourhood::wijken::Wijk;
use crate::neighbourhood::{reports, submissions};

/// Somebody at the door, found out once per request by `doorway`.
#[derive(Clone)]
pub(super) struct Visitor(Arc<Known>);

pub(super) struct Known {
    pub(super) language: Language,
    /// Asked for in this very request: to be remembered.
    pub(super) chosen: Option<Language>,
    pub(super) address: Address,
    /// A browser, or what calls itself one: others are not given pages about their errors.
    pub(super) reads_html: bool,
    pub(super) account: Option<SignedIn>,
    form_key: Option<String>,
}

impl Deref for Visitor {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

/// Somebody with an account.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) session: Session,
    /// Where they may decide, by name, with how many wait there.
    pub(super) desks: Vec<Desk>,
    /// Reports that lie with no wijk: an administrator's.
    unplaced: i64,
}

#[derive(Clone)]
pub(super) struct Desk {
    pub(super) wijk: Wijk,
    /// Posts and reports.
    pub(super) waiting: i64,
}

impl SignedIn {
    pub(super) fn account(&self) -> &Account {
        &self.session.account
    }

    pub(super) fn waiting(&self) -> i64 {
        self.desks.iter().map(|desk| desk.waiting).sum::<i64>() + self.unplaced
    }

    /// The desk of that wijk; of none, the first where something waits.
    ///
    /// # Errors
    /// `NotFound` for a desk that is not theirs, `Forbidden` for who has none.
    pub(super) fn desk(&self, wijk: Option<&str>) -> Result<&Desk> {
        if let Some(slug) = wijk {
            return self.desks.iter().find(|desk| desk.wijk.slug() == slug).ok_or(Error::NotFound);
        }
        let busy = self.desks.iter().find(|desk| desk.waiting > 0);
        busy.or(self.desks.first()).ok_or(Error::Forbidden(Reason::NoSeat))
    }
}

impl Visitor {
    /// Reads the database only for who shows a session. Where that fails, who came and in which language is known all
    /// the same: the page that says so needs it.
    pub(super) async fn recognise(app: &App, parts: &Parts) -> (Self, Result<()>) {
        let sent = Cookies(&parts.headers);
        let chosen = asked_language(parts.uri.query());
        let accepts = says(&parts.headers, &header::ACCEPT_LANGUAGE);
        let (account, problem) = match sent.get(cookies::SESSION.on(&app.config)) {
            Some(token) => match signed_in(app, token).await {
                Ok(account) => (account, Ok(())),
                Err(error) => (None, Err(error)),
            },
            None => (None, Ok(())),
        };
        let known = Known {
            language: chosen
                .unwrap_or_else(|| Language::choose(None, sent.get(cookies::LANGUAGE), accepts)),
            chosen,
            address: Address::of_parts(parts, &app.config.trusted_proxies),
            reads_html: says(&parts.headers, &header::ACCEPT)
                .is_some_and(|it| it.contains("text/html")),
            account,
            form_key: sent.get(cookies::FORMS.on(&app.config)).map(str::to_owned),
        };
        (Self(Arc::new(known)), problem)
    }

    pub(super) fn translator(&self, web: &Web) -> Translator {
        web.app.translations.translator(self.language, web.app.clock.now().timestamp())
    }

    /// The token of this visitor's forms, and the cookie it is bound to where there is none yet.
    pub(super) fn form_token(&self, app: &App) -> Result<(String, Option<Cookie>)> {
        if let Some(token) = self.known_form_token(app) {
            return Ok((token, None));
        }
        let key = random_token()?;
        let cookie = cookies::FORMS.set(&app.config, &key, Duration::from_hours(24));
        Ok((bound_to(app, &key), Some(cookie)))
    }

    pub(super) fn known_form_token(&self, app: &App) -> Option<String> {
        match &self.account {
            Some(account) => Some(account.session.csrf.clone()),
            None => self.form_key.as_deref().map(|key| bound_to(app, key)),
        }
    }
}

fn bound_to(app: &App, key: &str) -> String {
    app.secret.token_hash(&format!("form {key}"))
}

async fn signed_in(app: &App, token: &str) -> Result<Option<SignedIn>> {
    let (token, now) = (TokenHash::of(&app.secret, token), app.clock.now());
    let found = app.database.read(move |c| with_desks(c, &token, now)).await?;
    if let Some(SignedIn { session, .. }) = &found
        && session.is_seen_long_ago(now)
    {
        let session = session.clone();
        if let Err(error) = app.database.write(move |c| sessions::seen(c, &session, now)).await {
            tracing::warn!(?error, "a session's last visit is not noted");
        }
    }
    Ok(found)
}

fn with_desks(conn: &mut Connection, token: &TokenHash, now: Time) -> Result<Option<SignedIn>> {
    let Some(session) = sessions::find(conn, token, now)? else { return Ok(None) };
    let mut desks = Vec::new();
    for wijk in seats::wijken_of(conn, &session.account, now)? {
        let waiting = submissions::store::count_waiting(conn, wijk.id())?
            + reports::store::count_open(conn, Some(wijk.id()))?;
        desks.push(Desk { wijk, waiting });
    }
    let is_administrator = session.account.is_admin;
    let unplaced = if is_administrator { reports::store::count_open(conn, None)? } else { 0 };
    Ok(Some(SignedIn { session, desks, unplaced }))
}

fn says<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn asked_language(query: Option<&str>) -> Option<Language> {
    let asked = query?.split('&').find_map(|pair| pair.strip_prefix("taal="))?;
    Language::parse(asked)
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Failure> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Error::internal("a page outside the doorway").into())
    }
}

/// Who is not signed in is asked to, and comes back.
pub(super) struct SignInFirst(String);

impl IntoResponse for SignInFirst {
    fn into_response(self) -> Response {
        Redirect::to(&self.0).into_response()
    }
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = SignInFirst;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, SignInFirst> {
        let known = parts.extensions.get::<Visitor>().and_then(|visitor| visitor.account.clone());
        known.ok_or_else(|| {
            let back = if parts.method.is_safe() { parts.uri.path_and_query() } else { None };
            SignInFirst(sign_in_address(back.map_or("/balie", |back| back.as_str())))
        })
    }
}

/// The page to sign in, and back to `next` from there.
pub(super) fn sign_in_address(next: &str) -> String {
    if next.is_empty() {
        return "/aanmelden".to_owned();
    }
    format!(
        "/aanmelden?next={}",
        url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_asked_for_by_its_code() {
        assert_eq!(asked_language(Some("voor=1&taal=en")), Some(Language::En));
        assert_eq!(asked_language(Some("taal=xx")), None);
        assert_eq!(asked_language(None), None);
    }
}
