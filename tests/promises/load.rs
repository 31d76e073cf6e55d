//! Residents of many servers who keep writing to the wijk, whatever happens to its server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::{Activity, Neighbour, Town, eventually, holds, within};

use tokio::task::JoinSet;

const WRITERS: usize = 8;
const PACE: Duration = Duration::from_millis(50);

pub(super) struct Load {
    /// Ids of the posts that were answered 202.
    taken: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Load {
    pub(super) fn begin(town: &Town) -> Load {
        let mut load =
            Load { taken: Arc::default(), over: Arc::default(), writers: JoinSet::new() };
        for number in 0..WRITERS {
            let writer = town.foreign.person(&format!("schrijver{number}.many.test"), "resident");
            load.writers.spawn(keep_writing(
                writer,
                Arc::clone(&load.taken),
                Arc::clone(&load.over),
            ));
        }
        load
    }

    /// Waits until this many more posts were taken.
    pub(super) async fn goes_on(&self, more: usize) {
        let count = || self.taken.lock().expect("the list").len();
        let before = count();
        let more_taken =
            async || holds(count() >= before + more, || format!("{}", count() - before));
        eventually(&format!("{more} more posts are taken"), more_taken).await;
    }

    /// Everybody stops writing; ids of what was answered 202.
    pub(super) async fn ends(mut self) -> Vec<String> {
        self.over.store(true, Ordering::SeqCst);
        while let Some(writer) = self.writers.join_next().await {
            writer.expect("a writer stops by himself");
        }
        self.taken.lock().expect("the list").clone()
    }
}

/// Every post that was answered 202 waits, and waits once.
pub(super) async fn each_waits_once(town: &Town, taken: &[String]) {
    assert!(!taken.is_empty(), "nothing was taken: that proves nothing");
    let all_wait = async || {
        let mut times: HashMap<String, usize> = HashMap::new();
        for submission in town.queue().await {
            let post = submission["post"].as_str().unwrap_or_default().to_owned();
            *times.entry(post).or_default() += 1;
        }
        let missing = taken.iter().filter(|id| !times.contains_key(*id)).count();
        holds(missing == 0, || format!("{missing} of {} missing", taken.len())).map(|()| times)
    };
    let times = within(Duration::from_secs(20), "everything taken waits", all_wait).await;
    let double: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
    assert!(double.is_empty(), "more than once: {double:?}");
}

async fn keep_writing(writer: Neighbour, taken: Arc<Mutex<Vec<String>>>, over: Arc<AtomicBool>) {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !over.load(Ordering::SeqCst) {
        pace.tick().await;
        let note = writer.note("Nog een bericht uit de wijk");
        writer.publishes(&note);
        if writer.tries(&Activity::create(&note)).await {
            taken.lock().expect("the list").push(note.id);
        }
    }
}
