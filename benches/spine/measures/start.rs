//! From the start of the process, on the database that all the others filled, to its first page.

use std::time::Instant;

use super::page::{SLUG, request};
use crate::Outcome;
use crate::client::Connection;
use crate::figures::{Spread, millis};
use crate::report::Report;
use crate::scene::{Scene, WIJK};
use crate::server::{HOST, Role};

const ROUNDS: usize = 5;

pub(crate) async fn measure(scene: &mut Scene, report: &mut Report) -> Outcome<()> {
    let mut times = Spread::default();
    let path = if is_there(scene, SLUG).await? { SLUG } else { WIJK };
    let request = request(&format!("/wijken/{path}"), HOST, "");
    for _ in 0..ROUNDS {
        scene.server.stop().await?;
        let begun = Instant::now();
        scene.server.start(Role::All).await?;
        let mut connection = Connection::open(scene.server.address()?).await?;
        let status = connection.exchange(&request).await?.status;
        if status != 200 {
            return Err(format!("the first page is answered {status}").into());
        }
        times.add(millis(begun.elapsed()));
    }
    report.asked(
        "from the start to the first page",
        times.written(" ms"),
        "≤ 300 ms",
        String::new(),
    );
    Ok(())
}

async fn is_there(scene: &Scene, slug: &str) -> Outcome<bool> {
    let wijken = scene.server.json(&["wijk", "list"]).await?;
    Ok(wijken.as_array().is_some_and(|all| all.iter().any(|wijk| wijk["slug"] == slug)))
}
