//! R16: stopping gracefully, under load.

use std::time::Duration;

use super::load::{Load, each_waits_once};
use crate::harness::{Answer, FAR, HTML, Town, each_database};

each_database! {
    async fn r16_it_stops_within_ten_seconds_and_loses_nothing(db: TestDatabase) {
        let mut town = Town::new(db).await;
        let far = town.foreign.person(FAR, "follower");
        let follow = far.follows().await;
        town.accepts(&far, &follow).await;
        town.foreign.door().shut();
        let healthy = town.server.get("/healthz", HTML).await;
        assert_eq!((healthy.status, healthy.text().trim()), (200, "ok"));
        let note = town.partner.writes("Dit is nog onderweg").await;
        town.announced(&note).await;
        let slow = Duration::from_secs(3);
        town.foreign.inboxes_answer("c.test", move |_| Answer::status(202).after(slow));
        town.partner.writes("Dit wordt net bezorgd").await;
        let load = Load::begin(&town);
        load.goes_on(40).await;

        let (status, took) = town.server.terminate().await;

        assert!(status.success(), "{status}");
        assert!(took <= Duration::from_secs(10), "{took:?}");
        let taken = load.ends().await;
        town.foreign.inboxes_answer("c.test", |_| Answer::status(202));
        town.server.start().await;
        each_waits_once(&town, &taken).await;
        town.foreign.door().open();
        town.announced_to(&far, &note).await;
    }
}
