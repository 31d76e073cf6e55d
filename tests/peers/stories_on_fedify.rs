//! The main job with somebody else's program on the other side: Fedify follows, writes, verifies
//! what we send and signs as it does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::peer::Peer;
use super::street::{SOON, Street, follows, id};
use crate::harness::{HANDLE, HTML, Page, TestDatabase, WIJK, each_database, eventually, holds};

/// Of a peer's log: the rows of a method whose path or URL contains `place`.
fn among<'a>(log: &'a [Value], method: &str, place: &str) -> Vec<&'a Value> {
    let is_it = |row: &&Value| {
        let to = row["path"].as_str().or(row["url"].as_str()).unwrap_or_default();
        row["method"] == method && to.contains(place)
    };
    log.iter().filter(is_it).collect()
}

fn schemes(log: &[&Value]) -> BTreeSet<String> {
    log.iter().map(|row| format!("{} {}", row["signature"], row["status"])).collect()
}

/// The server of `@volger@ginder.test` calls itself a community's, and we know.
async fn beside_a_community(db: TestDatabase, ginder: &Peer) -> Street {
    ginder.does("software", &json!({ "name": "lemmy", "version": "0.19.15" })).await;
    let street = Street::beside(db, ginder).await;
    let learned = async || {
        let known = street.server.list(&["instance", "list"]).await;
        let is_it = |row: &Value| row["host"] == "ginder.test" && row["kind"] == "threadiverse";
        holds(known.iter().any(is_it), || format!("{known:?}"))
    };
    eventually("its NodeInfo is read", learned).await;
    street
}

/// What a community's server shows of a post: what the activities hold that it was sent.
async fn shown_there(ginder: &Peer, post: &str, words: &str) {
    let shows = async || {
        let shown = ginder.lists("timeline?as=volger").await;
        let post = shown.iter().find(|entry| entry["id"] == post);
        let is_it = post.is_some_and(|post| post["content"].to_string().contains(words));
        holds(is_it, || format!("{words} in {shown:#?}"))
    };
    eventually("the post is shown as it was passed on", shows).await;
}

