//! Polls of ours: told how they stand while votes come, and closed when their time is over.

use crate::doors::federation::context::Federation;
use crate::foundation::error::Result;
use crate::neighbourhood::polls;

pub(super) async fn run(federation: Federation) -> Result<()> {
    let now = federation.app.clock.now();
    // Looking is cheap and writes nothing.
    if federation.app.database.read(move |c| polls::any_due(c, now)).await? {
        federation.app.database.write(move |c| polls::close_and_tell(c, now)).await?;
    }
    Ok(())
}
