//! SQLite's one writer: many waiting use cases, each in its own savepoint, one commit with one fsync for all, and
//! only then the answers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use diesel::SqliteConnection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::Connection;
use crate::foundation::error::{Error, Result};

/// More would make the first of a batch wait for the last.
const BATCH: usize = 256;

type Boxed = Box<dyn Any + Send>;
type Work = Box<dyn Fn(&mut Connection) -> Result<Boxed> + Send>;
type Answer = Box<dyn FnOnce(Result<Boxed>) + Send>;

struct Job {
    work: Work,
    answer: Answer,
}

#[derive(Clone)]
pub(super) struct Writer(Sender<Job>);

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (sender, receiver) = channel();
        std::thread::Builder::new()
            .name("database writer".to_owned())
            .spawn(move || serve(connection, &receiver))
            .map_err(Error::internal)?;
        Ok(Self(sender))
    }

    /// Answers after the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let job = Job {
            work: Box::new(move |conn| work(conn).map(|value| Box::new(value) as Boxed)),
            answer: Box::new(move |outcome| {
                // Nobody waits any more where the request was dropped.
                let _ = sender.send(outcome);
            }),
        };
        let stopped = || Error::Unavailable("the writer has stopped".to_owned());
        self.0.send(job).map_err(|_| stopped())?;
        let value = receiver.await.map_err(|_| stopped())??;
        value
            .downcast()
            .map(|value| *value)
            .map_err(|_| Error::internal("the writer mixed up two answers"))
    }
}

fn serve(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)).collect();
        run(&mut connection, batch);
    }
}

fn run(connection: &mut Connection, batch: Vec<Job>) {
    metrics::histogram!("likejewijk_database_batch")
        .record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    if let Err(e) = in_transaction(connection, &Step::Begin) {
        let problem = format!("cannot begin writing: {e}");
        for job in batch {
            (job.answer)(Err(Error::Unavailable(problem.clone())));
        }
        return;
    }
    let mut answers = Vec::with_capacity(batch.len());
    let mut broken = None;
    for job in batch {
        let outcome = match &broken {
            Some(problem) => Err(Error::Unavailable(String::clone(problem))),
            None => attempt(connection, &job.work),
        };
        if let Err(Error::Unavailable(problem)) = &outcome {
            broken.get_or_insert_with(|| problem.clone());
        }
        answers.push((job.answer, outcome));
    }
    let committed = match &broken {
        Some(problem) => {
            let _ = in_transaction(connection, &Step::Rollback);
            Err(problem.clone())
        }
        None => in_transaction(connection, &Step::Commit).map_err(|e| {
            let _ = in_transaction(connection, &Step::Rollback);
            format!("the commit failed: {e}")
        }),
    };
    for (answer, outcome) in answers {
        answer(match (&committed, outcome) {
            // A refusal stands whatever became of the others.
            (_, Err(e)) => Err(e),
            (Ok(()), Ok(value)) => Ok(value),
            (Err(problem), Ok(_)) => Err(Error::Unavailable(problem.clone())),
        });
    }
}

/// One use case; a clash of ids is the only reason to run it again, for nothing else writes in between.
fn attempt(connection: &mut Connection, work: &Work) -> Result<Boxed> {
    match in_savepoint(connection, work) {
        Err(e) if super::is_id_clash(&e) => in_savepoint(connection, work),
        outcome => outcome,
    }
}

/// A panic or a refusal takes back this one alone; a full disk takes the batch.
fn in_savepoint(connection: &mut Connection, work: &Work) -> Result<Boxed> {
    in_transaction(connection, &Step::Begin).map_err(unavailable)?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|panic| {
        Err(Error::Internal(format!("a use case panicked: {}", said(&*panic))))
    });
    match outcome {
        Ok(value) => in_transaction(connection, &Step::Commit).map_err(unavailable).map(|()| value),
        Err(e) => {
            in_transaction(connection, &Step::Rollback).map_err(unavailable)?;
            Err(super::told(e))
        }
    }
}

enum Step {
    Begin,
    Commit,
    Rollback,
}

/// The outermost begin is `IMMEDIATE`; those inside it are savepoints.
fn in_transaction(connection: &mut Connection, step: &Step) -> diesel::QueryResult<()> {
    let Connection::Sqlite(sqlite) = connection else {
        return Err(diesel::result::Error::BrokenTransactionManager);
    };
    match step {
        Step::Begin if depth(sqlite) == 0 => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        Step::Begin => AnsiTransactionManager::begin_transaction(sqlite),
        Step::Commit => AnsiTransactionManager::commit_transaction(sqlite),
        Step::Rollback => AnsiTransactionManager::rollback_transaction(sqlite),
    }
}

fn depth(sqlite: &mut SqliteConnection) -> u32 {
    let status = AnsiTransactionManager::transaction_manager_status_mut(sqlite);
    status.transaction_depth().ok().flatten().map_or(0, Into::into)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unavailable(e: diesel::result::Error) -> Error {
    Error::Unavailable(e.to_string())
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
