//! What is said, and the one form of it that a server reads (FEDERATION-PROFILE §3.2, §3.3, §14).

use crate::foundation::clock::Time;
use crate::foundation::ids::{ActorId, AnnouncementId, PostId};
use crate::neighbourhood::announcements::Form;
use crate::neighbourhood::instances::{Kind, Known};

/// What is said, who signs it, and who hears it.
pub(super) struct Said {
    pub(super) signer: ActorId,
    /// As most servers read it; `None` where they are not told.
    pub(super) activity: Option<String>,
    pub(super) embedded: Option<Embedded>,
    pub(super) telling: Telling,
    /// Heard once, whatever the followers are.
    pub(super) directly: Vec<String>,
    /// Whose followers hear it.
    pub(super) followers_of: Vec<ActorId>,
    /// Also those who followed at any time since then.
    pub(super) heard_since: Option<Time>,
}

/// The form for servers of communities (FEP-1b12).
pub(super) struct Embedded {
    pub(super) json: String,
    /// Lemmy 1.0 refuses a Note that answers nothing.
    pub(super) is_bare_note: bool,
}

impl Embedded {
    pub(super) fn of(json: String) -> Self {
        Self { json, is_bare_note: false }
    }
}

/// Which form a server is told in.
#[derive(Clone, Copy)]
pub(super) enum Telling {
    /// One for everybody.
    Alike,
    /// Of a post written here, by its author.
    Writing { post: PostId, is_event: bool },
    /// By what the server is.
    Announcing(AnnouncementId),
    /// By how it was told of the announcement.
    Following(AnnouncementId),
    /// Servers of calendars only.
    Relaying,
}

/// Software for communities that also reads what an author says.
const READS_AUTHORS: [&str; 5] = ["piefed", "mbin", "kbin", "nodebb", "discourse"];

/// Whether followers of an author are told there what the author says, and not what a wijk announces alone.
pub(super) fn reads_authors(known: &Known) -> bool {
    known.kind() != Kind::Threadiverse || READS_AUTHORS.iter().any(|name| known.runs(name))
}

/// Gancio may never answer a Note; and nobody hears a post in two forms.
fn hears_author(known: &Known, is_event: bool, before: Option<Form>) -> bool {
    let is_readable = is_event || !known.runs("gancio");
    is_readable && reads_authors(known) && before != Some(Form::Embedded)
}

impl Said {
    /// `before`: how that server heard of it already, or will from a wijk.
    pub(super) fn form(&self, known: &Known, before: Option<Form>) -> Form {
        let by_id = if self.activity.is_some() { Form::Object } else { Form::Untold };
        let by_itself = if self.is_read_by(known) { Form::Embedded } else { Form::Untold };
        match (self.telling, before) {
            (Telling::Alike, _) => by_id,
            (Telling::Writing { is_event, .. }, _) => {
                if hears_author(known, is_event, before) {
                    by_id
                } else {
                    Form::Untold
                }
            }
            // An Announce ends Gancio's process where its Undo comes; it reads our outbox.
            _ if known.runs("gancio") => Form::Untold,
            (Telling::Relaying, _) if known.kind() == Kind::Calendar => by_id,
            (Telling::Announcing(_), _) if known.kind() == Kind::Threadiverse => by_itself,
            (Telling::Following(_), Some(Form::Embedded)) => by_itself,
            (Telling::Relaying, _) | (Telling::Following(_), Some(Form::Untold)) => Form::Untold,
            (Telling::Announcing(_) | Telling::Following(_), _) => by_id,
        }
    }

    fn is_read_by(&self, known: &Known) -> bool {
        let refuses_notes = known.runs("lemmy") && known.major_version() >= 1;
        self.embedded.as_ref().is_some_and(|form| !(form.is_bare_note && refuses_notes))
    }
}
