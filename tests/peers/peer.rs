//! Another server beside the server under test, told what to do through its control port: whichever program it is,
//! it understands the same orders (`tests/peers/fedify/README.md`), as far as it can carry them out.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::{Request, Whereabouts};

const FOLDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");
/// The Node.js that comes along with Fedify, newer than Debian's.
const NODE: &str = "fedify/node_modules/.bin/node";
/// It loads a large library and makes RSA-4096 keys, on a machine that may have other work.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Peer {
    pub(super) name: &'static str,
    listening: SocketAddr,
    control: SocketAddr,
    log: NamedTempFile,
    /// Ends when its standard input closes, so also when this process is killed.
    _process: Child,
}

impl Peer {
    /// Persons on <https://fedify.dev>.
    pub(super) async fn on_fedify(name: &'static str) -> Peer {
        Self::start("fedify", name).await
    }

    /// Bots on <https://activitypub.bot>.
    pub(super) async fn of_bots(name: &'static str) -> Peer {
        Self::start("activitypub-bot", name).await
    }

    /// Started and listening as `name`; knows no other server yet.
    async fn start(program: &str, name: &'static str) -> Peer {
        let node = Path::new(FOLDERS).join(NODE);
        assert!(node.exists(), "{} is missing: run `make test`, it installs it", node.display());
        let log = NamedTempFile::new().expect("a file for its log");
        let mut process = Command::new(node)
            .args(["peer.mjs", "--until-stdin-closes", "--name", name])
            .current_dir(Path::new(FOLDERS).join(program))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log.path()).expect("its log"))
            .kill_on_drop(true)
            .spawn()
            .expect("the peer starts");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        let line = tokio::time::timeout(PATIENCE, said.lines().next_line()).await;
        let line = line.expect("the peer says where it listens").expect("its output");
        let said: Value = serde_json::from_str(&line.unwrap_or_default())
            .unwrap_or_else(|e| panic!("{e}: {}", text_of(&log)));
        let address = |key: &str| said[key].as_str().and_then(|a| a.parse().ok()).expect(key);
        let (listening, control) = (address("listening"), address("control"));
        Peer { name, listening, control, log, _process: process }
    }

    /// Its entry in `lab_hosts`.
    pub(super) fn lab_host(&self) -> String {
        format!("{}={}", self.name, self.listening)
    }

    /// From now on it finds the server under test, and `others`.
    pub(super) async fn meets(&self, server: &Whereabouts, others: &[&Peer]) {
        let mut names = json!({ "wijk.test": server.address().to_string() });
        for other in others {
            names[other.name] = json!(other.listening.to_string());
        }
        self.does("resolve", &names).await;
    }

    /// An order that must be carried out, every delivery taken.
    pub(super) async fn does(&self, what: &str, order: &Value) -> Value {
        let answer = self.tries(what, order).await;
        let failed = answer["failed"].as_array().cloned().unwrap_or_default();
        assert!(
            answer["error"].is_null() && failed.is_empty(),
            "{what} {order}: {answer}\nrefused: {:?}",
            self.lists("refused").await
        );
        answer
    }

    /// An order whose deliveries may be refused: `failed` says which.
    pub(super) async fn tries(&self, what: &str, order: &Value) -> Value {
        let request = Request {
            method: "POST".to_owned(),
            body: order.to_string().into_bytes(),
            ..Request::get(self.name, &format!("/{what}"), "application/json")
        };
        self.ask(&request).await
    }

    /// A listing as it is now.
    pub(super) async fn lists(&self, listing: &str) -> Vec<Value> {
        match self.ask(&Request::get(self.name, &format!("/{listing}"), "*/*")).await {
            Value::Array(rows) => rows,
            other => panic!("{listing}: {other}"),
        }
    }

    /// A listing as soon as there are so many in it, at most `within`; fails when there are not.
    pub(super) async fn comes_to(
        &self,
        listing: &str,
        many: usize,
        within: Duration,
    ) -> Vec<Value> {
        let mark = if listing.contains('?') { '&' } else { '?' };
        let within = within.as_millis();
        let rows =
            self.lists(&format!("{listing}{mark}min={many}&max={many}&within={within}")).await;
        if rows.len() != many {
            let others = [self.lists("refused").await, self.lists("problems").await];
            panic!("{listing}: not {many} within {within} ms but {rows:#?}; {others:#?}");
        }
        rows
    }

    async fn ask(&self, request: &Request) -> Value {
        let answer = request.send_within(PATIENCE, self.control).await;
        answer.unwrap_or_else(|e| panic!("{}: {e}: {}", request.path, text_of(&self.log))).json()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of {} ---\n{}--- end of the log ---", self.name, text_of(&self.log));
        }
    }
}

fn text_of(log: &NamedTempFile) -> String {
    std::fs::read_to_string(log.path()).unwrap_or_default()
}
