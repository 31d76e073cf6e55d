//! Resident memory of the server: before it had anything to do, and after everything else was
//! measured.

use std::time::Duration;

use crate::Outcome;
use crate::figures::Spread;
use crate::proc::{open_files, resident_mb};
use crate::report::Report;
use crate::scene::Scene;

pub(crate) async fn idle(scene: &Scene, report: &mut Report) -> Outcome<()> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    report.asked("resident memory, idle", resident(scene)?, "≤ 60 MB", String::new());
    Ok(())
}

pub(crate) fn after(scene: &Scene, report: &mut Report) -> Outcome<()> {
    let files = open_files(scene.server.pid()?).unwrap_or_default();
    let hosts = scene.elsewhere.hosts_spoken_with();
    let beside = format!("{hosts} hosts were spoken with; {files} files are open");
    report.asked("resident memory after all of the above", resident(scene)?, "≤ 150 MB", beside);
    Ok(())
}

fn resident(scene: &Scene) -> Outcome<String> {
    let megabytes = resident_mb(scene.server.pid()?).ok_or("the server has no memory")?;
    Ok(Spread::from_iter([megabytes]).written(" MB"))
}
