//! M: what others think is counted honestly, and only who did it takes it back.

use likejewijk::neighbourhood::reactions::Kind;
use serde_json::{Value, json};

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, Neighbour, Object, each_database, eventually, holds,
};

impl Case {
    /// A local partner's post that the wijk passed on: its id.
    async fn ours(&self) -> String {
        let write = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "Van ons"];
        let post = self.town.server.json(&write).await;
        post["id"].as_str().expect("an id").to_owned()
    }

    async fn counts(&self, post: &str) -> (i64, i64) {
        let path = post.strip_prefix("http://wijk.test").expect("ours");
        let note: Value = self.town.server.get(path, ACTIVITY_JSON).await.json();
        let count = |name: &str| note[name]["totalItems"].as_i64().expect("a number");
        (count("likes"), count("shares"))
    }

    async fn come_to_count(&self, post: &str, expected: (i64, i64)) {
        let counted = async || {
            let counts = self.counts(post).await;
            holds(counts == expected, || format!("{counts:?}"))
        };
        eventually(&format!("{post} counts {expected:?}"), counted).await;
    }
}

fn reaction(kind: Kind, who: &Neighbour, post: &str) -> Activity {
    match kind {
        Kind::Like => Activity::like(&who.id(), post),
        Kind::Dislike => Activity { kind: "Dislike", ..Activity::like(&who.id(), post) },
        Kind::Share => Activity::announce(&who.id(), Object::Id(post.to_owned())),
    }
}

each_database! {
    async fn m16_an_undo_of_what_another_thought(db: TestDatabase) {
        let case = Case::new(db).await;
        let post = case.ours().await;
        let kinds = [Kind::Like, Kind::Share];
        let theirs = kinds.map(|kind| reaction(kind, &case.honest, &post));
        for one in &theirs {
            case.honest.says(one).await;
        }
        case.come_to_count(&post, (1, 1)).await;

        for one in &theirs {
            case.hostile.sends(&one.undone_by(&case.hostile.id())).await;
            let mut by_id = one.undone_by(&case.hostile.id()).json();
            by_id["object"] = json!(one.id);
            case.hostile.sends(&by_id).await;
            let mut nameless = one.undone_by(&case.hostile.id()).json();
            nameless["object"].as_object_mut().expect("embedded").remove("actor");
            case.hostile.sends(&nameless).await;
            case.hostile.sends(&one.undone_by(&case.honest.id())).await;
        }
        case.town.everything_is_handled().await;
        assert_eq!(case.counts(&post).await, (1, 1));

        for one in &theirs {
            case.honest.says(&one.undone_by(&case.honest.id())).await;
        }
        case.come_to_count(&post, (0, 0)).await;
        case.closes().await;
    }

    async fn m18_likes_by_the_thousand(db: TestDatabase) {
        let case = Case::new(db).await;
        let post = case.ours().await;
        for _ in 0..100 {
            case.hostile.says(&reaction(Kind::Like, &case.hostile, &post)).await;
        }
        case.come_to_count(&post, (1, 0)).await;
        case.town.everything_is_handled().await;
        assert_eq!(case.counts(&post).await, (1, 0), "one actor");

        for number in 0..60 {
            let crowd = case.town.foreign.person("nieuw.many.test", &format!("fan{number}"));
            crowd.says(&reaction(Kind::Like, &crowd, &post)).await;
        }
        case.come_to_count(&post, (21, 0)).await;
        case.town.everything_is_handled().await;
        assert_eq!(case.counts(&post).await, (21, 0), "a crowd of one fresh host");
        case.closes().await;
    }
}
