//! Who is this: session, language, and whether the form that is sent is one we showed. A cookie says who; a seat,
//! asked for each wijk, says what they may.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::{FORM_BYTES, Web, sign_in};
use crate::doors::address::Address;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::config::Config;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Reason, Result};
use crate::foundation::i18n::{Language, Translator};
use crate::foundation::secret::random_token;
use crate::neighbourhood::accounts::sessions::{self, Session};
use crate::neighbourhood::accounts::tokens::{Token, TokenHash};
use crate::neighbourhood::accounts::{Account, seats};
use crate::neighbourhood::submissions;
use crate::neighbourhood::wijken::Wijk;

/// The visitor's language, once chosen.
const LANGUAGE: &str = "taal";
const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// Of a cookie: its name on https, where the prefix keeps other hosts from setting it, and in the lab and the demo.
struct Name {
    safe: &'static str,
    plain: &'static str,
}

const SESSION: Name = Name { safe: "__Host-likejewijk", plain: "likejewijk" };
/// What forms are bound to before anybody signed in.
const FORMS: Name = Name { safe: "__Host-likejewijk-formulier", plain: "likejewijk-formulier" };

impl Name {
    fn on(&self, config: &Config) -> &'static str {
        if config.is_https() { self.safe } else { self.plain }
    }

    fn set(&self, config: &Config, value: &str, keep: Duration) -> Cookie {
        let secure = if config.is_https() { "; Secure" } else { "" };
        let (name, age) = (self.on(config), keep.as_secs());
        Cookie(format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly{secure}; SameSite=Lax"))
    }
}

/// A `Set-Cookie`.
pub(super) struct Cookie(String);

