//! The deliveries' queue, as a worker uses it: in order, patient, and never in the way of others.

use std::time::Duration;

use diesel::{QueryDsl, RunQueryDsl};
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::database::schema::hosts;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::ids::{ActivityId, ActorId, PostId};
use likejewijk::neighbourhood::actors::store as actors_store;
use likejewijk::neighbourhood::outgoing::queue::{self, Delivery, HostLine, Note, Turn};
use likejewijk::neighbourhood::outgoing::{Outcome, Patience, Word, store};
use likejewijk::neighbourhood::posts::Kind;
use likejewijk::neighbourhood::submissions::arrive;

use super::rooms::{NOW, Rooms, later, saying};
use crate::harness::each_database;

const PATIENCE: Patience = Patience { scale: 1.0 };
/// No jitter.
const MIDDLE: f64 = 0.5;

fn host(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn failed() -> Outcome {
    Outcome::Failed { problem: "answered 500".to_owned(), retry_after: None }
}

pub(super) fn unreachable() -> Outcome {
    Outcome::Unreachable { problem: "refused".to_owned(), retry_after: None }
}

/// Something about that post for one inbox at each host.
pub(super) async fn send(rooms: &Rooms, post: i64, to: &'static [&'static str], now: Time) {
    rooms
        .write(move |c| {
            store::say(c, &Word::CreatePost { post: PostId(post) }, now)?;
            let pending = store::claim(c, 1, now)?.remove(0);
            let activity = ActivityId::next(now);
            let new = store::NewActivity {
                id: activity,
                signer: ActorId(1),
                post: None,
                is_public: true,
                json: "{}",
            };
            store::keep_activity(c, &new, now)?;
            let inboxes: Vec<store::Addressed> = to
                .iter()
                .map(|name| store::Addressed {
                    inbox: format!("https://{name}/inbox"),
                    host: host(name),
                    activity,
                })
                .collect();
            let made = store::Made { activity: Some(activity), embedded: None };
            store::expanded(c, &pending, made, &inboxes, None, now)?;
            store::wake(c, &to.iter().map(|name| host(name)).collect(), now)
        })
        .await;
}

/// One turn of a worker at that host: what `answer` says becomes of each delivery, by the number of its post. `None`
/// where the host may not be tried yet.
pub(super) async fn turn(
    rooms: &Rooms,
    name: &str,
    now: Time,
    answer: impl Fn(&str) -> Outcome,
) -> Option<Vec<String>> {
    let wanted = host(name);
    let held = rooms
        .write(move |c| {
            let mut held = queue::claim(c, 64, false, now)?;
            held.extend(queue::claim(c, 64, true, now)?);
            Ok(held)
        })
        .await;
    let held = held.into_iter().find(|held| held.host == wanted)?;
    let at = held.host.clone();
    let due =
        rooms.write(move |c| Ok(queue::due(c, &[&at], now)?.remove(&at).unwrap_or_default())).await;
    let mut notes: Vec<Note> = Vec::new();
    for delivery in due {
        // As deliver.rs does: nothing behind what was not taken about the same object.
        let is_held_up = |note: &Note| {
            note.delivery.object == delivery.object
                && matches!(note.outcome, Outcome::Failed { .. } | Outcome::Unauthorised(_))
        };
        if notes.iter().any(is_held_up) {
            continue;
        }
        let outcome = answer(post_of(&delivery));
        // And as there: a host that fails ends the turn, one poisoned post does not.
        let is_over = match &outcome {
            Outcome::Unreachable { .. } => true,
            Outcome::Failed { .. } => delivery.refusals + 1 < 3,
            _ => false,
        };
        notes.push(Note { delivery, outcome });
        if is_over {
            break;
        }
    }
    let tried = notes.iter().map(|note| post_of(&note.delivery).to_owned()).collect();
    let turns = [Turn { held, notes }];
    rooms.write(move |c| queue::note(c, &turns, PATIENCE, MIDDLE, now)).await;
    Some(tried)
}

fn post_of(delivery: &Delivery) -> &str {
    delivery.object.strip_prefix("post/").unwrap()
}

async fn line(rooms: &Rooms, name: &str) -> Option<HostLine> {
    let wanted = host(name);
    let lines = rooms.write(queue::by_host).await;
    lines.into_iter().find(|line| line.host == wanted)
}

async fn next_try(rooms: &Rooms, name: &str) -> Time {
    let name = host(name);
    rooms.write(move |c| Ok(hosts::table.find(&name).select(hosts::not_before).first(c)?)).await
}

