//! The server under test: the real program, as a process of its own, and its command line.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::HOST;
use super::database::TestDatabase;
use super::eventually::{eventually, within};
use super::http::{Request, Response};
use super::surroundings::variable;

const PROGRAM: &str = env!("CARGO_BIN_EXE_likejewijk");

/// Where the server listens now; another port after each start.
#[derive(Clone, Default)]
pub(crate) struct Whereabouts(Arc<Mutex<Option<SocketAddr>>>);

impl Whereabouts {
    pub(crate) fn address(&self) -> SocketAddr {
        self.now().expect("the server was started")
    }

    /// `None` while it is down.
    pub(crate) fn now(&self) -> Option<SocketAddr> {
        *self.0.lock().expect("whereabouts")
    }

    pub(super) fn become_known(&self, address: Option<SocketAddr>) {
        *self.0.lock().expect("whereabouts") = address;
    }

    /// The answer to a request; fails the test when there is none.
    pub(crate) async fn send(&self, request: &Request) -> Response {
        let answer = request.send(self.address()).await;
        answer.unwrap_or_else(|e| panic!("{} {}: {e}", request.method, request.path))
    }
}

pub(crate) struct Server {
    settings: Vec<(String, String)>,
    whereabouts: Whereabouts,
    process: Option<Child>,
    /// Its folder holds the log. Declared last: dropped after the process has ended.
    pub(crate) database: TestDatabase,
}

/// What a command of the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Not started yet; commands can be run already.
    pub(crate) fn prepare(db: TestDatabase, whereabouts: Whereabouts, lab_hosts: &str) -> Server {
        let settings = [
            ("URL", format!("http://{HOST}")),
            ("LISTEN", "127.0.0.1:0".to_owned()),
            ("DATA", db.data().display().to_string()),
            ("DATABASE_URL", db.url()),
            ("LAB_HOSTS", lab_hosts.to_owned()),
            ("RATE_LIMITS", "off".to_owned()),
            ("RETRY_SCALE", "0.001".to_owned()),
        ];
        let settings = settings.map(|(key, value)| (format!("LIKEJEWIJK_{key}"), value)).to_vec();
        Server { settings, whereabouts, process: None, database: db }
    }

    /// Sets a configuration key from the next start or command on.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        let key = format!("LIKEJEWIJK_{key}");
        self.settings.retain(|(k, _)| *k != key);
        self.settings.push((key, value.into()));
    }

    /// Starts it and waits until it says that it listens.
    pub(crate) async fn start(&mut self) {
        let said = self.file("stdout");
        let log = File::options().create(true).append(true).open(self.file("log"));
        let child = std::process::Command::new(PROGRAM)
            .arg("serve")
            .env_clear()
            .envs(self.environment())
            .current_dir(self.database.folder())
            .stdin(Stdio::null())
            .stdout(File::create(&said).expect("a file for stdout"))
            .stderr(log.expect("a file for the log"))
            .spawn()
            .expect("the program starts");
        self.process = Some(child);
        let listening = async || {
            let said = std::fs::read_to_string(&said).unwrap_or_default();
            let line = said.lines().find_map(|line| line.strip_prefix("listening on "));
            let address = line.and_then(|address| address.trim().parse().ok());
            address.ok_or_else(|| format!("stdout {said:?}, log:\n{}", self.log()))
        };
        let address = eventually("`listening on ADDRESS` on stdout", listening).await;
        self.whereabouts.become_known(Some(address));
    }

    pub(crate) async fn get(&self, path: &str, accept: &str) -> Response {
        self.send(&Request::get(HOST, path, accept)).await
    }

    pub(crate) async fn send(&self, request: &Request) -> Response {
        self.whereabouts.send(request).await
    }

    pub(crate) fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    /// Runs a command against the same database.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        self.run_with_input(arguments, "").await
    }

    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = tokio::process::Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.database.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        // A command that does not read its input may be gone already: that is no failure.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes()).await;
        let output = tokio::time::timeout(Duration::from_secs(20), child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{arguments:?} does not end"));
        let output = output.expect("the command's output");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Said { code: output.status.code(), stdout, stderr }
    }

    /// Runs a command that must succeed.
    pub(crate) async fn does(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments).await;
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        said.stdout
    }

    /// Runs a command that must succeed, with `--json`: what it prints.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.does(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {printed}"))
    }

    /// A listing: the array a command prints with `--json`.
    pub(crate) async fn list(&self, arguments: &[&str]) -> Vec<Value> {
        match self.json(arguments).await {
            Value::Array(rows) => rows,
            other => panic!("{arguments:?} prints no array: {other}"),
        }
    }

    /// Somebody who signs in with a password and decides for the wijk.
    pub(crate) async fn moderator(&self, name: &str, password: &str) {
        let email = format!("{name}@wijk.test");
        let account = ["account", "add", name, "--email", &email, "--password-stdin"];
        let said = self.run_with_input(&account, &format!("{password}\n")).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        self.does(&["role", "grant", name, "moderator", "--wijk", "bloemhof"]).await;
    }

    /// SIGKILL: not a word, not a flush.
    pub(crate) fn kill9(&mut self) {
        self.whereabouts.become_known(None);
        if let Some(mut process) = self.process.take() {
            process.kill().expect("killed");
            process.wait().expect("ended");
        }
    }

    pub(crate) async fn restart(&mut self) {
        self.kill9();
        self.start().await;
    }

    /// SIGTERM; how it ended, and after how long.
    pub(crate) async fn terminate(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let process = self.process.as_mut().expect("it runs");
        let kill = format!("kill -TERM {}", process.id());
        let sent = std::process::Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{kill}");
        let process = Mutex::new(process);
        let ended = within(Duration::from_secs(25), "its end", async || {
            process.lock().expect("process").try_wait().expect("state").ok_or("runs".to_owned())
        });
        let status = ended.await;
        self.process = None;
        self.whereabouts.become_known(None);
        (status, begun.elapsed())
    }

    /// What it holds of the machine's memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let process = self.process.as_ref().expect("it runs").id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("kB");
        kilobytes * 1024
    }

    /// What it logged since the test began.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.database.folder().join(name)
    }

    fn environment(&self) -> Vec<(String, String)> {
        let mut all = self.settings.clone();
        all.push(("PATH".to_owned(), variable("PATH").unwrap_or_default()));
        all.push(("RUST_BACKTRACE".to_owned(), "1".to_owned()));
        all
    }
}

impl Drop for Server {
    /// Ends its own child and nothing else; a failed test shows the log.
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}--- end of the log ---", self.log());
        }
    }
}
