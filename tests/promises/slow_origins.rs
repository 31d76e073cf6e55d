//! A server that keeps us waiting keeps nobody else waiting.

use std::time::Duration;

use crate::harness::{Activity, Answer, Town, each_database, holds, within};

/// More than are acted on at once.
const MANY: usize = 80;
/// Less than what a dripping answer is given up after.
const PROMPTLY: Duration = Duration::from_secs(5);

each_database! {
    async fn one_slow_origin_does_not_take_every_place(db: TestDatabase) {
        let town = Town::new(db).await;
        let slow = town.foreign.person("traag.many.test", "schrijver");
        for number in 0..MANY {
            let note = slow.note(&format!("bericht {number}"));
            town.foreign.shows(&note.id, Answer::activity(&note.at_its_origin()).dripping());
            slow.says(&Activity::create(&note)).await;
        }

        let note = town.resident.writes("De lantaarn op de hoek is kapot").await;

        let waits = async || {
            let queue = town.queue().await;
            holds(queue.iter().any(|s| s["post"] == note.id.as_str()), || format!("{queue:?}"))
        };
        within(PROMPTLY, "the resident's post waits", waits).await;
    }
}
