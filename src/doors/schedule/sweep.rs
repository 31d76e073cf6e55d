//! Forgets what need not be remembered any longer.

use crate::doors::federation::context::Federation;
use crate::foundation::error::Result;
use crate::neighbourhood::accounts::{invitations, sessions};
use crate::neighbourhood::{
    arrivals, follows, outgoing, posts, reactions, reports, rotation, submissions,
};

pub(super) async fn run(federation: Federation) -> Result<()> {
    let now = federation.app.clock.now();
    federation.budgets.sweep();
    let swept = federation.app.database.write(move |c| {
        let signed_in = sessions::sweep(c, now)? + invitations::sweep(c, now)?;
        let carried =
            arrivals::sweep(c, now)? + follows::sweep(c, now)? + outgoing::store::sweep(c, now)?;
        let posts = submissions::store::sweep(c, now)? + posts::store::sweep_private(c, now)?;
        let said = reactions::sweep(c, now)? + reports::store::sweep(c, now)?;
        Ok(signed_in + carried + posts + said + rotation::sweep(c, now)?)
    });
    let swept = swept.await?;
    if swept > 0 {
        tracing::info!(swept, "old rows were forgotten");
    }
    Ok(())
}
