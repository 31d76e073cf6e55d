//! The wijk follows a partner, and passes on what was agreed without being named.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::harness::{
    Activity, HANDLE, Neighbour, Note, Object, Received, Town, WIJK, each_database, eventually,
    holds, seen,
};

each_database! {
    async fn m15_nothing_is_passed_on_before_the_partner_accepts(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "all").await;
        let follow = asked(&school).await;
        assert_eq!(follow.url(), format!("{}/inbox", school.id()));
        assert_eq!(follow.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        let said = follow.json();
        assert_eq!((&said["actor"], &said["object"]), (&json!(WIJK), &json!(school.id())), "{said}");
        assert_eq!(said["to"], json!([school.id()]));
        assert_eq!(partner(&town, &school).await["follow"], "pending", "a locked account waits");
        let early = unnamed(&school, "nog voor het antwoord");
        school.posts(&early).await;
        town.everything_is_handled().await;
        town.assert_no_trace_of(&early).await;

        accepts(&town, &school, &said).await;
        let first = unnamed(&school, "Vrijdag is er open dag");
        school.posts(&first).await;
        town.announced(&first).await;
        town.page_comes_to_say("Vrijdag is er open dag").await;
        let named = school.writes("En dit noemt de wijk").await;
        town.announced(&named).await;
    }

    async fn neither_replies_nor_boosts_nor_what_is_for_followers(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "all").await;
        accepts(&town, &school, &asked(&school).await.json()).await;

        let public = unnamed(&school, "Wel voor iedereen");
        school.posts(&public).await;
        town.announced(&public).await;
        let reply = Note { in_reply_to: Some(public.id.clone()), ..unnamed(&school, "een antwoord") };
        let mut followers = unnamed(&school, "alleen voor volgers");
        (followers.to, followers.cc) = (vec![format!("{}/followers", school.id())], vec![]);
        let mut quiet = unnamed(&school, "stil gezegd");
        std::mem::swap(&mut quiet.to, &mut quiet.cc);
        for note in [&reply, &followers, &quiet] {
            school.posts(note).await;
        }
        let theirs = unnamed(&town.resident, "van een ander");
        town.resident.publishes(&theirs);
        let boost = Activity::announce(&school.id(), Object::Id(theirs.id.clone()));
        school.says(&boost).await;

        town.everything_is_handled().await;
        for note in [&reply, &followers, &quiet, &theirs] {
            town.assert_no_trace_of(note).await;
        }
    }

    async fn a_hashtag_is_agreed_and_then_taken_back(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "hashtag:Bloemhof").await;
        let follow = asked(&school).await.json();
        accepts(&town, &school, &follow).await;
        let mut tagged = unnamed(&school, "Met de hashtag");
        tagged.tag.push(json!({ "type": "Hashtag", "href": "http://b.test/tags/bloemhof",
                                "name": "#bloemhof" }));
        let without = unnamed(&school, "zonder hashtag");
        for note in [&without, &tagged] {
            school.posts(note).await;
        }
        town.announced(&tagged).await;
        town.everything_is_handled().await;
        town.assert_no_trace_of(&without).await;

        let id = partner(&town, &school).await["id"].as_str().expect("an id").to_owned();
        let back = town.server.json(&["partner", "pass-on", &id, "mentions"]).await;
        assert_eq!((&back["pass_on"], &back["follow"]), (&json!("mentions"), &Value::Null));
        let undone = async || {
            let told = school.told("Undo", &school.id());
            told.first().cloned().ok_or_else(|| seen(&school.inbox()))
        };
        let undone = eventually("the Follow is undone", undone).await;
        assert_eq!(undone.field("/object/id"), follow["id"].as_str().expect("an id"));
        assert_eq!(undone.field("/object/actor"), WIJK);
        let mut late = unnamed(&school, "te laat met de hashtag");
        late.tag.push(json!({ "type": "Hashtag", "name": "#bloemhof" }));
        school.posts(&late).await;
        town.everything_is_handled().await;
        town.assert_no_trace_of(&late).await;
    }

    async fn a_partner_that_refuses_is_shown_so_and_a_revoked_one_is_left(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "all").await;
        let follow = asked(&school).await.json();
        answers(&school, "Reject", &follow).await;
        becomes(&town, &school, "refused").await;
        let id = partner(&town, &school).await["id"].as_str().expect("an id").to_owned();
        town.server.does(&["partner", "pass-on", &id, "all"]).await;
        let again = async || {
            let told = school.told("Follow", &school.id());
            told.get(1).cloned().ok_or_else(|| seen(&school.inbox()))
        };
        let again = eventually("asked again", again).await.json();
        assert_ne!(again["id"], follow["id"]);
        accepts(&town, &school, &again).await;

        town.server.does(&["partner", "revoke", &id, "--reason", "Gestopt"]).await;
        let undone = async || {
            let told = school.told("Undo", &school.id());
            holds(told.len() == 1, || seen(&school.inbox()))
        };
        eventually("a revoked partner is not followed any more", undone).await;
    }

    async fn a_partner_that_is_blocked_is_left_until_it_is_asked_again(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "all").await;
        for (undone, what) in [(1, school.id()), (2, "b.test".to_owned())] {
            let asked = async || {
                let told = school.told("Follow", &school.id());
                told.get(undone - 1).cloned().ok_or_else(|| seen(&school.inbox()))
            };
            let follow = eventually("the wijk asks to follow", asked).await.json();
            accepts(&town, &school, &follow).await;
            let block = ["block", "add", &what, "--wijk", "bloemhof"];
            town.server.does(&block).await;
            assert_eq!(partner(&town, &school).await["follow"], Value::Null, "{what}");
            let left = async || {
                let told = school.told("Undo", &school.id());
                told.get(undone - 1).cloned().ok_or_else(|| seen(&school.inbox()))
            };
            let left = eventually("the wijk takes its Follow back", left).await;
            assert_eq!(left.field("/object/id"), follow["id"].as_str().expect("an id"));

            let id = partner(&town, &school).await["id"].as_str().expect("an id").to_owned();
            let pass_on = ["partner", "pass-on", &id, "all"];
            let refused = town.server.run(&pass_on).await;
            assert_eq!(refused.code, Some(1), "{refused:?}");
            assert!(format!("{refused:?}").contains("block list"), "{refused:?}");
            town.server.does(&["block", "remove", &what, "--wijk", "bloemhof"]).await;
            assert_eq!(partner(&town, &school).await["follow"], Value::Null, "not by itself");
            town.server.does(&pass_on).await;
        }
    }

    async fn i09_no_answer_but_the_partners_own_counts(db: TestDatabase) {
        let town = Town::new(db).await;
        let school = add(&town, "school", "all").await;
        let hostile = town.foreign.person("a.test", "hostile");
        let neighbour = town.foreign.person("b.test", "neighbour");
        let follow = asked(&school).await.json();
        let mut other_id = follow.clone();
        other_id["id"] = json!("http://wijk.test/activiteiten/1");
        let mut other_object = follow.clone();
        other_object["object"] = json!(hostile.id());
        for kind in ["Accept", "Reject"] {
            for (who, follow) in [
                (&hostile, &follow),
                (&neighbour, &follow),
                (&hostile, &other_object),
                (&school, &other_id),
                (&school, &json!("http://wijk.test/activiteiten/1")),
            ] {
                answers(who, kind, follow).await;
            }
            let bare = json!({ "id": format!("{}#x/{kind}", hostile.id()), "type": kind,
                               "actor": hostile.id(), "object": follow["id"] });
            hostile.says(&bare).await;
        }
        town.everything_is_handled().await;
        assert_eq!(partner(&town, &school).await["follow"], "pending");
        let bare = json!({ "id": format!("{}#accepts/bare", school.id()), "type": "Accept",
                           "actor": school.id(), "object": follow["id"] });
        school.says(&bare).await;
        becomes(&town, &school, "accepted").await;
    }
}

