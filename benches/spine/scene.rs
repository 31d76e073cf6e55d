//! What every measurement needs: the server, the fediverse around it, and somebody who writes
//! letters.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::bare;
use crate::database::Kind;
use crate::elsewhere::Elsewhere;
use crate::keys::Key;
use crate::letters::Writer;
use crate::listening::Listening;
use crate::options::Size;
use crate::server::{Role, Server};

/// Where strangers write to.
pub(crate) const WIJK: &str = "bloemhof";

pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) elsewhere: Elsewhere,
    pub(crate) writer: Writer,
    pub(crate) bare: Listening,
    pub(crate) size: Size,
}

impl Scene {
    pub(crate) async fn set(kind: Kind, size: Size) -> Outcome<Scene> {
        let writer = Writer::new(Key::make()?);
        let elsewhere = Elsewhere::start(&writer.key().public_pem()?).await?;
        let mut server = Server::prepare(kind, elsewhere.lab_hosts())?;
        server.start(Role::All).await?;
        let bare = bare::start().await?;
        let scene = Scene { server, elsewhere, writer, bare, size };
        scene.found(WIJK).await?;
        scene.elsewhere.turn_to(WIJK);
        Ok(scene)
    }

    /// Makes a wijk.
    pub(crate) async fn found(&self, slug: &str) -> Outcome<()> {
        self.server.json(&["wijk", "add", slug, "--name", slug]).await?;
        Ok(())
    }

    /// Waits until everything that arrived was acted on, once so many posts were fetched; says when
    /// it was.
    pub(crate) async fn acted_on(&self, posts: usize, within: Duration) -> Outcome<Instant> {
        let end = Instant::now() + within;
        let are_fetched = || self.elsewhere.posts_shown() >= posts;
        until(are_fetched, within).await;
        loop {
            let now = Instant::now();
            match self.server.arrivals().await? {
                (0, 0) => return Ok(now),
                (0, parked) => return Err(format!("{parked} arrivals were put aside").into()),
                (waiting, _) if now > end => {
                    return Err(format!("{waiting} arrivals still wait after {within:?}").into());
                }
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Ends every process that was started.
    pub(crate) async fn strike(mut self) -> Outcome<()> {
        self.server.stop().await?;
        self.bare.end().await
    }
}

/// Whether it became true within that time.
pub(crate) async fn until(is_so: impl Fn() -> bool, within: Duration) -> bool {
    let end = Instant::now() + within;
    while !is_so() {
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    true
}
