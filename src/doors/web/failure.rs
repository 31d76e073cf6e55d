//! What did not go well: a `Failure` is noted on the answer, and `error_page` dresses it. What went wrong inside goes to
//! the log with its chain, never to the page.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::foundation::error::{Error, Reason};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// The key of one more sentence.
    pub(super) detail: Option<&'static str>,
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
    fn too_often_says_when() {
        let answer = Failure::too_often(Duration::from_millis(1500)).into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
    }
}
