//! Each server is told of a post once, in the form it reads, and hears of its end in the same.

use serde_json::{Value, json};

use super::other_servers::{known, runs};
use crate::harness::{
    ACTIVITY_JSON, Activity, Neighbour, Note, Received, Town, WIJK, each_database, eventually, seen,
};

/// A follower on a server that runs that.
async fn follower_on(town: &Town, host: &str, software: &str, version: &str) -> Neighbour {
    runs(town, host, software, version);
    let follower = town.foreign.person(host, "volger");
    let follow = follower.follows().await;
    town.accepts(&follower, &follow).await;
    known(town, host, software).await;
    follower
}

/// The embedded activities of one type about a post that a server was told.
fn embedded(who: &Neighbour, kind: &str, id: &str) -> Vec<Received> {
    let mut told = who.inbox();
    told.retain(|r| {
        let about = [r.field("/object/object/id"), r.field("/object/object")];
        r.field("/type") == "Announce"
            && r.field("/object/type") == kind
            && about.iter().any(|about| about == id)
    });
    told
}

async fn comes(who: &Neighbour, kind: &str, id: &str) -> Received {
    let came = async || {
        let told = embedded(who, kind, id);
        told.first().cloned().ok_or(format!("{} got {}", who.handle(), seen(&who.inbox())))
    };
    eventually(&format!("{kind} of {id} comes to {}", who.host), came).await
}

/// Everything about a post that a server was told, by type.
fn told_of(who: &Neighbour, note: &Note) -> Vec<String> {
    let mut told = who.inbox();
    told.retain(|r| String::from_utf8_lossy(&r.body).contains(&note.id));
    told.iter().map(|r| r.field("/type")).collect()
}

/// The bytes of an activity as they stand inside another.
fn holds(outer: &Received, inner: &[u8]) -> bool {
    outer.body.windows(inner.len()).any(|part| part == inner)
}

fn signed_inside(activity: &Activity) -> Value {
    let mut json = activity.json();
    json["signature"] =
        json!({ "type": "RsaSignature2017", "creator": "…", "signatureValue": "…" });
    json
}

