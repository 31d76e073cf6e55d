//! What was written changes and goes, there and here.

use serde_json::{Value, json};

use super::street::{SOON, Street, id};
use crate::harness::{HTML, Page, each_database, eventually, holds};

const BY_THE_REDACTIE: [&str; 5] = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];

/// A post of the redactie on the follower's timeline.
async fn ours(street: &Street, words: &str) -> String {
    let post = id(&street.server.json(&[&BY_THE_REDACTIE[..], &[words]].concat()).await);
    assert_eq!(street.timeline(1).await[0]["id"], post.as_str());
    post
}

each_database! {
    async fn a_partner_there_edits_and_deletes(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        let post = street.writes("wijkagent", "Zaterdag spreekuur").await;
        street.timeline(1).await;
        street.page_comes_to("it is shown", |page| page.says("Zaterdag spreekuur")).await;
        let page = street.server.get("/wijken/bloemhof", HTML).await.text();
        let its_page = Page::link(&page, "/berichten/").expect("the page of the post");

        street.elders.does("edit", &json!({ "id": post, "text": "Zondag spreekuur" })).await;
        street.page_comes_to("the new text", |page| page.says("Zondag spreekuur")).await;
        assert!(!street.page().await.says("Zaterdag"));
        assert_eq!(street.queue().await, Vec::<Value>::new(), "who is verified waits for nobody");

        street.elders.does("delete", &json!({ "id": post })).await;
        street.timeline(0).await;
        let announced = street.elders.lists("inbox?as=volger&type=Announce").await;
        let undone = street.elders.lists("inbox?as=volger&type=Undo").await;
        assert_eq!((announced.len(), undone.len()), (1, 1), "{announced:#?} {undone:#?}");
        for field in ["id", "type", "actor", "object"] {
            assert_eq!(undone[0]["raw"]["object"][field], announced[0]["raw"][field], "{field}");
        }
        street.page_comes_to("it is gone", |page| !page.says("spreekuur")).await;
        assert_eq!(street.server.get(&its_page, HTML).await.status, 410);
        street.nothing_was_refused().await;
    }

    async fn an_edit_here_is_an_update_there(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        let post = ours(&street, "De brug is dicht").await;

        street.server.does(&["post", "edit", &post, "De brug is open"]).await;

        let updates = street.elders.comes_to("inbox?type=Update", 1, SOON).await;
        let (update, note) = (&updates[0], &updates[0]["raw"]["object"]);
        assert_eq!(update["signature"], "cavage", "verified by Fedify: {update:#}");
        assert_eq!(update["actor"], "http://wijk.test/partners/bloemhof_redactie", "{update:#}");
        assert_eq!((&note["type"], &note["id"]), (&json!("Note"), &json!(post)), "{update:#}");
        assert!(note["content"].to_string().contains("De brug is open"), "{update:#}");
        assert!(note["updated"].is_string(), "an edit has a time: {update:#}");
        let read_anew = async || {
            let shown = street.timeline(1).await;
            let is_new = shown[0]["content"].to_string().contains("De brug is open");
            holds(is_new && shown[0]["updated"].is_string(), || format!("{shown:#?}"))
        };
        eventually("the timeline shows the new text", read_anew).await;
        street.nothing_was_refused().await;
    }

    async fn a_post_deleted_here_is_a_tombstone_there(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        let post = ours(&street, "Gratis taart om 12 uur").await;
        assert_eq!(street.elders.does("look", &json!({ "id": post })).await["status"], 200);

        street.server.does(&["post", "delete", &post]).await;

        street.timeline(0).await;
        let deleted = street.elders.comes_to("inbox?type=Delete", 1, SOON).await;
        assert_eq!(deleted[0]["actor"], "http://wijk.test/partners/bloemhof_redactie");
        let tombstone = &deleted[0]["raw"]["object"];
        assert_eq!(
            (&tombstone["type"], &tombstone["id"], &tombstone["formerType"]),
            (&json!("Tombstone"), &json!(post), &json!("Note")),
            "{deleted:#?}"
        );
        let found = street.elders.does("look", &json!({ "id": post })).await;
        assert_eq!((&found["status"], &found["id"]), (&json!(410), &json!(post)), "{found}");
        // That it was a Note is said as AS2's own examples say it: a bare word, which its context makes an address.
        assert_eq!(found["type"], "Tombstone", "{found}");
        assert!(found["deleted"].is_string(), "{found}");
        street.page_comes_to("it is gone", |page| !page.says("taart")).await;
        street.nothing_was_refused().await;
    }
}
