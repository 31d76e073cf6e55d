//! What the administrator sees of other servers, and says of them.

use serde_json::{Value, json};

use crate::harness::{Answer, Town, each_database, eventually};

/// A server's NodeInfo from now on.
pub(super) fn runs(town: &Town, host: &str, software: &str, version: &str) {
    let info = json!({ "version": "2.0", "protocols": ["activitypub"],
                       "software": { "name": software, "version": version } });
    let info = Answer::document("application/json; charset=utf-8", info.to_string());
    town.foreign.shows(&format!("http://{host}/nodeinfo/2.0"), info);
}

/// `instance list`, of that host, once it is learned what it runs.
pub(super) async fn known(town: &Town, host: &str, software: &str) -> Value {
    let learned = async || {
        let all = town.server.list(&["instance", "list"]).await;
        let line = all.iter().find(|line| line["host"] == host).cloned();
        line.filter(|line| line["software"] == software).ok_or(format!("known are {all:?}"))
    };
    eventually(&format!("{host} is known to run {software}"), learned).await
}

each_database! {
    async fn what_a_server_runs_is_learned_when_somebody_there_follows(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        runs(&town, "c.test", "lemmy", "0.19.15");
        town.foreign.shows("http://a.test/.well-known/nodeinfo", Answer::status(500));
        for who in [&town.follower, &town.resident] {
            let follow = who.follows().await;
            town.accepts(who, &follow).await;
        }
        let line = known(&town, "c.test", "lemmy").await;
        assert_eq!((&line["version"], &line["kind"]), (&json!("0.19.15"), &json!("threadiverse")));

        // Where it cannot be learned, the administrator says it, or thinks better of it.
        let kind_of_a = async || {
            let all = town.server.list(&["instance", "list"]).await;
            all.iter().find(|line| line["host"] == "a.test").expect("a follower's")["kind"].clone()
        };
        assert_eq!(kind_of_a().await, "microblog");
        town.server.does(&["instance", "set", "a.test", "--kind", "calendar"]).await;
        assert_eq!(kind_of_a().await, "calendar");
        town.server.does(&["instance", "set", "a.test", "--kind", "auto"]).await;
        assert_eq!(kind_of_a().await, "microblog");
        let unknown = town.server.run(&["instance", "set", "nowhere.test", "--kind", "auto"]).await;
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
    }
}
