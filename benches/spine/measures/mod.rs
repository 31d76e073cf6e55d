//! What is measured, in the order in which one prepares the ground for the next.

mod arrivals;
mod follows;
mod announcement;
mod page;
mod memory;
mod start;

use crate::Outcome;
use crate::options::{Measure, Options};
use crate::report::Report;
use crate::scene::Scene;

/// A measurement that fails is said in the report, and does not keep the next from being made.
pub(crate) async fn all(scene: &mut Scene, report: &mut Report, options: &Options) -> Outcome<()> {
    let wants = |measure| options.wants(measure);
    memory::idle(scene, report).await?;
    if wants(Measure::Arrivals) {
        let outcome = arrivals::together(scene, report).await;
        told(report, "arrivals", outcome);
    }
    if wants(Measure::Follows) || wants(Measure::Announcement) {
        let outcome = follows::measure(scene, report).await;
        told(report, "follows", outcome);
    }
    if wants(Measure::Announcement) {
        let outcome = announcement::measure(scene, report).await;
        told(report, "announcement", outcome);
    }
    if wants(Measure::Page) {
        let outcome = page::measure(scene, report).await;
        told(report, "page", outcome);
    }
    memory::after(scene, report)?;
    if wants(Measure::Start) {
        let outcome = start::measure(scene, report).await;
        told(report, "start", outcome);
    }
    if wants(Measure::Apart) {
        let outcome = arrivals::apart(scene, report).await;
        told(report, "arrivals apart", outcome);
    }
    if let Some((count, first)) = scene.server.complaints() {
        report.note(format!("the server logged {count} warnings and errors, the first: {first}"));
    }
    Ok(())
}

fn told(report: &mut Report, what: &str, outcome: Outcome<()>) {
    if let Err(error) = outcome {
        report.note(format!("{what}: not measured to the end: {error}"));
    }
}