each_database! {
    async fn each_server_is_told_once_in_the_form_it_reads(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "0.19.15").await;
        let newer = follower_on(&town, "twee.many.test", "lemmy", "1.0.0-beta.1").await;
        let gancio = follower_on(&town, "drie.many.test", "gancio", "1.21.0").await;
        let mobilizon = follower_on(&town, "vier.many.test", "mobilizon", "5.1.0").await;

        let note = town.partner.note("Zaterdag spreekuur");
        town.partner.publishes(&note);
        let create = Activity::create(&note);
        town.partner.says(&create).await;

        let by_id = town.announced(&note).await;
        town.announced_to(&mobilizon, &note).await;
        let announce = comes(&lemmy, "Create", &note.id).await;
        assert_eq!(announce.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        assert_eq!(announce.field("/id"), by_id.field("/id"), "one id for both forms");
        assert_eq!(announce.json()["cc"], json!([format!("{WIJK}/followers")]));
        let sent = serde_json::to_vec(&create).expect("an activity");
        assert!(holds(&announce, &sent), "{}", String::from_utf8_lossy(&announce.body));
        let path = by_id.field("/id");
        let path = path.strip_prefix("http://wijk.test").expect("an id of ours");
        let again = town.server.get(path, ACTIVITY_JSON).await;
        assert_eq!(again.json()["object"], note.id.as_str(), "fetched, it is the object form");

        town.everything_is_handled().await;
        for who in [&town.follower, &lemmy, &mobilizon, &town.partner] {
            assert_eq!(told_of(who, &note), ["Announce"], "{}", who.host);
        }
        // A Note that answers nothing is refused by Lemmy 1.0, and Gancio reads our outbox.
        for who in [&newer, &gancio] {
            assert_eq!(told_of(who, &note), [""; 0], "{}", who.host);
        }

        town.withdraws(&note).await;
        town.taken_back(&note).await;
        let removal = comes(&lemmy, "Delete", &note.id).await;
        let json = removal.json();
        assert_eq!(json["object"]["actor"], "http://wijk.test/actors/moderatie", "{json}");
        assert!(json["object"]["summary"].is_string(), "Lemmy reads a removal by it: {json}");
        assert_eq!(json["actor"], WIJK);
        town.everything_is_handled().await;
        assert_eq!(told_of(&town.follower, &note), ["Announce", "Undo"]);
        assert_eq!(told_of(&lemmy, &note), ["Announce", "Announce"]);
        assert_eq!(told_of(&gancio, &note), [""; 0]);
    }

    async fn what_an_author_changes_goes_the_way_the_post_went(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "piefed", "1.3.0").await;
        let note = town.partner.writes("Spreekuur om tien uur").await;
        town.announced(&note).await;
        comes(&lemmy, "Create", &note.id).await;

        // What carries a signature of its own is handed on to the others too.
        let edited = note.edited("Spreekuur om elf uur");
        town.partner.publishes(&edited);
        let update = signed_inside(&Activity::update(&edited));
        town.partner.says(&update).await;
        let announce = comes(&lemmy, "Update", &note.id).await;
        let sent = serde_json::to_vec(&update).expect("an activity");
        assert!(holds(&announce, &sent), "{}", String::from_utf8_lossy(&announce.body));
        let handed = async || {
            let told = town.follower.told("Update", &note.id);
            told.first().cloned().ok_or(seen(&town.follower.inbox()))
        };
        let handed = eventually("the Update is handed on", handed).await;
        assert_eq!(handed.body, sent, "byte for byte");
        assert_eq!(handed.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        assert!(lemmy.told("Update", &note.id).is_empty(), "{}", seen(&lemmy.inbox()));

        let delete = signed_inside(&Activity::delete(&town.partner.id(), &note.id));
        town.foreign.shows(&note.id, crate::harness::Answer::status(410));
        town.partner.says(&delete).await;
        town.taken_back(&note).await;
        let announce = comes(&lemmy, "Delete", &note.id).await;
        assert_eq!(announce.field("/object/actor"), town.partner.id(), "its author's own word");
        town.everything_is_handled().await;
        assert_eq!(told_of(&town.follower, &note), ["Announce", "Update", "Undo", "Delete"]);
        assert_eq!(told_of(&lemmy, &note), ["Announce"; 3]);
    }

    async fn a_residents_edit_is_told_when_it_is_approved(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "0.19.15").await;
        let note = town.approved(&town.resident, "Te geef: een fiets").await;
        comes(&lemmy, "Create", &note.id).await;

        let edited = town.resident.edits(&note, "Te geef: twee fietsen").await;
        let waiting = town.waiting(&edited).await;
        town.everything_is_handled().await;
        assert_eq!(told_of(&lemmy, &note), ["Announce"]);
        town.approves(&waiting).await;
        comes(&lemmy, "Update", &note.id).await;
        town.everything_is_handled().await;
        assert_eq!(told_of(&town.follower, &note), ["Announce"], "it asks the origin itself");
    }

    /// Its text on the author's server is what was approved: what was sent must say the same.
    async fn another_text_than_the_origins_is_not_passed_on(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "0.19.15").await;
        let note = town.partner.note("Zaterdag spreekuur");
        town.partner.publishes(&note);
        let other = Note { content: "<p>Heel iets anders</p>".to_owned(), ..note.clone() };
        let mut hidden = Activity::create(&note).json();
        hidden["object"]["source"] = json!({ "content": "Heel iets anders", "mediaType": "text/markdown" });
        town.partner.says(&Activity::create(&other)).await;
        town.announced(&note).await;
        town.partner.says(&hidden).await;
        town.everything_is_handled().await;
        assert_eq!(told_of(&lemmy, &note), [""; 0], "{}", seen(&lemmy.inbox()));
    }

    async fn a_reply_is_told_to_communities_only(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "1.0.0").await;
        let note = town.partner.writes("Wie helpt er zaterdag?").await;
        town.announced(&note).await;
        let mut reply = town.partner.note("We beginnen om tien uur");
        reply.in_reply_to = Some(note.id.clone());
        town.partner.posts(&reply).await;
        let announce = comes(&lemmy, "Create", &reply.id).await;
        assert_eq!(announce.field("/object/object/inReplyTo"), note.id);
        town.everything_is_handled().await;
        assert_eq!(told_of(&town.follower, &reply), [""; 0]);
    }

    async fn what_we_write_is_a_page_to_communities(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "1.0.0-beta.1").await;
        let post = town.server.json(&["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie",
            "--title", "Buurtfeest", "Zaterdag om twee uur op het plein."]).await;
        let id = post["id"].as_str().expect("an id");
        let announce = comes(&lemmy, "Create", id).await.json();
        let create = &announce["object"];
        let page = &create["object"];
        assert_eq!((&page["type"], &page["name"]), (&json!("Page"), &json!("Buurtfeest")));
        for part in [create, page] {
            assert_eq!(part["to"][0], WIJK, "the community stands first: {part}");
            assert_eq!(part["audience"], WIJK);
            assert!(part["cc"].is_array());
        }
        assert_eq!(create["actor"], "http://wijk.test/partners/bloemhof_redactie");
        let create = create["id"].as_str().and_then(|id| id.strip_prefix("http://wijk.test"));
        let fetched = town.server.get(create.expect("an id of ours"), ACTIVITY_JSON).await.json();
        assert_eq!((&fetched["type"], &fetched["object"]["type"]), (&json!("Create"), &json!("Note")));
        let outbox = town.server.get("/wijken/bloemhof/outbox", ACTIVITY_JSON).await.json();
        assert_eq!(outbox["orderedItems"][0]["object"]["object"]["type"], "Page", "{outbox}");
    }

    async fn an_edit_of_ours_is_told_to_communities(db: TestDatabase) {
        let town = Town::new(db).await;
        let lemmy = follower_on(&town, "een.many.test", "lemmy", "1.0.0-beta.1").await;
        let post = town.server.json(&["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie",
            "--title", "Buurtfeest", "Zaterdag om twee uur op het plein."]).await;
        let id = post["id"].as_str().expect("an id");
        comes(&lemmy, "Create", id).await;
        town.server.does(&["post", "edit", id, "Zaterdag om drie uur op het plein."]).await;
        let announce = comes(&lemmy, "Update", id).await.json();
        let update = &announce["object"];
        let page = &update["object"];
        assert_eq!((&page["type"], &page["to"][0]), (&json!("Page"), &json!(WIJK)), "{update}");
        assert!(page["content"].as_str().is_some_and(|text| text.contains("drie uur")), "{page}");
        assert!(page["updated"].is_string(), "without it no edit is shown: {page}");
        assert_eq!(update["actor"], "http://wijk.test/partners/bloemhof_redactie");
        town.everything_is_handled().await;
        assert_eq!(embedded(&lemmy, "Update", id).len(), 1, "once: {}", seen(&lemmy.inbox()));
    }

    async fn who_wants_no_boosts_gets_none(db: TestDatabase) {
        let town = Town::new(db).await;
        let says = |policy: Value| {
            let note = town.partner.note("Alleen voor wie mij volgt");
            let mut json = serde_json::to_value(note.at_its_origin()).expect("a note");
            json["interactionPolicy"] = json!({ "canAnnounce": policy });
            town.foreign.shows(&note.id, crate::harness::Answer::activity(&json));
            note
        };
        let refused = says(json!({ "automaticApproval": [town.partner.id()], "manualApproval": [] }));
        let asked = says(json!({ "always": [], "approvalRequired": ["https://www.w3.org/ns/activitystreams#Public"] }));
        let allowed = says(json!({ "automaticApproval": [WIJK] }));
        // It names another wijk too, which may not: that is no reason for this one to be silent.
        town.server.does(&["wijk", "add", "lombok", "--name", "Lombok"]).await;
        let lombok = "http://wijk.test/wijken/lombok";
        let mut both = town.partner.note("Alleen Bloemhof mag dit doorgeven");
        both.cc.push(lombok.to_owned());
        let mut json = serde_json::to_value(both.at_its_origin()).expect("a note");
        json["interactionPolicy"] = json!({ "canAnnounce": { "automaticApproval": [WIJK] } });
        town.foreign.shows(&both.id, crate::harness::Answer::activity(&json));
        town.partner.says(&Activity::create(&both)).await;
        town.announced(&both).await;
        for note in [&refused, &asked, &allowed] {
            town.partner.says(&Activity::create(note)).await;
        }
        town.announced(&allowed).await;
        town.everything_is_handled().await;
        for note in [&refused, &asked] {
            assert_eq!(told_of(&town.follower, note), [""; 0]);
        }
        assert_eq!(told_of(&town.follower, &both), ["Announce"]);
    }

    /// Mobilizon follows a whole server, with the server's own actor.
    async fn a_calendar_that_follows_the_server_hears_of_every_event(db: TestDatabase) {
        let town = Town::new(db).await;
        runs(&town, "vier.many.test", "mobilizon", "5.1.0");
        let relay = town.foreign.person("vier.many.test", "relay");
        let mut document = relay.document();
        document["type"] = json!("Application");
        town.foreign.shows(&relay.id(), crate::harness::Answer::activity(&document));
        let follow = Activity::follow(&relay.id(), "http://wijk.test/actor");
        relay.says(&follow).await;
        town.accepts(&relay, &follow).await;
        known(&town, "vier.many.test", "mobilizon").await;
        // A person is told that this is not for people.
        let personal = Activity::follow(&town.resident.id(), "http://wijk.test/actor");
        town.resident.says(&personal).await;
        let refused = async || {
            town.resident.told("Reject", &personal.id).first().cloned().ok_or("nothing".to_owned())
        };
        eventually("it is refused", refused).await;

        let news = town.partner.writes("Spreekuur").await;
        let event = Note { kind: "Event", ..town.partner.note("Burendag op het plein") };
        let mut json = serde_json::to_value(event.at_its_origin()).expect("an event");
        (json["name"], json["startTime"]) = (json!("Burendag"), json!("2027-09-26T14:00:00+02:00"));
        town.foreign.shows(&event.id, crate::harness::Answer::activity(&json));
        town.partner.says(&Activity::create(&event)).await;
        let boost = town.announced_to(&relay, &event).await;
        assert_eq!(boost.field("/actor"), "http://wijk.test/actor");
        assert_ne!(boost.field("/id"), town.announced(&event).await.field("/id"));
        town.withdraws(&event).await;
        let undone = async || {
            let told = relay.told("Undo", &event.id);
            told.first().cloned().ok_or(seen(&relay.inbox()))
        };
        let undo = eventually("it is taken back", undone).await;
        assert_eq!(undo.field("/object/id"), boost.field("/id"));
        town.everything_is_handled().await;
        assert_eq!(told_of(&relay, &news), [""; 0], "news is no event");
    }
}
