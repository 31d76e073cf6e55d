//! An author changes what was passed on already.

use crate::harness::{Town, each_database, eventually};

each_database! {
    async fn a_residents_edit_waits_and_the_old_text_stays(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.approved(&town.resident, "Straatfeest op zaterdag").await;
        town.page_comes_to_say("Straatfeest op zaterdag").await;

        let edited = town.resident.edits(&note, "Straatfeest op zondag").await;

        let submission = town.waiting(&edited).await;
        assert_eq!(submission["why"], "edit", "{submission}");
        let text = submission["text"].as_str().unwrap_or_default();
        assert!(text.contains("Straatfeest op zondag"), "{submission}");
        town.everything_is_handled().await;
        let page = town.wijk_page().await;
        assert!(page.says("Straatfeest op zaterdag"), "{}", page.text());
        assert!(!page.says("Straatfeest op zondag"), "{}", page.text());
        assert_eq!(town.follower.announcements_of(&note).len(), 1, "announced once");

        town.approves(&submission).await;

        town.page_comes_to_say("Straatfeest op zondag").await;
        let page = town.wijk_page().await;
        assert!(!page.says("Straatfeest op zaterdag"), "{}", page.text());
    }

    async fn a_refused_edit_leaves_the_approved_text(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.approved(&town.resident, "Rommelmarkt in de Putsebocht").await;
        let edited = town.resident.edits(&note, "Koop mijn boek").await;

        town.refuses(&town.waiting(&edited).await).await;

        town.everything_is_handled().await;
        let page = town.wijk_page().await;
        assert!(page.says("Rommelmarkt in de Putsebocht"), "{}", page.text());
        assert!(!page.says("Koop mijn boek"), "{}", page.text());
    }

    async fn an_edit_before_the_decision_replaces_what_waits(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.resident.writes("Er ligt glas op het plein").await;
        town.waiting(&note).await;

        town.resident.edits(&note, "Er lag glas op het plein, opgeruimd").await;

        let replaced = async || {
            let queue = town.queue().await;
            let of_note: Vec<_> = queue.iter().filter(|s| s["post"] == note.id.as_str()).collect();
            let new = |s: &serde_json::Value| s["text"].to_string().contains("opgeruimd");
            match of_note[..] {
                [only] if new(only) => Ok(()),
                _ => Err(format!("{queue:?}")),
            }
        };
        eventually("one submission with the new text", replaced).await;
    }

    async fn a_partners_edit_is_shown_at_once(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.partner.writes("Controle op donderdag").await;
        town.page_comes_to_say("Controle op donderdag").await;

        town.partner.edits(&note, "Controle op vrijdag").await;

        town.page_comes_to_say("Controle op vrijdag").await;
        let page = town.wijk_page().await;
        assert!(!page.says("Controle op donderdag"), "{}", page.text());
        town.everything_is_handled().await;
        assert_eq!(town.follower.announcements_of(&note).len(), 1, "announced once");
    }
}
