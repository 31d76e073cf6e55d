//! What is not public where it was written is never shown and never announced.

use crate::harness::{Activity, Answer, Town, Visitor, each_database};

each_database! {
    async fn a_direct_post_stays_private(db: TestDatabase) {
        let town = Town::new(db).await;
        for author in [&town.resident, &town.partner] {
            let note = author.note("Mijn buurman heeft hulp nodig").direct();
            author.posts(&note).await;

            town.everything_is_handled().await;
            town.assert_no_trace_of(&note).await;
        }
    }

    async fn a_followers_only_post_stays_private(db: TestDatabase) {
        let town = Town::new(db).await;
        for author in [&town.resident, &town.partner] {
            let note = author.note("Ik ben volgende week op vakantie").followers_only();
            author.posts(&note).await;

            town.everything_is_handled().await;
            town.assert_no_trace_of(&note).await;
        }
    }

    async fn what_only_claims_to_be_public_stays_private(db: TestDatabase) {
        let town = Town::new(db).await;
        for author in [&town.resident, &town.partner] {
            let claimed = author.note("Dit was tussen ons");
            author.publishes(&claimed.clone().followers_only());
            author.says(&Activity::create(&claimed)).await;

            town.everything_is_handled().await;
            town.assert_no_trace_of(&claimed).await;
        }
    }

    async fn what_its_origin_does_not_know_is_not_taken(db: TestDatabase) {
        let town = Town::new(db).await;
        for author in [&town.resident, &town.partner] {
            let note = author.note("Dit heeft niemand geschreven");
            author.says(&Activity::create(&note)).await;

            town.everything_is_handled().await;
            town.assert_no_trace_of(&note).await;
        }
    }

    async fn what_its_origin_keeps_to_itself_is_not_taken(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.partner.note("Alleen voor wie erbij was");
        town.foreign.shows(&note.id, Answer::status(403));
        town.partner.says(&Activity::create(&note)).await;

        town.everything_is_handled().await;
        town.assert_no_trace_of(&note).await;
    }

    async fn its_moderators_read_it_and_put_it_away(db: TestDatabase) {
        let town = Town::new(db).await;
        town.server.moderator("moderator1", "een lang wachtwoord").await;
        town.server.does(&["wijk", "add", "lombok", "--name", "Lombok"]).await;
        let note = town.resident.note("Mijn buurman heeft hulp nodig").direct();
        town.resident.posts(&note).await;
        town.everything_is_handled().await;

        let mut moderator = Visitor::of(town.server.whereabouts());
        moderator.signs_in("/aanmelden", "moderator1", "een lang wachtwoord").await;
        let desk = moderator.opens("/balie?wijk=bloemhof").await.text();
        assert!(desk.contains("/balie/prive?wijk=bloemhof"), "{desk}");
        assert!(!desk.contains("hulp nodig"), "it waits nowhere: {desk}");
        let page = moderator.opens("/balie/prive?wijk=bloemhof").await.text();
        assert!(page.contains("Mijn buurman heeft hulp nodig"), "{page}");
        let answer = moderator.presses(&page, "/weg").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let page = moderator.opens("/balie/prive").await.text();
        assert!(!page.contains("hulp nodig"), "{page}");
        town.assert_no_trace_of(&note).await;
    }
}
