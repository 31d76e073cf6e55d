//! The server that is measured: the real program, and its command line.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::Outcome;
use crate::database::{Database, Kind};
use crate::listening::Listening;
use crate::proc::Usage;

const PROGRAM: &str = env!("CARGO_BIN_EXE_likejewijk");
pub(crate) const HOST: &str = "wijk.test";
const COMMANDS_WITHIN: Duration = Duration::from_mins(1);

/// A wijk as the fediverse names it.
pub(crate) fn wijk(slug: &str) -> String {
    format!("http://{HOST}/wijken/{slug}")
}

pub(crate) struct Server {
    settings: Vec<(&'static str, String)>,
    running: Option<Listening>,
    /// Last: its folder holds the log, and goes when the process is gone.
    database: Database,
}

/// What it does of its work.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    All,
    /// Takes what arrives, and acts on nothing.
    Web,
}

impl Server {
    /// Not started yet.
    pub(crate) fn prepare(kind: Kind, lab_hosts: String) -> Outcome<Server> {
        let database = Database::make(kind)?;
        let settings = vec![
            ("LIKEJEWIJK_URL", format!("http://{HOST}")),
            ("LIKEJEWIJK_LISTEN", "127.0.0.1:0".to_owned()),
            ("LIKEJEWIJK_DATA", database.data().display().to_string()),
            ("LIKEJEWIJK_DATABASE_URL", database.url()),
            ("LIKEJEWIJK_LAB_HOSTS", lab_hosts),
            ("LIKEJEWIJK_RATE_LIMITS", "off".to_owned()),
            ("LIKEJEWIJK_RETRY_SCALE", "0.001".to_owned()),
        ];
        Ok(Server { settings, running: None, database })
    }

    pub(crate) async fn start(&mut self, role: Role) -> Outcome<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.program();
        command.arg("serve").stderr(log);
        if let Role::Web = role {
            command.args(["--role", "web"]);
        }
        let started = Listening::start(&mut command).await;
        self.running =
            Some(started.map_err(|error| format!("serve: {error}; {}", self.last_words()))?);
        Ok(())
    }

    pub(crate) async fn stop(&mut self) -> Outcome<()> {
        match self.running.take() {
            Some(running) => running.end().await,
            None => Ok(()),
        }
    }

    pub(crate) async fn restart(&mut self, role: Role) -> Outcome<()> {
        self.stop().await?;
        self.start(role).await
    }

    pub(crate) fn address(&self) -> Outcome<SocketAddr> {
        Ok(self.running()?.address)
    }

    pub(crate) fn pid(&self) -> Outcome<u32> {
        Ok(self.running()?.pid)
    }

    /// What is used from now on.
    pub(crate) fn usage(&self) -> Outcome<Usage> {
        Ok(Usage::begin(self.pid()?))
    }

    /// Runs a command that must succeed; what it prints with `--json`.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Outcome<Value> {
        let mut command = self.program();
        command.args(arguments).arg("--json").stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(COMMANDS_WITHIN, command.output()).await;
        let output = output.map_err(|_| format!("{arguments:?} does not end"))??;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{arguments:?}: {}", said.trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// How many arrivals wait to be acted on, and how many were put aside.
    pub(crate) async fn arrivals(&self) -> Outcome<(u64, u64)> {
        let said = self.json(&["arrivals"]).await?;
        let count = |name: &str| said[0][name].as_u64().ok_or("`arrivals` counts otherwise now");
        Ok((count("waiting")?, count("parked")?))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    fn running(&self) -> Outcome<&Listening> {
        Ok(self.running.as_ref().ok_or("the server does not run")?)
    }

    fn program(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(self.settings.clone()).current_dir(self.database.folder());
        command
    }

    fn log(&self) -> PathBuf {
        self.database.folder().join("log")
    }

    /// How many lines of warnings and errors it logged, and the first of them.
    pub(crate) fn complaints(&self) -> Option<(usize, String)> {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let complains = |line: &&str| line.contains(" WARN ") || line.contains("ERROR ");
        let first = log.lines().find(complains)?.to_owned();
        Some((log.lines().filter(complains).count(), first))
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().last().unwrap_or("it logged nothing").to_owned()
    }
}
