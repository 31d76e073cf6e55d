//! A key was stolen or lost, here or there: what is said with the new one is believed, the old one proves nothing more.

use serde_json::{Value, json};

use super::street::{SOON, Street, id};
use crate::harness::{ACTIVITY_JSON, HANDLE, each_database};

const BY_THE_REDACTIE: [&str; 5] = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];

async fn published_key(street: &Street, path: &str) -> String {
    let actor = street.server.get(path, ACTIVITY_JSON).await.json();
    actor["publicKey"]["publicKeyPem"].as_str().expect("a key").to_owned()
}

/// Our actor gets another key, which stands in its document at once.
async fn rotates(street: &Street, name: &str, path: &str) {
    let before = published_key(street, path).await;
    street.server.does(&["key", "rotate", name]).await;
    assert_ne!(published_key(street, path).await, before, "{name} has another key");
    street.elders.does("forget", &json!({})).await;
}

/// The key that Fedify held did not fit any more: since the rotation it fetched this actor's anew.
async fn its_key_was_fetched_anew(street: &Street, path: &str) {
    let asked = street.elders.lists("outgoing").await;
    let key = json!(format!("http://wijk.test{path}#main-key"));
    let is_it = |row: &Value| row["url"] == key && row["status"] == 200;
    assert!(asked.iter().any(is_it), "{key}: {asked:#?}");
}

/// Who stole the former key writes in the partner's name: nothing of it is believed.
async fn the_former_key_is_refused(street: &Street) {
    street.elders.does("former", &json!({ "as": "wijkagent", "on": true })).await;
    let forged =
        json!({ "as": "wijkagent", "text": "Met de gestolen sleutel", "mention": [HANDLE] });
    let said = street.elders.tries("post", &forged).await;
    let failed = said["failed"].as_array().cloned().unwrap_or_default();
    assert_eq!(failed.len(), 1, "{said}");
    assert!(failed[0].to_string().contains("401"), "{said}");
    street.elders.does("former", &json!({ "as": "wijkagent", "on": false })).await;
    street.writes("wijkagent", "Wij zijn er weer").await;
    street.timeline(3).await;
    street.arrivals_are_handled().await;
    let page = street.page().await;
    assert!(page.says("Wij zijn er weer") && !page.says("gestolen"), "{}", page.text());
}

each_database! {
    async fn a_wijk_with_another_key_is_still_believed(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        street.writes("wijkagent", "Voor de wisseling").await;
        street.timeline(1).await;

        rotates(&street, "bloemhof", "/wijken/bloemhof").await;
        street.writes("wijkagent", "Na de wisseling").await;

        street.timeline(2).await;
        let announces = street.elders.lists("inbox?as=volger&type=Announce").await;
        assert!(announces.iter().all(|row| row["signature"] == "cavage"), "{announces:#?}");
        let updates = street.elders.comes_to("inbox?type=Update", 1, SOON).await;
        assert_eq!(updates[0]["raw"]["object"]["publicKey"]["publicKeyPem"], published_key(&street, "/wijken/bloemhof").await.as_str());
        its_key_was_fetched_anew(&street, "/wijken/bloemhof").await;
        street.nothing_was_refused().await;
    }

    async fn an_author_here_with_another_key_is_still_believed(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        let post = id(&street.server.json(&[&BY_THE_REDACTIE[..], &["De brug is dicht"]].concat()).await);
        street.timeline(1).await;
        street.server.does(&["post", "edit", &post, "De brug is half open"]).await;
        street.elders.comes_to("inbox?type=Update", 1, SOON).await;

        rotates(&street, "bloemhof_redactie", "/partners/bloemhof_redactie").await;
        street.server.does(&["post", "edit", &post, "De brug is open"]).await;

        let updates = street.elders.comes_to("inbox?type=Update", 2, SOON).await;
        assert!(updates.iter().all(|row| row["signature"] == "cavage"), "{updates:#?}");
        its_key_was_fetched_anew(&street, "/partners/bloemhof_redactie").await;
        street.nothing_was_refused().await;
    }

    /// The key that signs what we fetch.
    async fn a_server_with_another_key_still_gets_what_it_asks_for(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.elders.does("authorize", &json!({ "on": true })).await;
        street.partner().await;
        street.writes("wijkagent", "Voor de wisseling").await;
        street.timeline(1).await;
        rotates(&street, "wijk.test", "/actor").await;

        street.writes("wijkagent", "Na de wisseling").await;

        street.timeline(2).await;
        let asked = street.elders.lists("incoming").await;
        let notes: Vec<_> = asked.iter().filter(|row| row["path"].to_string().contains("/notes/")).collect();
        // For a moment the former key may still be held; who refuses it is asked again at once.
        let given = notes.iter().filter(|row| row["status"] == 200).count();
        assert!(given >= 1 && notes.len() - given <= 1, "{notes:#?}");
        assert!(notes.iter().all(|row| row["signature"] == "cavage"), "{notes:#?}");
        assert_eq!(notes[notes.len() - 1]["status"], 200, "{notes:#?}");
        its_key_was_fetched_anew(&street, "/actor").await;
        street.nothing_was_refused().await;
    }

    async fn another_key_there_under_the_same_id_ends_the_former(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        street.writes("wijkagent", "Met de oude sleutel").await;
        street.timeline(1).await;

        let keys = street.elders.does("rotate", &json!({ "as": "wijkagent" })).await;
        assert_eq!(keys["key"], keys["former"], "{keys}");
        street.writes("wijkagent", "Met de nieuwe sleutel").await;

        street.timeline(2).await;
        the_former_key_is_refused(&street).await;
    }

    async fn another_key_there_under_another_id_ends_the_former(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        street.writes("wijkagent", "Met de oude sleutel").await;
        street.timeline(1).await;

        let order = json!({ "as": "wijkagent", "elsewhere": true });
        let keys = street.elders.does("rotate", &order).await;
        assert_ne!(keys["key"], keys["former"], "{keys}");
        street.writes("wijkagent", "Met de nieuwe sleutel").await;

        street.timeline(2).await;
        the_former_key_is_refused(&street).await;
    }
}
