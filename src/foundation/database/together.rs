//! Use cases of one kind, written down together: what waits goes into one transaction, and only after its commit each
//! is answered; on SQLite before others that wait to write. On PostgreSQL a transaction costs its own round trips and
//! its own flush; on SQLite a savepoint.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::writer::Priority;
use super::{Connection, Database};
use crate::foundation::error::{Error, Result};

/// In one transaction.
const MOST: usize = 64;
/// Transactions under way at once: while one commits, the next gathers.
const AT_ONCE: usize = 2;

type Write<T> = fn(&mut Connection, &[T]) -> Result<()>;

struct Waiting<T> {
    item: T,
    answer: oneshot::Sender<Result<()>>,
}

/// Ends with its last clone.
#[derive(Clone)]
pub struct Together<T>(mpsc::Sender<Waiting<T>>);

impl<T: Send + Sync + 'static> Together<T> {
    /// `write` must take its locks in one order, whatever the items, or two processes wait for each other crosswise.
    #[must_use]
    pub fn start(database: Database, write: Write<T>) -> Self {
        let (sender, waiting) = mpsc::channel(MOST);
        #[expect(clippy::disallowed_methods, reason = "ends when the last sender is gone")]
        tokio::spawn(serve(database, waiting, write));
        Self(sender)
    }

    /// When this answers `Ok` it is on disk.
    pub async fn write(&self, item: T) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let stopped = || Error::Unavailable("nobody writes any more".to_owned());
        self.0.send(Waiting { item, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn serve<T: Send + Sync + 'static>(
    database: Database,
    mut waiting: mpsc::Receiver<Waiting<T>>,
    write: Write<T>,
) {
    let (mut batch, mut under_way) = (Vec::new(), JoinSet::new());
    while waiting.recv_many(&mut batch, MOST).await > 0 {
        under_way.spawn(write_all(database.clone(), std::mem::take(&mut batch), write));
        while under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn write_all<T: Send + Sync + 'static>(
    database: Database,
    batch: Vec<Waiting<T>>,
    write: Write<T>,
) {
    let (items, answers): (Vec<T>, Vec<_>) =
        batch.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
    let items = Arc::new(items);
    let all = items.clone();
    let mut outcome = database.write_in(Priority::First, move |c| write(c, &all)).await;
    let is_one = answers.len() == 1;
    for (place, answer) in answers.into_iter().enumerate() {
        let outcome = match &outcome {
            _ if is_one => std::mem::replace(&mut outcome, Ok(())),
            Ok(()) => Ok(()),
            Err(Error::Unavailable(problem)) => Err(Error::Unavailable(problem.clone())),
            // One of them was refused and took the others back with it: each alone.
            Err(_) => {
                let items = items.clone();
                let work = move |c: &mut Connection| write(c, std::slice::from_ref(&items[place]));
                database.write_in(Priority::First, work).await
            }
        };
        // Nobody waits any more where the request was dropped.
        let _ = answer.send(outcome);
    }
}
