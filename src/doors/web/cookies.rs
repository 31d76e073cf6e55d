//! The three cookies of this site: who is signed in, what forms are bound to before that, and the language. None tells
//! anybody but us anything, and none is needed to read.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::foundation::app::App;
use crate::foundation::config::Config;
use crate::foundation::i18n::Language;
use crate::neighbourhood::accounts::sessions;
use crate::neighbourhood::accounts::tokens::{Token, TokenHash};

/// The visitor's language, once chosen.
pub(super) const LANGUAGE: &str = "taal";
const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// Of a cookie: its name on https, where the prefix keeps other hosts from setting it, and in the lab and the demo.
pub(super) struct Name {
    safe: &'static str,
    plain: &'static str,
}

pub(super) const SESSION: Name = Name { safe: "__Host-likejewijk", plain: "likejewijk" };
/// What forms are bound to before anybody signed in.
pub(super) const FORMS: Name =
    Name { safe: "__Host-likejewijk-formulier", plain: "likejewijk-formulier" };

impl Name {
    pub(super) fn on(&self, config: &Config) -> &'static str {
        if config.is_https() { self.safe } else { self.plain }
    }

    pub(super) fn set(&self, config: &Config, value: &str, keep: Duration) -> Cookie {
        let secure = if config.is_https() { "; Secure" } else { "" };
        let (name, age) = (self.on(config), keep.as_secs());
        Cookie(format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly{secure}; SameSite=Lax"))
    }
}

/// A `Set-Cookie`.
pub(super) struct Cookie(String);

/// Beside the others of that answer.
impl IntoResponseParts for Cookie {
    type Error = Infallible;

    fn into_response_parts(self, mut answer: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
        Ok(answer)
    }
}

/// The cookie of a new session.
pub(super) fn new_session(config: &Config, token: &Token) -> Cookie {
    SESSION.set(config, token.plain(), sessions::LONGEST)
}

pub(super) fn no_session(config: &Config) -> Cookie {
    SESSION.set(config, "", Duration::ZERO)
}

/// The token that the browser shows, also of a session that is over.
pub(super) fn shown_session(app: &App, headers: &HeaderMap) -> Option<TokenHash> {
    Cookies(headers).get(SESSION.on(&app.config)).map(|token| TokenHash::of(&app.secret, token))
}

pub(super) fn language(config: &Config, language: Language) -> Cookie {
    Name { safe: LANGUAGE, plain: LANGUAGE }.set(config, language.code(), A_YEAR)
}

/// Those that a browser sent.
pub(super) struct Cookies<'a>(pub(super) &'a HeaderMap);

impl<'a> Cookies<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let lines = self.0.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut sent = HeaderMap::new();
        for line in ["a=1; xlikejewijk=no;likejewijk=yes=; leeg=", "taal=en"] {
            sent.append(header::COOKIE, line.parse().unwrap());
        }
        let cookies = Cookies(&sent);
        assert_eq!(cookies.get("likejewijk"), Some("yes="));
        assert_eq!(cookies.get("taal"), Some("en"));
        assert_eq!(cookies.get("leeg"), None);
        assert_eq!(cookies.get("b"), None);
    }
}
