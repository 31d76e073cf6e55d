//! The page of a wijk with many posts, beside an axum that holds the same bytes.

use std::time::Duration;

use crate::Outcome;
use crate::bare::hang_up;
use crate::client::{Connection, header};
use crate::figures::{Spread, digits, millis, number, per_mille, per_second};
use crate::load::{at_rate, repeat, send_all};
use crate::mastodon::Author;
use crate::report::Report;
use crate::scene::Scene;
use crate::server::HOST;

/// A wijk without followers: filling it makes nobody else busy but its partners' servers.
pub(crate) const SLUG: &str = "beverwaard";
const PARTNERS: usize = 32;
const CONNECTIONS: [usize; 4] = [2, 4, 8, 16];
const FILLED_WITHIN: Duration = Duration::from_mins(6);
const GZIP: &str = "Accept-Encoding: gzip\r\n";
const RATE: u32 = 200;

pub(crate) async fn measure(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    fill(scene, report).await?;
    compare(scene, report, "").await?;
    compare(scene, report, GZIP).await?;
    let time = Duration::from_secs(scene.size.seconds * 4);
    let request = request(&format!("/wijken/{SLUG}"), HOST, "");
    let usage = scene.server.usage()?;
    let times = at_rate(scene.server.address()?, &request, RATE, time).await?;
    let at = |mille| digits(millis(per_mille(&times, mille)));
    report.asked(
        &format!("the same page at {RATE}/s: p99"),
        format!("**{} ms** (median {}, most {})", at(990), at(500), at(1000)),
        "≤ 20 ms",
        usage.end(),
    );
    Ok(())
}

/// A GET as a browser sends it.
pub(crate) fn request(path: &str, host: &str, more: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: spine\r\nAccept: text/html\r\n\
         {more}\r\n"
    )
    .into_bytes()
}

/// Verified partners write, and what they write is passed on at once.
async fn fill(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    scene.found(SLUG).await?;
    let partner = |n: usize| Author::new(format!("p{n}.flood.test"), "partner");
    let partners: Vec<Author> = (0..PARTNERS).map(partner).collect();
    for partner in &partners {
        let (id, name) = (partner.id(), partner.host.as_str());
        let add = ["partner", "add", &id, "--wijk", SLUG, "--kind", "welzijn", "--name", name];
        scene.server.json(&add).await?;
    }
    let letters = scene.writer.posts(&partners, scene.size.posts, SLUG)?;
    scene.elsewhere.turn_to(SLUG);
    let usage = scene.server.usage()?;
    let sent = send_all(scene.server.address()?, &letters, 64).await?;
    let all = scene.acted_on(sent.taken(), FILLED_WITHIN).await?;
    let rate = Spread::from_iter([per_second(sent.taken(), all - sent.begun)]);
    report.scale("partners' posts passed on while the page fills", rate.written("/s"), usage.end());
    settle(scene, report).await
}

/// Each announcement also goes back to its author's server; the page is measured when that is over.
async fn settle(scene: &Scene, report: &mut Report) -> Outcome<()> {
    for _ in 0..600 {
        let waiting = scene.server.json(&["deliveries"]).await?;
        if waiting.as_array().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    report.note("deliveries to the partners still waited while the page was measured".to_owned());
    Ok(())
}

/// The page and the bare axum in turn, with few and with more connections.
async fn compare(scene: &Scene, report: &mut Report, more: &str) -> Outcome<()> {
    let (server, bare) = (scene.server.address()?, scene.bare.address);
    let ours = request(&format!("/wijken/{SLUG}"), HOST, more);
    let (coding, page) = fetched(scene, &ours).await?;
    if coding.is_empty() && !more.is_empty() {
        report.note("the page is not compressed for a browser that asks for gzip".to_owned());
        return Ok(());
    }
    hang_up(&scene.bare, &page).await?;
    let theirs = request("/page", "bare", more);
    let time = Duration::from_secs(scene.size.seconds);
    let (mut shares, mut rates, mut bares) =
        (Spread::default(), Spread::default(), Spread::default());
    let usage = scene.server.usage()?;
    for connections in CONNECTIONS {
        let rate = number(repeat(server, &ours, connections, time).await?) / time.as_secs_f64();
        let bare = number(repeat(bare, &theirs, connections, time).await?) / time.as_secs_f64();
        shares.add(rate / bare * 100.0);
        rates.add(rate);
        bares.add(bare);
    }
    let beside = format!("half of the time the bare one: {}", usage.end());
    let reached = format!("{} of bare; {}", shares.written(" %"), rates.written("/s"));
    let what = format!(
        "the wijk page with {} posts ({} bytes{coding}), {}–{} connections",
        scene.size.posts,
        page.len(),
        CONNECTIONS[0],
        CONNECTIONS[3]
    );
    if more.is_empty() {
        report.asked(&what, reached, "≥ 40 %", beside);
    } else {
        report.scale(&what, reached, beside);
    }
    report.scale(&format!("bare axum, a page of {} bytes", page.len()), bares.written("/s"), "");
    Ok(())
}

/// How the page is encoded, and its bytes.
async fn fetched(scene: &Scene, request: &[u8]) -> Outcome<(String, Vec<u8>)> {
    let mut connection = Connection::open(scene.server.address()?).await?;
    let answer = connection.exchange(request).await?;
    let is_html = header(answer.head, "content-type").is_some_and(|it| it.starts_with("text/html"));
    if answer.status != 200 || !is_html {
        return Err(format!("the wijk page is answered {:?}", answer.head).into());
    }
    let coding = header(answer.head, "content-encoding");
    let coding = coding.map_or_else(String::new, |coding| format!(", {coding}"));
    Ok((coding, answer.body.to_vec()))
}
