//! R4 and R10: a receiver that is away catches up in order; one that chokes on one thing gets the
//! rest.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::harness::{
    Activity, Answer, FAR, Note, Received, Town, each_database, eventually, holds, seen, within,
};

each_database! {
    async fn r4_a_receiver_that_was_down_catches_up_in_order(db: TestDatabase) {
        let town = Town::new(db).await;
        let far = town.foreign.person(FAR, "follower");
        let follow = far.follows().await;
        town.accepts(&far, &follow).await;

        town.foreign.door().shut();
        let mut notes = Vec::new();
        for number in 0..12 {
            let note = town.partner.writes(&format!("bericht {number}")).await;
            town.announced(&note).await;
            notes.push(note);
        }
        let tried = async || {
            let times = town.foreign.door().turned_away();
            holds(times >= 3, || format!("{times} tries"))
        };
        eventually("a few tries while it is down", tried).await;
        assert!(notes.iter().all(|note| far.announcements_of(note).is_empty()));
        let waiting = row_of(&town, FAR).await.expect("a row for the host");
        assert_eq!(waiting["waiting"], notes.len(), "{waiting}");
        assert!(waiting["failures"].as_u64() >= Some(1), "{waiting}");
        town.foreign.door().open();

        let all = async || holds(told(&far.inbox()).len() >= notes.len(), || seen(&far.inbox()));
        eventually("it catches up", all).await;
        let order: Vec<String> = notes.iter().map(|note| note.id.clone()).collect();
        assert_eq!(told(&far.inbox()), order, "in order");
    }

    async fn r4_deliveries_retry_does_not_wait(db: TestDatabase) {
        let town = Town::with(db, &[("RETRY_SCALE", "0.9")]).await;
        let far = town.foreign.person(FAR, "follower");
        let follow = far.follows().await;
        town.accepts(&far, &follow).await;
        town.foreign.door().shut();
        let note = town.partner.writes("bericht").await;
        let tried = async || holds(town.foreign.door().turned_away() > 0, || "no try".to_owned());
        eventually("a try while it is down", tried).await;
        let noted = async || match row_of(&town, FAR).await {
            Some(row) if row["failures"].as_u64() >= Some(1) => Ok(()),
            row => Err(format!("{row:?}")),
        };
        eventually("the failure is written down", noted).await;
        town.foreign.door().open();

        town.server.does(&["deliveries", "retry", FAR]).await;

        // Without it the next try would come after 9 s (± 20 %).
        let patience = Duration::from_secs(5);
        let came = async || holds(!far.announcements_of(&note).is_empty(), || seen(&far.inbox()));
        within(patience, "the announcement", came).await;
    }

    async fn r10_one_poisoned_item_does_not_hold_up_the_rest(db: TestDatabase) {
        let town = Town::with(db, &[("RETRY_SCALE", "0.0001")]).await;
        let host = "verslikt.many.test";
        let picky = town.foreign.person(host, "follower");
        let follow = picky.follows().await;
        town.accepts(&picky, &follow).await;
        let notes: Vec<Note> =
            (1..=6).map(|number| town.partner.note(&format!("bericht {number}"))).collect();
        let poison = notes[2].id.clone();
        town.foreign.inboxes_answer(host, move |received| {
            Answer::status(if received.field("/object") == poison { 500 } else { 202 })
        });

        for note in &notes {
            town.partner.posts(note).await;
            town.announced(note).await;
        }

        for note in [&notes[0], &notes[1], &notes[3], &notes[4], &notes[5]] {
            town.announced_to(&picky, note).await;
        }
        let dead = async || match row_of(&town, host).await {
            Some(row) if row["dead"] == 1 && row["waiting"] == 0 => Ok(()),
            row => Err(format!("{row:?}, got {}", seen(&picky.inbox()))),
        };
        eventually("the third is a dead letter", dead).await;
        let tries = picky.told("Announce", &notes[2].id).len();
        assert_eq!(tries, 8, "given up after 8 failures");

        town.foreign.inboxes_answer(host, |_| Answer::status(202));
        town.server.does(&["deliveries", "retry", host]).await;
        let again = async || {
            let now = picky.told("Announce", &notes[2].id).len();
            holds(now > tries, || seen(&picky.inbox()))
        };
        eventually("retried on demand", again).await;
    }

    /// Nobody goes anywhere unseen, and nothing is refused for it.
    async fn what_waits_while_the_blocks_cannot_be_read_goes_later(db: TestDatabase) {
        let town = Town::with(db, &[("RETRY_SCALE", "0.0001")]).await;
        let far = town.foreign.person(FAR, "follower");
        let follow = far.follows().await;
        town.accepts(&far, &follow).await;
        town.foreign.door().shut();
        let note = town.partner.writes("bericht").await;
        town.announced(&note).await;

        tell(&town, "ALTER TABLE blocks RENAME TO blocks_away");
        let unreadable = async || {
            let answer = far.sends(&Activity::follow(&far.id(), crate::harness::WIJK)).await;
            holds(answer.status >= 500, || format!("{}", answer.status))
        };
        eventually("the blocks cannot be read", unreadable).await;
        town.foreign.door().open();
        let before = failures(&town).await;
        let tried = async || {
            let failures = failures(&town).await;
            holds(failures > before, || format!("{failures} failures"))
        };
        eventually("a try that goes nowhere", tried).await;
        assert!(far.announcements_of(&note).is_empty(), "{}", seen(&far.inbox()));

        tell(&town, "ALTER TABLE blocks_away RENAME TO blocks");
        let came = async || holds(!far.announcements_of(&note).is_empty(), || seen(&far.inbox()));
        within(Duration::from_secs(20), "the announcement", came).await;
    }
}

/// Says something to the server's database behind its back.
fn tell(town: &Town, statement: &str) {
    let url = town.server.database.url();
    let told = match url.strip_prefix("sqlite:") {
        Some(path) => {
            let mut file = SqliteConnection::establish(path).expect("the file");
            file.batch_execute("PRAGMA busy_timeout = 5000").expect("patience");
            file.batch_execute(statement)
        }
        None => PgConnection::establish(&url).expect("the server").batch_execute(statement),
    };
    told.expect(statement);
}

async fn failures(town: &Town) -> u64 {
    let row = row_of(town, FAR).await.expect("a row for the host");
    assert_eq!(row["dead"], 0, "{row}");
    row["failures"].as_u64().expect("a number")
}

/// The row of `deliveries` for a host.
async fn row_of(town: &Town, host: &str) -> Option<serde_json::Value> {
    town.server.list(&["deliveries"]).await.into_iter().find(|row| row["host"] == host)
}

/// What was announced, in the order it came, repeated deliveries left out.
fn told(inbox: &[Received]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for announce in inbox.iter().filter(|r| r.field("/type") == "Announce") {
        let post = announce.field("/object");
        if !told.contains(&post) {
            told.push(post);
        }
    }
    told
}
