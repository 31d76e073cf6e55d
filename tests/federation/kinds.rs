//! All kinds of posts, as each server says them: warnings and summaries, titles, languages, hashtags, times, places, options.

use likejewijk::foundation::clock::Time;
use likejewijk::neighbourhood::posts::event::{EventStatus, Place};
use likejewijk::neighbourhood::posts::{Kind, ObjectType};

use super::house::House;
use super::understands::{post, specimen};

/// Name, type, title, warning, how its text begins, language, hashtags.
type Shape = (
    &'static str,
    ObjectType,
    Option<&'static str>,
    Option<&'static str>,
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
);

const POSTS: [Shape; 10] = [
    (
        "mastodon/create_question",
        ObjectType::Question,
        None,
        None,
        "@bloemhof Waar moet de bank?",
        Some("nl"),
        &[],
    ),
    (
        "mastodon/create_note_with_warning",
        ObjectType::Note,
        None,
        Some("Dode dieren"),
        "@bloemhof De muis is gevangen.",
        Some("nl"),
        &["muizen"],
    ),
    (
        "mobilizon/create_event",
        ObjectType::Event,
        Some("Burendag in Bloemhof"),
        None,
        "Taart en een plantenruil.",
        None,
        &["burendag"],
    ),
    (
        "gancio/create_event",
        ObjectType::Event,
        Some("Muziek op het plein"),
        None,
        "Het plein, zondag 6 december 14:00\n\nNeem een stoel mee.",
        None,
        &["muziek"],
    ),
    // Its summary is an excerpt of its text: said once.
    (
        "wordpress/create_article",
        ObjectType::Article,
        Some("De bibliotheek is terug"),
        None,
        "De bibliotheek gaat weer open. Ook op zaterdag.",
        Some("nl"),
        &["boeken"],
    ),
    (
        "wordpress/create_event",
        ObjectType::Event,
        Some("Voorlezen"),
        None,
        "Kom luisteren naar de wethouder.\n\nVoor alle leeftijden.",
        Some("nl"),
        &[],
    ),
    (
        "piefed/create_page",
        ObjectType::Page,
        Some("Gratis kast"),
        None,
        "Af te halen.",
        None,
        &["weggeven"],
    ),
    ("misskey/create_question", ObjectType::Question, None, None, "Koffie of thee?", None, &[]),
    (
        "friendica/create_article",
        ObjectType::Article,
        Some("Straatfeest"),
        None,
        "Straatfeest\nZaterdag in de straat.",
        Some("nl"),
        &[],
    ),
    (
        "lemmy/create_page",
        ObjectType::Page,
        Some("Wie heeft mijn fiets gezien?"),
        None,
        "Een rode fiets, sinds gisteren weg.",
        None,
        &["bloemhof"],
    ),
];

#[tokio::test]
async fn every_kind_is_read_as_its_server_means_it() {
    let house = House::open().await;
    for (name, object_type, title, warning, text, language, tags) in POSTS {
        let read = post(&house, &specimen(name)["object"]).await.unwrap().received;
        let shown = &read.shown;
        assert_eq!(read.object_type, object_type, "{name}");
        assert_eq!(
            (shown.title.as_deref(), shown.summary.as_deref(), shown.content.to_plain().as_str()),
            (title, warning, text),
            "{name}"
        );
        assert_eq!(shown.language.as_deref(), language, "{name}");
        assert_eq!(shown.tags, tags, "{name}");
        assert_eq!(shown.event.is_some(), object_type == ObjectType::Event, "{name}");
        assert_eq!(shown.poll.is_some(), object_type == ObjectType::Question, "{name}");
    }
    assert_eq!(Kind::of(ObjectType::Event), Kind::Event);
    assert_eq!(Kind::of(ObjectType::Question), Kind::Poll);
    assert_eq!(Kind::of(ObjectType::Page), Kind::News);
}

