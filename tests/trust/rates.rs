//! What other servers may ask of us in five minutes (TRUST.md §4).

use crate::harness::{ACTIVITY_JSON, Town, each_database};

each_database! {
    async fn what_must_be_computed_is_counted_by_address(db: TestDatabase) {
        let limits = [("RATE_LIMITS", "on"), ("LIMITS__PAGES_PER_ADDRESS", "12")];
        let town = Town::with(db, &limits).await;
        let note = town.partner.writes("de straat is dicht").await;
        let boost = town.announced(&note).await.field("/id");
        let boost = boost.strip_prefix("http://wijk.test").expect("an id of ours").to_owned();
        let counted = [
            "/.well-known/webfinger?resource=acct:bloemhof@wijk.test",
            "/wijken/bloemhof/outbox",
            "/wijken/bloemhof/outbox?page=true",
            "/wijken/bloemhof/followers",
            &boost,
        ];
        let ask = async |path: &str| town.server.get(path, ACTIVITY_JSON).await;
        let mut answers = Vec::new();
        for path in counted.iter().cycle().take(13) {
            answers.push(ask(path).await.status);
        }
        assert_eq!(answers, [vec![200; 12], vec![429]].concat());
        for path in counted {
            let answer = ask(path).await;
            assert_eq!(answer.status, 429, "{path}");
            assert!(answer.header("retry-after").is_some(), "{path}");
        }
        for path in ["/wijken/bloemhof", "/actor", "/.well-known/nodeinfo", "/nodeinfo/2.1"] {
            assert_eq!(ask(path).await.status, 200, "{path}");
        }
        // Who is heard is another matter.
        town.still_hears(&town.partner).await;
    }
}
