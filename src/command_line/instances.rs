//! `instance list`.

use likejewijk::foundation::app::App;
use likejewijk::neighbourhood::instances::{self, Instance};
use serde::Serialize;

use super::arguments::InstanceCommand;
use super::failure::Outcome;
use super::print::{Column, Printer};
use super::values::{Moment, or_dash};

#[derive(Serialize)]
struct Line {
    host: String,
    /// Nobody asks other servers for it yet.
    software: Option<String>,
    version: Option<String>,
    /// Every server is spoken to in the same way.
    kind: &'static str,
    last_seen: Moment,
}

const COLUMNS: [Column<Line>; 5] = [
    ("host", |line| line.host.clone()),
    ("software", |line| or_dash(line.software.as_deref())),
    ("version", |line| or_dash(line.version.as_deref())),
    ("kind", |line| line.kind.to_owned()),
    ("last seen", |line| line.last_seen.to_string()),
];

pub(super) async fn run(app: App, print: Printer, command: InstanceCommand) -> Outcome {
    let InstanceCommand::List = command;
    let known = app.database.read(instances::list).await?;
    print.list(&known.into_iter().map(Line::from).collect::<Vec<_>>(), &COLUMNS)
}

impl From<Instance> for Line {
    fn from(known: Instance) -> Self {
        let Instance { host, last_seen } = known;
        Self {
            host: host.to_string(),
            software: None,
            version: None,
            kind: "auto",
            last_seen: Moment(last_seen),
        }
    }
}
