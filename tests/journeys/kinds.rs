//! Events, polls, and posts of ours that change and go, between real servers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    ACTIVITY_JSON, Answer, HTML, PUBLIC, Received, Town, WIJK, each_database, eventually, holds,
    seen, this_second, within,
};

/// As Mobilizon writes it: by a person, for a group of the same server.
fn event(person: &str, group: &str, id: &str, name: &str) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id, "type": "Event", "actor": person, "attributedTo": group, "name": name,
        "content": "<p>Taart en een plantenruil.</p>", "mediaType": "text/html",
        "startTime": "2040-09-26T14:00:00+02:00", "endTime": "2040-09-26T17:00:00+02:00",
        "timezone": "Europe/Amsterdam", "ical:status": "CONFIRMED",
        "location": { "type": "Place", "id": format!("{id}/place"), "name": "Speeltuin Bloemhof",
            "address": { "type": "PostalAddress", "streetAddress": "Speelplein 3" } },
        "attachment": [], "tag": [], "published": "2026-01-01T10:00:00Z",
        "to": [PUBLIC], "cc": [WIJK], "url": id })
}

fn create(event: &Value, actor: &str) -> Value {
    let id = event["id"].as_str().expect("an id");
    json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/activity"),
        "type": "Create", "actor": actor, "attributedTo": event["attributedTo"],
        "to": [PUBLIC], "cc": [WIJK], "object": event })
}

