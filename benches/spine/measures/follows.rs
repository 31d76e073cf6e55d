//! Many hosts follow a wijk at once: each is accepted, and its Accept delivered.

use std::time::Duration;

use crate::Outcome;
use crate::figures::{Spread, per_second};
use crate::load::send_all;
use crate::mastodon::Author;
use crate::report::Report;
use crate::scene::{Scene, until};

const CONNECTIONS: usize = 64;
const ACCEPTED_WITHIN: Duration = Duration::from_mins(1);

/// The wijk of a round; only that round's hosts follow it.
pub(crate) fn slug(round: usize) -> String {
    format!("straat{round}")
}

pub(crate) async fn measure(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let mut accepted = Spread::default();
    let mut beside = String::new();
    for round in 0..scene.size.rounds {
        let slug = slug(round);
        scene.found(&slug).await?;
        let author = |n: usize| Author::new(format!("f{round}x{n}.flood.test"), "resident");
        let followers: Vec<Author> = (0..scene.size.hosts).map(author).collect();
        let letters = scene.writer.follows(&followers, &slug)?;
        scene.elsewhere.turn_to(&slug);
        let usage = scene.server.usage()?;
        let sent = send_all(scene.server.address()?, &letters, CONNECTIONS).await?;
        let elsewhere = &scene.elsewhere;
        let all_heard = until(|| elsewhere.accepts().count() >= followers.len(), ACCEPTED_WITHIN);
        let all_heard = all_heard.await;
        beside = format!("{}; taken at {:.0}/s", usage.end(), per_second(sent.taken(), sent.took));
        let heard = elsewhere.accepts();
        if !all_heard {
            let (got, all) = (heard.count(), followers.len());
            return Err(format!("{got} of {all} Accepts; answers {:?}", sent.statuses).into());
        }
        let last = heard.last().ok_or("no Accept")?;
        accepted.add(per_second(heard.count(), last - sent.begun));
    }
    let what = format!("{} Follows from distinct hosts, accepted", scene.size.hosts);
    report.asked(&what, accepted.written("/s"), "≥ 700/s", beside);
    Ok(())
}
