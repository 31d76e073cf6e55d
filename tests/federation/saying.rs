//! All kinds of posts, as we say them, from their beginning over their changes to their end.

use std::time::Duration;

use likejewijk::foundation::clock::{HERE, Time};
use likejewijk::foundation::text::SafeHtml;
use likejewijk::neighbourhood::follows;
use likejewijk::neighbourhood::posts::event::{Event, EventStatus, Place};
use likejewijk::neighbourhood::posts::poll::Poll;
use likejewijk::neighbourhood::posts::{Kind, Post, Shown};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};
use serde_json::{Value, json};

use super::house::{House, NOW, saying, uri};
use super::speaks::{keep, keep_page};

pub(super) fn burendag() -> Shown {
    let time = |text: &str| Time::parse_rfc3339(text).unwrap();
    Shown {
        title: Some("Burendag in Bloemhof".to_owned()),
        event: Some(Event {
            starts_at: time("2027-09-25T12:00:00Z"),
            ends_at: Some(time("2027-09-25T15:00:00Z")),
            time_zone: Some(HERE.to_owned()),
            status: EventStatus::Confirmed,
            place: Some(Place::parse("Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam")),
            online_url: None,
        }),
        ..saying("Taart, muziek en een plantenruil.")
    }
}

pub(super) fn path(post: &Post) -> &str {
    post.uri.as_str().strip_prefix("https://wijk.example").unwrap()
}

/// Made of the id, which differs from run to run.
fn without_uuid(mut json: Value) -> Value {
    let uuid = json.get_mut("uuid").expect("a uuid").take();
    assert_eq!(uuid.as_str().map(str::len), Some(36), "{uuid}");
    json["uuid"] = "[uuid]".into();
    json
}

#[tokio::test]
async fn an_event_of_ours() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let event = house.write_post(&author, &wijk, Kind::Event, burendag()).await;
    let json = house.get(path(&event)).await.json();
    keep("event", without_uuid(json.clone()));
    assert!(event.uri.as_str().contains("/agenda/"), "{}", event.uri);
    assert_eq!(house.get(&path(&event).replace("agenda", "berichten")).await.status, 404);

    let mut agenda = house.get("/wijken/bloemhof/agenda").await.json();
    assert_eq!(agenda["orderedItems"][0]["uuid"], json["uuid"], "the same each time it is asked");
    agenda["orderedItems"][0]["uuid"] = "[uuid]".into();
    keep("agenda", agenda);

    // It is cancelled: every server is told, in words and in fields.
    let (id, mut shown) = (event.id, burendag());
    shown.event.as_mut().unwrap().status = EventStatus::Cancelled;
    house
        .write(move |c| arrive::changed_here(c, id, &shown, NOW.plus(Duration::from_mins(5))))
        .await;
    let update = house.said().await["update_post"].clone();
    let object = &update["object"];
    assert_eq!(
        (&object["status"], &object["eventStatus"]),
        (&json!("CANCELLED"), &json!("EventCancelled"))
    );
    assert_eq!(object["name"], "GEANNULEERD: Burendag in Bloemhof");
    assert_eq!(object["updated"], "2026-11-24T09:05:00Z");

    house.app.clock.advance(Duration::from_hours(24 * 400));
    assert_eq!(house.get("/wijken/bloemhof/agenda").await.json()["totalItems"], 0, "it is over");
}

#[tokio::test]
async fn the_agenda_is_in_order_and_holds_what_is_to_come() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let at = |days: u64| {
        let mut shown = burendag();
        let event = shown.event.as_mut().unwrap();
        (event.starts_at, event.ends_at) = (NOW.plus(Duration::from_hours(24 * days)), None);
        shown
    };
    let later = house.write_post(&author, &wijk, Kind::Event, at(9)).await;
    let sooner = house.write_post(&author, &wijk, Kind::Event, at(2)).await;
    let mut past = at(0);
    past.event.as_mut().unwrap().starts_at = NOW.minus(Duration::from_hours(24));
    house.write_post(&author, &wijk, Kind::Event, past).await;
    let agenda = house.get("/wijken/bloemhof/agenda").await.json();
    let ids: Vec<&str> = agenda["orderedItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [sooner.uri.as_str(), later.uri.as_str()]);
    assert_eq!(house.get("/wijken/bloemhof").await.json()["upcomingEvents"], agenda["id"]);
}

