//! `thread.mjs` in a town where somebody asked something, and was answered.

use serde_json::json;

use super::{PASSWORD, run};
use crate::harness::{
    ACTIVITY_JSON, Activity, HTML, Neighbour, Note, TestDatabase, Town, eventually, holds,
};

async fn answers(who: &Neighbour, to: &str, words: &str) -> Note {
    let mut note = who.note(words);
    note.in_reply_to = Some(to.to_owned());
    who.posts(&note).await;
    note
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_and_what_is_not_right_in_it() {
    let town = Town::new(TestDatabase::sqlite()).await;
    town.server.moderator("moderator1", PASSWORD).await;
    let write =
        ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "Wat wil je op het plein?"];
    let post = town.server.json(&write).await["id"].as_str().expect("an id").to_owned();
    let path = post.strip_prefix("http://wijk.test").expect("ours").to_owned();
    town.resident.says(&Activity::like(&town.resident.id(), &post)).await;
    let liked = async || {
        let note = town.server.get(&path, ACTIVITY_JSON).await.json();
        holds(note["likes"]["totalItems"] == 1, || note.to_string())
    };
    eventually("the like counts", liked).await;
    let question = answers(&town.resident, &post, "Komt er een bank?").await;
    let asks = async || {
        let replies = ["queue", "list", "--wijk", "bloemhof", "--replies"];
        let asking = town.server.list(&replies).await;
        asking.first().cloned().ok_or("nobody asks".to_owned())
    };
    town.approves(&eventually("the question asks for its place", asks).await).await;
    answers(&town.partner, &question.id, "Ja, in mei").await;
    let is_there = async || {
        let page = town.server.get(&path, HTML).await.text();
        holds(page.contains("Ja, in mei"), || page)
    };
    eventually("the answer stands in the thread", is_there).await;

    let about = [("USERNAME", "moderator1"), ("PASSWORD", PASSWORD), ("POST", &*path)];
    run("thread.mjs", &town.server, &about, async |_| json!({})).await;
}
