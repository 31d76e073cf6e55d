//! A resident on another server finds the wijk, follows it, and leaves again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    ACTIVITY_JSON, Activity, HANDLE, HOST, Neighbour, Town, WIJK, each_database, eventually, holds,
    within,
};

each_database! {
    async fn a_resident_finds_the_wijk(db: TestDatabase) {
        let town = Town::without_followers(db).await;

        let webfinger = format!("/.well-known/webfinger?resource=acct:bloemhof@{HOST}");
        let found = town.server.get(&webfinger, "application/jrd+json").await;
        assert_eq!(found.status, 200, "{}", found.text());
        let content_type = found.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/jrd+json"), "{content_type}");
        assert_eq!(found.header("access-control-allow-origin"), Some("*"));
        let found = found.json();
        assert_eq!(found["subject"], "acct:bloemhof@wijk.test");
        let links = found["links"].as_array().expect("links");
        let own = links.iter().find(|link| link["rel"] == "self").expect("a self link");
        assert_eq!((&own["type"], &own["href"]), (&json!(ACTIVITY_JSON), &json!(WIJK)));

        let actor = town.wijk_actor().await;
        let content_type = actor.header("content-type").unwrap_or_default().to_owned();
        assert!(
            [ACTIVITY_JSON, "application/activity+json; charset=utf-8"].contains(&&*content_type),
            "{content_type}"
        );
        assert!(actor.header("vary").is_some_and(|vary| vary.to_lowercase().contains("accept")));
        assert_is_a_group(&actor.json());

        let unknown = "/.well-known/webfinger?resource=acct:elders@wijk.test";
        assert_eq!(town.server.get(unknown, ACTIVITY_JSON).await.status, 404);
    }

    async fn a_resident_follows_and_is_accepted_within_two_seconds(db: TestDatabase) {
        let town = Town::without_followers(db).await;

        let follow = town.resident.follows().await;

        let accepted = async || {
            town.resident.told("Accept", &follow.id).pop().ok_or("no Accept".to_owned())
        };
        let accept = within(Duration::from_secs(2), "an Accept of the Follow", accepted).await;
        assert_eq!(accept.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        assert_eq!(accept.url(), format!("{}/inbox", town.resident.id()));
        assert_eq!(accept.header("content-type"), Some(ACTIVITY_JSON));
        assert!(accept.header("user-agent").is_some(), "{accept:?}");
        let said = accept.json();
        assert_eq!(said["actor"], WIJK);
        let embedded = &said["object"];
        assert_eq!(embedded["id"], follow.id.as_str(), "{said}");
        assert_eq!(embedded["type"], "Follow", "{said}");
        assert_eq!(embedded["actor"], town.resident.id().as_str(), "{said}");
        assert_eq!(embedded["object"], WIJK, "{said}");
        followers_are(&town, 1).await;
    }

    async fn a_repeated_follow_is_accepted_again(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let first = town.resident.follows().await;
        town.accepts(&town.resident, &first).await;

        let second = town.resident.follows().await;
        town.accepts(&town.resident, &second).await;

        town.resident.says(&second).await;
        accepts_are(&town.resident, &second, 2).await;
        followers_are(&town, 1).await;
    }

    async fn a_follower_leaves(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let neighbour = town.foreign.person("a.test", "resident2");
        for who in [&town.resident, &neighbour, &town.follower] {
            let follow = who.follows().await;
            town.accepts(who, &follow).await;
        }
        followers_are(&town, 3).await;

        // Mastodon embeds the Follow; its synchroniser leaves the id out; others send the bare id.
        let follow = Activity::follow(&town.resident.id(), WIJK);
        town.resident.says(&follow.undone_by(&town.resident.id())).await;
        followers_are(&town, 2).await;
        let follow = Activity::follow(&neighbour.id(), WIJK);
        let mut without_id = follow.undone_by(&neighbour.id()).json();
        without_id["object"].as_object_mut().expect("a Follow").remove("id");
        neighbour.says(&without_id).await;
        followers_are(&town, 1).await;

        let note = town.partner.writes("Het buurthuis is open").await;
        town.announced(&note).await;
        town.everything_is_handled().await;
        assert!(town.resident.announcements_of(&note).is_empty(), "who left is left alone");
    }

    async fn a_follow_is_undone_by_its_bare_id(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let follow = town.resident.follows().await;
        town.accepts(&town.resident, &follow).await;

        let mut undo = follow.undone_by(&town.resident.id()).json();
        undo["object"] = json!(follow.id);
        town.resident.says(&undo).await;

        followers_are(&town, 0).await;
    }

    async fn who_follows_stays_private(db: TestDatabase) {
        let town = Town::new(db).await;

        let followers = town.server.get("/wijken/bloemhof/followers", ACTIVITY_JSON).await;

        assert_eq!(followers.status, 200, "{}", followers.text());
        let collection = followers.json();
        assert_eq!(collection["id"], format!("{WIJK}/followers"));
        assert!(collection["totalItems"].is_u64(), "{collection}");
        assert!(collection.get("first").is_none(), "{collection}");
        assert_eq!(collection.get("items").unwrap_or(&json!([])), &json!([]));
        assert!(!followers.text().contains("c.test"), "{collection}");
    }
}

/// FEDERATION-PROFILE §2.2, what a peer cannot do without.
fn assert_is_a_group(actor: &Value) {
    let of_wijk = |part: &str| json!(format!("{WIJK}/{part}"));
    assert_eq!(actor["id"], WIJK);
    assert_eq!(actor["type"], "Group");
    assert_eq!(actor["preferredUsername"], "bloemhof");
    assert_eq!(actor["name"], "Bloemhof");
    assert_eq!(actor["inbox"], of_wijk("inbox"));
    assert_eq!(actor["outbox"], of_wijk("outbox"));
    assert_eq!(actor["followers"], of_wijk("followers"));
    assert_eq!(actor["attributedTo"], of_wijk("moderators"));
    assert_eq!(actor["endpoints"]["sharedInbox"], "http://wijk.test/inbox");
    assert_eq!(actor["manuallyApprovesFollowers"], false);
    assert_eq!((&actor["discoverable"], &actor["indexable"]), (&json!(true), &json!(true)));
    assert_eq!(actor["publicKey"]["id"], format!("{WIJK}#main-key"));
    assert_eq!(actor["publicKey"]["owner"], WIJK);
    let pem = actor["publicKey"]["publicKeyPem"].as_str().unwrap_or_default();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{HANDLE}: {actor}");
    let contexts = actor["@context"].as_array().expect("contexts");
    assert!(contexts.contains(&json!("https://www.w3.org/ns/activitystreams")), "{actor}");
}

async fn followers_are(town: &Town, number: u64) {
    let counted = async || {
        let wijk = town.wijk().await;
        holds(wijk["followers"] == number, || wijk.to_string())
    };
    eventually(&format!("{number} followers"), counted).await;
}

async fn accepts_are(who: &Neighbour, follow: &Activity, number: usize) {
    let counted = async || {
        let told = who.told("Accept", &follow.id).len();
        holds(told == number, || format!("{told} Accepts"))
    };
    eventually(&format!("{number} Accepts of {}", follow.id), counted).await;
}