#[tokio::test]
async fn a_poll_of_ours() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let shown = Shown {
        poll: Some(Poll {
            options: vec!["Plein".to_owned(), "Speeltuin".to_owned()],
            is_multiple: false,
            ends_at: Some(NOW.plus(Duration::from_hours(168))),
        }),
        ..saying("Waar moet de nieuwe bank komen?")
    };
    let poll = house.write_post(&author, &wijk, Kind::Poll, shown).await;
    assert!(poll.uri.as_str().contains("/peilingen/"), "{}", poll.uri);
    keep_page("question", &house.get(path(&poll)).await);
}

#[tokio::test]
async fn an_alert_says_so_in_its_words_and_hides_behind_none() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let shown = Shown { title: Some("Gaslek".to_owned()), ..saying("Blijf binnen.") };
    let alert = house.write_post(&author, &wijk, Kind::Alert, shown).await;
    let json = house.get(path(&alert)).await.json();
    assert!(
        json["content"].as_str().unwrap().starts_with("<p><strong>⚠ Melding: Gaslek</strong></p>"),
        "{json}"
    );
    assert_eq!((json.get("summary"), &json["type"]), (None, &json!("Note")));
    assert_eq!(json["contentMap"]["nl"], json["content"], "letter for letter: GoToSocial compares");
}

#[tokio::test]
async fn hashtags_lead_to_our_pages() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let links = house.app.links.clone();
    let (content, tags) =
        SafeHtml::from_plain_with_tags("Vers brood #Bakker", |tag| links.tag(tag));
    let shown = Shown { content, tags, ..saying("") };
    let post = house.write_post(&author, &wijk, Kind::Tip, shown).await;
    let json = house.get(path(&post)).await.json();
    let tag =
        json!({"type": "Hashtag", "href": "https://wijk.example/tags/bakker", "name": "#bakker"});
    assert!(json["tag"].as_array().unwrap().contains(&tag), "{json}");
    assert!(json["content"].as_str().unwrap().contains("https://wijk.example/tags/bakker"));
}

/// Every edit goes up in `updated`, also a second one in the same second and one that takes an edit back.
#[tokio::test]
async fn an_edit_and_its_end() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let resident = house.stranger("social.example", "resident1").await;
    let followed = wijk.clone();
    house
        .write(move |c| {
            follows::ask(c, &resident, &followed, &uri("https://social.example/1"), NOW)
        })
        .await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is zaterdag dicht.").await;
    let mut updated = Vec::new();
    for text in ["De speeltuin is zondag dicht.", "De speeltuin is zaterdag dicht."] {
        let (id, shown) = (post.id, Shown { title: Some("Dicht".to_owned()), ..saying(text) });
        house.write(move |c| arrive::changed_here(c, id, &shown, NOW)).await;
        let update = house.said().await["update_post"].clone();
        assert!(update["object"]["content"].as_str().unwrap().contains(text), "{update}");
        updated.push(update["object"]["updated"].as_str().unwrap().to_owned());
        if updated.len() == 1 {
            keep("update_post", update);
        }
    }
    assert!(updated[0] < updated[1] && post.published_at.rfc3339() < updated[0], "{updated:?}");
    assert_eq!(house.get(path(&post)).await.json()["updated"], updated[1].as_str());
    assert_eq!(heard(&house, "update_post").await, ["https://social.example/inbox"; 2]);

    let uri = post.uri.clone();
    house.write(move |c| withdraw::deleted(c, &author, &uri, None, NOW)).await;
    assert_eq!(house.said().await["delete_post"]["object"]["formerType"], "Note");
    assert_eq!(house.get(path(&post)).await.status, 410);
}

async fn heard(house: &House, word: &'static str) -> Vec<String> {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
    use likejewijk::foundation::database::schema::{deliveries, outgoing};
    house
        .write(move |c| {
            let seqs = outgoing::table.filter(outgoing::word.eq(word)).select(outgoing::seq);
            let heard = deliveries::table.filter(deliveries::seq.eq_any(seqs));
            Ok(heard.select(deliveries::inbox).load::<String>(c)?)
        })
        .await
}