#[tokio::test]
async fn calendars_say_when_and_where() {
    let house = House::open().await;
    let time = |text: &str| Time::parse_rfc3339(text).unwrap();
    for (name, starts, ends, status, line, point, online) in [
        (
            "mobilizon/create_event",
            "2026-12-05T13:00:00Z",
            Some("2026-12-05T16:00:00Z"),
            EventStatus::Confirmed,
            "Speeltuin Bloemhof, Speelplein 3, 3073 AA Rotterdam",
            Some((51.8891, 4.5032)),
            None,
        ),
        (
            "gancio/create_event",
            "2026-12-06T13:00:00Z",
            None,
            EventStatus::Confirmed,
            "Het plein, Bloemhofplein, Rotterdam",
            Some((51.89, 4.5)),
            Some("https://meet.example/plein"),
        ),
        (
            "wordpress/create_event",
            "2026-12-09T10:30:00Z",
            Some("2026-12-09T11:30:00Z"),
            EventStatus::Cancelled,
            "Bibliotheek, Putsebocht 3, Rotterdam",
            None,
            None,
        ),
    ] {
        let read = post(&house, &specimen(name)["object"]).await.unwrap().received;
        let event = read.shown.event.unwrap();
        assert_eq!((event.starts_at, event.ends_at), (time(starts), ends.map(time)), "{name}");
        assert_eq!(event.status, status, "{name}");
        assert_eq!(event.place.as_ref().map(Place::line).as_deref(), Some(line), "{name}");
        assert_eq!(event.online_url.as_deref(), online, "{name}");
        let there = event.place.and_then(|place| place.coordinates);
        let there = there.map(|there| (there.latitude(), there.longitude()));
        assert_eq!(there, point, "{name}");
    }
}

/// A place may be a bare name; a time may come without an offset, and may be nonsense.
#[tokio::test]
async fn odd_events_are_read_as_far_as_they_go() {
    let house = House::open().await;
    let mut json = specimen("gancio/create_event")["object"].clone();
    json["location"] = "De kerk".into();
    json["startTime"] = "2026-12-06T14:00:00".into();
    let event = post(&house, &json).await.unwrap().received.shown.event.unwrap();
    assert_eq!(event.place.map(|place| place.line()).as_deref(), Some("De kerk"));
    assert_eq!(event.starts_at.rfc3339(), "2026-12-06T13:00:00Z");
    json["startTime"] = "overmorgen".into();
    let read = post(&house, &json).await.unwrap().received.shown;
    assert_eq!((read.event, read.title.as_deref()), (None, Some("Muziek op het plein")));
}

#[tokio::test]
async fn a_poll_says_what_can_be_chosen_and_how_it_stands() {
    let house = House::open().await;
    let read =
        post(&house, &specimen("mastodon/create_question")["object"]).await.unwrap().received;
    let (poll, tally) = (read.shown.poll.unwrap(), read.tally.unwrap());
    assert_eq!(
        (poll.options.as_slice(), poll.is_multiple),
        (&["Plein".into(), "Park".into()][..], false)
    );
    let votes: Vec<i64> = tally.counts.iter().map(|count| count.votes).collect();
    assert_eq!((votes, tally.voters, tally.closed_at), (vec![3, 2], Some(5), None));
    let read = post(&house, &specimen("misskey/create_question")["object"]).await.unwrap().received;
    assert!(read.shown.poll.unwrap().is_multiple);
    assert_eq!(read.tally.unwrap().voters, None);

    // The same question with other counts is the same version: an approval pins the question.
    let closed =
        post(&house, &specimen("mastodon/update_question")["object"]).await.unwrap().received;
    let open =
        post(&house, &specimen("mastodon/create_question")["object"]).await.unwrap().received;
    assert_eq!(closed.shown.hash().unwrap(), open.shown.hash().unwrap());
    assert!(closed.tally.unwrap().closed_at.is_some());
}

#[tokio::test]
async fn p18_arrays_and_texts_are_cut() {
    let house = House::open().await;
    let mut json = specimen("mastodon/create_question")["object"].clone();
    let option =
        |n: usize| serde_json::json!({"type": "Note", "name": format!("{n}{}", "x".repeat(9000))});
    json["oneOf"] = (0..90).map(option).collect::<Vec<_>>().into();
    let tag = |n: usize| serde_json::json!({"type": "Hashtag", "name": format!("#tag{n}")});
    json["tag"] = (0..90).map(tag).collect::<Vec<_>>().into();
    let shown = post(&house, &json).await.unwrap().received.shown;
    let options = shown.poll.unwrap().options;
    assert_eq!((options.len(), shown.tags.len()), (20, 20));
    assert!(options.iter().all(|option| option.chars().count() <= 200));
}