each_database! {
    async fn fedify_follows_is_accepted_and_goes_again(db: TestDatabase) {
        let street = Street::new(db).await;

        follows(&street.elders, "volger").await;

        let asked = street.elders.lists("outgoing").await;
        let webfinger = among(&asked, "GET", "/.well-known/webfinger");
        assert!(!webfinger.is_empty(), "it looked the name up by itself: {asked:#?}");
        assert!(webfinger.iter().all(|row| row["status"] == 200), "{webfinger:#?}");
        let accepts = street.elders.lists("inbox?as=volger&type=Accept").await;
        assert_eq!((accepts.len(), &accepts[0]["actor"]), (1, &json!(WIJK)), "{accepts:#?}");
        assert_eq!(accepts[0]["signature"], "cavage", "verified by Fedify: {accepts:#?}");
        assert_eq!(street.followers().await, 1);

        street.elders.does("unfollow", &json!({ "as": "volger", "target": WIJK })).await;

        let gone = async || {
            let followers = street.followers().await;
            holds(followers == 0, || followers.to_string())
        };
        eventually("it follows no more", gone).await;
        street.arrivals_are_handled().await;
        street.nothing_was_refused().await;
    }

    async fn a_partner_on_fedify_is_passed_on_to_another_server(db: TestDatabase) {
        let ginder = Peer::on_fedify("ginder.test").await;
        let street = Street::beside(db, &ginder).await;
        street.partner().await;

        let post = street.writes("wijkagent", "Zaterdag spreekuur in de Huiskamer").await;

        let timeline = ginder.comes_to("timeline?as=volger", 1, SOON).await;
        assert_eq!(timeline[0]["id"], post.as_str(), "{timeline:#?}");
        assert_eq!(timeline[0]["by"], WIJK, "{timeline:#?}");
        assert!(timeline[0]["content"].to_string().contains("spreekuur"), "{timeline:#?}");
        let announces = ginder.lists("inbox?as=volger&type=Announce").await;
        assert_eq!(announces.len(), 1, "{announces:#?}");
        assert_eq!(announces[0]["raw"]["object"], post.as_str(), "by its id: {announces:#?}");
        let fetched = ginder.lists("outgoing").await;
        let path = post.trim_start_matches("http://elders.test");
        assert!(!among(&fetched, "GET", path).is_empty(), "at its origin: {fetched:#?}");
        assert_eq!(ginder.lists("refused").await, Vec::<Value>::new());
        street.nothing_was_refused().await;

        let response = street.server.get("/wijken/bloemhof", HTML).await;
        let page = Page::of(&response);
        let card = page.article("Zaterdag spreekuur").unwrap_or_else(|| panic!("{}", page.text()));
        for shown in ["@wijkagent@elders.test", "van elders.test", "mark-partner", "politie"] {
            assert!(card.contains(shown), "{shown} is not in {card}");
        }

        // What is written here is read there: Fedify fetches our object and understands it.
        let by = ["--wijk", "bloemhof", "--as", "bloemhof_redactie"];
        let ours = [&["post"], &by[..], &["Zondag markt op het plein"]].concat();
        let ours = id(&street.server.json(&ours).await);
        let timeline = ginder.comes_to("timeline?as=volger", 2, SOON).await;
        assert_eq!(timeline[1]["id"], ours.as_str(), "{timeline:#?}");
        assert_eq!(timeline[1]["type"], "Note", "{timeline:#?}");
        assert!(timeline[1]["content"].to_string().contains("Zondag markt"), "{timeline:#?}");
    }

    async fn a_resident_on_fedify_waits_is_approved_edits_and_deletes(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.elders.does("person", &json!({ "name": "bewoner" })).await;

        let post = street.writes("bewoner", "De schommel is stuk").await;

        let submission = street.waiting(&post).await;
        assert_eq!(submission["handle"], "@bewoner@elders.test", "{submission}");
        assert!(!street.page().await.says("schommel"), "it waits");
        street.approves(&post).await;
        let timeline = street.timeline(1).await;
        assert_eq!(timeline[0]["id"], post.as_str(), "{timeline:#?}");
        street.page_comes_to("the page shows it", |page| page.says("De schommel is stuk")).await;

        street.elders.does("edit", &json!({ "id": post, "text": "De schommel doet het" })).await;
        assert_eq!(street.waiting(&post).await["why"], "edit");
        assert!(street.page().await.says("De schommel is stuk"), "the approved text stays");
        street.approves(&post).await;
        street.page_comes_to("the new text", |page| page.says("De schommel doet het")).await;
        assert!(!street.page().await.says("De schommel is stuk"));
        street.timeline(1).await;

        street.elders.does("delete", &json!({ "id": post })).await;
        street.timeline(0).await;
        street.page_comes_to("it is gone", |page| !page.says("schommel")).await;
        street.nothing_was_refused().await;
    }

    async fn what_the_wijk_takes_back_leaves_the_timeline(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        let post = street.approved("bewoner", "Vanavond vuurwerk").await;

        let why = ["--wijk", "bloemhof", "--reason", "Bij nader inzien"];
        street.server.does(&[&["announcement", "withdraw", &post], &why[..]].concat()).await;

        street.timeline(0).await;
        let undone = street.elders.lists("inbox?as=volger&type=Undo").await;
        assert_eq!(undone.len(), 1, "{undone:#?}");
        assert_eq!(undone[0]["raw"]["object"]["type"], "Announce", "{undone:#?}");
        street.page_comes_to("it is gone", |page| !page.says("vuurwerk")).await;
        street.nothing_was_refused().await;
    }

    async fn a_private_post_on_fedify_stays_private(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        for (to, words) in [("direct", "Tussen ons gezegd"), ("followers", "Onder mijn volgers")] {
            let post = json!({ "as": "wijkagent", "text": words, "mention": [HANDLE], "to": to });
            street.elders.does("post", &post).await;
        }

        let open = street.writes("wijkagent", "Voor iedereen").await;

        let timeline = street.timeline(1).await;
        assert_eq!(timeline[0]["id"], open.as_str(), "only what is public: {timeline:#?}");
        street.arrivals_are_handled().await;
        assert_eq!(street.queue().await, Vec::<Value>::new());
        let page = street.page().await;
        assert!(page.says("Voor iedereen"), "{}", page.text());
        assert!(!page.says("Tussen ons") && !page.says("Onder mijn"), "{}", page.text());
        let announces = street.elders.lists("inbox?as=volger&type=Announce").await;
        assert_eq!(announces.len(), 1, "{announces:#?}");
        street.nothing_was_refused().await;
    }

    /// What Mastodon calls secure mode.
    async fn who_wants_signed_questions_gets_them(db: TestDatabase) {
        let street = Street::new(db).await;
        street.elders.does("authorize", &json!({ "on": true })).await;
        follows(&street.elders, "volger").await;
        street.partner().await;

        let post = street.writes("wijkagent", "Vanaf nu met handtekening").await;

        assert_eq!(street.timeline(1).await[0]["id"], post.as_str());
        let questions = street.elders.lists("incoming").await;
        let of_people = among(&questions, "GET", "/users/");
        let signed = [r#""cavage" 200"#, r#""rfc9421" 200"#];
        assert!(of_people.len() >= 3, "who follows, the partner, the post: {of_people:#?}");
        let of_people: Vec<_> = of_people
            .into_iter()
            // Fedify's own actor is open to all, and so is asked for unsigned.
            .filter(|row| !row["path"].to_string().contains("/users/elders.test"))
            .collect();
        let schemes = schemes(&of_people);
        assert!(schemes.iter().all(|s| signed.contains(&s.as_str())), "{of_people:#?}");
        street.nothing_was_refused().await;
    }

    async fn who_takes_another_key_is_asked_for_it_once(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.partner().await;
        street.writes("wijkagent", "Met de oude sleutel").await;
        street.timeline(1).await;
        street.elders.does("rotate", &json!({ "as": "wijkagent" })).await;
        street.elders.does("forget", &json!({})).await;

        street.writes("wijkagent", "Met de nieuwe sleutel").await;

        street.timeline(2).await;
        let asked = street.elders.lists("incoming").await;
        let of_the_actor = |row: &&&Value| row["path"] == "/users/wijkagent";
        let fetched = among(&asked, "GET", "/users/wijkagent").iter().filter(of_the_actor).count();
        assert_eq!(fetched, 1, "one look at the actor: {asked:#?}");
        street.nothing_was_refused().await;
    }

    async fn the_newest_signatures_are_understood(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.elders.does("person", &json!({ "name": "bewoner" })).await;
        street.elders.does("forget", &json!({})).await;

        street.writes("bewoner", "Wie heeft er een ladder?").await;

        let tried = street.elders.lists("outgoing").await;
        let tried = among(&tried, "POST", "wijk.test");
        assert_eq!(tried[0]["signature"], "rfc9421", "tried first: {tried:#?}");
        assert_eq!((tried.len(), &tried[0]["status"]), (1, &json!(202)), "{tried:#?}");
        street.nothing_was_refused().await;
    }

    /// A server that calls itself a community's (FEP-1b12) gets the author's own activity, embedded as it was sent.
    async fn a_threadiverse_gets_the_whole_create(db: TestDatabase) {
        let ginder = Peer::on_fedify("ginder.test").await;
        let street = beside_a_community(db, &ginder).await;
        street.partner().await;

        let post = street.writes("wijkagent", "Zaterdag spreekuur in de Huiskamer").await;

        let announces = ginder.comes_to("inbox?as=volger&type=Announce", 1, SOON).await;
        let (announce, create) = (&announces[0]["raw"], &announces[0]["raw"]["object"]);
        assert_eq!((&create["type"], &create["object"]["id"]), (&json!("Create"), &json!(post)), "{announce:#}");
        assert_eq!(create["actor"], "http://elders.test/users/wijkagent", "{announce:#}");
        assert!(create["object"]["content"].to_string().contains("spreekuur"), "{announce:#}");
        assert_eq!(announces[0]["signature"], "cavage", "verified by Fedify: {announces:#?}");

        let why = ["--wijk", "bloemhof", "--reason", "Bij nader inzien"];
        street.server.does(&[&["announcement", "withdraw", &post], &why[..]].concat()).await;

        // Both parts of an Undo bear the ids that were announced.
        let gone = async || {
            let undone = ginder.lists("inbox?as=volger").await;
            let told = undone.iter().map(|row| row["raw"].to_string()).find(|raw| {
                !raw.contains("\"Create\"") && raw.contains(post.as_str())
            });
            told.ok_or(format!("{undone:#?}"))
        };
        eventually("it hears that the wijk took it back", gone).await;
        assert_eq!(ginder.lists("refused").await, Vec::<Value>::new());
    }

    /// Of an edit it gets the Update itself, with the text that the post then holds: nothing else tells it.
    async fn a_threadiverse_hears_of_edits(db: TestDatabase) {
        let ginder = Peer::on_fedify("ginder.test").await;
        let street = beside_a_community(db, &ginder).await;
        street.partner().await;
        let theirs = street.writes("wijkagent", "Zaterdag spreekuur").await;
        let by = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "De brug is dicht"];
        let ours = id(&street.server.json(&by).await);
        shown_there(&ginder, &theirs, "Zaterdag spreekuur").await;
        shown_there(&ginder, &ours, "De brug is dicht").await;

        street.elders.does("edit", &json!({ "id": theirs, "text": "Zondag spreekuur" })).await;
        street.server.does(&["post", "edit", &ours, "De brug is open"]).await;

        shown_there(&ginder, &theirs, "Zondag spreekuur").await;
        shown_there(&ginder, &ours, "De brug is open").await;
        let announces = ginder.lists("inbox?as=volger&type=Announce").await;
        for (post, author) in [
            (&theirs, "http://elders.test/users/wijkagent"),
            (&ours, "http://wijk.test/partners/bloemhof_redactie"),
        ] {
            let is_edit = |row: &&Value| {
                let passed = &row["raw"]["object"];
                passed["type"] == "Update" && passed["object"]["id"] == post.as_str()
            };
            let edits: Vec<_> = announces.iter().filter(is_edit).collect();
            assert_eq!(edits.len(), 1, "{announces:#?}");
            let (announce, update) = (&edits[0]["raw"], &edits[0]["raw"]["object"]);
            assert_eq!((&announce["actor"], &update["actor"]), (&json!(WIJK), &json!(author)), "{announce:#}");
            assert_eq!(edits[0]["signature"], "cavage", "verified by Fedify: {announce:#}");
        }
        let asked = ginder.lists("outgoing").await;
        assert!(among(&asked, "GET", "/users/wijkagent/notes/").is_empty(), "{asked:#?}");
        for listing in ["refused", "problems"] {
            assert_eq!(ginder.lists(listing).await, Vec::<Value>::new(), "{listing}");
        }
        street.nothing_was_refused().await;
    }
}
