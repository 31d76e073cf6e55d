//! Inboxes that moved, followers who are gone, and servers that are silent for good.

use std::time::Duration;

use likejewijk::foundation::clock::Time;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::ids::ActorId;
use likejewijk::neighbourhood::actors::{Actor, store as actors_store};
use likejewijk::neighbourhood::outgoing::{Outcome, queue, store};
use likejewijk::neighbourhood::wijken::Wijk;
use likejewijk::neighbourhood::{follows, lost_followers};

use super::delivering::{send, turn, unreachable};
use super::rooms::{NOW, Rooms, later, person, uri};
use crate::harness::each_database;

const DAY: Duration = Duration::from_hours(24);
const MONTH: Duration = Duration::from_hours(30 * 24);

fn host(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

async fn follow(rooms: &Rooms, wijk: &Wijk, follower: &Actor) -> Actor {
    let (wijk, follower) = (wijk.clone(), follower.clone());
    rooms
        .write(move |c| {
            let follower = actors_store::keep(c, &follower)?;
            follows::ask(c, &follower, &wijk, &uri(&format!("{}/follow", follower.uri)), NOW)?;
            // Its answer is not what is told here.
            for answer in store::claim(c, 64, NOW)? {
                store::park(c, answer.seq)?;
            }
            Ok(follower)
        })
        .await
}

/// Where the wijk's followers hear it, those who follow now and those who did.
async fn heard_at(rooms: &Rooms, wijk: &Wijk) -> Vec<String> {
    let targets = [wijk.actor.id];
    let inboxes = rooms.write(move |c| follows::inboxes(c, &targets, Some(NOW), 0, 100)).await;
    inboxes.into_iter().map(|(_, inbox)| inbox).collect()
}

async fn followers(rooms: &Rooms, wijk: &Wijk) -> i64 {
    let id = wijk.actor.id;
    rooms.write(move |c| follows::count(c, id)).await
}

async fn suspect(rooms: &Rooms, name: &str, inbox: &str) {
    let (host, inbox) = (host(name), inbox.to_owned());
    rooms.write(move |c| lost_followers::suspect(c, &host, &inbox, NOW)).await;
}

async fn due(rooms: &Rooms, now: Time) -> Vec<ActorId> {
    let due = rooms.write(move |c| lost_followers::due(c, 10, now)).await;
    due.into_iter().map(|(actor, _)| actor).collect()
}

async fn is_gone(rooms: &Rooms, actor: ActorId, now: Time) -> bool {
    rooms.write(move |c| lost_followers::is_gone(c, actor, DAY, now)).await
}

async fn silent(rooms: &Rooms, now: Time) -> Vec<String> {
    let silent = rooms.write(move |c| lost_followers::silent_hosts(c, MONTH, now)).await;
    silent.iter().map(ToString::to_string).collect()
}

each_database! {
    async fn what_waits_goes_to_the_new_inbox_in_order_and_once(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        for post in [1, 2] {
            send(&rooms, post, &["a.example"], NOW).await;
        }
        let moved = |old: &'static str, new: &'static str| {
            rooms.write(move |c| queue::inbox_moved(c, &host("a.example"), old, new))
        };
        moved("https://a.example/inbox", "https://a.example/new").await;
        let due = rooms.write(|c| queue::due(c, &[&host("a.example")], NOW)).await;
        let due = &due[&host("a.example")];
        let seen: Vec<_> = due.iter().map(|row| (row.object.as_str(), row.inbox.as_str(), row.is_sent_on)).collect();
        assert_eq!(seen, [("post/1", "https://a.example/new", true), ("post/2", "https://a.example/new", true)]);
    }

    async fn a_follower_who_is_gone_on_three_days_follows_no_more(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let alone = Actor { shared_inbox: None, ..person("klein.example", "anna") };
        let alone = follow(&rooms, &wijk, &alone).await;
        let other = follow(&rooms, &wijk, &person("groot.example", "bert")).await;
        suspect(&rooms, "groot.example", other.shared_inbox.as_deref().unwrap()).await;
        assert!(due(&rooms, NOW).await.is_empty(), "a shared inbox says nothing of anybody");
        for _ in 0..2 {
            suspect(&rooms, "klein.example", &alone.inbox).await;
        }
        assert_eq!(due(&rooms, NOW).await, [alone.id]);

        assert!(!is_gone(&rooms, alone.id, NOW).await);
        assert!(due(&rooms, later(86_399)).await.is_empty(), "once a day");
        // A day without an answer is no day.
        let id = alone.id;
        rooms.write(move |c| lost_followers::is_unknown(c, id, DAY, later(86_400))).await;
        assert!(!is_gone(&rooms, alone.id, later(2 * 86_400)).await);
        assert_eq!(followers(&rooms, &wijk).await, 2);
        assert!(is_gone(&rooms, alone.id, later(3 * 86_400)).await);
        assert_eq!(followers(&rooms, &wijk).await, 1);
        assert!(heard_at(&rooms, &wijk).await.contains(&alone.inbox), "of a withdrawal it still hears");
        assert!(due(&rooms, later(9 * 86_400)).await.is_empty());
    }

    async fn a_follower_who_is_there_after_all_stays(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let alone = Actor { shared_inbox: None, ..person("klein.example", "anna") };
        let alone = follow(&rooms, &wijk, &alone).await;
        suspect(&rooms, "klein.example", &alone.inbox).await;
        for day in 0..2 {
            assert!(!is_gone(&rooms, alone.id, later(day * 86_400)).await);
        }
        let id = alone.id;
        rooms.write(move |c| lost_followers::is_there(c, id)).await;
        assert!(!is_gone(&rooms, alone.id, later(3 * 86_400)).await);
        assert_eq!(followers(&rooms, &wijk).await, 1);
    }

    async fn a_server_that_is_silent_for_thirty_days_loses_its_followers(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        for (host, name) in [("weg.example", "anna"), ("weg.example", "bert"), ("er.example", "carla")] {
            follow(&rooms, &wijk, &person(host, name)).await;
        }
        send(&rooms, 1, &["weg.example"], NOW).await;
        turn(&rooms, "weg.example", NOW, |_| unreachable()).await.unwrap();
        assert!(silent(&rooms, NOW.plus(MONTH)).await.is_empty(), "nobody tried at the end");
        let over = NOW.plus(MONTH + DAY);
        send(&rooms, 2, &["weg.example"], over).await;
        turn(&rooms, "weg.example", over, |_| unreachable()).await.unwrap();
        assert_eq!(silent(&rooms, over).await, ["weg.example"]);

        assert!(!rooms.write(move |c| lost_followers::end_follows_of(c, &host("weg.example"), over)).await);
        assert_eq!(followers(&rooms, &wijk).await, 1);
        assert!(heard_at(&rooms, &wijk).await.contains(&"https://weg.example/inbox".to_owned()));
        assert!(silent(&rooms, over).await.is_empty(), "once");
    }

    async fn a_server_that_is_heard_from_begins_anew(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        follow(&rooms, &wijk, &person("weg.example", "anna")).await;
        send(&rooms, 1, &["weg.example"], NOW).await;
        turn(&rooms, "weg.example", NOW, |_| unreachable()).await.unwrap();
        rooms.write(|c| queue::heard_from(c, &[&host("weg.example")].into(), later(60))).await;
        let over = NOW.plus(MONTH + DAY);
        send(&rooms, 2, &["weg.example"], over).await;
        turn(&rooms, "weg.example", over, |_| unreachable()).await.unwrap();
        assert!(silent(&rooms, over).await.is_empty());
    }

    /// 410 buries that one activity and says nothing of the host.
    async fn a_gone_inbox_is_no_fault_of_its_host(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["a.example"], NOW).await;
        let answer = |post: &str| if post == "1" { Outcome::Gone("answered 410".to_owned()) } else { Outcome::Taken };
        assert_eq!(turn(&rooms, "a.example", NOW, answer).await.unwrap(), ["1", "2"]);
        let lines = rooms.write(queue::by_host).await;
        assert_eq!((lines[0].dead, lines[0].failures), (1, 0));
    }
}
