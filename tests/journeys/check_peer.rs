//! An administrator looks at one actor elsewhere, step by step.

use serde_json::{Value, json};

use crate::harness::{Answer, Neighbour, Said, Town, each_database, eventually, holds, seen};

each_database! {
    async fn a_peer_that_accepts_is_all_right_and_left_again(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let peer = town.foreign.person("c.test", "peer");
        let named = peer.handle();
        let check = ["check", "--peer", &named, "--json"];
        let (said, ()) = tokio::join!(town.server.run(&check), accepts(&peer));
        assert_eq!(said.code, Some(0), "{said:?}");
        let lines = lines(&said);
        let steps: Vec<_> = lines.iter().map(|line| line["name"].as_str().unwrap_or("")).collect();
        for step in ["webfinger", "actor", "handle", "key", "fetch", "nodeinfo", "follow"] {
            assert!(steps.contains(&step), "{step} is not in {lines:?}");
        }
        assert!(says(&lines, "key").contains("RSA, 2048 bits"), "{lines:?}");
        assert!(says(&lines, "nodeinfo").contains("mastodon 4.5.2"), "{lines:?}");
        assert!(says(&lines, "follow").contains("accepted"), "{lines:?}");
        let left = async || {
            let told = peer.told("Undo", &peer.id());
            holds(told.len() == 1, || seen(&peer.inbox()))
        };
        eventually("the test follow is taken back", left).await;
    }

    async fn what_is_wrong_with_a_peer_is_said(db: TestDatabase) {
        let mut town = Town::without_followers(db).await;
        let nobody = town.server.run(&["check", "--peer", "@nobody@c.test", "--json"]).await;
        assert_eq!(nobody.code, Some(1), "{nobody:?}");
        assert_eq!(lines(&nobody)[0]["name"], "webfinger");
        assert_eq!(lines(&nobody)[0]["ok"], false);

        let odd = town.foreign.person("c.test", "odd");
        let mut document = odd.document();
        document["id"] = json!("http://c.test/users/another");
        town.foreign.shows(&odd.id(), Answer::activity(&document));
        let said = town.server.run(&["check", "--peer", &odd.handle(), "--json"]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(says(&lines(&said), "actor").contains("another"), "{said:?}");

        let fine = town.foreign.person("c.test", "fine");
        town.server.terminate().await;
        let said = town.server.run(&["check", "--peer", &fine.handle(), "--json"]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(says(&lines(&said), "follow").contains("likejewijk serve"), "{said:?}");
    }

    async fn a_handle_of_another_domain_is_shown_where_that_domain_confirms_it(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let partner = town.foreign.person("b.test", "info");
        town.foreign.names("info@gemeente.example", &partner.id());
        let add = ["partner", "add", "@info@gemeente.example", "--wijk", "bloemhof"];
        let rest = ["--kind", "gemeente", "--name", "Gemeente"];
        let added = town.server.json(&[&add[..], &rest[..]].concat()).await;
        assert_eq!(added["handle"], "@info@gemeente.example", "{added}");
        assert_eq!(added["actor"], partner.id());
    }

    async fn i11_nobody_looks_as_if_they_lived_elsewhere(db: TestDatabase) {
        let town = Town::new(db).await;
        town.foreign.names("real@c.test", "http://c.test/users/real");
        for (name, claims, shown) in [
            ("posing", "bloemhof@wijk.test", "@posing@a.test"),
            ("stealing", "real@c.test", "@stealing@a.test"),
            ("honest", "honest@werk.example", "@honest@werk.example"),
        ] {
            let who = town.foreign.person("a.test", name);
            let mut document = who.document();
            document["webfinger"] = json!(claims);
            town.foreign.shows(&who.id(), Answer::activity(&document));
            if name == "honest" {
                town.foreign.names(claims, &who.id());
            }
            let note = who.writes(&format!("Ik ben {name}")).await;
            let submission = town.waiting(&note).await;
            assert_eq!(submission["handle"], shown, "{submission}");
        }
    }
}

fn lines(said: &Said) -> Vec<Value> {
    serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

fn says(lines: &[Value], name: &str) -> String {
    let line = lines.iter().find(|line| line["name"] == name);
    line.and_then(|line| line["say"].as_str()).unwrap_or_default().to_owned()
}

/// Accepts the first Follow that comes.
async fn accepts(peer: &Neighbour) {
    let asked = async || {
        let told = peer.told("Follow", &peer.id());
        told.first().cloned().ok_or_else(|| seen(&peer.inbox()))
    };
    let follow = eventually("a Follow", asked).await.json();
    let accept = json!({ "@context": "https://www.w3.org/ns/activitystreams",
                         "id": format!("{}#accepts/1", peer.id()), "type": "Accept",
                         "actor": peer.id(), "object": follow });
    peer.says(&accept).await;
}
