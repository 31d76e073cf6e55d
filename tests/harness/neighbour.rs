//! Somebody on another server, and what he does: writes, follows, edits, deletes.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::foreign::Foreign;
use super::http::Response;
use super::keys::Key;
use super::letter::Letter;
use super::mastodon::{self, Activity, Note};
use super::received::Received;
use super::{HANDLE, HOST, WIJK};

#[derive(Clone)]
pub(crate) struct Neighbour {
    foreign: Foreign,
    pub(crate) host: String,
    pub(crate) name: String,
    pub(crate) key: Key,
}

impl Neighbour {
    pub(super) fn new(foreign: Foreign, host: &str, name: &str) -> Neighbour {
        let key = Key::of_host(host);
        Neighbour { foreign, host: host.to_owned(), name: name.to_owned(), key }
    }

    pub(crate) fn id(&self) -> String {
        format!("http://{}/users/{}", self.host, self.name)
    }

    pub(crate) fn handle(&self) -> String {
        format!("@{}@{}", self.name, self.host)
    }

    pub(crate) fn key_id(&self) -> String {
        format!("{}#main-key", self.id())
    }

    pub(crate) fn document(&self) -> Value {
        mastodon::person(&self.id(), &self.key_id(), &self.key.public_pem())
    }

    /// Takes another key, and his server shows it.
    pub(crate) fn changes_key(&mut self) {
        self.key = Key::ROTATED;
        self.foreign.shows(&self.id(), Answer::activity(&self.document()));
    }

    /// A public post that mentions the wijk, not yet sent nor to be found anywhere.
    pub(crate) fn note(&self, words: &str) -> Note {
        Note::mention(&self.id(), WIJK, HANDLE, words)
    }

    /// Makes a post be found at its own URL.
    pub(crate) fn publishes(&self, note: &Note) {
        self.foreign.shows(&note.id, Answer::activity(&note.at_its_origin()));
    }

    /// Writes a public post that mentions the wijk.
    pub(crate) async fn writes(&self, words: &str) -> Note {
        let note = self.note(words);
        self.posts(&note).await;
        note
    }

    /// Publishes a post and sends it to the wijk.
    pub(crate) async fn posts(&self, note: &Note) {
        self.publishes(note);
        self.says(&Activity::create(note)).await;
    }

    /// Edits a post: its origin shows the new words, and the wijk hears of it.
    pub(crate) async fn edits(&self, note: &Note, words: &str) -> Note {
        let edited = note.edited(words);
        self.changes(&edited).await;
        edited
    }

    /// Publishes a post again as it is now, and sends the Update.
    pub(crate) async fn changes(&self, note: &Note) {
        self.publishes(note);
        self.says(&Activity::update(note)).await;
    }

    /// Deletes a post: gone from its origin, and the wijk hears of it.
    pub(crate) async fn deletes(&self, note: &Note) {
        self.foreign.shows(&note.id, Answer::status(410));
        self.says(&Activity::delete(&self.id(), &note.id)).await;
    }

    /// Asks to follow the wijk.
    pub(crate) async fn follows(&self) -> Activity {
        let follow = Activity::follow(&self.id(), WIJK);
        self.says(&follow).await;
        follow
    }

    /// Sends an activity to the shared inbox; it must be taken.
    pub(crate) async fn says(&self, activity: &impl Serialize) {
        let answer = self.sends(activity).await;
        assert_eq!(answer.status, 202, "{} was not taken: {}", self.handle(), answer.text());
    }

    /// Sends an activity to the shared inbox.
    pub(crate) async fn sends(&self, activity: &impl Serialize) -> Response {
        self.hands_in(&self.letter(activity)).await
    }

    /// Signs and sends a letter.
    pub(crate) async fn hands_in(&self, letter: &Letter) -> Response {
        self.foreign.server().send(&letter.sealed()).await
    }

    /// Sends an activity to a server that may be down: whether it was taken.
    pub(crate) async fn tries(&self, activity: &impl Serialize) -> bool {
        let Some(address) = self.foreign.server().now() else { return false };
        let answer = self.letter(activity).sealed().send(address).await;
        answer.is_ok_and(|answer| answer.status == 202)
    }

    /// TRUST.md's V: a valid signed POST to the shared inbox.
    pub(crate) fn letter(&self, activity: &impl Serialize) -> Letter {
        self.letter_to("/inbox", activity)
    }

    pub(crate) fn letter_to(&self, path: &str, activity: &impl Serialize) -> Letter {
        let body = serde_json::to_vec(activity).expect("an activity is JSON");
        Letter::new(self.key, self.key_id(), HOST, path, body)
    }

    /// Everything that reached his server's inboxes.
    pub(crate) fn inbox(&self) -> Vec<Received> {
        self.foreign.posted_to(&self.host)
    }

    /// What his server was told of one type, about one object (by its id, or by what an embedded
    /// activity is about).
    pub(crate) fn told(&self, kind: &str, about: &str) -> Vec<Received> {
        let mut told = self.inbox();
        told.retain(|r| {
            let object = [r.field("/object"), r.field("/object/id"), r.field("/object/object")];
            r.field("/type") == kind && object.iter().any(|o| o == about)
        });
        told
    }

    /// Ids of the announcements of a post his server got; a repeated delivery counts once.
    pub(crate) fn announcements_of(&self, note: &Note) -> HashSet<String> {
        self.told("Announce", &note.id).iter().map(|r| r.field("/id")).collect()
    }
}