each_database! {
    async fn a_groups_event_comes_to_the_agenda_whoever_of_its_server_wrote_it(db: TestDatabase) {
        let town = Town::new(db).await;
        let jan = town.foreign.person("b.test", "jan");
        let group = town.partner.id();
        let id = format!("{group}/events/1");
        let burendag = event(&jan.id(), &group, &id, "Burendag");
        town.foreign.shows(&id, Answer::activity(&burendag));
        // Somebody of another server speaks for nobody there.
        let mut meddling = create(&burendag, &town.resident.id());
        meddling["id"] = json!(format!("{}/activity", town.resident.id()));
        town.resident.says(&meddling).await;
        town.everything_is_handled().await;
        let page = town.server.get("/wijken/bloemhof/agenda", HTML).await.text();
        assert!(!page.contains("Burendag"), "{page}");

        jan.says(&create(&burendag, &jan.id())).await;

        let shows = async || {
            let page = town.server.get("/wijken/bloemhof/agenda", HTML).await.text();
            holds(page.contains("Burendag") && page.contains("Speelplein 3"), || page)
        };
        eventually("the event on the agenda", shows).await;
        let agenda = town.server.get("/wijken/bloemhof/agenda", ACTIVITY_JSON).await.json();
        assert_eq!(agenda["orderedItems"], json!([id]), "written elsewhere: by its id");
    }

    async fn an_event_written_here_is_told_and_stands_on_the_agenda(db: TestDatabase) {
        let town = Town::new(db).await;
        let what = ["--kind", "event", "--title", "Straatfeest", "--starts", "2040-06-01T14:00"];
        let where_ = ["--place", "Het plein, Bloemhofplein", "--coordinates", "51.8891,-4",
                      "Neem een stoel mee #buren"];
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];
        let made = town.server.json(&[&post[..], &what[..], &where_[..]].concat()).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("http://wijk.test/agenda/"), "{id}");
        let told = async || {
            let told = town.follower.told("Announce", &id);
            holds(!told.is_empty(), || seen(&town.follower.inbox()))
        };
        eventually("the announcement of the event", told).await;
        let path = id.strip_prefix("http://wijk.test").expect("ours").to_owned();
        let object = town.server.get(&path, ACTIVITY_JSON).await.json();
        assert_eq!(object["startTime"], "2040-06-01T14:00:00+02:00");
        let place = &object["location"];
        assert_eq!((&place["latitude"], place["longitude"].to_string()), (&json!(51.8891), "-4.0".to_owned()));
        let page = town.server.get(&path, HTML).await.text();
        assert!(page.contains("https://www.openstreetmap.org/?mlat=51.8891") && page.contains("#map=18/51.8891/-4"), "{page}");
        let calendar = town.server.get(&format!("{path}/activiteit.ics"), "text/calendar").await.text();
        assert!(calendar.contains("\r\nGEO:51.889100;-4.000000\r\n"), "{calendar}");
        for (page, says) in
            [("/wijken/bloemhof", "Straatfeest"), (path.as_str(), "Bloemhofplein"), ("/tags/buren", "Neem een stoel mee")]
        {
            let answer = town.server.get(page, HTML).await;
            assert_eq!(answer.status, 200, "{page}");
            assert!(answer.text().contains(says), "{page}: {}", answer.text());
        }

        town.server.does(&["post", "edit", &id, "--cancel"]).await;
        let cancelled = async || {
            let told = town.follower.told("Update", &id);
            let is_told = told.iter().any(|one| one.field("/object/status") == "CANCELLED");
            holds(is_told, || seen(&town.follower.inbox()))
        };
        eventually("that it is cancelled", cancelled).await;
        let page = town.server.get(&path, HTML).await.text();
        assert!(page.contains("Gaat niet door"), "{page}");
    }

    async fn a_poll_is_voted_in_from_two_servers_and_closes(db: TestDatabase) {
        let town = Town::new(db).await;
        let ends = (this_second() + Duration::from_secs(12)).to_string();
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "--kind", "poll"];
        let what = ["--ends", &ends, "--option", "Plein", "--option", "Park", "Waar moet de bank?"];
        let made = town.server.json(&[&post[..], &what[..]].concat()).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        for (who, option) in [(&town.resident, "Plein"), (&town.partner, "Plein"), (&town.resident, "Park")] {
            let vote = format!("{}#votes/{option}", who.id());
            who.says(&json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{vote}/activity"),
                "type": "Create", "actor": who.id(), "to": "http://wijk.test/partners/bloemhof_redactie",
                "object": { "id": vote, "type": "Note", "name": option, "attributedTo": who.id(),
                    "inReplyTo": id, "to": "http://wijk.test/partners/bloemhof_redactie" } })).await;
        }
        let closed = async || {
            let told = town.follower.told("Update", &id);
            let last = told.iter().find(|one| !one.field("/object/closed").is_empty());
            last.map(Received::json).ok_or_else(|| seen(&town.follower.inbox()))
        };
        let update = within(Duration::from_secs(40), "the end of the poll", closed).await;
        assert_eq!(update["object"]["votersCount"], 2, "{update}");
        assert_eq!(update["object"]["oneOf"][0]["replies"]["totalItems"], 2, "{update}");
        assert_eq!(update["object"]["oneOf"][1]["replies"]["totalItems"], 0, "the first vote stands");
        // The servers of who voted hear it too, and nobody hears who that was.
        let heard = async || {
            let told = town.resident.told("Update", &id);
            holds(!told.is_empty(), || seen(&town.resident.inbox()))
        };
        eventually("the end, at a voter's server", heard).await;
        let everywhere = [town.follower.inbox(), town.resident.inbox(), town.partner.inbox()].concat();
        let votes = everywhere.iter().filter(|one| String::from_utf8_lossy(&one.body).contains("#votes/"));
        assert_eq!(votes.count(), 0, "a vote is never passed on");
        let path = id.strip_prefix("http://wijk.test").expect("ours");
        let page = town.server.get(path, HTML).await.text();
        assert!(page.contains("2 stemmen") && page.contains("gesloten"), "{page}");
    }

    async fn a_post_of_ours_changes_and_goes(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];
        let made = town.server.json(&[&post[..], &["De brug is dicht"]].concat()).await;
        let id = made["id"].as_str().expect("an id").to_owned();
        town.page_comes_to_say("De brug is dicht").await;

        town.server.does(&["post", "edit", &id, "De brug is open"]).await;
        town.page_comes_to_say("De brug is open").await;
        assert!(!town.wijk_page().await.says("De brug is dicht"));
        town.server.does(&["post", "delete", &id]).await;
        for kind in ["Update", "Delete"] {
            let told = async || {
                holds(!town.follower.told(kind, &id).is_empty(), || seen(&town.follower.inbox()))
            };
            eventually(kind, told).await;
        }
        let path = id.strip_prefix("http://wijk.test").expect("ours");
        let gone = town.server.get(path, ACTIVITY_JSON).await;
        assert_eq!((gone.status, &gone.json()["formerType"]), (410, &json!("Note")));
        for again in [&["post", "delete", &id][..], &["post", "edit", &id, "Toch niet"][..]] {
            let said = town.server.run(again).await;
            assert_eq!(said.code, Some(1), "{again:?}: {said:?}");
        }
    }

    async fn what_does_not_fit_together_is_refused_in_one_line(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];
        for (wrong, field) in [
            (&["--starts", "2040-06-01T14:00", "Tekst"][..], "starts"),
            (&["--place", "Plein", "Tekst"][..], "place"),
            (&["--ends", "2040-06-01T14:00", "Tekst"][..], "ends"),
            (&["--option", "a", "--option", "b", "Tekst"][..], "option"),
            (&["--kind", "event", "--starts", "2040-06-01T14:00", "Tekst"][..], "title"),
            (&["--kind", "event", "--title", "T", "Tekst"][..], "starts"),
            (
                &["--kind", "event", "--title", "T", "--starts", "2040-06-01T14:00", "--ends", "2040-06-01T13:00", "x"][..],
                "ends",
            ),
            (&["--kind", "poll", "--option", "a", "--option", "b", "Tekst"][..], "ends"),
            (&["--kind", "poll", "--ends", "2020-01-01T00:00", "--option", "a", "--option", "b", "x"][..], "ends"),
            (&["--kind", "poll", "--ends", "2040-01-01T00:00", "--option", "a", "x"][..], "option"),
            (&["--kind", "poll", "--ends", "2040-01-01T00:00", "--option", "a", "--option", "a", "x"][..], "option"),
        ] {
            let said = town.server.run(&[&post[..], wrong].concat()).await;
            assert_eq!((said.code, said.stderr.lines().count()), (Some(1), 1), "{wrong:?}: {said:?}");
            assert!(said.stderr.starts_with(&format!("likejewijk: {field}:")), "{wrong:?}: {said:?}");
        }
        let said = town.server.run(&[&post[..], &["--kind", "roddel", "Tekst"]].concat()).await;
        assert_eq!(said.code, Some(2), "{said:?}");
    }
}
