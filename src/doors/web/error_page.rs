//! A failure as a page in the visitor's language.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Web;
use super::failure::Failure;
use super::layout::Layout;
use super::visitor::Visitor;
use crate::foundation::i18n::Translator;

/// The statuses that have words of their own.
const KNOWN: [u16; 11] = [400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503];

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    t: Translator,
    layout: Layout,
    status: u16,
    detail: Option<String>,
}

/// Gives an answer that failed its page; for a browser also what an extractor or another door refused. The page names
/// nothing of the address: one 404 is every other one.
pub(super) fn dress(web: &Web, visitor: &Visitor, answer: Response) -> Response {
    let status = answer.status();
    let failure = answer.extensions().get::<Failure>().copied();
    let is_error = status.is_client_error() || status.is_server_error();
    if failure.is_none() && !(is_error && visitor.reads_html && !is_html(&answer)) {
        return answer;
    }
    let failure = failure.unwrap_or_else(|| Failure::of(status));
    let t = visitor.translator(web);
    let page = ErrorPage {
        layout: Layout::nameless(web, visitor),
        status: words_for(failure.status),
        detail: failure.detail.map(|key| t.say(key)),
        t,
    };
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the page of an error failed");
        status.to_string()
    });
    let mut dressed = (status, Html(html)).into_response();
    for kept in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = answer.headers().get(&kept) {
            dressed.headers_mut().insert(kept, value.clone());
        }
    }
    dressed
}

fn is_html(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn words_for(status: StatusCode) -> u16 {
    match status.as_u16() {
        known if KNOWN.contains(&known) => known,
        500.. => 500,
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_finds_words() {
        assert_eq!(words_for(StatusCode::UNSUPPORTED_MEDIA_TYPE), 400);
        assert_eq!(words_for(StatusCode::BAD_GATEWAY), 500);
        assert_eq!(words_for(StatusCode::GONE), 410);
    }
}
