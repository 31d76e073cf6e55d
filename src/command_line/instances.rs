//! `instance list` and `instance set`.

use likejewijk::foundation::app::App;
use likejewijk::foundation::domain::Domain;
use likejewijk::neighbourhood::instances::{self, Instance, Kind};
use serde::Serialize;

use super::arguments::InstanceCommand;
use super::failure::Outcome;
use super::print::{Column, Printer};
use super::values::{Moment, or_dash};

#[derive(Serialize)]
struct Line {
    host: String,
    software: Option<String>,
    version: Option<String>,
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
    match command {
        InstanceCommand::List => {
            let known = app.database.read(instances::list).await?;
            print.list(&known.into_iter().map(Line::from).collect::<Vec<_>>(), &COLUMNS)
        }
        InstanceCommand::Set { host, kind } => set(app, &host, &kind).await,
    }
}

async fn set(app: App, host: &str, kind: &str) -> Outcome {
    let host = Domain::parse(host)?;
    let kind = if kind == "auto" { None } else { Some(kind.parse::<Kind>()?) };
    app.database.write(move |c| instances::give(c, &host, kind)).await?;
    Ok(())
}

impl From<Instance> for Line {
    fn from(instance: Instance) -> Self {
        let kind = instance.known.kind().as_str();
        Self {
            host: instance.host.to_string(),
            software: instance.known.software,
            version: instance.known.version,
            kind,
            last_seen: Moment(instance.last_seen),
        }
    }
}
