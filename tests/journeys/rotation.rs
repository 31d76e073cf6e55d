//! A key was stolen or lost: the actor gets a new one, and the others can follow.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::{
    ACTIVITY_JSON, Answer, FAR, Received, Town, WIJK, each_database, eventually, holds, seen,
};

each_database! {
    async fn who_never_looks_again_at_a_key_can_follow(db: TestDatabase) {
        let town = Town::new(db).await;
        let before = published_key(&town, "/wijken/bloemhof").await;
        let held = only_believes(&town, "c.test", &before);

        town.server.does(&["key", "rotate", "bloemhof"]).await;
        let after = published_key(&town, "/wijken/bloemhof").await;
        assert_ne!(before, after, "the document shows the new key at once");
        let update = update_at(&town, "c.test").await;
        assert!(update.is_signed_with(&before), "it is the old key that tells of the new one");
        assert_eq!(update.json()["object"]["publicKey"]["publicKeyPem"], after.as_str());
        assert_eq!(update.json()["object"]["publicKey"]["id"], format!("{WIJK}#main-key"));

        let note = town.partner.writes("Met een nieuwe sleutel").await;
        let announce = town.announced(&note).await;
        assert!(announce.is_signed_with(&after), "and what is said behind it has the new one");
        assert_eq!(announce.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        assert_eq!(*held.lock().expect("what it holds"), (after, 0), "nothing was refused");
    }

    async fn who_was_away_gets_the_old_key_the_update_and_the_new_key_in_this_order(db: TestDatabase) {
        let town = Town::new(db).await;
        let away = town.foreign.person(FAR, "away");
        let follow = away.follows().await;
        town.accepts(&away, &follow).await;
        let before = published_key(&town, "/wijken/bloemhof").await;
        let held = only_believes(&town, FAR, &before);
        town.foreign.door().shut();
        let first = town.partner.writes("Voor de nieuwe sleutel").await;
        town.announced(&first).await;

        town.server.does(&["key", "rotate", "bloemhof"]).await;
        let second = town.partner.writes("Na de nieuwe sleutel").await;
        town.announced(&second).await;
        town.foreign.door().open();
        town.announced_to(&away, &second).await;

        let after = published_key(&town, "/wijken/bloemhof").await;
        let got = away.inbox();
        let signed_with = |r: &Received| {
            let key = if r.is_signed_with(&before) { "old" } else { "new" };
            (r.field("/type"), key)
        };
        let got: Vec<_> = got.iter().map(signed_with).skip(1).collect();
        let expected = [("Announce", "old"), ("Update", "old"), ("Announce", "new")];
        assert_eq!(got, expected.map(|(kind, key)| (kind.to_owned(), key)), "{}", seen(&away.inbox()));
        assert_eq!(*held.lock().expect("what it holds"), (after, 0), "nothing was refused");
    }

    async fn a_running_server_fetches_with_the_new_key_of_its_own_actor(db: TestDatabase) {
        let town = Town::new(db).await;
        let before = published_key(&town, "/actor").await;
        let rotated = town.server.json(&["key", "rotate", "wijk.test"]).await;
        assert_eq!(rotated["key"], "http://wijk.test/actor#main-key", "{rotated}");
        assert_eq!(rotated["actor"], "http://wijk.test/actor");
        let after = published_key(&town, "/actor").await;
        assert_ne!(before, after);

        let fetched_with_it = async || {
            let note = town.partner.writes("Haal mij op").await;
            town.announced(&note).await;
            let fetches = town.foreign.fetches_of(&note.id);
            holds(fetches.iter().all(|fetch| fetch.is_signed_with(&after)), || seen(&fetches))
        };
        eventually("what is fetched is signed with the new key", fetched_with_it).await;
        let check = town.server.run(&["check", "--json"]).await;
        let check: Vec<Value> = serde_json::from_str(&check.stdout).expect("lines");
        let keys = check.iter().find(|line| line["name"] == "keys").expect("a line");
        assert_eq!(keys["ok"], true, "the former key is sealed too: {keys}");
    }

    async fn only_an_actor_of_ours_has_a_key_to_rotate(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        for name in ["wijkagent", "nergens", "@wijkagent@b.test"] {
            let said = town.server.run(&["key", "rotate", name]).await;
            assert_eq!(said.code, Some(1), "{name}: {said:?}");
        }
        town.server.does(&["wijk", "close", "bloemhof"]).await;
        let said = town.server.run(&["key", "rotate", "bloemhof"]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
    }
}

async fn published_key(town: &Town, path: &str) -> String {
    let actor = town.server.get(path, ACTIVITY_JSON).await.json();
    actor["publicKey"]["publicKeyPem"].as_str().expect("a key").to_owned()
}

async fn update_at(town: &Town, host: &str) -> Received {
    let came = async || {
        let got = town.foreign.posted_to(host);
        let update = got.iter().find(|r| r.field("/type") == "Update").cloned();
        update.ok_or_else(|| seen(&got))
    };
    eventually("the Update", came).await
}

/// A server that verifies with the key it holds and never fetches another: only an Update that this key signed gives it
/// a new one. Answers what it holds, and how often it refused.
fn only_believes(town: &Town, host: &str, pem: &str) -> Arc<Mutex<(String, u32)>> {
    let held = Arc::new(Mutex::new((pem.to_owned(), 0)));
    let answers = held.clone();
    town.foreign.inboxes_answer(host, move |received| {
        let (pem, refused) = &mut *answers.lock().expect("what it holds");
        if !received.is_signed_with(pem) {
            *refused += 1;
            return Answer::status(401);
        }
        if received.field("/type") == "Update" {
            *pem = received.field("/object/publicKey/publicKeyPem");
        }
        Answer::status(202)
    });
    held
}
