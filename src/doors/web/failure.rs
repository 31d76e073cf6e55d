//! What did not go well, as a page in the visitor's language: a `Failure` is noted on the answer, and `doorway` dresses
//! it. What went wrong inside goes to the log with its chain, never to the page.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Web;
use super::layout::Layout;
use super::visitor::Visitor;
use crate::foundation::error::{Error, Reason};
use crate::foundation::i18n::Translator;

/// The statuses that have words of their own.
const KNOWN: [u16; 11] = [400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503];

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    /// The key of one more sentence.
    detail: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn of(status: StatusCode) -> Self {
        Self { status, detail: None, retry_after: None }
    }

    pub(super) fn too_often(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::of(StatusCode::TOO_MANY_REQUESTS) }
    }

    fn saying(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound => Self::of(StatusCode::NOT_FOUND),
            Error::Gone => Self::of(StatusCode::GONE),
            Error::Forbidden(Reason::StaleForm) => {
                Self::of(StatusCode::FORBIDDEN).saying("error-detail-stale-form")
            }
            Error::Forbidden(Reason::NoSeat) => {
                Self::of(StatusCode::FORBIDDEN).saying("error-detail-no-seat")
            }
            Error::Forbidden(_) => Self::of(StatusCode::FORBIDDEN),
            Error::Invalid { .. } => Self::of(StatusCode::UNPROCESSABLE_ENTITY),
            Error::Conflict(_) => Self::of(StatusCode::CONFLICT),
            Error::Unavailable(_) | Error::Elsewhere { .. } => {
                tracing::warn!(?error, "a page cannot be shown now");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self { retry_after: Some(TRY_AGAIN_AFTER), ..Self::of(status) }
            }
            Error::Database(_) | Error::Internal(_) => {
                tracing::error!(?error, "a page failed");
                Self::of(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(wait) = self.retry_after {
            // At least a second: 0 would say that now is fine.
            let seconds = wait.as_secs().saturating_add(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

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
    fn what_failed_has_its_status() {
        let status = |error| Failure::from(error).status.as_u16();
        assert_eq!(status(Error::NotFound), 404);
        assert_eq!(status(Error::Gone), 410);
        assert_eq!(status(Error::Forbidden(Reason::StaleForm)), 403);
        assert_eq!(status(Error::Conflict("late")), 409);
        assert_eq!(status(Error::Unavailable("busy".to_owned())), 503);
        assert_eq!(status(Error::internal("secret words")), 500);
    }

    #[test]
    fn every_status_finds_words() {
        assert_eq!(words_for(StatusCode::UNSUPPORTED_MEDIA_TYPE), 400);
        assert_eq!(words_for(StatusCode::BAD_GATEWAY), 500);
        assert_eq!(words_for(StatusCode::GONE), 410);
    }

    #[test]
    fn too_often_says_when() {
        let answer = Failure::too_often(Duration::from_millis(1500)).into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
    }
}
