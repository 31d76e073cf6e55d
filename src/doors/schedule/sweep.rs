//! Forgets what need not be remembered any longer.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::doors::federation::context::Federation;
use crate::foundation::app::App;
use crate::foundation::error::{Error, Result};
use crate::foundation::file_storage::FileName;
use crate::neighbourhood::accounts::{invitations, sessions};
use crate::neighbourhood::{
    arrivals, follows, media, outgoing, polls, posts, reactions, reports, rotation, submissions,
};

/// How long a picture is kept for a moderator to look at.
const UNDECIDED: Duration = Duration::from_hours(30 * 24);
/// Longer than from a file to the row that names it.
const LOOSE: Duration = Duration::from_hours(1);
/// Names asked for at once.
const SLICE: usize = 200;

pub(super) async fn run(federation: Federation) -> Result<()> {
    let now = federation.app.clock.now();
    federation.budgets.sweep();
    let swept = federation.app.database.write(move |c| {
        let signed_in = sessions::sweep(c, now)? + invitations::sweep(c, now)?;
        let carried =
            arrivals::sweep(c, now)? + follows::sweep(c, now)? + outgoing::store::sweep(c, now)?;
        let posts = submissions::store::sweep(c, now)? + posts::store::sweep_private(c, now)?;
        let said = reactions::sweep(c, now)? + reports::store::sweep(c, now)?;
        let seen = submissions::store::forget_pictures(c, now.minus(UNDECIDED))?;
        Ok(signed_in
            + carried
            + posts
            + said
            + seen
            + polls::sweep(c, now)?
            + rotation::sweep(c, now)?)
    });
    let swept = swept.await?;
    if swept > 0 {
        tracing::info!(swept, "old rows were forgotten");
    }
    loose_files(&federation.app).await
}

/// Deletes the files that no row names.
async fn loose_files(app: &App) -> Result<()> {
    let (files, now) = (app.files.clone(), app.clock.now().system());
    let names = blocking(move || files.older_than(LOOSE, now)).await?;
    for slice in names.chunks(SLICE) {
        let slice = slice.to_vec();
        let loose: Vec<FileName> =
            app.database.read(move |c| media::store::unknown(c, slice)).await?;
        let files = app.files.clone();
        blocking(move || loose.iter().try_for_each(|name| files.delete(name))).await?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    spawn_blocking(work).await.map_err(Error::internal)?
}
