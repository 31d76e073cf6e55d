//! Forgets what need not be remembered any longer.

use crate::doors::federation::Federation;
use crate::foundation::error::Result;
use crate::neighbourhood::{arrivals, follows, outgoing};

pub(super) async fn run(federation: Federation) -> Result<()> {
    let now = federation.app.clock.now();
    federation.budgets.sweep();
    let swept = federation.app.database.write(move |c| {
        Ok(arrivals::sweep(c, now)? + follows::sweep(c, now)? + outgoing::store::sweep(c, now)?)
    });
    let swept = swept.await?;
    if swept > 0 {
        tracing::info!(swept, "old rows were forgotten");
    }
    Ok(())
}
