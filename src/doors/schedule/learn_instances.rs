//! Servers we spoke with → their NodeInfo: soon after the first word, then daily.

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::doors::federation::nodeinfo;
use crate::foundation::domain::Domain;
use crate::foundation::error::Result;
use crate::neighbourhood::instances;

const AT_ONCE: i64 = 8;

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    while !stop.is_now() {
        commits.mark_unchanged();
        match claim(&federation).await {
            Ok(hosts) if hosts.is_empty() => something_new(&mut commits, &mut stop).await,
            Ok(hosts) => {
                let learning = hosts.iter().map(|host| learn(&federation, host));
                futures_util::future::join_all(learning).await;
            }
            Err(error) => {
                tracing::error!(%error, "servers to ask could not be claimed");
                something_new(&mut commits, &mut stop).await;
            }
        }
    }
}

async fn claim(federation: &Federation) -> Result<Vec<Domain>> {
    let now = federation.app.clock.now();
    if !federation.app.database.read(move |c| instances::any_due(c, now)).await? {
        return Ok(Vec::new());
    }
    federation.app.database.write(move |c| instances::claim(c, AT_ONCE, now)).await
}

async fn learn(federation: &Federation, host: &Domain) {
    let software = match nodeinfo::software_of(federation, host).await {
        Ok(software) => software,
        Err(trouble) => {
            tracing::debug!(%host, %trouble, "a server does not say what it runs");
            return;
        }
    };
    let (learned, now) = (host.clone(), federation.app.clock.now());
    let written =
        federation.app.database.write(move |c| instances::learn(c, &learned, &software, now));
    if let Err(error) = written.await {
        tracing::warn!(%host, %error, "what a server runs could not be noted");
    }
}
