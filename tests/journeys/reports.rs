//! Something is not right: a visitor says so, a moderator decides, and the author's server hears it if that is ticked.

use serde_json::json;

use super::other_servers::{known, runs};
use crate::harness::{HTML, Page, Town, Visitor, each_database, eventually, seen};

const PASSWORD: &str = "een lange zin als wachtwoord";

/// Somebody at the desk of Bloemhof.
async fn at_the_desk(town: &Town) -> Visitor<'_> {
    town.server.moderator("moderator1", PASSWORD).await;
    let mut visitor = Visitor::of(town.server.whereabouts());
    assert_eq!(visitor.signs_in("/aanmelden", "moderator1", PASSWORD).await.status, 303);
    visitor
}

each_database! {
    async fn a_visitor_says_that_a_post_is_not_right(db: TestDatabase) {
        let town = Town::new(db).await;
        let mut desk = at_the_desk(&town).await;
        let note = town.approved(&town.resident, "Bel mij op 06-12345678").await;
        town.page_comes_to_say(&note.words).await;
        let page = town.server.get("/wijken/bloemhof", HTML).await.text();
        let post = Page::link(&page, "/berichten/").expect("the post's page");
        let id = post.rsplit('/').next().expect("an id");
        let about = format!("/melden?bericht={id}");
        assert!(town.server.get(&post, HTML).await.text().contains(&about));

        let mut visitor = Visitor::of(town.server.whereabouts());
        let form = Page::of(&visitor.opens(&about).await);
        for said in [&note.words, "112", "0900-8844", "geen aangifte"] {
            assert!(form.says(said), "{said}: {}", form.text());
        }
        assert_eq!(visitor.sends(&about, &[("words", "Zonder reden")]).await.status, 422);
        // A machine fills in everything.
        let machine = [("why", "advertising"), ("words", "casino"), ("website", "http://casino.test")];
        assert_eq!(visitor.sends(&about, &machine).await.status, 303);
        assert_eq!(Page::first_report(&desk.opens("/balie").await.text()), None);

        let said = [("why", "privacy"), ("words", "Dat is <b>mijn</b> nummer")];
        let sent = visitor.sends(&about, &said).await;
        let thanks = visitor.opens(sent.header("location").expect("a page of thanks")).await;
        assert!(Page::of(&thanks).says("Dank je wel"), "{}", thanks.text());
        let on_desk = desk.opens("/balie").await.text();
        assert!(on_desk.contains("Dat is &#60;b&#62;mijn") || on_desk.contains("Dat is &lt;b&gt;mijn"), "{on_desk}");
        let action = Page::first_report(&on_desk).expect("a report on the desk");

        let takes_back = [("answer", "Telefoonnummer van iemand"), ("besluit", "terughalen")];
        let without_word = [("besluit", "terughalen")];
        let refused = desk.sends(&action, &without_word).await;
        assert!(refused.header("location").is_some_and(|to| to.ends_with("melding=answer")));
        let done = desk.sends(&action, &takes_back).await;
        assert!(done.header("location").is_some_and(|to| to.ends_with("melding=withdrawn")));
        town.taken_back(&note).await;
        assert_eq!(town.server.get(&post, HTML).await.status, 410);
        assert_eq!(Page::first_report(&desk.opens("/balie").await.text()), None);
        let again = desk.sends(&action, &takes_back).await;
        assert!(again.header("location").is_some_and(|to| to.ends_with("melding=conflict")));
        town.everything_is_handled().await;
        assert!(town.resident.told("Flag", &note.id).is_empty(), "nobody ticked it");
    }

    /// Lemmy reads no report of an account.
    async fn what_a_server_would_not_read_cannot_be_passed_on(db: TestDatabase) {
        let town = Town::new(db).await;
        runs(&town, "een.many.test", "lemmy", "0.19.15");
        let agent = town.foreign.person("een.many.test", "agent");
        town.accepts(&agent, &agent.follows().await).await;
        known(&town, "een.many.test", "lemmy").await;
        let add = ["partner", "add", &agent.handle(), "--wijk", "bloemhof", "--kind", "onderwijs"];
        town.server.json(&[&add[..], &["--name", "De school"]].concat()).await;
        let flag = json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Flag",
            "id": format!("{}#flags/1", town.resident.id()), "actor": town.resident.id(),
            "object": agent.id(), "content": "Die is niet van de school" });
        town.resident.says(&flag).await;
        town.everything_is_handled().await;
        let mut desk = at_the_desk(&town).await;
        let on_desk = desk.opens("/balie").await.text();
        assert!(on_desk.contains("Doorsturen kan niet: een.many.test"), "{on_desk}");
        assert!(!on_desk.contains("name=\"doorsturen\""), "{on_desk}");
        let action = Page::first_report(&on_desk).expect("a report on the desk");
        // The form may be from before that was known.
        let closes = [("answer", "Gezien"), ("besluit", "laten")];
        let refused = desk.sends(&action, &[&closes[..], &[("doorsturen", "ja")]].concat()).await;
        assert!(refused.header("location").is_some_and(|to| to.ends_with("melding=unread")));
        let says = desk.opens("/balie?melding=unread").await;
        assert!(Page::of(&says).says("doorsturen kan hier niet"), "{}", says.text());
        assert!(Page::first_report(&says.text()).is_some(), "it is open still");
        assert!(desk.sends(&action, &closes).await.header("location").is_some_and(|to| to.ends_with("melding=handled")));
        town.everything_is_handled().await;
        assert!(agent.told("Flag", &agent.id()).is_empty(), "{}", seen(&agent.inbox()));
    }

    async fn a_report_is_passed_on_in_nobodys_name(db: TestDatabase) {
        let town = Town::new(db).await;
        let mut desk = at_the_desk(&town).await;
        let mut visitor = Visitor::of(town.server.whereabouts());
        let said = [("why", "tone"), ("words", "Ik ben mevrouw Bakker")];
        let about_wijk = "/melden?wijk=bloemhof";
        assert_eq!(visitor.sends(about_wijk, &said).await.status, 303);
        let action = Page::first_report(&desk.opens("/balie").await.text()).expect("about the wijk");
        let closes = [("answer", "Niets aan de hand"), ("besluit", "laten")];
        assert_eq!(desk.sends(&action, &closes).await.status, 303);

        let note = town.approved(&town.resident, "Nu korting op matrassen").await;
        town.page_comes_to_say(&note.words).await;
        let page = town.server.get("/wijken/bloemhof", HTML).await.text();
        let post = Page::link(&page, "/berichten/").expect("the post's page");
        let about = format!("/melden?bericht={}", post.rsplit('/').next().expect("an id"));
        assert_eq!(visitor.sends(&about, &said).await.status, 303);
        let action = Page::first_report(&desk.opens("/balie").await.text()).expect("about the post");
        let passes_on =
            [("answer", "Herhaalde reclame"), ("besluit", "laten"), ("doorsturen", "ja")];
        assert_eq!(desk.sends(&action, &passes_on).await.status, 303);

        let flagged = async || {
            let told = town.resident.inbox();
            told.into_iter().find(|r| r.field("/type") == "Flag").ok_or("no Flag".to_owned())
        };
        let flag = eventually("the author's server is told", flagged).await;
        assert_eq!(flag.proven(town.server.whereabouts()).await.as_deref(), Ok("http://wijk.test/actors/moderatie"));
        let json = flag.json();
        assert_eq!(json["object"], serde_json::json!([town.resident.id(), note.id]));
        assert_eq!(json["content"], "Herhaalde reclame");
        let body = String::from_utf8_lossy(&flag.body).into_owned();
        assert!(!body.contains("Bakker") && !body.contains("moderator1"), "{body}");
        assert!(town.wijk_page().await.says(&note.words), "it stays where it was");
    }
}
