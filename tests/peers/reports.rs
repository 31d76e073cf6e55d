//! Something is not right: Fedify reports what the wijk passed on, and hears what a moderator passes on.

use serde_json::{Value, json};

use super::street::{SOON, Street};
use crate::harness::{HANDLE, HTML, Page, Visitor, each_database, eventually};

const PASSWORD: &str = "een lange zin als wachtwoord";

/// Where the form of the first report at the desk is sent to, once there is one; and the desk as it stands then.
async fn first_report(desk: &mut Visitor<'_>) -> (String, String) {
    let desk = tokio::sync::Mutex::new(desk);
    let there = async || {
        let page = desk.lock().await.opens("/balie").await.text();
        Page::first_report(&page).map(|action| (action, page.clone())).ok_or(page)
    };
    eventually("a report at the desk", there).await
}

each_database! {
    async fn a_report_from_there_is_read_here_and_passed_on_in_nobodys_name(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.server.moderator("moderator1", PASSWORD).await;
        let mut desk = Visitor::of(street.server.whereabouts());
        assert_eq!(desk.signs_in("/aanmelden", "moderator1", PASSWORD).await.status, 303);
        let post = street.approved("bewoner", "Nu korting op matrassen").await;
        street.elders.does("person", &json!({ "name": "oplettend" })).await;
        let author = "http://elders.test/users/bewoner";

        let flag = json!({ "as": "oplettend", "to": HANDLE, "about": [author, post],
            "text": "Reclame, zegt mevrouw Bakker" });
        street.elders.does("flag", &flag).await;

        let (action, at_desk) = first_report(&mut desk).await;
        for said in ["Meldingen", "gemeld door elders.test", "Reclame, zegt mevrouw Bakker"] {
            assert!(at_desk.contains(said), "{said}: {at_desk}");
        }
        assert!(!at_desk.contains("oplettend"), "a moderator reads what, not who: {at_desk}");
        assert!(street.page().await.says("Nu korting op matrassen"), "a report does nothing by itself");
        assert_eq!(street.elders.lists("inbox?type=Flag").await, Vec::<Value>::new());

        let passes_on = [("answer", "Herhaalde reclame"), ("besluit", "laten"), ("doorsturen", "ja")];
        assert_eq!(desk.sends(&action, &passes_on).await.status, 303);

        let flags = street.elders.comes_to("inbox?as=bewoner&type=Flag", 1, SOON).await;
        let flag = &flags[0];
        assert_eq!(flag["signature"], "cavage", "verified by Fedify: {flag:#}");
        assert_eq!(flag["actor"], "http://wijk.test/actors/moderatie", "{flag:#}");
        assert_eq!(flag["raw"]["object"], json!([author, post]), "{flag:#}");
        assert_eq!(flag["raw"]["content"], "Herhaalde reclame", "{flag:#}");
        for kept in ["oplettend", "Bakker", "moderator1"] {
            assert!(!flag["raw"].to_string().contains(kept), "{kept}: {flag:#}");
        }
        assert!(street.page().await.says("Nu korting op matrassen"), "it stays where it was");
        street.nothing_was_refused().await;
    }

    async fn a_post_that_was_reported_there_is_taken_back(db: TestDatabase) {
        let street = Street::with_a_follower(db).await;
        street.server.moderator("moderator1", PASSWORD).await;
        let mut desk = Visitor::of(street.server.whereabouts());
        assert_eq!(desk.signs_in("/aanmelden", "moderator1", PASSWORD).await.status, 303);
        let post = street.approved("bewoner", "Bel mij op 06-12345678").await;
        let its_page = street.server.get("/wijken/bloemhof", HTML).await.text();
        let its_page = Page::link(&its_page, "/berichten/").expect("the page of the post");
        let flag = json!({ "as": "volger", "to": HANDLE, "about": [post], "text": "Een telefoonnummer" });
        street.elders.does("flag", &flag).await;

        let (action, _) = first_report(&mut desk).await;
        let takes_back = [("answer", "Telefoonnummer van iemand"), ("besluit", "terughalen")];
        assert_eq!(desk.sends(&action, &takes_back).await.status, 303);

        street.timeline(0).await;
        street.elders.comes_to("inbox?as=volger&type=Undo", 1, SOON).await;
        assert_eq!(street.server.get(&its_page, HTML).await.status, 410);
        street.arrivals_are_handled().await;
        assert_eq!(street.elders.lists("inbox?type=Flag").await, Vec::<Value>::new(), "nobody ticked it");
        street.nothing_was_refused().await;
    }
}