impl Cookie {
    pub(super) fn put_on(&self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// Somebody at the door, found out once per request by `doorway`.
#[derive(Clone)]
pub(super) struct Visitor(Arc<Known>);

pub(super) struct Known {
    pub(super) language: Language,
    /// Asked for in this very request: to be remembered.
    pub(super) chosen: Option<Language>,
    pub(super) address: Address,
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
}

#[derive(Clone)]
pub(super) struct Desk {
    pub(super) wijk: Wijk,
    pub(super) waiting: i64,
}

impl SignedIn {
    pub(super) fn account(&self) -> &Account {
        &self.session.account
    }

    pub(super) fn waiting(&self) -> i64 {
        self.desks.iter().map(|desk| desk.waiting).sum()
    }
}

impl Visitor {
    /// Reads the database only for who shows a session. Where that fails, who came and in which language is known all
    /// the same: the page that says so needs it.
    pub(super) async fn recognise(app: &App, parts: &Parts) -> (Self, Result<()>) {
        let cookies = Cookies(&parts.headers);
        let chosen = asked_language(parts.uri.query());
        let accepts =
            parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let (account, problem) = match cookies.get(SESSION.on(&app.config)) {
            Some(token) => match signed_in(app, token).await {
                Ok(account) => (account, Ok(())),
                Err(error) => (None, Err(error)),
            },
            None => (None, Ok(())),
        };
        let known = Known {
            language: chosen
                .unwrap_or_else(|| Language::choose(None, cookies.get(LANGUAGE), accepts)),
            chosen,
            address: Address::of_parts(parts, &app.config.trusted_proxies),
            account,
            form_key: cookies.get(FORMS.on(&app.config)).map(str::to_owned),
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
        let cookie = FORMS.set(&app.config, &key, Duration::from_hours(24));
        Ok((bound_to(app, &key), Some(cookie)))
    }

    fn known_form_token(&self, app: &App) -> Option<String> {
        match &self.account {
            Some(account) => Some(account.session.csrf.clone()),
            None => self.form_key.as_deref().map(|key| bound_to(app, key)),
        }
    }

    fn sent(&self, app: &App, token: &str) -> bool {
        let known = self.known_form_token(app);
        known.is_some_and(|known| {
            verify_slices_are_equal(known.as_bytes(), token.as_bytes()).is_ok()
        })
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
        let waiting = submissions::store::count_waiting(conn, wijk.id())?;
        desks.push(Desk { wijk, waiting });
    }
    Ok(Some(SignedIn { session, desks }))
}

/// The cookie of a new session.
pub(super) fn session_cookie(config: &Config, token: &Token) -> Cookie {
    SESSION.set(config, token.plain(), sessions::LONGEST)
}

pub(super) fn no_session_cookie(config: &Config) -> Cookie {
    SESSION.set(config, "", Duration::ZERO)
}

/// The token that the browser shows, also of a session that is over.
pub(super) fn shown_session(app: &App, headers: &HeaderMap) -> Option<TokenHash> {
    Cookies(headers).get(SESSION.on(&app.config)).map(|token| TokenHash::of(&app.secret, token))
}

pub(super) fn language_cookie(config: &Config, language: Language) -> Cookie {
    Name { safe: LANGUAGE, plain: LANGUAGE }.set(config, language.code(), A_YEAR)
}

fn asked_language(query: Option<&str>) -> Option<Language> {
    let asked = query?.split('&').find_map(|pair| pair.strip_prefix("taal="))?;
    Language::parse(asked)
}

struct Cookies<'a>(&'a HeaderMap);

impl<'a> Cookies<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let lines = self.0.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }
}

/// Whether a browser says that this request comes from a page of ours. Who sends neither header is no browser, and no
/// browser's cookies are at stake; the token in the form decides then.
pub(super) fn is_from_here(headers: &HeaderMap, base: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    site.is_none_or(|site| matches!(site, b"same-origin" | b"none"))
        && origin.is_none_or(|origin| origin == base.as_bytes())
}

/// A form that we showed to this very visitor.
pub(super) struct Posted<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Web> for Posted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, web).await?;
        let too_large = |_| Failure::of(StatusCode::PAYLOAD_TOO_LARGE);
        let bytes = to_bytes(body, FORM_BYTES).await.map_err(too_large)?;
        let token = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "csrf");
        if !token.is_some_and(|(_, token)| visitor.sent(&web.app, &token)) {
            return Err(Error::Forbidden(Reason::StaleForm).into());
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let form = Form::<T>::from_request(request, web).await;
        form.map(|Form(form)| Self(form)).map_err(|refusal| Failure::of(refusal.status()))
    }
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
            SignInFirst(sign_in::address(back.map_or("/balie", |back| back.as_str())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let sent = headers(&[
            ("cookie", "a=1; xlikejewijk=no;likejewijk=yes=; leeg="),
            ("cookie", "taal=en"),
        ]);
        let cookies = Cookies(&sent);
        assert_eq!(cookies.get("likejewijk"), Some("yes="));
        assert_eq!(cookies.get("taal"), Some("en"));
        assert_eq!(cookies.get("leeg"), None);
        assert_eq!(cookies.get("b"), None);
    }

    #[test]
    fn a_form_comes_from_a_page_of_ours() {
        let base = "https://wijk.example";
        let from = |pairs: &[(&'static str, &str)]| is_from_here(&headers(pairs), base);
        assert!(from(&[]));
        assert!(from(&[("origin", base), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", base)]));
        for wrong in [
            "null",
            "http://wijk.example",
            "https://wijk.example.evil.test",
            "https://x.wijk.example",
            "",
        ] {
            assert!(!from(&[("origin", wrong)]), "{wrong}");
        }
        for wrong in ["cross-site", "same-site", ""] {
            assert!(!from(&[("origin", base), ("sec-fetch-site", wrong)]), "{wrong}");
        }
    }

    #[test]
    fn a_language_is_asked_for_by_its_code() {
        assert_eq!(asked_language(Some("voor=1&taal=en")), Some(Language::En));
        assert_eq!(asked_language(Some("taal=xx")), None);
        assert_eq!(asked_language(None), None);
    }
}
