//! The main job once more, with a program of another author on the other side: activitypub-bot reads and writes
//! JSON-LD by the book, keeps its keys in documents of their own, names the public `as:Public` and tags nobody.

use serde_json::{Value, json};

use super::street::{SOON, Street, id};
use crate::harness::{ACTIVITY_JSON, HTML, Page, WIJK, each_database, eventually, holds};

const BY_THE_REDACTIE: [&str; 5] = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie"];

/// The bots' own server is asked for a post and keeps it to itself.
async fn is_asked_and_refused(street: &Street, post: &str) {
    let path = post.trim_start_matches("http://elders.test");
    let refused = async || {
        let asked = street.elders.lists("incoming").await;
        let refused = asked.iter().any(|row| row["path"] == path && row["status"] == 403);
        holds(refused, || format!("{asked:#?}"))
    };
    eventually(&format!("{post} is asked for"), refused).await;
}

/// How often what is written here was liked, once it comes to that.
async fn likes_come_to(street: &Street, post: &str, many: u64) {
    let place = format!("{}/likes", post.trim_start_matches("http://wijk.test"));
    let counted = async || {
        let likes = street.server.get(&place, ACTIVITY_JSON).await.json();
        holds(likes["totalItems"] == many, || likes.to_string())
    };
    eventually(&format!("liked {many} times"), counted).await;
}

each_database! {
    async fn a_bot_follows_is_accepted_and_goes_again(db: TestDatabase) {
        let street = Street::among_bots(db).await;

        let accepts = street.elders.comes_to("inbox?as=volger&type=Accept", 1, SOON).await;
        let accept = &accepts[0];
        assert_eq!(accept["by"], WIJK, "whose signature the bots found on it: {accept:#}");
        assert_eq!(accept["signature"], "cavage", "{accept:#}");
        assert_eq!(street.followers().await, 1);

        street.elders.does("unfollow", &json!({ "as": "volger", "target": WIJK })).await;

        let gone = async || {
            let followers = street.followers().await;
            holds(followers == 0, || followers.to_string())
        };
        eventually("it follows no more", gone).await;
        // Each taken at its first try, with a key that is looked up at an address of its own.
        let sent = street.elders.lists("outgoing").await;
        let sent: Vec<_> = sent.iter().filter(|row| row["method"] == "POST").collect();
        let is_taken = |row: &&Value| row["signature"] == "rfc9421" && row["status"] == 202;
        assert!(sent.len() >= 2 && sent.iter().all(is_taken), "{sent:#?}");
        street.nothing_was_refused().await;
    }

    async fn what_is_announced_reaches_a_bot_once(db: TestDatabase) {
        let street = Street::among_bots(db).await;
        street.partner().await;

        let post = street.writes("wijkagent", "Zaterdag spreekuur in de Huiskamer").await;

        let timeline = street.timeline(1).await;
        assert_eq!((&timeline[0]["id"], &timeline[0]["by"]), (&json!(post), &json!(WIJK)));
        street.page_comes_to("it is shown", |page| page.says("Zaterdag spreekuur")).await;

        // What is written here the bots fetch here.
        let ours = [&BY_THE_REDACTIE[..], &["Zondag markt op het plein"]].concat();
        let ours = id(&street.server.json(&ours).await);
        let timeline = street.timeline(2).await;
        assert_eq!((&timeline[1]["id"], &timeline[1]["type"]), (&json!(ours), &json!("Note")));
        assert!(timeline[1]["content"].to_string().contains("Zondag markt"), "{timeline:#?}");
        let author = &timeline[1]["author"];
        assert_eq!(author, "http://wijk.test/partners/bloemhof_redactie", "{timeline:#?}");

        let announces = street.elders.lists("inbox?as=volger&type=Announce").await;
        let objects: Vec<_> = announces.iter().map(|row| row["raw"]["object"].clone()).collect();
        assert_eq!(objects, [json!(post), json!(ours)], "each once, by its id: {announces:#?}");
        assert!(announces.iter().all(|row| row["by"] == WIJK), "{announces:#?}");
        street.nothing_was_refused().await;
    }

    async fn a_bots_post_waits_is_approved_changes_and_goes(db: TestDatabase) {
        let street = Street::among_bots(db).await;
        street.elders.does("person", &json!({ "name": "bewoner" })).await;

        // It is addressed to the wijk; a Mention it gets from bots on https only.
        let post = street.writes("bewoner", "De schommel is stuk").await;

        let submission = street.waiting(&post).await;
        assert_eq!(submission["handle"], "@bewoner@elders.test", "{submission}");
        assert!(!street.page().await.says("schommel"), "it waits");
        street.approves(&post).await;
        assert_eq!(street.timeline(1).await[0]["id"], post.as_str());
        street.page_comes_to("it is shown", |page| page.says("De schommel is stuk")).await;
        let its_page = street.server.get("/wijken/bloemhof", HTML).await.text();
        let its_page = Page::link(&its_page, "/berichten/").expect("the page of the post");

        street.elders.does("edit", &json!({ "id": post, "text": "De schommel doet het" })).await;
        assert_eq!(street.waiting(&post).await["why"], "edit");
        assert!(street.page().await.says("De schommel is stuk"), "the approved text stays");
        street.approves(&post).await;
        street.page_comes_to("the new text", |page| page.says("De schommel doet het")).await;

        street.elders.does("delete", &json!({ "id": post })).await;
        street.timeline(0).await;
        let announced = street.elders.lists("inbox?as=volger&type=Announce").await;
        let undone = street.elders.lists("inbox?as=volger&type=Undo").await;
        assert_eq!((announced.len(), undone.len()), (1, 1), "{announced:#?} {undone:#?}");
        assert_eq!(undone[0]["object"], announced[0]["id"], "{undone:#?}");
        assert_eq!(street.server.get(&its_page, HTML).await.status, 410);
        street.nothing_was_refused().await;
    }

    async fn what_a_bot_says_in_private_stays_private(db: TestDatabase) {
        let street = Street::among_bots(db).await;
        street.partner().await;
        let mut private = Vec::new();
        for (to, words) in [("direct", "Tussen ons gezegd"), ("followers", "Onder mijn volgers")] {
            private.push(street.offers("wijkagent", &json!({ "text": words, "to": to })).await);
        }

        let open = street.writes("wijkagent", "Voor iedereen").await;

        let timeline = street.timeline(1).await;
        assert_eq!(timeline[0]["id"], open.as_str(), "only what is public: {timeline:#?}");
        for post in private {
            is_asked_and_refused(&street, &post).await;
        }
        street.arrivals_are_handled().await;
        assert_eq!(street.queue().await, Vec::<Value>::new());
        let page = street.page().await;
        assert!(page.says("Voor iedereen"), "{}", page.text());
        assert!(!page.says("Tussen ons") && !page.says("Onder mijn"), "{}", page.text());
        let announces = street.elders.lists("inbox?as=volger&type=Announce").await;
        assert_eq!(announces.len(), 1, "{announces:#?}");
        street.nothing_was_refused().await;
    }

    async fn a_bot_likes_and_thinks_better_of_it(db: TestDatabase) {
        let street = Street::among_bots(db).await;
        let ours = [&BY_THE_REDACTIE[..], &["Zondag markt op het plein"]].concat();
        let ours = id(&street.server.json(&ours).await);
        street.timeline(1).await;
        let it = json!({ "as": "volger", "id": ours });

        street.elders.does("like", &it).await;
        likes_come_to(&street, &ours, 1).await;

        street.elders.does("unlike", &it).await;
        likes_come_to(&street, &ours, 0).await;
        street.nothing_was_refused().await;
    }
}
