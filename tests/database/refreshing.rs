//! Whose documents are read again after a week, how many at a time, and what becomes of those that do not come.

use std::time::Duration;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::schema::{follows as rows, lost_followers as lost};
use likejewijk::foundation::domain::Domain;
use likejewijk::neighbourhood::actors::{Actor, store as actors_store};
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::outgoing::{Patience, store};
use likejewijk::neighbourhood::stale_actors::{self, MOST, OF_ONE_HOST};
use likejewijk::neighbourhood::submissions::decide;
use likejewijk::neighbourhood::wijken::Wijk;
use likejewijk::neighbourhood::{follows, lost_followers};

use super::delivering::{send, turn, unreachable};
use super::rooms::{NOW, Rooms, later, mention, moderator, person, uri};
use crate::harness::each_database;

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
const PATIENCE: Patience = Patience { scale: 1.0 };

/// The names of those who are to be asked for.
async fn claimed(rooms: &Rooms, now: Time) -> Vec<String> {
    let claimed = rooms.write(move |c| stale_actors::claim(c, PATIENCE, now)).await;
    claimed.into_iter().map(|actor| actor.username).collect()
}

/// Somebody who follows the wijk.
async fn follower(rooms: &Rooms, wijk: &Wijk, host: &str, name: &str) -> Actor {
    let (wijk, actor) = (wijk.clone(), person(host, name));
    rooms
        .write(move |c| {
            let actor = actors_store::keep(c, &actor)?;
            follows::ask(c, &actor, &wijk, &uri(&format!("{}/follow", actor.uri)), NOW)?;
            // Its answer is not what is told here.
            for answer in store::claim(c, 64, NOW)? {
                store::park(c, answer.seq)?;
            }
            Ok(actor)
        })
        .await
}

async fn days_gone(rooms: &Rooms, actor: &Actor) -> Option<i32> {
    let id = actor.id;
    rooms
        .write(move |c| {
            let days = lost::table.filter(lost::actor_id.eq(id)).select(lost::days_gone);
            Ok(days.load::<i32>(c)?.pop())
        })
        .await
}

