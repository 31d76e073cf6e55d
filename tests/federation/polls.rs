//! Votes in a poll of ours, what is told of them, and its end. The clock is the test's.

use std::time::Duration;

use diesel::{QueryDsl, RunQueryDsl};
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::schema::{arrivals, poll_votes};
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::text::SafeHtml;
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::polls;
use likejewijk::neighbourhood::posts::poll::Poll;
use likejewijk::neighbourhood::posts::{Kind, Post, Shown, store as posts_store};
use likejewijk::neighbourhood::submissions::store as submissions;
use likejewijk::neighbourhood::wijken::{self, NewWijk};
use serde_json::{Value, json};

use super::house::{House, NOW, uri};
use super::understands::{act, known, specimen};

const DAY: Duration = Duration::from_hours(24);

async fn poll(house: &House, is_multiple: bool) -> Post {
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let options = vec!["Plein".to_owned(), "Park".to_owned()];
    let shown = Shown {
        content: SafeHtml::from_plain("Waar moet de nieuwe bank komen?"),
        language: Some("nl".to_owned()),
        poll: Some(Poll { options, is_multiple, ends_at: Some(NOW.plus(DAY)) }),
        ..Shown::default()
    };
    house.write_post(&author, &wijk, Kind::Poll, shown).await
}

/// The specimen's vote, in this poll and for this.
fn vote(post: &Post, who: &str, option: &str) -> Value {
    let mut vote = specimen("mastodon/create_vote");
    let object = format!("{who}#votes/{}", option.replace(' ', "-"));
    vote["id"] = format!("{object}/activity").into();
    vote["actor"] = who.into();
    vote["object"]["id"] = object.into();
    vote["object"]["attributedTo"] = who.into();
    vote["object"]["inReplyTo"] = post.uri.as_str().into();
    vote["object"]["name"] = option.into();
    vote
}

async fn votes(house: &House, post: &Post) -> (i64, i64, Option<i64>) {
    let id = post.id;
    let ballot = house.write(move |c| polls::find(c, id)).await.unwrap();
    (ballot.votes("Plein"), ballot.votes("Park"), ballot.voters)
}

const JAN: &str = "https://social.example/users/jan";

#[tokio::test]
async fn a_vote_counts_once_and_the_first_stands() {
    let house = House::open().await;
    let post = poll(&house, false).await;
    known(&house, JAN).await;
    act(&house, &vote(&post, JAN, "Plein")).await.unwrap();
    assert_eq!(votes(&house, &post).await, (1, 0, Some(1)));
    for again in ["Plein", "Park", "De maan"] {
        act(&house, &vote(&post, JAN, again)).await.unwrap();
    }
    assert_eq!(votes(&house, &post).await, (1, 0, Some(1)));

    // GoToSocial sends several at once; of one choice only one counts.
    let school = known(&house, "https://gts.example/users/school").await;
    let mut several = specimen("gotosocial/create_votes");
    for note in several["object"].as_array_mut().unwrap() {
        note["inReplyTo"] = post.uri.as_str().into();
    }
    act(&house, &several).await.unwrap();
    assert_eq!(votes(&house, &post).await, (2, 0, Some(2)));
    assert_eq!(several["actor"], school.uri.as_str());
}

#[tokio::test]
async fn where_more_may_be_chosen_each_choice_counts() {
    let house = House::open().await;
    let post = poll(&house, true).await;
    known(&house, JAN).await;
    for choice in ["Plein", "Park", "Park"] {
        act(&house, &vote(&post, JAN, choice)).await.unwrap();
    }
    assert_eq!(votes(&house, &post).await, (1, 1, Some(1)));
}

