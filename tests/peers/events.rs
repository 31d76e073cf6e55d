//! When and where: an event of ours through Fedify's eyes, and one of Fedify's in our agenda.

use serde_json::{Value, json};

use super::street::{Street, id};
use crate::harness::{ACTIVITY_JSON, HTML, Page, each_database, eventually, holds};

async fn agenda_comes_to(street: &Street, what: &str, look: impl Fn(&Page) -> bool) {
    let looks = async || {
        let agenda = Page::of(&street.server.get("/wijken/bloemhof/agenda", HTML).await);
        holds(look(&agenda), || agenda.text())
    };
    eventually(what, looks).await;
}

each_database! {
    async fn an_event_here_is_read_whole(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        let by = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "--kind", "event"];
        let when = ["--starts", "2040-06-01T14:00", "--ends", "2040-06-01T17:00"];
        let what = ["--title", "Straatfeest", "--place", "Het plein, Bloemhofplein 1", "Neem een stoel mee"];

        let event = id(&street.server.json(&[&by[..], &when[..], &what[..]].concat()).await);

        let shown = &street.timeline(1).await[0];
        assert_eq!((&shown["id"], &shown["type"]), (&json!(event), &json!("Event")), "{shown:#}");
        assert_eq!((&shown["name"], &shown["place"]), (&json!("Straatfeest"), &json!("Het plein")), "{shown:#}");
        assert_eq!(shown["startTime"], "2040-06-01T12:00:00Z", "Dutch summer time: {shown:#}");
        assert_eq!(shown["endTime"], "2040-06-01T15:00:00Z", "{shown:#}");
        assert!(shown["content"].to_string().contains("Neem een stoel mee"), "{shown:#}");

        street.server.does(&["post", "edit", &event, "--starts", "2040-06-01T15:30"]).await;

        let moved = async || {
            let shown = &street.timeline(1).await[0];
            holds(shown["startTime"] == "2040-06-01T13:30:00Z", || format!("{shown:#}"))
        };
        eventually("Fedify reads that it begins later", moved).await;
        street.nothing_was_refused().await;
    }

    async fn an_event_there_stands_in_the_agenda(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        let event = |starts: &str| json!({ "name": "Inbraakpreventie", "starts": starts, "place": "De Huiskamer" });

        let order = json!({ "text": "Koffie staat klaar", "event": event("2040-09-26T19:00:00+02:00") });
        let post = street.offers("wijkagent", &order).await;

        let announced = street.timeline(1).await;
        assert_eq!((&announced[0]["id"], &announced[0]["type"]), (&json!(post), &json!("Event")));
        agenda_comes_to(&street, "it stands in the agenda", |page| {
            ["Inbraakpreventie", "De Huiskamer", "26 sep 2040", "19:00"].iter().all(|words| page.says(words))
        }).await;
        let agenda = street.server.get("/wijken/bloemhof/agenda", ACTIVITY_JSON).await.json();
        assert_eq!(agenda["orderedItems"], json!([post]), "written elsewhere: by its id");

        let later = json!({ "id": post, "event": event("2040-09-27T20:00:00+02:00") });
        street.elders.does("edit", &later).await;
        agenda_comes_to(&street, "it begins later", |page| page.says("27 sep 2040")).await;

        street.elders.does("delete", &json!({ "id": post })).await;
        agenda_comes_to(&street, "it is gone", |page| !page.says("Inbraakpreventie")).await;
        street.timeline(0).await;
        assert_eq!(street.queue().await, Vec::<Value>::new());
        street.nothing_was_refused().await;
    }
}
