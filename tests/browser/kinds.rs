//! `kinds.mjs` in a town with something of every kind: events, polls, an alarm, works, a picture, and letters for the
//! moderators alone.

use serde_json::{Value, json};

use super::pictures::posts_with_pictures;
use super::{PASSWORD, run};
use crate::harness::{
    Answer, HTML, Neighbour, PUBLIC, TestDatabase, Town, WIJK, eventually, holds,
};

const AUTHOR: &str = "http://wijk.test/partners/bloemhof_redactie";

/// Writes as the redactie; answers the address of the post.
async fn writes(town: &Town, how: &[&str]) -> String {
    let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];
    let made = town.server.json(&[&post[..], how].concat()).await;
    made["id"].as_str().expect("an id").to_owned()
}

async fn events(town: &Town) -> Vec<String> {
    let burendag = [
        "--kind",
        "event",
        "--title",
        "Burendag: taart, planten ruilen en muziek",
        "--starts",
        "2040-09-26T14:00",
        "--ends",
        "2040-09-26T17:00",
        "--place",
        "Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam",
        "--coordinates",
        "51.8891,4.5032",
        "Neem een taart mee, of alleen jezelf. Bij regen zitten we binnen.\n\n#burendag #bloemhof",
    ];
    let football = [
        "--kind",
        "event",
        "--title",
        "Straatvoetbal",
        "--starts",
        "2040-12-01T15:30",
        "--place",
        "Cruyff Court, Putsebocht",
        "Voor iedereen van 8 tot 88.",
    ];
    let burendag = writes(town, &burendag).await;
    let football = writes(town, &football).await;
    town.server.does(&["post", "edit", &football, "--cancel"]).await;
    vec![burendag, football]
}

/// As Mobilizon writes it: on several days, not sure yet, and on the web too.
async fn event_elsewhere(town: &Town) {
    let author = town.partner.id();
    let id = format!("{author}/events/1");
    let event = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Event",
        "actor": author, "attributedTo": author, "name": "Fietsen graveren",
        "content": "<p>Neem je fiets en je sleutel mee.</p>", "mediaType": "text/html",
        "startTime": "2040-10-05T10:00:00+02:00", "endTime": "2040-10-06T16:00:00+02:00",
        "timezone": "Europe/Amsterdam", "ical:status": "TENTATIVE", "isOnline": true,
        "location": [{ "type": "Place", "id": format!("{id}/place"), "name": "Bloemhofplein" },
            { "type": "VirtualLocation", "url": "https://meet.example/fiets" }],
        "tag": [{ "type": "Hashtag", "href": "https://b.test/tags/veilig", "name": "#veilig" }],
        "published": "2026-01-01T10:00:00Z", "to": [PUBLIC], "cc": [WIJK], "url": id });
    town.foreign.shows(&id, Answer::activity(&event));
    let create = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/activity"),
        "type": "Create", "actor": author, "to": [PUBLIC], "cc": [WIJK], "object": event });
    town.partner.says(&create).await;
    shows(town, "/wijken/bloemhof/agenda", "Fietsen graveren").await;
}

/// A poll of ours with votes of two neighbours, and one of a partner that is over.
async fn polls(town: &Town) -> Vec<String> {
    let open = [
        "--kind",
        "poll",
        "--ends",
        "2040-01-01T12:00",
        "--option",
        "Op het plein, bij de Huiskamer",
        "--option",
        "In het park",
        "--option",
        "Nergens",
        "Waar moet de nieuwe bank komen?",
    ];
    let open = writes(town, &open).await;
    let asks = [
        (&town.resident, "In het park"),
        (&town.follower, "In het park"),
        (&town.partner, "Nergens"),
    ];
    for (who, option) in asks {
        votes(who, &open, option).await;
    }
    let path = open.strip_prefix("http://wijk.test").expect("ours").to_owned();
    shows(town, &path, "3 mensen stemden").await;

    let note = town.partner.note("Wanneer schikt een rondje door de wijk?");
    let mut question = serde_json::to_value(note.at_its_origin()).expect("JSON");
    let option = |name: &str, votes: u32| {
        json!({ "type": "Note", "name": name,
            "replies": { "type": "Collection", "totalItems": votes } })
    };
    question["type"] = json!("Question");
    question["anyOf"] = json!([option("Overdag", 12), option("Na het eten", 31)]);
    question["votersCount"] = json!(40);
    question["endTime"] = json!("2026-01-02T10:00:00Z");
    question["closed"] = json!("2026-01-02T10:00:00Z");
    town.foreign.shows(&note.id, Answer::activity(&question));
    let create = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/activity", note.id),
        "type": "Create", "actor": town.partner.id(), "to": [PUBLIC], "cc": [WIJK],
        "object": question });
    town.partner.says(&create).await;
    town.announced(&note).await;
    vec![open]
}

async fn votes(who: &Neighbour, poll: &str, option: &str) {
    let vote = format!("{}#votes/1", who.id());
    who.says(&json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{vote}/activity"),
        "type": "Create", "actor": who.id(), "to": AUTHOR,
        "object": { "id": vote, "type": "Note", "name": option, "attributedTo": who.id(),
            "inReplyTo": poll, "to": AUTHOR } }))
        .await;
}

async fn shows(town: &Town, path: &str, words: &str) {
    let shows = async || {
        let page = town.server.get(path, HTML).await.text();
        holds(page.contains(words), || page)
    };
    eventually(&format!("{path} says {words:?}"), shows).await;
}

async fn what_else_there_is(town: &Town) {
    let tip = [
        "--kind",
        "tip",
        "--title",
        "Gratis bomen voor je tuin",
        "Haal er een op bij de speeltuin. #bloemhof",
    ];
    let works = [
        "--kind",
        "works",
        "--title",
        "De Putsebocht is dicht",
        "Van maandag tot vrijdag. De tram rijdt om.",
    ];
    let alert = [
        "--kind",
        "alert",
        "--title",
        "Rook bij de haven: sluit ramen en deuren",
        "Blijf binnen tot we hier schrijven dat het over is.",
    ];
    for how in [&tip, &works, &alert] {
        writes(town, how).await;
    }
    posts_with_pictures(town, &town.partner, "De vlag hangt buiten", "De vlag", &[(1800, 1200)])
        .await;
    shows(town, "/wijken/bloemhof", "src=\"/media/").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_of_every_kind() {
    let town = Town::new(TestDatabase::sqlite()).await;
    town.server.moderator("moderator1", PASSWORD).await;
    let events = events(&town).await;
    event_elsewhere(&town).await;
    let polls = polls(&town).await;
    what_else_there_is(&town).await;

    let addresses = json!({ "events": events, "polls": polls }).to_string();
    let told = [("USERNAME", "moderator1"), ("PASSWORD", PASSWORD), ("POSTS", &*addresses)];
    let answer = async |question: Value| {
        let words = question["words"].as_str().expect("words");
        town.resident.posts(&town.resident.note(words).direct()).await;
        json!({})
    };
    run("kinds.mjs", &town.server, &told, answer).await;
}
