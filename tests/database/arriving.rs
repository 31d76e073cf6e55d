//! What came in is kept once, acted on in order, tried again, and parked.

use std::time::Duration;

use likejewijk::foundation::clock::Time;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::secret::sha256;
use likejewijk::neighbourhood::arrivals::{self, Arrival, NewArrival};

use super::rooms::{NOW, Rooms, later, uri};
use crate::harness::each_database;

fn arrival(id: &str, body: &str, lane: &str) -> NewArrival {
    NewArrival {
        activity_uri: uri(&format!("https://a.example/{id}")),
        body_hash: sha256(body.as_bytes()),
        body: body.as_bytes().to_vec(),
        actor_uri: uri("https://a.example/users/x"),
        domain: Domain::parse("a.example").unwrap(),
        is_forwarded: false,
        lane: lane.to_owned(),
        is_answered_again: body.contains("Follow") && !body.contains("Undo"),
        received_at: NOW,
    }
}

/// At work at once of one server.
const SHARE: usize = 16;

/// Of that server, in a lane of its own.
fn of(host: &str, number: usize) -> NewArrival {
    NewArrival {
        activity_uri: uri(&format!("https://{host}/{number}")),
        domain: Domain::parse(host).unwrap(),
        ..arrival("", "Create", &format!("{host} {number}"))
    }
}

/// How many of these are of that server.
fn count_of(held: &[Arrival], host: &str) -> usize {
    held.iter().filter(|arrival| arrival.lane.starts_with(host)).count()
}

async fn keep(rooms: &Rooms, new: &NewArrival, now: Time) -> bool {
    let new = NewArrival { received_at: now, ..new.clone() };
    rooms.write(move |c| arrivals::keep(c, &[&new])).await == 1
}

async fn claim(rooms: &Rooms, now: Time) -> Vec<Arrival> {
    rooms.write(move |c| arrivals::claim(c, 64, now)).await
}

async fn done(rooms: &Rooms, held: &Arrival) {
    let id = held.id;
    rooms.write(move |c| arrivals::done(c, id, NOW)).await;
}

fn bodies(held: &[Arrival]) -> Vec<String> {
    held.iter().map(|one| String::from_utf8(one.body.clone().unwrap()).unwrap()).collect()
}

