//! A: signing in.

use crate::harness::{HOST, HTML, Request, Town, Visitor, each_database};

const PASSWORD: &str = "een lange zin als wachtwoord";

each_database! {
    async fn a08_a_form_sent_from_another_site(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let form = Request {
            method: "POST".to_owned(),
            body: b"username=moderator1&password=x".to_vec(),
            ..Request::get(HOST, "/aanmelden", HTML)
        };
        let cross_site = form
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Origin", "http://elders.test")
            .with("Sec-Fetch-Site", "cross-site");
        let answer = town.server.send(&cross_site).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }

    async fn a16_next_leads_nowhere_else(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        town.moderator("moderator1", PASSWORD).await;
        let tries = ["//evil.test", "/\\evil.test", "https:evil.test", "%2f%2fevil.test",
            "http://evil.test/", "javascript:alert(1)", "/%09/evil.test", "%5C%5Cevil.test"];
        for next in tries {
            let mut visitor = Visitor::of(town.server.whereabouts());
            let path = format!("/aanmelden?next={next}");

            let answer = visitor.signs_in(&path, "moderator1", PASSWORD).await;

            let status = answer.status;
            assert!((300..400).contains(&status), "{next}: {status} {}", answer.text());
            let to = answer.header("location").unwrap_or_default();
            let base = url::Url::parse("http://wijk.test/aanmelden").expect("a URL");
            let arrives = base.join(to).unwrap_or_else(|e| panic!("{next} → {to}: {e}"));
            assert_eq!(arrives.host_str(), Some(HOST), "{next} → {to}");
            assert!(to.starts_with('/') || to.starts_with("http://wijk.test/"), "{next} → {to}");
        }
    }

    async fn a_moderator_comes_to_the_desk(db: TestDatabase) {
        let town = Town::new(db).await;
        town.moderator("moderator1", PASSWORD).await;
        let note = town.resident.writes("Dit ligt op de balie").await;
        town.waiting(&note).await;

        let mut stranger = Visitor::of(town.server.whereabouts());
        let closed = stranger.opens("/balie").await;
        assert!(!closed.text().contains(&note.words) && closed.status != 200, "{}", closed.text());

        let mut moderator = Visitor::of(town.server.whereabouts());
        let refused = moderator.signs_in("/aanmelden", "moderator1", "iets anders").await;
        assert!(!(300..400).contains(&refused.status), "a wrong password: {}", refused.status);
        moderator.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        let desk = moderator.opens("/balie").await;
        assert!(desk.status < 400, "{} {}", desk.status, desk.text());
    }
}
