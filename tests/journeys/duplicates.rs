//! What arrives many times has effect once.

use tokio::task::JoinSet;

use crate::harness::{Activity, Neighbour, Town, WIJK, each_database};

each_database! {
    async fn a_mention_that_comes_thirty_times_waits_once(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.resident.note("Dertig keer hetzelfde");
        town.resident.publishes(&note);

        assert_eq!(thirty_times(&town.resident, &Activity::create(&note)).await, [202; 30]);

        town.waiting(&note).await;
        town.everything_is_handled().await;
        let queue = town.queue().await;
        let count = queue.iter().filter(|s| s["post"] == note.id.as_str()).count();
        assert_eq!(count, 1, "{queue:?}");
    }

    async fn a_partners_post_that_comes_thirty_times_is_announced_once(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.partner.note("Eén keer is genoeg");
        town.partner.publishes(&note);

        assert_eq!(thirty_times(&town.partner, &Activity::create(&note)).await, [202; 30]);

        town.announced(&note).await;
        town.everything_is_handled().await;
        assert_eq!(town.follower.told("Announce", &note.id).len(), 1);
        let page = town.wijk_page().await.text();
        assert_eq!(page.matches("Eén keer is genoeg").count(), 1, "{page}");
    }

    async fn a_follow_that_comes_thirty_times_makes_one_follower(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let follow = Activity::follow(&town.resident.id(), WIJK);

        assert_eq!(thirty_times(&town.resident, &follow).await, [202; 30]);

        town.accepts(&town.resident, &follow).await;
        assert_eq!(town.wijk().await["followers"], 1);
    }
}

/// Sends one activity thirty times at once, by turns to the shared inbox and the wijk's own.
async fn thirty_times(who: &Neighbour, activity: &Activity) -> Vec<u16> {
    let mut sending = JoinSet::new();
    for turn in 0..30 {
        let inbox = if turn % 2 == 0 { "/inbox" } else { "/wijken/bloemhof/inbox" };
        let (who, letter) = (who.clone(), who.letter_to(inbox, activity));
        sending.spawn(async move { who.hands_in(&letter).await.status });
    }
    sending.join_all().await
}
