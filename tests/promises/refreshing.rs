//! What changed about somebody elsewhere is known after a week, whether they write to us or not. A week lasts 6 s here.

use std::time::Duration;

use crate::harness::{Answer, Neighbour, Town, each_database, eventually, holds, seen, within};

const SCALE: [(&str, &str); 1] = [("RETRY_SCALE", "0.00001")];

fn shows_at(town: &Town, who: &Neighbour, inbox: &str) {
    let mut document = who.document();
    document["endpoints"]["sharedInbox"] = inbox.into();
    town.foreign.shows(&who.id(), Answer::activity(&document));
}

async fn is_asked_for(town: &Town, who: &Neighbour, times: usize) {
    let asked = town.foreign.fetches_of(&who.id()).len();
    let again = async || {
        let fetches = town.foreign.fetches_of(&who.id());
        holds(fetches.len() >= asked + times, || seen(&fetches))
    };
    within(Duration::from_secs(30), "the document is asked for again", again).await;
}

each_database! {
    async fn a_follower_who_lives_elsewhere_now_is_found(db: TestDatabase) {
        let town = Town::with(db, &SCALE).await;
        // At first its server does not answer. That ends nothing.
        town.foreign.shows(&town.follower.id(), Answer::status(500));
        is_asked_for(&town, &town.follower, 2).await;
        assert_eq!(town.wijk().await["followers"], 1);

        shows_at(&town, &town.follower, "http://c.test/nieuw");
        is_asked_for(&town, &town.follower, 1).await;
        let moved = async || {
            let note = town.partner.writes("Na de week").await;
            town.announced_to(&town.follower, &note).await;
            let told = town.follower.told("Announce", &note.id);
            holds(told.iter().all(|one| one.path == "/nieuw"), || seen(&told))
        };
        eventually("the wijk speaks to the new inbox", moved).await;
    }
}
