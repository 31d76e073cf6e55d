//! A process that says `listening on ADDRESS` on its standard output and is ended by its own
//! number.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::Outcome;

const STARTS_WITHIN: Duration = Duration::from_secs(30);
const ENDS_WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    child: Child,
    /// Held open: it may say more.
    _says: Lines<BufReader<ChildStdout>>,
}

impl Listening {
    pub(crate) async fn start(command: &mut Command) -> Outcome<Listening> {
        let command = command.stdin(std::process::Stdio::null());
        let mut child = command.stdout(std::process::Stdio::piped()).kill_on_drop(true).spawn()?;
        let pid = child.id().ok_or("it ended at once")?;
        let mut says = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let address = async {
            while let Some(line) = says.next_line().await? {
                if let Some(address) = line.strip_prefix("listening on ") {
                    return Ok(address.trim().parse()?);
                }
            }
            Outcome::Err("it ended without listening".into())
        };
        let address = timeout(STARTS_WITHIN, address).await.map_err(|_| "it does not listen")??;
        Ok(Listening { address, pid, child, _says: says })
    }

    /// In an orderly way; where that takes too long, at once.
    pub(crate) async fn end(mut self) -> Outcome<()> {
        let told = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await;
        let is_told = told.is_ok_and(|status| status.success());
        if is_told && timeout(ENDS_WITHIN, self.child.wait()).await.is_ok() {
            return Ok(());
        }
        self.child.kill().await?;
        Ok(())
    }
}
