//! What is handed to one person and lets them in: 128 random bits. The database holds only the hash.

use crate::foundation::error::Result;
use crate::foundation::secret::{Secret, random_token};

/// A new one, drawn before the transaction.
#[derive(Clone)]
pub struct Token {
    plain: String,
    hash: TokenHash,
}

impl Token {
    pub fn draw(secret: &Secret) -> Result<Self> {
        let plain = random_token()?;
        let hash = TokenHash::of(secret, &plain);
        Ok(Self { plain, hash })
    }

    /// For its owner's eyes: a link, a cookie.
    #[must_use]
    pub fn plain(&self) -> &str {
        &self.plain
    }

    #[must_use]
    pub fn hash(&self) -> &TokenHash {
        &self.hash
    }
}

/// What a token is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash(pub(super) String);

impl TokenHash {
    /// Of what somebody shows us.
    #[must_use]
    pub fn of(secret: &Secret, plain: &str) -> Self {
        Self(secret.token_hash(plain))
    }
}
