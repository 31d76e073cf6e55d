//! A resident mentions the wijk: it waits until somebody decides.

use crate::harness::{ACTIVITY_JSON, Town, WIJK, each_database, eventually, holds, seen};

each_database! {
    async fn a_residents_mention_waits(db: TestDatabase) {
        let town = Town::new(db).await;

        let note = town.resident.writes("De bank in het park is kapot").await;

        let submission = town.waiting(&note).await;
        assert!(submission["id"].is_string(), "{submission}");
        assert_eq!(submission["author"], town.resident.id().as_str(), "{submission}");
        assert_eq!(submission["handle"], "@resident1@a.test", "{submission}");
        assert_eq!(submission["why"], "stranger", "{submission}");
        let text = submission["text"].as_str().unwrap_or_default();
        assert!(text.contains("De bank in het park is kapot"), "{submission}");
        assert!(!text.contains('<'), "plain text: {submission}");
        let received_at = submission["received_at"].as_str().unwrap_or_default();
        assert!(received_at.parse::<jiff::Timestamp>().is_ok(), "{submission}");
        assert_eq!(town.wijk().await["waiting"], 1);
        town.everything_is_handled().await;
        town.assert_not_public(&note).await;
    }

    async fn an_approved_post_is_announced(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.resident.writes("Wie heeft de rode kat gezien?").await;
        let submission = town.waiting(&note).await;

        let decided = town.approves(&submission).await;

        assert_eq!((&decided["id"], &decided["state"]), (&submission["id"], &"approved".into()));
        let announce = town.announced(&note).await;
        assert_eq!(announce.field("/actor"), WIJK);
        town.announced_to(&town.resident, &note).await;
        town.page_comes_to_say("Wie heeft de rode kat gezien?").await;
        let page = town.wijk_page().await;
        let article = page.article("Wie heeft de rode kat gezien?").expect("an article");
        assert!(article.contains("resident1") && article.contains("a.test"), "{article}");
        assert!(!article.to_lowercase().contains("partner"), "a resident's mark: {article}");
        assert_eq!(town.wijk().await["waiting"], 0);
    }

    async fn a_refused_post_leaves_no_trace(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.resident.writes("Koop nu zonnebrillen").await;

        let decided = town.refuses(&town.waiting(&note).await).await;

        assert_eq!(decided["state"], "refused", "{decided}");
        town.everything_is_handled().await;
        town.assert_no_trace_of(&note).await;
    }

    async fn nobody_decides_twice(db: TestDatabase) {
        let town = Town::new(db).await;
        let approved = town.waiting(&town.resident.writes("De lantaarn is stuk").await).await;
        let refused = town.waiting(&town.resident.writes("Gratis kratten bier").await).await;
        town.approves(&approved).await;
        town.refuses(&refused).await;

        for submission in [&approved, &refused] {
            let id = submission["id"].as_str().expect("an id");
            town.server.run(&["queue", "approve", id]).await.assert_refused();
            let refuse = ["queue", "refuse", id, "--reason", "toch"];
            town.server.run(&refuse).await.assert_refused();
        }
    }

    async fn a_moderator_takes_an_announcement_back(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.approved(&town.resident, "De speeltuin is afgebrand").await;
        let announce = town.announced(&note).await;
        town.page_comes_to_say("De speeltuin is afgebrand").await;

        let said = town.withdraws(&note).await;

        assert_eq!(said.code, Some(0), "{said:?}");
        let printed: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
        assert_eq!(printed["post"], note.id.as_str(), "{printed}");
        assert_eq!(printed["state"], "withdrawn", "{printed}");
        let undo = town.taken_back(&note).await;
        assert_eq!(undo.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        for field in ["/id", "/actor", "/object"] {
            assert_eq!(undo.field(&format!("/object{field}")), announce.field(field), "{field}");
        }
        assert_eq!(undo.field("/object/type"), "Announce");
        let author = async || {
            let told = town.resident.told("Undo", &note.id);
            holds(!told.is_empty(), || seen(&town.resident.inbox()))
        };
        eventually("the author's server hears of it too", author).await;
        let id = announce.field("/id");
        let path = id.strip_prefix("http://wijk.test").expect("an id of ours");
        assert_eq!(town.server.get(path, ACTIVITY_JSON).await.status, 410);
        town.page_stops_saying("De speeltuin is afgebrand").await;
        town.withdraws(&note).await.assert_refused();
    }
}