each_database! {
    async fn who_matters_here_is_read_again_after_a_week(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        follower(&rooms, &wijk, "a.example", "follower").await;
        let officer = rooms.person("b.example", "partner").await;
        rooms.partner(&wijk, &officer, None).await;
        let author = rooms.person("c.example", "author").await;
        rooms.arrives(&author, &mention(&author, &wijk, "Goedgekeurd"), NOW).await;
        let card = rooms.waiting(&wijk).await.remove(0).submission.id;
        let by = moderator(&wijk);
        rooms.write(move |c| decide::approve(c, card, None, &by, NOW)).await;
        rooms.person("d.example", "passer-by").await;
        let refused = rooms.person("e.example", "waiting").await;
        rooms.arrives(&refused, &mention(&refused, &wijk, "Wacht nog"), NOW).await;

        assert!(claimed(&rooms, later(WEEK - 1)).await.is_empty(), "not before the week is over");
        let mut due = claimed(&rooms, later(WEEK)).await;
        due.sort();
        assert_eq!(due, ["author", "follower", "partner"]);
        assert!(claimed(&rooms, later(WEEK + DAY - 1)).await.is_empty(), "once a day");
        assert_eq!(claimed(&rooms, later(WEEK + DAY)).await.len(), 3);
    }

    async fn some_are_asked_for_at_a_time_and_few_of_one_server(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let (of_one, most) = (usize::try_from(OF_ONE_HOST).unwrap(), usize::try_from(MOST).unwrap());
        for number in 0..=of_one {
            follower(&rooms, &wijk, "groot.example", &format!("g{number}")).await;
        }
        for number in 0..most {
            follower(&rooms, &wijk, &format!("s{number}.example"), "anna").await;
        }
        let first = claimed(&rooms, later(WEEK)).await;
        assert_eq!(first.len(), most);
        assert_eq!(first.iter().filter(|name| name.starts_with('g')).count(), of_one);
        let second = claimed(&rooms, later(WEEK)).await;
        assert_eq!(second.len(), of_one + 1, "the others, and nobody twice");
        assert!(claimed(&rooms, later(WEEK)).await.is_empty());
    }

    async fn who_is_not_heard_and_who_does_not_answer_is_left_alone(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        follower(&rooms, &wijk, "geblokkeerd.example", "blocked").await;
        follower(&rooms, &wijk, "rust.example", "resting").await;
        let what = Blocked::Domain(Domain::parse("geblokkeerd.example").unwrap());
        rooms.write(move |c| blocks::add(c, "geblokkeerd.example", &what, None, None, NOW)).await;
        send(&rooms, 1, &["rust.example"], later(WEEK)).await;
        turn(&rooms, "rust.example", later(WEEK), |_| unreachable()).await.unwrap();
        assert!(claimed(&rooms, later(WEEK)).await.is_empty());
        assert_eq!(claimed(&rooms, later(WEEK + 3_600)).await, ["resting"], "it rested long enough");
    }

    async fn a_server_without_an_answer_rests_and_one_actor_does_not_hold_up_the_others(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        follower(&rooms, &wijk, "a.example", "broken").await;
        let (at, other) = (later(WEEK), follower(&rooms, &wijk, "a.example", "other").await);
        assert_eq!(claimed(&rooms, at).await, ["broken", "other"]);
        let id = other.id;
        rooms.write(move |c| stale_actors::passed_over(c, id, PATIENCE, at)).await;
        assert!(claimed(&rooms, later(WEEK + 3_599)).await.is_empty(), "it rests for an hour");
        assert_eq!(claimed(&rooms, later(WEEK + 3_600)).await, ["other"], "the other not for its day");

        let new = Actor { fetched_at: later(WEEK + DAY), inbox: format!("{}/nieuw", other.uri),
                          shared_inbox: None, ..other.clone() };
        rooms
            .write(move |c| {
                let kept = actors_store::keep(c, &new)?;
                stale_actors::came(c, &kept)
            })
            .await;
        let (id, inbox) = (other.id, format!("{}/nieuw", other.uri));
        let heard_at = rooms.write(move |c| {
            let row = rows::table.filter(rows::follower_id.eq(id)).select(rows::inbox);
            Ok(row.first::<String>(c)?)
        });
        assert_eq!(heard_at.await, inbox);
        assert_eq!(claimed(&rooms, later(WEEK + 2 * DAY)).await, ["broken"], "it is known still");
    }

    async fn who_is_gone_counts_one_day_and_is_not_asked_for_twice(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let gone = follower(&rooms, &wijk, "a.example", "gone").await;
        let partner = rooms.person("b.example", "partner").await;
        rooms.partner(&wijk, &partner, None).await;
        let at = later(WEEK);
        assert_eq!(claimed(&rooms, at).await.len(), 2);
        for _ in 0..2 {
            let ids = [gone.id, partner.id];
            rooms.write(move |c| ids.iter().try_for_each(|id| stale_actors::is_gone(c, *id, PATIENCE, at))).await;
        }
        assert_eq!((days_gone(&rooms, &gone).await, days_gone(&rooms, &partner).await), (Some(1), None));
        let due = rooms.write(move |c| lost_followers::due(c, 10, later(WEEK + DAY - 1))).await;
        assert!(due.is_empty(), "not twice on one day");
        assert!(claimed(&rooms, later(2 * WEEK - 1)).await.is_empty(), "who said no is left for a week");
        assert_eq!(claimed(&rooms, later(2 * WEEK)).await, ["partner"], "the follower is asked after daily as it is");

        let (id, day) = (gone.id, Duration::from_secs(DAY));
        assert!(!rooms.write(move |c| lost_followers::is_gone(c, id, day, later(WEEK + DAY))).await);
        assert!(rooms.write(move |c| lost_followers::is_gone(c, id, day, later(WEEK + 2 * DAY))).await);
    }
}
