//! Somebody who follows the wijk moves to another server.

use serde_json::json;

use crate::harness::{Answer, Neighbour, Town, WIJK, each_database, seen};

each_database! {
    async fn a_follower_that_moves_hears_on_at_its_new_server(db: TestDatabase) {
        let town = Town::new(db).await;
        let new = town.foreign.person("a.test", "moved");
        let (old, hostile) = (&town.follower, town.foreign.person("b.test", "hostile"));
        let moves = |who: &Neighbour, whom: &str, to: &str| {
            json!({ "@context": "https://www.w3.org/ns/activitystreams",
                    "id": format!("{}#moves/{}", who.id(), to.len() + whom.len()), "type": "Move",
                    "actor": who.id(), "object": whom, "target": to,
                    "to": [format!("{}/followers", who.id())] })
        };
        // Nobody moves somebody else, and nobody moves to who does not know of it.
        hostile.sends(&moves(&hostile, &old.id(), &hostile.id())).await;
        old.says(&moves(old, &old.id(), &hostile.id())).await;
        town.everything_is_handled().await;
        assert_eq!(town.wijk().await["followers"], 1);
        assert!(hostile.told("Accept", WIJK).is_empty());

        let mut document = new.document();
        document["alsoKnownAs"] = json!([old.id()]);
        town.foreign.shows(&new.id(), Answer::activity(&document));
        old.says(&moves(old, &old.id(), &new.id())).await;
        town.arrivals_are_handled().await;
        let note = town.partner.writes("Na de verhuizing").await;
        town.announced_to(&new, &note).await;
        assert_eq!(town.wijk().await["followers"], 1);
        assert!(old.told("Announce", &note.id).is_empty(), "{}", seen(&old.inbox()));

        // It asked for nothing yet, and the Follow of the old one is not its own.
        assert!(new.told("Accept", WIJK).is_empty(), "{}", seen(&new.inbox()));
        let follow = new.follows().await;
        let accept = town.accepts(&new, &follow).await;
        assert_eq!(accept.field("/object/id"), follow.id);
        assert_eq!(accept.field("/object/actor"), new.id());
        assert_eq!(town.wijk().await["followers"], 1);
    }
}
