//! The redactie of a wijk writes, and every host that follows hears one announcement.

use std::time::{Duration, Instant};

use super::follows::slug;
use crate::Outcome;
use crate::figures::{Spread, millis, per_second};
use crate::report::Report;
use crate::scene::{Scene, until};
use crate::yardsticks::signatures_per_second;

const HEARD_WITHIN: Duration = Duration::from_mins(1);

pub(crate) async fn measure(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let (mut rates, mut shares, mut waits) =
        (Spread::default(), Spread::default(), Spread::default());
    let mut beside = String::new();
    for round in 0..2 * scene.size.rounds {
        let slug = slug(round / 2);
        scene.elsewhere.turn_to(&slug);
        let signatures = signatures_per_second(scene.writer.key())?;
        let usage = scene.server.usage()?;
        let redactie = format!("{slug}_redactie");
        let text = format!("Bericht {round}: de straat is zaterdag dicht.");
        scene.server.json(&["post", "--wijk", &slug, "--as", &redactie, &text]).await?;
        let written = Instant::now();
        let (elsewhere, hosts) = (&scene.elsewhere, scene.size.hosts);
        let all_heard = until(|| elsewhere.announcements().count() >= hosts, HEARD_WITHIN).await;
        beside = usage.end();
        let heard = elsewhere.announcements();
        if !all_heard {
            return Err(format!("{} of {hosts} hosts heard it", heard.count()).into());
        }
        let rate = per_second(heard.count(), heard.took().ok_or("nobody heard it")?);
        rates.add(rate);
        shares.add(rate / signatures * 100.0);
        let last = heard.last().ok_or("nobody heard it")?;
        waits.add(millis(last.saturating_duration_since(written)));
    }
    report.asked(
        &format!("one announcement to {} distinct hosts", scene.size.hosts),
        format!("{} of one core's RSA signatures; {}", shares.written(" %"), rates.written("/s")),
        "≥ 70 %",
        beside,
    );
    report.scale("from the end of the command to the last host", waits.written(" ms"), "");
    Ok(())
}
