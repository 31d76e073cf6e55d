//! Posts of strangers that mention the wijk: verified and committed before 202, then each fetched
//! from its origin and laid on the desk.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::figures::{Spread, per_second};
use crate::load::{Sent, send_all};
use crate::mastodon::Author;
use crate::report::Report;
use crate::scene::{Scene, WIJK};
use crate::server::Role;

const CONNECTIONS: usize = 64;
const HOSTS: usize = 32;
const NAMES: usize = 4;
const ACTED_ON_WITHIN: Duration = Duration::from_mins(4);

/// While it goes on acting on what arrived.
pub(crate) async fn together(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    bare(scene, report).await?;
    let authors = authors();
    become_known(scene, &authors).await?;
    let (mut taken, mut acted) = (Spread::default(), Spread::default());
    let (mut taking, mut acting) = (String::new(), String::new());
    for _ in 0..scene.size.rounds {
        let letters = scene.writer.posts(&authors, scene.size.arrivals, WIJK)?;
        scene.elsewhere.turn_to(WIJK);
        let usage = scene.server.usage()?;
        let sent = send_all(scene.server.address()?, &letters, CONNECTIONS).await?;
        taking = usage.end();
        refusals(report, &sent);
        taken.add(per_second(sent.taken(), sent.took));
        let all = scene.acted_on(sent.taken(), ACTED_ON_WITHIN).await?;
        acting = usage.end();
        acted.add(per_second(sent.taken(), all - sent.begun));
    }
    report.asked("arrivals, verified and committed", taken.written("/s"), "≥ 3,000/s", taking);
    report.asked("the same, acted on and at the desk", acted.written("/s"), "≥ 800/s", acting);
    at_the_desk(scene, report).await
}

/// From authors never heard of; without acting on it; and acting on what lies there.
pub(crate) async fn apart(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let authors = authors();
    scene.server.restart(Role::All).await?;
    unknown(scene, report).await?;
    become_known(scene, &authors).await?;
    let (mut taken, mut acted) = (Spread::default(), Spread::default());
    let (mut taking, mut acting) = (String::new(), String::new());
    for _ in 0..scene.size.rounds {
        scene.server.restart(Role::Web).await?;
        let letters = scene.writer.posts(&authors, scene.size.arrivals, WIJK)?;
        scene.elsewhere.turn_to(WIJK);
        // The keys are read from the database once.
        let first = scene.writer.posts(&authors, authors.len(), WIJK)?;
        send_all(scene.server.address()?, &first, CONNECTIONS).await?;
        let usage = scene.server.usage()?;
        let sent = send_all(scene.server.address()?, &letters, CONNECTIONS).await?;
        taking = usage.end();
        refusals(report, &sent);
        taken.add(per_second(sent.taken(), sent.took));
        scene.server.restart(Role::All).await?;
        let (usage, begun) = (scene.server.usage()?, Instant::now());
        let waiting = sent.taken() + first.len();
        let all = scene.acted_on(waiting, ACTED_ON_WITHIN).await?;
        acting = usage.end();
        acted.add(per_second(waiting, all - begun));
    }
    report.scale("arrivals while nothing is acted on", taken.written("/s"), taking);
    report.scale("acting on them while nothing arrives", acted.written("/s"), acting);
    Ok(())
}

/// The same letters, taken by an axum that looks at nothing.
async fn bare(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let letters = scene.writer.posts(&authors(), scene.size.arrivals, WIJK)?;
    let mut taken = Spread::default();
    for _ in 0..scene.size.rounds {
        let sent = send_all(scene.bare.address, &letters, CONNECTIONS).await?;
        taken.add(per_second(sent.taken(), sent.took));
    }
    let length = letters.first().map_or(0, Vec::len);
    let beside = format!("{length} bytes with its head, {CONNECTIONS} connections");
    report.scale("bare axum taking the same POSTs", taken.written("/s"), beside);
    Ok(())
}

/// From authors never heard of: each key is fetched before the answer.
async fn unknown(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let mut taken = Spread::default();
    let mut beside = String::new();
    for round in 0..scene.size.rounds {
        let author = |n: usize| Author::new(format!("new{round}x{n}.flood.test"), "resident");
        let authors: Vec<Author> = (0..scene.size.hosts).map(author).collect();
        let letters = scene.writer.posts(&authors, authors.len(), WIJK)?;
        scene.elsewhere.turn_to(WIJK);
        let usage = scene.server.usage()?;
        let sent = send_all(scene.server.address()?, &letters, CONNECTIONS).await?;
        beside = usage.end();
        refusals(report, &sent);
        taken.add(per_second(sent.taken(), sent.took));
        scene.acted_on(sent.taken(), ACTED_ON_WITHIN).await?;
    }
    report.scale("arrivals of authors and hosts never heard of", taken.written("/s"), beside);
    Ok(())
}

/// One post of each, so that the server has their keys.
async fn become_known(scene: &mut Scene, authors: &[Author]) -> Outcome<()> {
    let letters = scene.writer.posts(authors, authors.len(), WIJK)?;
    scene.elsewhere.turn_to(WIJK);
    let sent = send_all(scene.server.address()?, &letters, CONNECTIONS).await?;
    scene.acted_on(sent.taken(), ACTED_ON_WITHIN).await?;
    Ok(())
}

/// That what was counted as acted on really waits there.
async fn at_the_desk(scene: &Scene, report: &mut Report) -> Outcome<()> {
    let size = scene.size;
    let expected = size.rounds * size.arrivals + HOSTS * NAMES;
    let queue = scene.server.json(&["queue", "list", "--wijk", WIJK]).await?;
    let waiting = queue.as_array().map_or(0, Vec::len);
    report.note(format!("{waiting} of {expected} posts of strangers wait at the desk"));
    Ok(())
}

fn authors() -> Vec<Author> {
    let of_host = |host: usize| {
        (0..NAMES).map(move |name| Author::new(format!("h{host}.flood.test"), format!("n{name}")))
    };
    (0..HOSTS).flat_map(of_host).collect()
}

fn refusals(report: &mut Report, sent: &Sent) {
    if sent.statuses.keys().any(|status| *status != 202) {
        report.note(format!("answers other than 202: {:?}", sent.statuses));
    }
}