each_database! {
    async fn a_host_gets_what_waits_in_order(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        for post in [3, 1, 3, 2] {
            send(&rooms, post, &["a.example", "b.example"], NOW).await;
        }
        let tried = turn(&rooms, "a.example", NOW, |_| Outcome::Taken).await.unwrap();
        assert_eq!(tried, ["3", "1", "3", "2"]);
        assert!(line(&rooms, "a.example").await.is_none(), "nothing waits there any more");
        let there = line(&rooms, "b.example").await.unwrap();
        assert_eq!((there.waiting, there.failures, there.dead), (4, 0, 0));
    }

    async fn an_alert_goes_before_what_waits(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["b.example"], NOW).await;
        rooms.write(|c| store::say(c, &Word::CreatePost { post: PostId(3) }, NOW)).await;
        let links = rooms.links.clone();
        let alert = move |c: &mut Connection| {
            let redactie = actors_store::find(c, wijk.row.redactie_id)?;
            let shown = saying("Gaslek in de Lindestraat");
            let post = arrive::written_here(c, &links, &wijk, &redactie, Kind::Alert, &shown, NOW)?;
            let pending = store::claim(c, 1, NOW)?.remove(0);
            assert_eq!(pending.word.post(), Some(post.id), "given its form before older words");
            let activity = ActivityId::next(NOW);
            let new = store::NewActivity {
                id: activity,
                signer: redactie.id,
                post: Some(post.id),
                is_public: true,
                json: "{}",
            };
            store::keep_activity(c, &new, NOW)?;
            let made = store::Made { activity: Some(activity), embedded: None };
            let inbox = "https://b.example/inbox".to_owned();
            let to = [store::Addressed { inbox, host: host("b.example"), activity }];
            store::expanded(c, &pending, made, &to, None, NOW)?;
            store::wake(c, &[host("b.example")].into(), Time::ZERO)?;
            Ok(post.id)
        };
        let alert = rooms.write(alert).await;
        let first = rooms.write(|c| queue::claim(c, 1, false, later(1))).await;
        assert_eq!(first[0].host, host("b.example"), "though another waits as long");
        rooms.leases_run_out().await;
        let tried = turn(&rooms, "b.example", later(1), |_| Outcome::Taken).await.unwrap();
        assert_eq!(tried, [alert.to_string(), "2".to_owned()]);
    }

    async fn one_host_is_held_by_one_worker(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        let claim = || rooms.database.write(|c| queue::claim(c, 64, false, NOW));
        let (one, two, three) = tokio::join!(claim(), claim(), claim());
        let held = [one, two, three].map(|held| held.unwrap().len());
        assert_eq!(held.iter().sum::<usize>(), 1);
        assert!(rooms.write(|c| queue::claim(c, 64, false, later(1))).await.is_empty());
        rooms.leases_run_out().await;
        assert_eq!(rooms.write(|c| queue::claim(c, 64, false, later(3600))).await.len(), 1);
    }

    async fn a_refused_activity_is_dead_and_the_next_goes_on(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["a.example"], NOW).await;
        let answer = |post: &str| if post == "1" { Outcome::Refused("answered 400".to_owned()) } else { Outcome::Taken };
        assert_eq!(turn(&rooms, "a.example", NOW, answer).await.unwrap(), ["1", "2"]);
        let there = line(&rooms, "a.example").await.unwrap();
        assert_eq!((there.waiting, there.failures, there.dead), (0, 0, 1), "no fault of the host");
    }

    /// Posts 1 and 2; the first is answered 500 for ever. Behind it waits another word about it.
    async fn what_fails_three_times_steps_aside_and_dies_after_eight(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["a.example"], NOW).await;
        send(&rooms, 1, &["a.example"], NOW).await;
        let poison = |post: &str| if post == "1" { failed() } else { Outcome::Taken };
        let mut turns = Vec::new();
        let mut now = NOW;
        while line(&rooms, "a.example").await.is_some_and(|line| line.dead == 0) && turns.len() < 20 {
            if let Some(tried) = turn(&rooms, "a.example", now, poison).await {
                turns.extend((!tried.is_empty()).then(|| tried.join(" ")));
            }
            now = next_try(&rooms, "a.example").await.plus(Duration::from_millis(1));
        }
        assert_eq!(turns[..3], ["1", "1", "1 2"], "the third time another object may pass");
        assert!(turns[3..].iter().all(|tried| tried == "1"), "never the next word about it: {turns:?}");
        assert_eq!(turns.len(), 8);
        let there = line(&rooms, "a.example").await.unwrap();
        assert_eq!((there.dead, there.waiting), (1, 1));
    }

    /// A host that answers 500 to everything is no poisoned post, whatever it sends us meanwhile.
    async fn what_fails_like_everything_else_does_not_die(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        let mut now = NOW;
        for _ in 0..30 {
            let _ = turn(&rooms, "a.example", now, |_| failed()).await;
            now = next_try(&rooms, "a.example").await.plus(Duration::from_millis(1));
            let at = now;
            rooms.write(move |c| queue::heard_from(c, &[&host("a.example")].into(), at)).await;
            now = now.plus(Duration::from_millis(1));
            if now.since(NOW) > Duration::from_hours(13 * 24) {
                break;
            }
        }
        let there = line(&rooms, "a.example").await.unwrap();
        assert_eq!((there.dead, there.waiting), (0, 1), "it took nothing, so nothing is poisoned");
    }

    async fn a_host_that_does_not_answer_is_left_alone_longer_and_longer(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["a.example"], NOW).await;
        let mut now = NOW;
        for wait in [10, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 86_400] {
            assert_eq!(turn(&rooms, "a.example", now, |_| unreachable()).await.unwrap(), ["1"]);
            assert_eq!(next_try(&rooms, "a.example").await.since(now), Duration::from_secs(wait));
            assert!(turn(&rooms, "a.example", now.plus(Duration::from_secs(wait - 1)), |_| Outcome::Taken).await.is_none());
            now = now.plus(Duration::from_secs(wait));
        }
        assert_eq!(line(&rooms, "a.example").await.unwrap().failures, 10);
        assert_eq!(turn(&rooms, "a.example", now, |_| Outcome::Taken).await.unwrap(), ["1", "2"]);
        send(&rooms, 3, &["a.example"], now).await;
        assert_eq!(line(&rooms, "a.example").await.unwrap().failures, 0);
    }

    async fn who_is_heard_from_is_tried_at_once(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        for at in [0, 10, 70] {
            turn(&rooms, "a.example", later(at), |_| unreachable()).await.unwrap();
        }
        assert!(turn(&rooms, "a.example", later(71), |_| Outcome::Taken).await.is_none());
        rooms.write(|c| queue::heard_from(c, &[&host("a.example")].into(), later(72))).await;
        assert_eq!(turn(&rooms, "a.example", later(72), |_| Outcome::Taken).await.unwrap(), ["1"]);
    }

    async fn after_fourteen_days_what_waited_that_long_is_dead_and_can_be_retried(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (old, young) = (NOW, later(10 * 86_400));
        send(&rooms, 1, &["a.example"], old).await;
        send(&rooms, 2, &["a.example"], young).await;
        let over = later(14 * 86_400 + 1);
        turn(&rooms, "a.example", over, |_| unreachable()).await.unwrap();
        let there = line(&rooms, "a.example").await.unwrap();
        assert_eq!((there.dead, there.waiting), (1, 1));

        let retry = |name: &'static str| rooms.database.write(move |c| queue::retry(c, &host(name), over));
        retry("a.example").await.unwrap();
        assert!(retry("b.example").await.is_err(), "nothing was ever sent there");
        assert_eq!(turn(&rooms, "a.example", over, |_| Outcome::Taken).await.unwrap(), ["1", "2"]);
    }

    /// 401: their server could not fetch our key; others may pass, and after 48 hours it is over.
    async fn who_does_not_believe_us_is_asked_again_for_two_days(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 1, &["a.example"], NOW).await;
        send(&rooms, 2, &["a.example"], NOW).await;
        let answer = |post: &str| if post == "1" { Outcome::Unauthorised("answered 401".to_owned()) } else { Outcome::Taken };
        assert_eq!(turn(&rooms, "a.example", NOW, answer).await.unwrap(), ["1", "2"]);
        let mut now = NOW;
        while line(&rooms, "a.example").await.is_some_and(|line| line.dead == 0) {
            now = next_try(&rooms, "a.example").await.plus(Duration::from_millis(1));
            assert_eq!(turn(&rooms, "a.example", now, answer).await.unwrap(), ["1"]);
            assert!(now.since(NOW) < Duration::from_hours(4 * 24));
        }
        assert!(now.since(NOW) > Duration::from_hours(2 * 24));
    }
}
