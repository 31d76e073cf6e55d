//! `deliveries` and `arrivals`: what waits to go out and what waits to be acted on.

use likejewijk::foundation::app::App;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::domain::Domain;
use likejewijk::neighbourhood::arrivals::{self, Counts};
use likejewijk::neighbourhood::outgoing::queue::{self, HostLine};
use serde::Serialize;

use super::arguments::{ArrivalsCommand, DeliveriesCommand};
use super::failure::{Named, Outcome};
use super::print::{Column, Printer};
use super::values::{Moment, or_dash};

#[derive(Serialize)]
struct Line {
    host: String,
    waiting: i64,
    oldest_at: Option<Moment>,
    failures: i32,
    next_try_at: Option<Moment>,
    dead: i64,
}

const COLUMNS: [Column<Line>; 6] = [
    ("host", |line| line.host.clone()),
    ("waiting", |line| line.waiting.to_string()),
    ("oldest", |line| or_dash(line.oldest_at)),
    ("failures", |line| line.failures.to_string()),
    ("next try", |line| or_dash(line.next_try_at)),
    ("dead", |line| line.dead.to_string()),
];

pub(super) async fn deliveries(
    app: App,
    print: Printer,
    command: Option<DeliveriesCommand>,
) -> Outcome {
    if let Some(DeliveriesCommand::Retry { host }) = command {
        let (host, now) = (Domain::parse(&host)?, app.clock.now());
        let retried = move |conn: &mut Connection| {
            queue::retry(conn, &host, now).named("host", &host, "deliveries")
        };
        return Ok(app.database.write(retried).await?);
    }
    let hosts = app.database.read(queue::by_host).await?;
    print.list(&hosts.into_iter().map(Line::from).collect::<Vec<_>>(), &COLUMNS)
}

pub(super) async fn arrivals(
    app: App,
    print: Printer,
    command: Option<ArrivalsCommand>,
) -> Outcome {
    const COLUMNS: [Column<Counts>; 3] = [
        ("waiting", |counts| counts.waiting.to_string()),
        ("parked", |counts| counts.parked.to_string()),
        ("done", |counts| counts.done.to_string()),
    ];
    let now = app.clock.now();
    if let Some(ArrivalsCommand::Retry) = command {
        app.database.write(move |conn| arrivals::retry_parked(conn, now)).await?;
        return Ok(());
    }
    let counts = app.database.read(move |conn| arrivals::counts(conn, now)).await?;
    print.list(&[counts], &COLUMNS)
}

impl From<HostLine> for Line {
    fn from(line: HostLine) -> Self {
        Self {
            host: line.host.to_string(),
            waiting: line.waiting,
            oldest_at: line.oldest_at.map(Moment),
            failures: line.failures,
            next_try_at: line.next_try_at.map(Moment),
            dead: line.dead,
        }
    }
}
