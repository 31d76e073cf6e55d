//! Those about the form in which a server is told.

use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::instances::Kind as ServerKind;
use likejewijk::neighbourhood::posts::{Kind, Raw, RawKind};
use likejewijk::neighbourhood::submissions::withdraw;

use likejewijk::neighbourhood::posts::receive::Received;
use serde_json::json;

use super::{offered, partner, path, receive, specimen};
use crate::federation::house::{House, NOW};
use crate::federation::reporting::passed_on;
use crate::federation::saying::burendag;
use crate::federation::speaks::keep;
use crate::federation::understands::{act, known};

/// Lemmy 1.0 refuses a Note inside an Announce that answers nothing; both refuse a bare Page, and what does not address
/// the community.
#[tokio::test]
async fn g02_lemmy_is_told_of_a_create_that_addresses_its_community() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.follower("old.example", ("lemmy", "0.19.15"), &wijk.actor).await;
    house.follower("new.example", ("lemmy", "1.0.0-beta.1"), &wijk.actor).await;
    let officer = partner(&house, &wijk).await;
    let id = "https://politie.example/statuses/1";
    let object = json!({ "id": id, "type": "Note", "to": [wijk.actor.uri], "cc": [] });
    let create = json!({ "id": format!("{id}/activity"), "type": "Create", "actor": officer.uri,
        "to": [wijk.actor.uri], "cc": [], "object": object });
    let raw = Raw { kind: RawKind::Create, json: create.to_string(), is_signed: false };
    receive(&house, &officer, Received { raw: Some(raw), ..offered(&wijk, id) }).await;
    assert_eq!(house.heard("old.example").await, ["Announce Create"]);
    assert_eq!(house.heard("new.example").await, [""; 0]);

    // What we write is a Page to both.
    let author = house.playground(&wijk).await;
    house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    for host in ["old.example", "new.example"] {
        let told = house.told(host).await;
        let announce = told.last().unwrap();
        assert_eq!(announce["object"]["type"], "Create", "{host}: {announce}");
        assert_eq!(announce["object"]["object"]["type"], "Page", "{host}");
        for part in [&announce["object"], &announce["object"]["object"]] {
            assert_eq!(part["to"][0], wijk.actor.uri.as_str(), "{host}: {part}");
        }
    }
}

#[tokio::test]
async fn g16_a_report_goes_to_the_authors_server_when_a_moderator_ticks_it() {
    let (mastodon, lemmy) =
        ("https://social.example/users/resident1", "https://lemmy.example/u/resident2");
    keep("flag", passed_on(mastodon, "mastodon/create_note", ServerKind::Microblog).await);
    let flag = passed_on(lemmy, "lemmy/create_page", ServerKind::Threadiverse).await;
    keep("flag_for_threadiverse", flag);
}

/// Gancio ends on an attachment without `mediaType`, and needs `name`, `startTime` and `id`.
#[tokio::test]
async fn g21_every_attachment_of_an_event_has_a_media_type() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let event = house.write_post(&author, &wijk, Kind::Event, burendag()).await;
    let json = house.get(path(event.uri.as_str())).await.json();
    let attached = json["attachment"].as_array().unwrap();
    assert!(!attached.is_empty() && attached.iter().all(|one| one["mediaType"].is_string()));
    for needed in ["id", "name", "startTime"] {
        assert!(json[needed].is_string(), "{needed}");
    }
    // Mobilizon reads a place only where it has an id.
    assert!(json["location"]["id"].is_string());
}

/// Whoever likes an event on Mastodon does not sign up for it: nobody is answered, and the event counts one like more.
#[tokio::test]
async fn g23_a_like_of_an_event_is_never_attendance() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let event = house.write_post(&author, &wijk, Kind::Event, burendag()).await;
    let mut before = house.get(path(event.uri.as_str())).await.json();
    let said = house.said().await.len();
    let mut like = specimen("mastodon/like");
    like["object"] = event.uri.as_str().into();
    known(&house, like["actor"].as_str().unwrap()).await;
    act(&house, &like).await.unwrap();
    before["likes"]["totalItems"] = 1.into();
    assert_eq!(house.get(path(event.uri.as_str())).await.json(), before, "nothing else changed");
    assert_eq!(house.said().await.len(), said, "nobody is answered");
}

/// An Undo of an Announce is nothing to Mbin: it is told of a removal by the moderation instead.
#[tokio::test]
async fn g29_mbin_is_told_of_a_removal_and_of_no_undo() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.follower("mbin.example", ("mbin", "1.8.0"), &wijk.actor).await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    house.said().await;
    let by = Moderator::operator(wijk.id());
    house.write(move |c| withdraw::by_moderator(c, &post, &by, "duplicate", NOW)).await;
    let heard = house.heard("mbin.example").await;
    assert_eq!(heard, ["Announce Create", "Announce Delete"]);
    let told = house.told("mbin.example").await;
    let delete = &told.last().unwrap()["object"];
    assert_eq!(delete["actor"], "https://wijk.example/actors/moderatie", "{delete}");
    assert!(delete["summary"].is_string(), "{delete}");
}
