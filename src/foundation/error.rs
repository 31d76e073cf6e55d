//! What rooms answer with when they cannot do what was asked. Doors dress it: a page, a status, a line on stderr.

use std::error::Error as StdError;

pub type Result<T, E = Error> = std::result::Result<T, E>;
pub type BoxError = Box<dyn StdError + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the visitor named is not here, or not for them: the two are never told apart.
    #[error("not found")]
    NotFound,
    /// It was here and was taken away.
    #[error("gone")]
    Gone,
    #[error("not allowed: {0}")]
    Forbidden(Reason),
    #[error("{field}: {problem}")]
    Invalid { field: &'static str, problem: String },
    /// Somebody was first: the state this change needs is no longer there.
    #[error("{0}")]
    Conflict(&'static str),
    /// The store cannot be written or read now; the same call may go through later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error("database: {0}")]
    Database(#[from] diesel::result::Error),
    #[error("{what} did not answer as it should: {cause}")]
    Elsewhere { what: String, cause: BoxError },
    #[error("{0}")]
    Internal(String),
}

/// Why something is refused to somebody who is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("sign in first")]
    SignInFirst,
    #[error("you have no seat here")]
    NoSeat,
    #[error("this wijk does not hear this author or server")]
    Blocked,
    #[error("the form is too old or came from another site; open the page again")]
    StaleForm,
}

impl Error {
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid { field, problem: problem.into() }
    }

    pub fn elsewhere(what: impl Into<String>, cause: impl Into<BoxError>) -> Self {
        Self::Elsewhere { what: what.into(), cause: cause.into() }
    }

    pub fn internal(problem: impl std::fmt::Display) -> Self {
        Self::Internal(problem.to_string())
    }

    /// A CHECK of the table said no: the same row will never be taken.
    #[must_use]
    pub fn is_against_a_check(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        matches!(self, Self::Database(Diesel::DatabaseError(DatabaseErrorKind::CheckViolation, _)))
    }

    /// A unique constraint said no.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        matches!(self, Self::Database(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

/// `Ok(1)` of an `UPDATE … WHERE state = …` means we were first; anything else that somebody else was.
pub fn first(rows: usize, otherwise: &'static str) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Conflict(otherwise)) }
}
