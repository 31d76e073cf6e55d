//! R1–R3: kill -9 at any moment; what comes twice has effect once.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use tokio::task::JoinSet;

use super::load::{Load, each_waits_once};
use crate::harness::{Activity, Answer, Neighbour, Note, Town, each_database, eventually, holds};

each_database! {
    async fn r1_kill_9_loses_nothing_that_was_taken(db: TestDatabase) {
        let mut town = Town::new(db).await;
        let load = Load::begin(&town);
        for round in 0..10 {
            load.goes_on(15 + round * 7 % 30).await;
            town.server.restart().await;
        }
        load.goes_on(10).await;

        let taken = load.ends().await;

        each_waits_once(&town, &taken).await;
    }

    async fn r2_kill_9_loses_nothing_that_had_to_leave(db: TestDatabase) {
        let mut town = Town::new(db).await;
        let followers = twenty_followers(&town).await;
        for follower in &followers {
            let slow = Duration::from_millis(u64::from(follower.host.as_bytes()[1] % 8) * 25);
            town.foreign
                .inboxes_answer(&follower.host, move |_| Answer::status(202).after(slow));
        }

        let mut notes = Vec::new();
        for round in 0..6 {
            for number in 0..2 {
                notes.push(insists(&town.partner, &format!("bericht {round}.{number}")).await);
            }
            let newest = notes.last().expect("a note");
            let some = async || {
                let told = followers.iter().filter(|f| !f.announcements_of(newest).is_empty());
                let told = told.count();
                holds(told > round * 3, || format!("{told} hosts"))
            };
            eventually("some hosts were told", some).await;
            town.server.restart().await;
        }

        for note in &notes {
            let all = async || {
                let untold = followers.iter().filter(|f| f.announcements_of(note).is_empty());
                let untold: Vec<&str> = untold.map(|f| f.host.as_str()).collect();
                holds(untold.is_empty(), || format!("not told: {untold:?}"))
            };
            eventually(&format!("everybody is told of {}", note.words), all).await;
            let ids: HashSet<String> =
                followers.iter().flat_map(|f| f.announcements_of(note)).collect();
            assert_eq!(ids.len(), 1, "one announcement, one id: {ids:?}");
        }
    }

    async fn r3_what_comes_a_hundred_times_has_effect_once(db: TestDatabase) {
        let mut town = Town::new(db).await;
        let note = town.partner.note("Honderd keer hetzelfde");
        town.partner.publishes(&note);
        let create = Activity::create(&note);

        assert_eq!(fifty_times(&town.partner, &create).await, BTreeSet::from([202]));
        town.announced(&note).await;
        town.server.restart().await;
        assert_eq!(fifty_times(&town.partner, &create).await, BTreeSet::from([202]));

        town.everything_is_handled().await;
        assert_eq!(town.follower.announcements_of(&note).len(), 1);
        let page = town.wijk_page().await.text();
        assert_eq!(page.matches(&note.words).count(), 1, "{page}");
    }
}

/// Each on a server of his own.
async fn twenty_followers(town: &Town) -> Vec<Neighbour> {
    let mut followers = Vec::new();
    for number in 0..20u8 {
        let letter = char::from(b'a' + number);
        let follower = town.foreign.person(&format!("h{letter}.many.test"), "follower");
        let follow = follower.follows().await;
        followers.push((follower, follow));
    }
    for (follower, follow) in &followers {
        town.accepts(follower, follow).await;
    }
    followers.into_iter().map(|(follower, _)| follower).collect()
}

/// Writes a post and sends it until it is taken, as Mastodon would.
async fn insists(author: &Neighbour, words: &str) -> Note {
    let note = author.note(words);
    author.publishes(&note);
    let create = Activity::create(&note);
    let taken = async || holds(author.tries(&create).await, || "not taken".to_owned());
    eventually(&format!("{words} is taken"), taken).await;
    note
}

/// The answers to fifty at once, by turns to the shared inbox and the wijk's own.
async fn fifty_times(who: &Neighbour, activity: &Activity) -> BTreeSet<u16> {
    let mut sending = JoinSet::new();
    for turn in 0..50 {
        let inbox = if turn % 2 == 0 { "/inbox" } else { "/wijken/bloemhof/inbox" };
        let (who, letter) = (who.clone(), who.letter_to(inbox, activity));
        sending.spawn(async move { who.hands_in(&letter).await.status });
    }
    sending.join_all().await.into_iter().collect()
}
