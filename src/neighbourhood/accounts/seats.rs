//! Who may do what, for how long. A [`Moderator`] is a proof: only this file makes one.

use crate::foundation::ids::{AccountId, WijkId};

/// May decide for one wijk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moderator {
    wijk: WijkId,
    by: Option<AccountId>,
}

impl Moderator {
    /// Whoever may run commands on the server's machine.
    #[must_use]
    pub fn operator(wijk: WijkId) -> Self {
        Self { wijk, by: None }
    }

    #[must_use]
    pub fn wijk(&self) -> WijkId {
        self.wijk
    }

    /// `None` for the operator.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.by
    }
}
