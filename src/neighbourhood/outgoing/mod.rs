//! What the outside must hear. A room says a [`Word`] ([`store::say`]) in the transaction of its cause; `federation` gives it its
//! ActivityPub form, and the queue below carries it: one row per distinct inbox, in order per host and object, again
//! after a failure, and in the end a dead letter.

pub mod queue;
pub mod store;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::foundation::clock::Time;
use crate::foundation::ids::{
    ActorId, AnnouncementId, FollowId, PostId, RawActivityId, ReportId, WijkId,
};
use crate::foundation::uri::Uri;

/// What happened, in our own words. Ids only: its form is made when it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum Word {
    /// A follow of one of ours is accepted; said again each time it is asked again.
    AcceptFollow {
        follow: FollowId,
        follower: ActorId,
        target: ActorId,
        uri: Uri,
    },
    /// A follow is refused, or a follower is shown out.
    RejectFollow {
        follower: ActorId,
        target: ActorId,
        uri: Uri,
    },
    /// One of ours asks to follow somebody.
    Follow {
        follower: ActorId,
        target: ActorId,
        uri: Uri,
    },
    /// And takes it back.
    UndoFollow {
        follower: ActorId,
        target: ActorId,
        uri: Uri,
    },
    /// The wijk passes a post on.
    Announce {
        announcement: AnnouncementId,
        post: PostId,
    },
    /// The wijk takes that back; `deletion` where its author did.
    UndoAnnounce {
        announcement: AnnouncementId,
        post: PostId,
        deletion: Option<RawActivityId>,
    },
    /// The author's Update, passed on to servers that were told by an embedded activity: as it came, or of a post
    /// written here as we make it.
    AnnounceUpdate {
        announcement: AnnouncementId,
        post: PostId,
        raw: Option<RawActivityId>,
    },
    /// What its author signed, handed on as it came to servers that were told by the post's id.
    HandOn {
        announcement: AnnouncementId,
        post: PostId,
        raw: RawActivityId,
    },
    /// An event that a wijk passes on, told to servers that follow the whole of ours.
    Relay {
        announcement: AnnouncementId,
        post: PostId,
    },
    UndoRelay {
        announcement: AnnouncementId,
        post: PostId,
    },
    /// A post written here, to its author's followers.
    CreatePost {
        post: PostId,
    },
    /// Its words changed.
    UpdatePost {
        post: PostId,
        at: Time,
    },
    /// How a poll of ours stands, or ended.
    UpdatePoll {
        post: PostId,
    },
    /// It is gone.
    DeletePost {
        post: PostId,
    },
    /// A wijk's name, summary or colour changed.
    UpdateWijk {
        wijk: WijkId,
        at: Time,
    },
    /// An actor of ours has another key.
    UpdateKey {
        actor: ActorId,
        at: Time,
    },
    /// A wijk closed.
    DeleteWijk {
        wijk: WijkId,
    },
    /// Nobody signs up for an event here.
    IgnoreJoin {
        join: Uri,
        by: ActorId,
        to: ActorId,
    },
    /// Nobody's post is quoted with its author's consent.
    RejectQuote {
        request: Uri,
        post: Uri,
        quote: Option<Uri>,
        by: ActorId,
        to: ActorId,
    },
    /// A moderator tells the author's server what was reported.
    Report {
        report: ReportId,
    },
}

impl Word {
    /// The object of what is said between two about following.
    #[must_use]
    pub fn between(follower: ActorId, target: ActorId) -> String {
        format!("follow/{follower}/{target}")
    }

    /// What it is about: words about one object are expanded and delivered in the order they were said.
    #[must_use]
    pub fn object(&self) -> String {
        match self {
            Self::AcceptFollow { follower, target, .. }
            | Self::RejectFollow { follower, target, .. }
            | Self::Follow { follower, target, .. }
            | Self::UndoFollow { follower, target, .. } => Self::between(*follower, *target),
            Self::Announce { post, .. }
            | Self::UndoAnnounce { post, .. }
            | Self::AnnounceUpdate { post, .. }
            | Self::HandOn { post, .. }
            | Self::Relay { post, .. }
            | Self::UndoRelay { post, .. }
            | Self::CreatePost { post }
            | Self::UpdatePost { post, .. }
            | Self::UpdatePoll { post }
            | Self::DeletePost { post } => format!("post/{post}"),
            Self::UpdateWijk { wijk, .. } | Self::DeleteWijk { wijk } => format!("wijk/{wijk}"),
            Self::IgnoreJoin { by, to, .. } | Self::RejectQuote { by, to, .. } => {
                format!("declined/{by}/{to}")
            }
            Self::Report { report } => format!("report/{report}"),
            // A wijk's id is its actor's.
            Self::UpdateKey { actor, .. } => format!("wijk/{actor}"),
        }
    }

    /// The post it speaks of; what is said of one that is gone is not served any more.
    #[must_use]
    pub fn post(&self) -> Option<PostId> {
        match self {
            Self::Announce { post, .. }
            | Self::UndoAnnounce { post, .. }
            | Self::AnnounceUpdate { post, .. }
            | Self::HandOn { post, .. }
            | Self::Relay { post, .. }
            | Self::UndoRelay { post, .. }
            | Self::CreatePost { post }
            | Self::UpdatePost { post, .. }
            | Self::UpdatePoll { post }
            | Self::DeletePost { post } => Some(*post),
            _ => None,
        }
    }