/// A vote is no post and no submission, nobody reads its sender here, and nothing of its message is kept.
#[tokio::test]
async fn who_voted_is_not_kept() {
    let house = House::open().await;
    let post = poll(&house, false).await;
    known(&house, JAN).await;
    let sent = vote(&post, JAN, "Plein");
    act(&house, &sent).await.unwrap();
    let id = uri(sent["object"]["id"].as_str().unwrap());
    assert!(house.write(move |c| posts_store::by_uri(c, &id)).await.is_none());
    let rows: Vec<String> =
        house.write(|c| Ok(poll_votes::table.select(poll_votes::voter).load(c)?)).await;
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].contains("jan"), "{rows:?}");
    let kept: i64 = house.write(|c| Ok(arrivals::table.count().get_result(c)?)).await;
    assert_eq!(kept, 0);
    let wijk = house.write(|c| wijken::find(c, "bloemhof")).await.id();
    assert_eq!(house.write(move |c| submissions::waiting(c, wijk, true)).await.len(), 0);

    // Somebody else's vote in another's name is none.
    let mut forged = vote(&post, "https://social.example/users/piet", "Park");
    forged["object"]["attributedTo"] = JAN.into();
    known(&house, "https://social.example/users/piet").await;
    act(&house, &forged).await.unwrap();
    assert_eq!(votes(&house, &post).await, (1, 0, Some(1)));
}

async fn told_at(house: &House, now: Time) -> Option<Value> {
    house.write(move |c| polls::close_and_tell(c, now)).await;
    house.said().await.remove("update_poll")
}

#[tokio::test]
async fn counts_are_told_every_three_minutes_and_at_the_end() {
    let house = House::open().await;
    let post = poll(&house, false).await;
    known(&house, JAN).await;
    act(&house, &vote(&post, JAN, "Plein")).await.unwrap();
    assert_eq!(told_at(&house, NOW.plus(Duration::from_secs(170))).await, None, "not yet");

    let update = told_at(&house, NOW.plus(Duration::from_secs(181))).await.unwrap();
    let object = &update["object"];
    assert_eq!((&update["type"], &object["votersCount"]), (&json!("Update"), &json!(1)));
    assert_eq!(object["oneOf"][0]["replies"]["totalItems"], 1);
    assert_eq!((object.get("updated"), object.get("closed")), (None, None), "no edit, not closed");

    let end = NOW.plus(DAY);
    let closing = told_at(&house, end).await.unwrap();
    assert_eq!(closing["object"]["closed"], end.rfc3339());
    assert_ne!(closing["id"], update["id"]);
    let rows: i64 = house.write(|c| Ok(poll_votes::table.count().get_result(c)?)).await;
    assert_eq!(rows, 0, "who voted is forgotten");

    known(&house, "https://social.example/users/piet").await;
    act(&house, &vote(&post, "https://social.example/users/piet", "Park")).await.unwrap();
    assert_eq!(votes(&house, &post).await, (1, 0, Some(1)), "closed is closed");
}

/// A count is one for all who see it: whom a wijk that shows the poll does not hear has no part in it.
#[tokio::test]
async fn whom_the_wijk_blocks_does_not_count() {
    let house = House::open().await;
    let post = poll(&house, false).await;
    let wijk = house.write(|c| wijken::find(c, "bloemhof")).await.id();
    let elsewhere = house.app.links.clone();
    let other = NewWijk::prepare(&house.app.secret, &elsewhere, "lombok", "Lombok").unwrap();
    house
        .write(move |c| {
            let lombok = wijken::add(c, &elsewhere, &other, NOW)?.id();
            let jan = Blocked::Actor(uri(JAN));
            blocks::add(c, "jan", &jan, Some(wijk), None, NOW)?;
            let all = Blocked::Domain(Domain::parse("gts.example").unwrap());
            blocks::add(c, "gts.example", &all, Some(lombok), None, NOW)
        })
        .await;
    known(&house, JAN).await;
    act(&house, &vote(&post, JAN, "Plein")).await.unwrap();
    assert_eq!(votes(&house, &post).await, (0, 0, Some(0)));
    let kept: i64 = house.write(|c| Ok(arrivals::table.count().get_result(c)?)).await;
    assert_eq!(kept, 0, "forgotten like any vote");

    let school = "https://gts.example/users/school";
    known(&house, school).await;
    act(&house, &vote(&post, school, "Park")).await.unwrap();
    assert_eq!(votes(&house, &post).await, (0, 1, Some(1)), "another wijk's block is its own");
}
