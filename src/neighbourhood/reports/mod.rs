//! Somebody says that something is not right: about what, why, and what was done with it. A report never does anything
//! by itself. Of who reports only a keyed hash is kept, to know one reporter from another, and no longer than the report
//! is open.

pub mod addressee;
pub mod arrive;
pub mod handle;
pub mod store;

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::reports;
use crate::foundation::database::text_enum;
use crate::foundation::domain::Domain;
use crate::foundation::ids::{ActorId, PostId, ReportId, WijkId};
use crate::foundation::uri::Uri;

/// More of what a reporter says is cut off.
pub const MOST_CHARACTERS: usize = 5000;

text_enum! {
    State {
        Open = "open",
        /// Read, and left as it was.
        Closed = "closed",
        /// The wijk took the post back.
        TakenBack = "taken_back",
    }
}

text_enum! {
    /// What a visitor ticked. Another server says it in words.
    Why {
        Wrong = "wrong",
        Tone = "tone",
        Privacy = "privacy",
        Safety = "safety",
        Advertising = "advertising",
        Other = "other",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reports)]
#[diesel(treat_none_as_default_value = false)]
pub struct Report {
    pub id: ReportId,
    /// Whose moderators read it; `None` where nobody but the administrators can place it.
    pub wijk_id: Option<WijkId>,
    /// The ActivityPub id of the post or the actor that it is about.
    pub subject: Uri,
    pub post_id: Option<PostId>,
    /// Who wrote that post, or is meant.
    pub actor_id: Option<ActorId>,
    pub why: Why,
    pub words: String,
    /// The server it came from; `None`: a page of ours.
    pub host: Option<Domain>,
    /// `None` once it was handled.
    pub reporter: Option<String>,
    /// How often that reporter said so.
    pub times: i32,
    pub state: State,
    pub received_at: Time,
    pub handled_at: Option<Time>,
    /// What the moderator said about it; the author's server hears the same where it is passed on.
    pub answer: Option<String>,
    pub is_passed_on: bool,
}

/// What somebody reports, before it is known whose moderators must read it.
#[derive(Debug, Clone)]
pub struct Said {
    pub why: Why,
    pub words: String,
    pub host: Option<Domain>,
    /// A keyed hash.
    pub reporter: String,
}
