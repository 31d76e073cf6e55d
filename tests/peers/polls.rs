//! What can be chosen: a poll of ours through Fedify's eyes, and one of Fedify's on our page.

use std::time::Duration;

use serde_json::{Value, json};

use super::street::{Street, id};
use crate::harness::{ACTIVITY_JSON, HTML, each_database, eventually, holds, this_second, within};

/// Long enough for three votes on a machine with other work, short enough to wait for.
const OPEN_FOR: Duration = Duration::from_secs(15);

/// A poll of the redactie, open for a moment.
async fn ours(street: &Street, choice: &[&str]) -> String {
    let ends = (this_second() + OPEN_FOR).to_string();
    let by = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "--kind", "poll"];
    let until = ["--ends", &ends, "Waar moet de bank?"];
    id(&street.server.json(&[&by[..], choice, &until[..]].concat()).await)
}

async fn voters(street: &Street) {
    for voter in ["kiezer", "buurvrouw"] {
        street.elders.does("person", &json!({ "name": voter })).await;
    }
}

/// For one option, or for several in one message.
async fn votes(street: &Street, who: &str, poll: &str, option: impl Into<Value>) {
    let vote = json!({ "as": who, "id": poll, "option": option.into() });
    street.elders.does("vote", &vote).await;
}

/// As our server tells it: votes for each option, and how many voted.
async fn stand(street: &Street, path: &str) -> Value {
    let poll = street.server.get(path, ACTIVITY_JSON).await.json();
    let options = poll.get("oneOf").or(poll.get("anyOf")).and_then(Value::as_array);
    let votes = options.into_iter().flatten().map(|option| &option["replies"]["totalItems"]);
    json!([votes.collect::<Vec<_>>(), poll["votersCount"]])
}

/// The Update that says the poll is over, once it reached Fedify.
async fn the_end_is_told(street: &Street) -> Value {
    let told = async || {
        let updates = street.elders.lists("inbox?type=Update").await;
        let last = updates.iter().find(|row| row["raw"]["object"]["closed"].is_string()).cloned();
        last.ok_or(format!("{updates:#?}"))
    };
    within(OPEN_FOR * 3, "the end of the poll is told", told).await
}

/// On the timeline of who follows.
async fn fedify_reads(street: &Street, options: &Value, voters: u8) {
    let read_anew = async || {
        let shown = &street.timeline(1).await[0];
        let is_read = shown["options"] == *options
            && shown["voters"] == voters
            && shown["closed"].is_string();
        holds(is_read, || format!("{shown:#}"))
    };
    eventually("Fedify reads how it ended", read_anew).await;
}