    /// Whether it goes to one inbox only: what is between two, and not what is handed on.
    #[must_use]
    pub fn is_to_one(&self) -> bool {
        !self.is_public() && !matches!(self, Self::HandOn { .. })
    }

    /// Whether anybody may read its activity: one about a follow tells who follows whom, a report who is reported, and
    /// what another wrote is not ours to serve.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !matches!(
            self,
            Self::AcceptFollow { .. }
                | Self::RejectFollow { .. }
                | Self::Follow { .. }
                | Self::UndoFollow { .. }
                | Self::HandOn { .. }
                | Self::IgnoreJoin { .. }
                | Self::RejectQuote { .. }
                | Self::Report { .. }
        )
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AcceptFollow { .. } => "accept_follow",
            Self::RejectFollow { .. } => "reject_follow",
            Self::Follow { .. } => "follow",
            Self::UndoFollow { .. } => "undo_follow",
            Self::Announce { .. } => "announce",
            Self::UndoAnnounce { .. } => "undo_announce",
            Self::AnnounceUpdate { .. } => "announce_update",
            Self::HandOn { .. } => "hand_on",
            Self::Relay { .. } => "relay",
            Self::UndoRelay { .. } => "undo_relay",
            Self::CreatePost { .. } => "create_post",
            Self::UpdatePost { .. } => "update_post",
            Self::UpdatePoll { .. } => "update_poll",
            Self::DeletePost { .. } => "delete_post",
            Self::UpdateWijk { .. } => "update_wijk",
            Self::UpdateKey { .. } => "update_key",
            Self::DeleteWijk { .. } => "delete_wijk",
            Self::IgnoreJoin { .. } => "ignore_join",
            Self::RejectQuote { .. } => "reject_quote",
            Self::Report { .. } => "report",
        }
    }
}

/// Why a delivery was not taken, as the schedule needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// This activity alone is refused, for good: 4xx, 501.
    Refused(String),
    /// The same, and the inbox is gone: 410.
    Gone(String),
    /// The inbox is elsewhere now; what waits was sent on there.
    SentOn,
    /// 401 in both signature schemes: they may not have been able to fetch our key.
    Unauthorised(String),
    /// 5xx: the host's trouble, or this activity's.
    Failed {
        problem: String,
        retry_after: Option<Duration>,
    },
    /// No answer at all, or 408, 425, 429: the host's trouble.
    Unreachable {
        problem: String,
        retry_after: Option<Duration>,
    },
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
pub const DAY: Duration = Duration::from_secs(24 * HOUR);
/// Seconds until a host is tried again, by its failures in a row; daily after the last.
const WAITS: [u64; 8] = [10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];
/// How long a delivery is kept trying.
pub const GIVEN_UP_AFTER: Duration = Duration::from_secs(14 * 24 * HOUR);
/// How long an activity that is answered 401 is kept trying.
pub const UNAUTHORISED_FOR: Duration = Duration::from_secs(48 * HOUR);
/// From this many 5xx on, an activity no longer holds up those about other objects.
pub const STEPS_ASIDE_AFTER: i32 = 3;
/// With this many 5xx, while others are taken, it is a dead letter.
pub const DEAD_AFTER: i32 = 8;

/// How the waiting times run: `scale` shortens them in the lab, and each is shifted by up to ±20 %.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub scale: f64,
}

impl Patience {
    /// Until the next try after `failures` in a row (1, 2, …). What the host asked for counts, up to a day.
    #[must_use]
    pub fn wait(self, failures: i32, retry_after: Option<Duration>, chance: f64) -> Duration {
        let step = usize::try_from(failures.max(1) - 1).unwrap_or(0);
        let planned = WAITS.get(step).map_or(DAY, |seconds| Duration::from_secs(*seconds));
        let jittered = planned.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0));
        let asked = retry_after.unwrap_or_default().min(DAY);
        self.scaled(jittered.max(asked))
    }

    #[must_use]
    pub fn scaled(self, duration: Duration) -> Duration {
        duration.mul_f64(self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_to_a_day_and_obey_the_host() {
        let patience = Patience { scale: 1.0 };
        let middle = |failures| patience.wait(failures, None, 0.5).as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 8, 9, 50].map(middle),
            [10, 60, 300, 900, 3600, 43_200, 86_400, 86_400]
        );
        assert_eq!(patience.wait(1, Some(Duration::from_secs(90)), 0.5).as_secs(), 90);
        assert_eq!(patience.wait(1, Some(DAY * 30), 0.5), DAY);
        assert_eq!(patience.wait(1, None, 0.0).as_secs(), 8);
        assert_eq!(Patience { scale: 0.001 }.wait(5, None, 0.5).as_millis(), 3600);
    }

    #[test]
    fn an_undo_waits_for_what_it_undoes() {
        let (announcement, post) = (AnnouncementId(1), PostId(2));
        assert_eq!(
            Word::Announce { announcement, post }.object(),
            Word::UndoAnnounce { announcement, post, deletion: None }.object()
        );
    }
}
