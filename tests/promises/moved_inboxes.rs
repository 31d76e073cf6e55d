//! What becomes of a delivery whose inbox says that it moved, or that it is gone.

use crate::harness::{
    ACTIVITY_JSON, Answer, Neighbour, Town, each_database, eventually, holds, seen,
};

/// Whoever asks at the old inbox is sent elsewhere.
fn old_inbox_redirects(town: &Town, host: &str) {
    town.foreign.inboxes_answer(host, |received| {
        if received.path == "/inbox" { Answer::redirect("/nieuw") } else { Answer::status(202) }
    });
}

/// His server shows him with this shared inbox, or with none.
fn shows(town: &Town, who: &Neighbour, shared_inbox: Option<&str>) {
    let mut document = who.document();
    match shared_inbox {
        Some(inbox) => document["endpoints"]["sharedInbox"] = inbox.into(),
        None => document["endpoints"] = serde_json::Value::Null,
    }
    town.foreign.shows(&who.id(), Answer::activity(&document));
}

async fn dead_at(town: &Town, host: &str) -> u64 {
    let rows = town.server.list(&["deliveries"]).await;
    let row = rows.iter().find(|row| row["host"] == host);
    row.and_then(|row| row["dead"].as_u64()).unwrap_or(0)
}

async fn followers(town: &Town) -> serde_json::Value {
    let answer = town.server.get("/wijken/bloemhof/followers", ACTIVITY_JSON).await;
    let followers: serde_json::Value = serde_json::from_str(&answer.text()).expect("a collection");
    followers["totalItems"].clone()
}

each_database! {
    async fn an_inbox_that_moved_is_found_again(db: TestDatabase) {
        let town = Town::new(db).await;
        old_inbox_redirects(&town, "c.test");
        shows(&town, &town.follower, Some("http://c.test/nieuw"));
        let asked = town.foreign.fetches_of(&town.follower.id()).len();

        let first = town.partner.writes("eerste bericht").await;
        town.announced_to(&town.follower, &first).await;
        let second = town.partner.writes("tweede bericht").await;
        town.announced_to(&town.follower, &second).await;

        let arrived = |note: &crate::harness::Note| {
            town.follower.told("Announce", &note.id).into_iter().map(|r| r.path).collect::<Vec<_>>()
        };
        let found = async || holds(arrived(&first) == ["/inbox", "/nieuw"], || seen(&town.follower.inbox()));
        eventually("the first is sent on", found).await;
        let direct = async || holds(arrived(&second) == ["/nieuw"], || seen(&town.follower.inbox()));
        eventually("the second goes to the new inbox only", direct).await;
        assert_eq!(town.foreign.fetches_of(&town.follower.id()).len(), asked + 1, "asked once");
        assert_eq!(dead_at(&town, "c.test").await, 0);
    }

    async fn an_inbox_that_moved_nowhere_is_a_dead_letter(db: TestDatabase) {
        let town = Town::new(db).await;
        old_inbox_redirects(&town, "c.test");
        let note = town.partner.writes("bericht").await;
        let dead = async || {
            let dead = dead_at(&town, "c.test").await;
            holds(dead == 1, || seen(&town.follower.inbox()))
        };
        eventually("a dead letter", dead).await;
        assert_eq!(town.follower.told("Announce", &note.id).len(), 1, "not followed, not repeated");
    }

    /// A day lasts 0.9 s here.
    async fn a_follower_who_is_gone_for_three_days_is_dropped(db: TestDatabase) {
        let town = Town::with(db, &[("RETRY_SCALE", "0.00001")]).await;
        let alone = town.foreign.person("klein.many.test", "alleen");
        shows(&town, &alone, None);
        let follow = alone.follows().await;
        town.accepts(&alone, &follow).await;
        assert_eq!(followers(&town).await, 2);

        town.foreign.inboxes_answer("klein.many.test", |_| Answer::status(410));
        town.foreign.shows(&alone.id(), Answer::status(410));
        let asked = town.foreign.fetches_of(&alone.id()).len();
        town.partner.writes("bericht").await;

        let dropped = async || {
            let followers = followers(&town).await;
            holds(followers == 1, || followers.to_string())
        };
        eventually("one follower is left", dropped).await;
        assert_eq!(town.foreign.fetches_of(&alone.id()).len(), asked + 3, "on three days");
    }
}
