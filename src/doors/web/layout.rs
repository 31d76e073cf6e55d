//! What stands around every page: the way home, the languages, who is signed in, and where the source is.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::visitor::{SignedIn, Visitor};
use super::{Web, assets};
use crate::foundation::error::{Error, Result};
use crate::foundation::i18n::Language;

const SITE: &str = "LikeJeWijk";

pub(super) struct Layout {
    pub(super) site_name: &'static str,
    pub(super) stylesheet: &'static str,
    pub(super) languages: Vec<LanguageLink>,
    pub(super) visitor: Option<Account>,
    pub(super) admin_email: Option<String>,
    /// Empty where the administrator names none.
    pub(super) source_url: String,
}

pub(super) struct LanguageLink {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) url: String,
    pub(super) is_current: bool,
}

/// Who is signed in.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) csrf: String,
    pub(super) waiting: i64,
    pub(super) desk: bool,
}

impl Layout {
    /// `here`: path and query of the page, without a language.
    pub(super) fn new(web: &Web, visitor: &Visitor, here: &str) -> Self {
        let languages = Language::ALL.map(|language| LanguageLink {
            code: language.code(),
            name: language.own_name(),
            url: in_language(here, language),
            is_current: language == visitor.language,
        });
        Self { languages: languages.into(), ..Self::nameless(web, visitor) }
    }

    /// Around a page that does not say its own address.
    pub(super) fn nameless(web: &Web, visitor: &Visitor) -> Self {
        Self {
            site_name: SITE,
            stylesheet: assets::stylesheet(),
            languages: Vec::new(),
            visitor: visitor.account.as_ref().map(Account::of),
            admin_email: web.app.config.admin_email.clone(),
            source_url: web
                .app
                .config
                .source_url
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }
}

impl Account {
    fn of(signed_in: &SignedIn) -> Self {
        Self {
            name: signed_in.account().shown_name().to_owned(),
            csrf: signed_in.session.csrf.clone(),
            waiting: signed_in.waiting(),
            desk: !signed_in.desks.is_empty(),
        }
    }
}

fn in_language(here: &str, language: Language) -> String {
    let mark = if here.contains('?') { '&' } else { '?' };
    format!("{here}{mark}taal={language}")
}

pub(super) fn html(template: &impl Template) -> Result<String> {
    template.render().map_err(Error::internal)
}

/// A page that is made for this visitor alone.
pub(super) fn page(template: &impl Template) -> Result<Response> {
    Ok(Html(html(template)?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_page_in_another_language() {
        assert_eq!(in_language("/", Language::En), "/?taal=en");
        assert_eq!(in_language("/wijken/oost?voor=9", Language::Nl), "/wijken/oost?voor=9&taal=nl");
    }
}
