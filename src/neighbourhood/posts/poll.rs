//! What makes a post a poll: what can be chosen, and until when. How many chose what is counted beside it
//! ([`polls`](crate::neighbourhood::polls)): an approval pins the question, not the answers.

use serde::{Deserialize, Serialize};

use crate::foundation::clock::Time;

/// In characters.
pub const LONGEST_OPTION: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// No two of them alike.
    pub options: Vec<String>,
    /// More than one may be chosen.
    pub is_multiple: bool,
    pub ends_at: Option<Time>,
}

/// How often each option was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub option: String,
    pub votes: i64,
}

/// What the origin of a poll says of its votes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub counts: Vec<Count>,
    /// Not every server tells it.
    pub voters: Option<i64>,
    pub closed_at: Option<Time>,
}
