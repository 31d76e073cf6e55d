//! An author takes his post back.

use crate::harness::{ACTIVITY_JSON, Activity, HTML, Object, Page, Town, each_database};

each_database! {
    async fn a_deleted_post_is_gone(db: TestDatabase) {
        let town = Town::new(db).await;
        for author in [&town.resident, &town.partner] {
            let words = format!("Te geef bij {}", author.name);
            let note = author.writes(&words).await;
            if author.id() == town.resident.id() {
                town.approves(&town.waiting(&note).await).await;
            }
            let announce = town.announced(&note).await;
            town.page_comes_to_say(&words).await;
            let page = town.server.get("/wijken/bloemhof", HTML).await.text();
            let own_page = Page::link(&page, "/berichten/").expect("a link to the post's page");

            author.deletes(&note).await;

            town.page_stops_saying(&words).await;
            let undo = town.taken_back(&note).await;
            assert_eq!(undo.field("/object/id"), announce.field("/id"));
            let announced_at = announce.field("/id");
            let path = announced_at.strip_prefix("http://wijk.test").expect("an id of ours");
            assert_eq!(town.server.get(path, ACTIVITY_JSON).await.status, 410);
            let gone = town.server.get(&own_page, HTML).await;
            assert_eq!(gone.status, 410, "{own_page}: {}", gone.text());
            assert!(!gone.text().contains(&words), "{}", gone.text());
        }
    }

    async fn a_deleted_post_no_longer_waits(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.resident.writes("Laat maar").await;
        town.waiting(&note).await;

        town.resident.deletes(&note).await;

        town.everything_is_handled().await;
        town.assert_no_trace_of(&note).await;
    }

    async fn a_late_create_does_not_bring_it_back(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.partner.note("Was dit niet weg?");
        town.partner.says(&Activity::delete(&town.partner.id(), &note.id)).await;
        town.everything_is_handled().await;

        town.partner.posts(&note).await;

        town.everything_is_handled().await;
        town.assert_no_trace_of(&note).await;
    }

    async fn the_delete_of_an_account_never_heard_of_is_taken_without_a_look(db: TestDatabase) {
        let town = Town::new(db).await;
        let stranger = town.foreign.person("a.test", "vertrokken");
        let delete = Activity::delete(&stranger.id(), &stranger.id());
        let delete = Activity { object: Object::Id(stranger.id()), ..delete };

        assert_eq!(stranger.sends(&delete).await.status, 202);

        town.everything_is_handled().await;
        let fetches = town.foreign.fetches_of(&stranger.id());
        assert!(fetches.is_empty(), "it was looked up: {fetches:?}");
    }
}