each_database! {
    async fn the_same_activity_is_acted_on_once(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let create = arrival("1", "Create", "post");
        let again = || {
            let create = create.clone();
            rooms.database.write(move |c| arrivals::keep(c, &[&create]))
        };
        let (a, b, c) = tokio::join!(again(), again(), again());
        let new: usize = [a, b, c].into_iter().map(Result::unwrap).sum();
        assert_eq!(new, 1);
        let held = claim(&rooms, NOW).await;
        assert_eq!(bodies(&held), ["Create"]);
        done(&rooms, &held[0]).await;
        assert!(!keep(&rooms, &create, later(1)).await);
        assert!(claim(&rooms, later(1)).await.is_empty());
        // The same id with other words is something else.
        assert!(keep(&rooms, &arrival("1", "Create, edited", "post"), later(1)).await);
        assert_eq!(claim(&rooms, later(1)).await.len(), 1);
        let counts = rooms.write(|c| arrivals::counts(c, later(1))).await;
        assert_eq!((counts.waiting, counts.parked, counts.done), (1, 0, 1));
        // Its body went when it was done; its hash is kept thirty days.
        assert_eq!(rooms.write(|c| arrivals::sweep(c, later(29 * 86_400))).await, 0);
        assert_eq!(rooms.write(|c| arrivals::sweep(c, later(31 * 86_400))).await, 1);
    }

    async fn a_follow_that_comes_again_is_acted_on_again(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let follow = arrival("follow", "Follow", "x follows w");
        for round in 0..3 {
            assert!(keep(&rooms, &follow, later(round * 100)).await);
            let held = claim(&rooms, later(round * 100)).await;
            assert_eq!(bodies(&held), ["Follow"], "round {round}");
            done(&rooms, &held[0]).await;
        }
    }

    /// A worker took the first a moment ago and is done with it: the lease of then must not hold up the second.
    async fn a_follow_that_comes_again_at_once_is_not_held_up(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let follow = arrival("follow", "Follow", "x follows w");
        keep(&rooms, &follow, NOW).await;
        let held = claim(&rooms, NOW).await;
        done(&rooms, &held[0]).await;
        keep(&rooms, &follow, later(1)).await;
        assert_eq!(claim(&rooms, later(2)).await.len(), 1, "within two seconds of asking again");
    }

    /// Gancio's Follow always has the same id: Follow, Undo, Follow ends in following.
    async fn a_follow_that_comes_again_comes_behind_the_undo_that_waits(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let follow = arrival("follow", "Follow", "x follows w");
        keep(&rooms, &follow, NOW).await;
        let held = claim(&rooms, NOW).await;
        done(&rooms, &held[0]).await;
        keep(&rooms, &arrival("undo", "Undo Follow", "x follows w"), later(100)).await;
        keep(&rooms, &follow, later(101)).await;
        let mut acted = Vec::new();
        loop {
            let held = claim(&rooms, later(200)).await;
            let Some(first) = held.first() else { break };
            acted.extend(bodies(&held[..1]));
            done(&rooms, first).await;
        }
        assert_eq!(acted, ["Undo Follow", "Follow"]);
    }

    async fn one_lane_is_acted_on_in_order_and_lanes_beside_each_other(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        for (id, body, lane) in [("1", "Create", "p"), ("2", "Update", "p"), ("3", "Create q", "q"), ("4", "Delete", "p")] {
            keep(&rooms, &arrival(id, body, lane), NOW).await;
        }
        let held = claim(&rooms, NOW).await;
        assert_eq!(bodies(&held), ["Create", "Create q"]);
        assert!(claim(&rooms, NOW).await.is_empty(), "the lane is taken");
        done(&rooms, &held[0]).await;
        let held = claim(&rooms, NOW).await;
        assert_eq!(bodies(&held), ["Update"]);
        // One that must be tried again holds its lane.
        let update = held[0].clone();
        rooms.write(move |c| arrivals::failed(c, &update, 1.0, NOW)).await;
        assert!(claim(&rooms, later(9)).await.is_empty());
        assert_eq!(bodies(&claim(&rooms, later(10)).await), ["Update"]);
    }

    /// A server that keeps whoever acts on its arrivals waiting: those of others are not behind them.
    async fn one_server_has_its_share_of_the_places(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        for number in 0..100 {
            keep(&rooms, &of("slow.example", number), NOW).await;
        }
        for number in 0..3 {
            keep(&rooms, &of("other.example", number), later(1)).await;
        }
        let held = claim(&rooms, later(1)).await;
        assert_eq!((count_of(&held, "slow.example"), count_of(&held, "other.example")), (SHARE, 3));
        assert!(!rooms.write(|c| arrivals::any_due(c, later(3))).await, "nothing that may be taken");
        assert!(claim(&rooms, later(3)).await.is_empty());

        for arrival in &held[..5] {
            done(&rooms, arrival).await;
        }
        assert!(rooms.write(|c| arrivals::any_due(c, later(4))).await);
        assert_eq!(claim(&rooms, later(4)).await.len(), 5);
        // What is held by nobody any more takes no place.
        rooms.leases_run_out().await;
        assert_eq!(count_of(&claim(&rooms, later(5)).await, "slow.example"), SHARE);
    }

    async fn what_fails_five_times_is_parked_and_can_be_retried(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        keep(&rooms, &arrival("1", "Poison", "p"), NOW).await;
        keep(&rooms, &arrival("2", "Behind it", "p"), NOW).await;
        let mut now = NOW;
        for (failure, wait) in [(1, 10), (2, 60), (3, 300), (4, 1800), (5, 0)] {
            let held = claim(&rooms, now).await;
            assert_eq!(bodies(&held), ["Poison"], "failure {failure}");
            let poison = held[0].clone();
            let is_parked = rooms.write(move |c| arrivals::failed(c, &poison, 1.0, now)).await;
            assert_eq!(is_parked, failure == 5);
            now = now.plus(Duration::from_secs(wait));
        }
        assert_eq!(bodies(&claim(&rooms, now).await), ["Behind it"], "the lane goes on");
        assert_eq!(rooms.write(move |c| arrivals::counts(c, now)).await.parked, 1);
        assert_eq!(rooms.write(move |c| arrivals::retry_parked(c, now)).await, 1);
        let held = claim(&rooms, now).await;
        assert_eq!((bodies(&held), held[0].tries), (vec!["Poison".to_owned()], 0));
    }

    async fn a_lease_ends_with_time_or_with_its_server(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        keep(&rooms, &arrival("1", "Create", "p"), NOW).await;
        assert_eq!(claim(&rooms, NOW).await.len(), 1);
        assert!(!rooms.write(|c| arrivals::any_due(c, later(1))).await);
        rooms.leases_run_out().await;
        assert_eq!(claim(&rooms, later(3600)).await.len(), 1);
        rooms.write(arrivals::free_leases).await;
        assert_eq!(claim(&rooms, later(3601)).await.len(), 1);
    }

    /// Several workers at once never hold the same one.
    async fn each_arrival_is_held_by_one_worker(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        for number in 0..40 {
            let of = of(&format!("s{}.example", number % 4), number);
            keep(&rooms, &NewArrival { lane: format!("lane {}", number % 20), ..of }, NOW).await;
        }
        let mut held = Vec::new();
        // On PostgreSQL a worker steps over what another looks at, and finds it the next time.
        for _ in 0..4 {
            let take = || rooms.database.write(|c| arrivals::claim(c, 10, NOW));
            let (a, b, c, d) = tokio::join!(take(), take(), take(), take());
            held.extend([a, b, c, d].into_iter().flat_map(Result::unwrap));
        }
        held.sort_by_key(|arrival| arrival.id);
        held.dedup_by_key(|arrival| arrival.id);
        let mut lanes: Vec<_> = held.iter().map(|arrival| arrival.lane.clone()).collect();
        lanes.sort();
        lanes.dedup();
        assert_eq!((held.len(), lanes.len()), (20, 20));
    }
}
