//! The pages in a real Chromium, for who visits and for who decides: `journey.mjs` tells the story,
//! and asks this town for what happens on other servers.

use std::collections::HashMap;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::harness::{Note, Server, TestDatabase, Town, variable};

mod corpus;
mod kinds;
mod picture;
mod thread;
mod pictures;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");
const PASSWORD: &str = "een lange zin als wachtwoord";

/// A script for Chromium that visits a server; a line it prints is a question, answered by one.
async fn run(
    script: &str,
    server: &Server,
    more: &[(&str, &str)],
    mut answer: impl AsyncFnMut(Value) -> Value,
) {
    let packages = format!("{FOLDER}/node_modules");
    assert!(std::path::Path::new(&packages).exists(), "{packages} is missing: run `make test`");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/target/browser");
    let pictures = variable("LIKEJEWIJK_TEST_PICTURES").unwrap_or_else(|| kept.to_owned());
    let mut script = Command::new("node")
        .arg(script)
        .current_dir(FOLDER)
        .env("ADDRESS", server.whereabouts().address().to_string())
        .env("PICTURES", pictures)
        .envs(more.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node, 20 or newer");
    let mut answers = script.stdin.take().expect("its input");
    let mut questions = BufReader::new(script.stdout.take().expect("its output")).lines();
    while let Some(question) = questions.next_line().await.expect("its output") {
        let question =
            serde_json::from_str(&question).unwrap_or_else(|e| panic!("{e}: {question}"));
        let line = format!("{}\n", answer(question).await);
        answers.write_all(line.as_bytes()).await.expect("it listens");
    }
    let ended = script.wait().await.expect("it ends");
    assert!(ended.success(), "{ended}, see above");
}

/// What the residents of the town wrote so far, by its words.
#[derive(Default)]
struct Written(HashMap<String, Note>);

impl Written {
    /// Does what the journey asks for; answers once it has come to pass.
    async fn does(&mut self, town: &Town, question: Value) -> Value {
        let text = |key: &str| question[key].as_str().unwrap_or_default();
        match text("ask") {
            "writes" => self.writes(town, &question).await,
            "redactie writes" => {
                let by = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];
                town.server.does(&[&by[..], &[text("words")]].concat()).await;
                town.page_comes_to_say(text("words")).await;
            }
            "announced" => drop(town.announced(self.note(text("words"))).await),
            "edits" => {
                let edited = town.resident.edits(self.note(text("words")), text("to")).await;
                self.0.insert(text("to").to_owned(), edited.clone());
                waits_with(town, &edited).await;
            }
            "deletes" => {
                town.partner.deletes(self.note(text("words"))).await;
                town.page_stops_saying(text("words")).await;
            }
            "no trace" => {
                town.everything_is_handled().await;
                town.assert_no_trace_of(self.note(text("words"))).await;
            }
            _ => panic!("what does the journey ask: {question}"),
        }
        json!({})
    }

    async fn writes(&mut self, town: &Town, question: &Value) {
        let words = question["words"].as_str().expect("words");
        let who = if question["who"] == "partner" { &town.partner } else { &town.resident };
        let mut note = who.note(words);
        if let Some(alt) = question["alt"].as_str() {
            note.attachment = vec![json!({ "type": "Document", "mediaType": "image/jpeg",
                "url": "http://a.test/media/1.jpg", "name": alt })];
        }
        let is_direct = question["to"] == "direct";
        if is_direct {
            note = note.direct();
        }
        who.posts(&note).await;
        if question["who"] == "partner" {
            town.announced(&note).await;
        } else if !is_direct {
            town.waiting(&note).await;
        }
        self.0.insert(words.to_owned(), note);
    }

    fn note(&self, words: &str) -> &Note {
        self.0.get(words).unwrap_or_else(|| panic!("nobody wrote {words:?}"))
    }
}

async fn waits_with(town: &Town, edited: &Note) {
    let waiting = town.waiting(edited).await;
    assert!(waiting["text"].to_string().contains(&edited.words), "{waiting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_at_the_wijk() {
    let town = Town::new(TestDatabase::sqlite()).await;
    town.server.moderator("moderator1", PASSWORD).await;
    let account = ["account", "add", "moderator2", "--email", "moderator2@wijk.test"];
    let invitation = town.server.does(&account).await;
    town.server.does(&["role", "grant", "moderator2", "moderator", "--wijk", "bloemhof"]).await;
    let credentials =
        [("USERNAME", "moderator1"), ("PASSWORD", PASSWORD), ("INVITATION", invitation.trim())];
    let mut written = Written::default();

    let answer = async |question| written.does(&town, question).await;
    run("journey.mjs", &town.server, &credentials, answer).await;
}
