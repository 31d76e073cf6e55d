//! The cast of TRUST.md §5 and its valid request V: a case is V with one change.

use crate::harness::{Activity, Letter, Neighbour, Note, Request, Response, TestDatabase, Town};

pub(super) struct Case {
    pub(super) town: Town,
    /// On a.test, the hostile server.
    pub(super) hostile: Neighbour,
    /// On b.test, the honest one; the wijk's server knows its key.
    pub(super) honest: Neighbour,
    /// On c.test.
    pub(super) other: Neighbour,
    without_effect: Vec<Note>,
}

impl Case {
    pub(super) async fn new(db: TestDatabase) -> Case {
        Case::with(db, &[]).await
    }

    /// With other settings than the harness's own.
    pub(super) async fn with(db: TestDatabase, settings: &[(&str, &str)]) -> Case {
        let town = Town::with(db, settings).await;
        let hostile = town.foreign.person("a.test", "hostile");
        let honest = town.foreign.person("b.test", "honest");
        let other = town.foreign.person("c.test", "other");
        town.still_hears(&honest).await;
        Case { town, hostile, honest, other, without_effect: Vec::new() }
    }

    /// V with a change: answered so, and without effect (looked for when the case closes).
    pub(super) async fn refused(
        &mut self,
        expected: impl Expected,
        what: &str,
        change: impl FnOnce(Letter) -> Request,
    ) {
        let note = self.honest.note(what);
        self.honest.publishes(&note);
        let request = change(self.honest.letter(&Activity::create(&note)));
        self.answered(expected, what, &request).await;
        self.without_effect.push(note);
    }

    /// V with a change that changes nothing: taken, and the post waits.
    pub(super) async fn taken(&self, what: &str, change: impl FnOnce(Letter) -> Request) {
        let note = self.honest.note(what);
        self.honest.publishes(&note);
        let request = change(self.honest.letter(&Activity::create(&note)));
        self.answered(202, what, &request).await;
        self.town.waiting(&note).await;
    }

    /// Sends a request whose answer must be this one.
    pub(super) async fn answered(
        &self,
        expected: impl Expected,
        what: &str,
        request: &Request,
    ) -> Response {
        let answer = self.town.server.send(request).await;
        let codes = expected.codes();
        assert!(
            codes.contains(&answer.status),
            "{what}: answered {} {}, not {codes:?}",
            answer.status,
            answer.text()
        );
        answer
    }

    /// This post must have had no effect when the case closes.
    pub(super) fn has_no_effect(&mut self, note: &Note) {
        self.without_effect.push(note.clone());
    }

    /// V again, and what was refused has left no trace.
    pub(super) async fn closes(self) {
        self.town.still_hears(&self.honest).await;
        self.town.everything_is_handled().await;
        for note in &self.without_effect {
            self.town.assert_no_trace_of(note).await;
        }
        self.town.canary.assert_untouched("the case").await;
    }
}

/// One status, or several that will do.
pub(super) trait Expected {
    fn codes(&self) -> Vec<u16>;
}

impl Expected for u16 {
    fn codes(&self) -> Vec<u16> {
        vec![*self]
    }
}

impl<const N: usize> Expected for [u16; N] {
    fn codes(&self) -> Vec<u16> {
        self.to_vec()
    }
}