/// A partner on b.test whom the wijk follows.
async fn add(town: &Town, name: &str, which: &str) -> Neighbour {
    let who = town.foreign.person("b.test", name);
    let add = ["partner", "add", &who.handle(), "--wijk", "bloemhof", "--kind", "onderwijs"];
    let rest = ["--name", "De school", "--pass-on", which];
    let added = town.server.json(&[&add[..], &rest[..]].concat()).await;
    assert_eq!(added["pass_on"], which.to_lowercase(), "{added}");
    who
}

async fn asked(who: &Neighbour) -> Received {
    let came = async || {
        let told = who.told("Follow", &who.id());
        told.first().cloned().ok_or_else(|| seen(&who.inbox()))
    };
    eventually("the wijk asks to follow", came).await
}

async fn answers(who: &Neighbour, kind: &str, follow: &Value) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = format!("{}#{}s/follows/{number}", who.id(), kind.to_lowercase());
    let answer = json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": id,
                         "type": kind, "actor": who.id(), "object": follow });
    who.says(&answer).await;
}

async fn accepts(town: &Town, who: &Neighbour, follow: &Value) {
    answers(who, "Accept", follow).await;
    becomes(town, who, "accepted").await;
}

async fn becomes(town: &Town, who: &Neighbour, follow: &str) {
    let shown = async || {
        let row = partner(town, who).await;
        holds(row["follow"] == follow, || row.to_string())
    };
    eventually(&format!("its follow is {follow}"), shown).await;
}

async fn partner(town: &Town, who: &Neighbour) -> Value {
    let partners = town.server.list(&["partner", "list", "--wijk", "bloemhof"]).await;
    partners.into_iter().find(|row| row["actor"] == who.id()).expect("a partner")
}

/// A public post that mentions nobody.
fn unnamed(author: &Neighbour, words: &str) -> Note {
    let mut note = Note::mention(&author.id(), WIJK, HANDLE, words);
    note.cc.retain(|addressee| addressee != WIJK);
    note.tag.clear();
    note
}