each_database! {
    async fn a_poll_here_is_read_voted_in_and_closes(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        voters(&street).await;
        let poll = ours(&street, &["--option", "Plein", "--option", "Park"]).await;
        let path = poll.strip_prefix("http://wijk.test").expect("ours");
        let shown = street.timeline(1).await;
        assert_eq!((&shown[0]["id"], &shown[0]["type"]), (&json!(poll), &json!("Question")));
        assert_eq!(shown[0]["options"], json!({ "Plein": 0, "Park": 0 }), "{shown:#?}");
        assert!(shown[0]["endTime"].is_string() && shown[0]["closed"].is_null(), "{shown:#?}");

        votes(&street, "kiezer", &poll, "Plein").await;
        votes(&street, "kiezer", &poll, "Park").await;
        votes(&street, "buurvrouw", &poll, "Plein").await;
        let expected = json!([[2, 0], 2]);
        let counted = async || {
            let stand = stand(&street, path).await;
            holds(stand == expected, || format!("{stand:?}"))
        };
        eventually("each voter counts once, by the first vote", counted).await;

        let update = the_end_is_told(&street).await;
        assert_eq!(update["signature"], "cavage", "verified by Fedify: {update:#}");
        assert_eq!(update["actor"], "http://wijk.test/partners/bloemhof_redactie", "{update:#}");
        assert!(update["raw"]["object"].get("updated").is_none(), "no edit: {update:#}");
        fedify_reads(&street, &json!({ "Plein": 2, "Park": 0 }), 2).await;

        votes(&street, "volger", &poll, "Park").await;
        street.arrivals_are_handled().await;
        assert_eq!(stand(&street, path).await, expected, "closed is closed");
        nobody_learns_who_voted(&street, path).await;
        street.nothing_was_refused().await;
    }

    async fn where_more_may_be_chosen_each_counts_once_for_each_voter(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        voters(&street).await;
        let choice = ["--multiple", "--option", "Plein", "--option", "Park", "--option", "Brug"];
        let poll = ours(&street, &choice).await;
        let path = poll.strip_prefix("http://wijk.test").expect("ours");
        assert_eq!(street.timeline(1).await[0]["options"], json!({ "Plein": 0, "Park": 0, "Brug": 0 }));

        for option in ["Plein", "Park", "Plein"] {
            votes(&street, "kiezer", &poll, option).await;
        }
        for _ in 0..2 {
            votes(&street, "buurvrouw", &poll, ["Park", "Brug"].map(Value::from).to_vec()).await;
        }

        street.arrivals_are_handled().await;
        assert_eq!(stand(&street, path).await, json!([[1, 2, 1], 2]), "five messages of two voters");
        let update = the_end_is_told(&street).await;
        assert_eq!(update["raw"]["object"]["anyOf"].as_array().map(Vec::len), Some(3), "{update:#}");
        fedify_reads(&street, &json!({ "Plein": 1, "Park": 2, "Brug": 1 }), 2).await;
        nobody_learns_who_voted(&street, path).await;
        street.nothing_was_refused().await;
    }

    async fn a_poll_there_is_shown_as_its_server_counts(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        let poll = |plein: u8| json!({ "options": { "Het plein": plein, "Het park": 1 }, "ends": "2040-01-01T12:00:00Z" });

        let post = street.offers("wijkagent", &json!({ "text": "Waar patrouilleren we?", "poll": poll(3) })).await;

        let shown = street.timeline(1).await;
        assert_eq!((&shown[0]["id"], &shown[0]["type"]), (&json!(post), &json!("Question")));
        street.page_comes_to("what can be chosen", |page| {
            ["Waar patrouilleren we?", "Het plein", "Het park", "3 stemmen", "4 mensen stemden"].iter().all(|words| page.says(words))
        }).await;

        street.elders.does("edit", &json!({ "id": post, "poll": poll(8) })).await;

        street.page_comes_to("the new counts", |page| page.says("8 stemmen") && page.says("9 mensen stemden")).await;
        assert_eq!(street.queue().await, Vec::<Value>::new(), "counts are no edit");
        street.nothing_was_refused().await;
    }
}

/// Not on a page, not in what other servers can fetch, not in what we told them.
async fn nobody_learns_who_voted(street: &Street, poll: &str) {
    let object = street.server.get(poll, ACTIVITY_JSON).await.json();
    let beside = |key: &str| {
        let id = object[key]["id"].as_str().and_then(|id| id.strip_prefix("http://wijk.test"));
        id.unwrap_or_else(|| panic!("{key}: {object:#}")).to_owned()
    };
    let mut told = vec![json!(street.elders.lists("inbox").await).to_string()];
    for (path, accept) in [
        (poll.to_owned(), HTML),
        (poll.to_owned(), ACTIVITY_JSON),
        (beside("replies"), ACTIVITY_JSON),
        (beside("likes"), ACTIVITY_JSON),
        (beside("shares"), ACTIVITY_JSON),
        ("/wijken/bloemhof".to_owned(), HTML),
        ("/wijken/bloemhof/outbox?page=true".to_owned(), ACTIVITY_JSON),
        ("/partners/bloemhof_redactie/outbox".to_owned(), ACTIVITY_JSON),
    ] {
        let answer = street.server.get(&path, accept).await;
        assert_eq!(answer.status, 200, "{path}");
        told.push(answer.text());
    }
    for text in told {
        assert!(!text.contains("kiezer") && !text.contains("buurvrouw"), "{text}");
    }
}
