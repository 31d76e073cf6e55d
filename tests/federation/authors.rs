//! What the followers of an author of ours hear, each in the one form that its server reads.

use std::time::Duration;

use likejewijk::foundation::text::SafeHtml;
use likejewijk::neighbourhood::actors::Actor;
use likejewijk::neighbourhood::posts::poll::Poll;
use likejewijk::neighbourhood::posts::{Kind, Post, Shown};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};
use serde_json::json;

use super::house::{House, NOW, saying};
use super::saying::burendag;

const LEMMY: (&str, &str) = ("lemmy", "0.19.15");

async fn changes(house: &House, post: &Post, shown: Shown) {
    let id = post.id;
    house.write(move |c| arrive::changed_here(c, id, &shown, NOW)).await;
}

async fn takes_away(house: &House, author: &Actor, post: &Post) {
    let (author, uri) = (author.clone(), post.uri.clone());
    house.write(move |c| withdraw::deleted(c, &author, &uri, None, NOW)).await;
}

/// Lemmy reads an author only inside a wijk's Announce; others read him too, but each post in one form.
#[tokio::test]
async fn communities_hear_a_post_of_ours_in_one_form() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    house.follower("lemmy.example", LEMMY, &wijk.actor).await;
    house.follower("lemmy.example", LEMMY, &author).await;
    house.follower("strange.example", LEMMY, &author).await;
    house.follower("mbin.example", ("mbin", "1.8.0"), &wijk.actor).await;
    house.follower("mbin.example", ("mbin", "1.8.0"), &author).await;
    house.follower("piefed.example", ("piefed", "1.3.0"), &author).await;
    house.follower("nodebb.example", ("nodebb", "4.5.0"), &author).await;
    house.follower("social.example", ("mastodon", "4.5.0"), &author).await;
    house.follower("social.example", ("mastodon", "4.5.0"), &wijk.actor).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is zaterdag dicht.").await;
    house.said().await;
    changes(&house, &post, saying("De speeltuin is zondag dicht.")).await;
    house.said().await;
    takes_away(&house, &author, &post).await;

    for community in ["lemmy.example", "mbin.example"] {
        let form = ["Announce Create", "Announce Update", "Announce Delete"];
        assert_eq!(house.heard(community).await, form, "{community}");
    }
    for author_only in ["piefed.example", "nodebb.example"] {
        let form = ["Create Note", "Update Note", "Delete Tombstone"];
        assert_eq!(house.heard(author_only).await, form, "{author_only}");
    }
    assert_eq!(house.heard("strange.example").await, [""; 0]);
    let mut boosted = house.heard("social.example").await;
    boosted.sort_unstable();
    let both = ["Announce id", "Create Note", "Delete Tombstone", "Undo Announce", "Update Note"];
    assert_eq!(boosted, both);
}

/// A Note may never be answered there.
#[tokio::test]
async fn gancio_hears_of_events_and_of_nothing_else() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    house.follower("gancio.example", ("gancio", "1.21.0"), &author).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    let question = Shown {
        content: SafeHtml::from_plain("Waar moet de bank komen?"),
        poll: Some(Poll {
            options: vec!["Plein".to_owned(), "Park".to_owned()],
            is_multiple: false,
            ends_at: Some(NOW.plus(Duration::from_hours(24))),
        }),
        ..Shown::default()
    };
    house.write_post(&author, &wijk, Kind::Poll, question).await;
    changes(&house, &post, saying("De speeltuin is open.")).await;
    takes_away(&house, &author, &post).await;
    assert_eq!(house.heard("gancio.example").await, [""; 0]);

    let event = house.write_post(&author, &wijk, Kind::Event, burendag()).await;
    house.said().await;
    let mut moved = burendag();
    moved.title = Some("Burendag op het plein".to_owned());
    changes(&house, &event, moved).await;
    house.said().await;
    takes_away(&house, &author, &event).await;
    let heard = house.heard("gancio.example").await;
    assert_eq!(heard, ["Create Event", "Update Event", "Delete Tombstone"]);
    let told = house.told("gancio.example").await;
    for event in &told[..2] {
        assert!(event["object"]["attachment"].is_array(), "without it Gancio answers 500: {event}");
        assert!(event["object"]["location"].is_object(), "a bare name is refused: {event}");
    }
    assert_eq!(told[2]["object"]["formerType"], json!("Event"), "a bare id is answered 500");
}
