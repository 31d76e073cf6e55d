//! A post offered to a wijk, and what became of it. A mention, the command line and the desk meet here.

pub mod arrive;
pub mod decide;
pub mod store;
pub mod withdraw;

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::submissions;
use crate::foundation::database::text_enum;
use crate::foundation::ids::{PostId, SubmissionId, VersionId, WijkId};
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::{Post, Version};

text_enum! {
    State { Waiting = "waiting", Approved = "approved", Refused = "refused", Withdrawn = "withdrawn" }
}

text_enum! {
    /// Why it waits.
    Why {
        /// By somebody who does not follow the wijk.
        Stranger = "stranger",
        /// By a follower whose posts do not go straight through.
        Newcomer = "newcomer",
        /// An approved post was changed.
        Edit = "edit",
        /// It names more than three wijken.
        Rule = "rule",
        /// By a partner that is frozen, expired or revoked.
        Partner = "partner",
        /// It asks for a place in the thread.
        Reply = "reply",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = submissions)]
#[diesel(treat_none_as_default_value = false)]
pub struct Submission {
    pub id: SubmissionId,
    pub wijk_id: WijkId,
    pub post_id: PostId,
    /// What was offered, and what an approval approves.
    pub version_id: VersionId,
    pub state: State,
    pub why: Why,
    pub received_at: Time,
    pub decided_at: Option<Time>,
}

/// A submission with all that a moderator needs to see.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Card {
    #[diesel(embed)]
    pub submission: Submission,
    #[diesel(embed)]
    pub post: Post,
    #[diesel(embed)]
    pub version: Version,
    #[diesel(embed)]
    pub author: Actor,
}
