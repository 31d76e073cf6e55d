//! SQLite's one writer: many waiting use cases, each in its own savepoint, one commit with one fsync for all, and
//! only then the answers. What comes to a door goes before what the server does by itself.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::{Connection, Statement};
use crate::foundation::error::{Error, Result};

/// More would make the first of a batch wait for the last.
const BATCH: usize = 256;
/// What nobody waits for joins a batch for so long,
const JOINS_FOR: Duration = Duration::from_millis(3);
/// and only for so long once somebody at a door waits for its commit.
const JOINS_A_DOOR_FOR: Duration = Duration::from_millis(1);

type Boxed = Box<dyn Any + Send>;
type Work = Box<dyn Fn(&mut Connection) -> Result<Boxed> + Send>;
type Answer = Box<dyn FnOnce(Result<Boxed>) + Send>;

/// Who goes first when many wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// Another server holds its connection open for the answer.
    First,
    InLine,
}

struct Job {
    work: Work,
    answer: Answer,
    priority: Priority,
}

/// What waits to be written.
struct Waiting {
    jobs: Receiver<Job>,
    first: VecDeque<Job>,
    in_line: VecDeque<Job>,
}

impl Waiting {
    fn of(jobs: Receiver<Job>) -> Self {
        Self { jobs, first: VecDeque::new(), in_line: VecDeque::new() }
    }

    fn add(&mut self, job: Job) {
        match job.priority {
            Priority::First => self.first.push_back(job),
            Priority::InLine => self.in_line.push_back(job),
        }
    }

    /// Waits until there is something to do; `false` when nobody can ask any more.
    fn fill(&mut self) -> bool {
        if self.first.is_empty() && self.in_line.is_empty() {
            match self.jobs.recv() {
                Ok(job) => self.add(job),
                Err(_) => return false,
            }
        }
        true
    }

    /// Whoever came meanwhile.
    fn take_new(&mut self) {
        for _ in 0..BATCH {
            let Ok(job) = self.jobs.try_recv() else { return };
            self.add(job);
        }
    }

    /// The next of a batch, until it is full.
    fn next(&mut self, batch: &mut Batch) -> Option<Job> {
        self.take_new();
        let job = if batch.first < BATCH { self.first.pop_front() } else { None };
        if job.is_some() {
            batch.first += 1;
            let soon = Instant::now() + JOINS_A_DOOR_FOR;
            batch.joined_until = batch.joined_until.min(soon);
            return job;
        }
        // One of those in line always joins: a full door holds nobody up for ever.
        let may_join =
            batch.in_line == 0 || batch.in_line < BATCH && Instant::now() < batch.joined_until;
        let job = if may_join { self.in_line.pop_front() } else { None };
        batch.in_line += usize::from(job.is_some());
        job
    }

    fn all(&mut self) -> impl Iterator<Item = Job> {
        self.first.drain(..).chain(self.in_line.drain(..))
    }
}

/// One transaction, and how many of each kind are in it.
struct Batch {
    joined_until: Instant,
    first: usize,
    in_line: usize,
}

#[derive(Clone)]
pub(super) struct Writer(Sender<Job>);

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (sender, receiver) = channel();
        std::thread::Builder::new()
            .name("database writer".to_owned())
            .spawn(move || serve(connection, Waiting::of(receiver)))
            .map_err(Error::internal)?;
        Ok(Self(sender))
    }

    /// Answers after the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        priority: Priority,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let job = Job {
            work: Box::new(move |conn| work(conn).map(|value| Box::new(value) as Boxed)),
            answer: Box::new(move |outcome| {
                // Nobody waits any more where the request was dropped.
                let _ = sender.send(outcome);
            }),
            priority,
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

fn serve(mut connection: Connection, mut waiting: Waiting) {
    while waiting.fill() {
        run(&mut connection, &mut waiting);
    }
}

fn run(connection: &mut Connection, waiting: &mut Waiting) {
    if let Err(e) = in_transaction(connection, &Step::Begin) {
        let problem = format!("cannot begin writing: {e}");
        for job in waiting.all() {
            (job.answer)(Err(Error::Unavailable(problem.clone())));
        }
        return;
    }
    let joined_until = Instant::now() + JOINS_FOR;
    let mut batch = Batch { joined_until, first: 0, in_line: 0 };
    let mut answers = Vec::new();
    let mut broken = None;
    while let Some(job) = waiting.next(&mut batch) {
        let outcome = match &broken {
            Some(problem) => Err(Error::Unavailable(String::clone(problem))),
            None => attempt(connection, &job.work),
        };
        if let Err(Error::Unavailable(problem)) = &outcome {
            broken.get_or_insert_with(|| problem.clone());
        }
        answers.push((job.answer, outcome));
    }
    metrics::histogram!("likejewijk_database_batch")
        .record(u32::try_from(answers.len()).unwrap_or(u32::MAX));
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
    control(connection, "SAVEPOINT use_case")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|panic| {
        Err(Error::Internal(format!("a use case panicked: {}", said(&*panic))))
    });
    if outcome.is_err() {
        control(connection, "ROLLBACK TO use_case")?;
    }
    control(connection, "RELEASE use_case")?;
    outcome.map_err(super::told)
}

/// The transaction manager prepares its savepoints anew each time; two for each use case are a good part of its cost.
fn control(connection: &mut Connection, sql: &str) -> Result<()> {
    let Connection::Sqlite(sqlite) = connection else {
        return Err(unavailable(diesel::result::Error::BrokenTransactionManager));
    };
    Statement::new(sql).execute(sqlite).map(drop).map_err(unavailable)
}

enum Step {
    Begin,
    Commit,
    Rollback,
}

fn in_transaction(connection: &mut Connection, step: &Step) -> diesel::QueryResult<()> {
    let Connection::Sqlite(sqlite) = connection else {
        return Err(diesel::result::Error::BrokenTransactionManager);
    };
    match step {
        Step::Begin => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE"),
        Step::Commit => AnsiTransactionManager::commit_transaction(sqlite),
        Step::Rollback => AnsiTransactionManager::rollback_transaction(sqlite),
    }
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use diesel::{Connection as _, SqliteConnection};
    use futures_util::future::{join_all, poll_immediate};

    use super::*;

    #[tokio::test]
    async fn who_stands_at_a_door_goes_before_those_in_line() {
        let connection = Connection::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        let writer = Writer::start(connection).unwrap();
        let (let_go, held) = channel::<()>();
        let held = Mutex::new(held);
        let mut holding = Box::pin(
            writer.write(Priority::InLine, move |_| Ok(held.lock().unwrap().recv().is_ok())),
        );
        assert!(poll_immediate(&mut holding).await.is_none());
        let order: Arc<Mutex<Vec<usize>>> = Arc::default();
        let mut waiting = Vec::new();
        for place in 0..20 {
            let order = order.clone();
            let priority = if place == 19 { Priority::First } else { Priority::InLine };
            let note = move |_: &mut Connection| {
                order.lock().unwrap().push(place);
                Ok(())
            };
            let mut one = Box::pin(writer.write(priority, note));
            // Once looked at, it waits.
            assert!(poll_immediate(&mut one).await.is_none());
            waiting.push(one);
        }
        let_go.send(()).unwrap();
        assert!(holding.await.unwrap());
        assert!(join_all(waiting).await.iter().all(Result::is_ok));
        let expected: Vec<usize> = std::iter::once(19).chain(0..19).collect();
        assert_eq!(*order.lock().unwrap(), expected);
    }
}
