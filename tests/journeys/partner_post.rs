//! A verified partner mentions the wijk, and the wijk passes it on.

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{
    ACTIVITY_JSON, PARTNER, PUBLIC, Received, Town, WIJK, each_database, eventually, seen,
};

each_database! {
    async fn a_partners_mention_is_announced_to_all_who_follow(db: TestDatabase) {
        let town = Town::new(db).await;
        let same_server = town.foreign.person("c.test", "follower2");
        let elsewhere = town.foreign.person("a.test", "follower3");
        for who in [&same_server, &elsewhere] {
            let follow = who.follows().await;
            town.accepts(who, &follow).await;
        }

        let note = town.partner.writes("Zaterdag spreekuur in het wijkgebouw").await;

        let announce = town.announced(&note).await;
        for host in [&town.partner, &elsewhere] {
            town.announced_to(host, &note).await;
        }
        town.everything_is_handled().await;
        let mut deliveries = BTreeMap::new();
        for who in [&town.partner, &town.follower, &elsewhere] {
            let told: Vec<_> =
                who.told("Announce", &note.id).iter().map(Received::url).collect();
            deliveries.insert(who.host.as_str(), told);
        }
        let once = |host: &str| vec![format!("http://{host}/inbox")];
        let expected = ["a.test", "b.test", "c.test"].map(|host| (host, once(host)));
        assert_eq!(deliveries, BTreeMap::from(expected), "once to each shared inbox");

        assert_eq!(announce.proven(town.server.whereabouts()).await, Ok(WIJK.to_owned()));
        let said = announce.json();
        assert_eq!(said["type"], "Announce");
        assert_eq!(said["actor"], WIJK);
        assert_eq!(said["object"], note.id.as_str(), "the object by its id: {said}");
        assert_eq!(said["to"], json!([PUBLIC]));
        let cc = said["cc"].as_array().cloned().unwrap_or_default();
        for addressee in [format!("{WIJK}/followers"), town.partner.id()] {
            assert!(cc.contains(&json!(addressee)), "{addressee} is not in cc: {said}");
        }
        assert_eq!(cc.len(), 2, "{said}");
        let moment = |text: &str| text.parse::<jiff::Timestamp>().expect("a time");
        let published = said["published"].as_str().expect("published");
        assert!(moment(published) >= moment(&note.published), "{published} < {}", note.published);

        let id = announce.field("/id");
        let path = id.strip_prefix("http://wijk.test").expect("an id of ours");
        assert!(path.starts_with("/wijken/bloemhof/boosts/"), "{id}");
        let again = town.server.get(path, ACTIVITY_JSON).await;
        assert_eq!((again.status, &again.json()["id"]), (200, &json!(id)), "{}", again.text());
    }

    async fn the_wijks_page_shows_who_said_it_and_where(db: TestDatabase) {
        let town = Town::new(db).await;

        town.partner.writes("De brug is de hele week dicht").await;

        town.page_comes_to_say("De brug is de hele week dicht").await;
        let page = town.wijk_page().await;
        let article = page.article("De brug is de hele week dicht").expect("an article");
        for said in ["wijkagent", "b.test"] {
            assert!(article.contains(said), "{said} is not in {article}");
        }
        assert!(
            article.contains(PARTNER) || article.to_lowercase().contains("partner"),
            "no mark of the partner in {article}"
        );
    }

    async fn the_proof_is_fetched_from_the_origin_and_signed(db: TestDatabase) {
        let town = Town::new(db).await;

        let note = town.partner.writes("Inbraakpreventie: zo doet u dat").await;
        town.announced(&note).await;

        let fetches = town.foreign.fetches_of(&note.id);
        assert!(!fetches.is_empty(), "nobody looked at {}", note.id);
        for fetch in fetches {
            assert_eq!(fetch.key_id().as_deref(), Some("http://wijk.test/actor#main-key"));
            let accept = fetch.header("accept").unwrap_or_default();
            assert!(accept.contains(ACTIVITY_JSON), "Accept: {accept}");
        }
    }

    async fn the_wijks_editors_write_and_the_wijk_passes_it_on(db: TestDatabase) {
        let town = Town::new(db).await;

        let words = "Welkom op de nieuwe pagina van de wijk";
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", words];
        let written = town.server.json(&post).await;

        town.page_comes_to_say(words).await;
        let id = written["id"].as_str().expect("an id");
        let path = id.strip_prefix("http://wijk.test").expect("an id of ours");
        let object = town.server.get(path, ACTIVITY_JSON).await.json();
        assert_eq!((&object["id"], &object["type"]), (&json!(id), &json!("Note")), "{object}");
        assert_eq!(object["attributedTo"], "http://wijk.test/partners/bloemhof_redactie");
        let came = async || {
            let told = town.follower.told("Announce", id);
            told.first().cloned().ok_or(seen(&town.follower.inbox()))
        };
        eventually("the announcement of our own post", came).await;
    }
}
