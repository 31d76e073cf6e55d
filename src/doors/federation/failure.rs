//! What this door answers when something is wrong: a status and one log line, never the inner text.

use activitypub_federation::error::Error as CrateError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fetching::Trouble;
use crate::foundation::error::Error;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Ours(#[from] Error),
    /// Something elsewhere could not be had.
    #[error(transparent)]
    Elsewhere(#[from] Trouble),
    /// The request is not as it must be.
    #[error("{0}: {1}")]
    Refused(StatusCode, &'static str),
    /// Too much at once.
    #[error("later: {0}, {1}")]
    Later(StatusCode, &'static str),
}

impl From<CrateError> for Failure {
    fn from(error: CrateError) -> Self {
        Self::Elsewhere(Trouble::of(&error))
    }
}

impl Failure {
    /// Trying the same again may go well: the arrival is kept for another try.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            // The table itself refuses it, and will again.
            Self::Ours(error) if error.is_against_a_check() => false,
            Self::Ours(
                Error::Unavailable(_)
                | Error::Database(_)
                | Error::Internal(_)
                | Error::Conflict(_),
            ) => true,
            Self::Elsewhere(trouble) => matches!(trouble, Trouble::NoAnswer(_)),
            _ => false,
        }
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Ours(Error::NotFound) => StatusCode::NOT_FOUND,
            Self::Ours(Error::Gone) => StatusCode::GONE,
            Self::Ours(Error::Forbidden(_)) => StatusCode::FORBIDDEN,
            Self::Ours(Error::Invalid { .. }) => StatusCode::BAD_REQUEST,
            Self::Ours(Error::Conflict(_)) => StatusCode::CONFLICT,
            Self::Ours(Error::Unavailable(_)) | Self::Elsewhere(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(status, _) | Self::Later(status, _) => *status,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() && matches!(self, Self::Ours(_)) {
            tracing::error!(error = %self, "a request from another server failed");
        } else {
            tracing::debug!(error = %self, "a request from another server was refused");
        }
        let said = status.canonical_reason().unwrap_or("refused");
        let mut response = (status, said).into_response();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}
