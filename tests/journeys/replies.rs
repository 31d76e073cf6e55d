//! People answer: each answer asks for its place in the thread, and never goes into anybody's feed.

use serde_json::{Value, json};

use crate::harness::{
    ACTIVITY_JSON, Answer, HTML, Neighbour, Note, Page, Town, each_database, eventually, holds,
};

const REDACTIE: &str = "http://wijk.test/partners/bloemhof_redactie";

impl Neighbour {
    /// Answers a post, naming only who wrote it.
    async fn answers(&self, to: &str, author: &str, words: &str) -> Note {
        let note = self.answer(to, author, words);
        self.posts(&note).await;
        note
    }

    fn answer(&self, to: &str, author: &str, words: &str) -> Note {
        let mut note = Note::mention(&self.id(), author, "@iemand", words);
        note.in_reply_to = Some(to.to_owned());
        note
    }

    /// An answer that is to be read where it lives, and that nobody sent here.
    fn answers_unheard(&self, to: &str, author: &str, words: &str) -> Note {
        let note = self.answer(to, author, words);
        self.publishes(&note);
        note
    }
}

impl Town {
    async fn asking_for_a_place(&self) -> Vec<Value> {
        self.server.list(&["queue", "list", "--wijk", "bloemhof", "--replies"]).await
    }

    async fn asks_for_a_place(&self, note: &Note) -> Value {
        let asks = async || {
            let asking = self.asking_for_a_place().await;
            let found = asking.iter().find(|s| s["post"] == note.id.as_str()).cloned();
            found.ok_or(format!("{asking:?}"))
        };
        eventually(&format!("{} asks for a place", note.words), asks).await
    }

    async fn own_post(&self, words: &str) -> String {
        let write = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", words];
        let id = self.server.json(&write).await["id"].as_str().expect("an id").to_owned();
        self.page_comes_to_say(words).await;
        id
    }

    async fn thread_comes_to_say(&self, post: &str, words: &str) -> Page {
        let path = post.strip_prefix("http://wijk.test").expect("ours").to_owned();
        let says = async || {
            let page = Page::of(&self.server.get(&path, HTML).await);
            if page.says(words) { Ok(page) } else { Err(page.text()) }
        };
        eventually(&format!("{path} says {words:?}"), says).await
    }

    async fn collection(&self, path: &str) -> Value {
        let answer = self.server.get(path, ACTIVITY_JSON).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}

each_database! {
    async fn an_answer_waits_for_its_place_and_is_never_boosted(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = town.own_post("Wie helpt zaterdag mee?").await;
        let id = post.rsplit('/').next().expect("an id").to_owned();
        let answer = town.resident.answers(&post, REDACTIE, "Ik neem een bezem mee").await;

        let submission = town.asks_for_a_place(&answer).await;
        assert_eq!(submission["why"], "reply");
        assert!(!town.queue().await.iter().any(|s| s["post"] == answer.id.as_str()));
        let page = town.thread_comes_to_say(&post, "Wie helpt").await;
        assert!(!page.says(&answer.words));
        let replies = format!("/berichten/{id}/replies?page=1");
        assert_eq!(town.collection(&replies).await["items"], json!([]));

        town.approves(&submission).await;
        town.thread_comes_to_say(&post, &answer.words).await;
        assert_eq!(town.collection(&replies).await["items"], json!([answer.id]));
        let conversation = town.collection(&format!("/gesprekken/{id}")).await;
        assert_eq!(conversation["orderedItems"], json!([post, answer.id]));
        assert!(!town.wijk_page().await.says(&answer.words), "not among the news");
        town.everything_is_handled().await;
        for neighbour in [&town.follower, &town.resident] {
            assert!(neighbour.told("Announce", &answer.id).is_empty());
        }

        town.resident.deletes(&answer).await;
        let emptied = async || {
            let items = town.collection(&replies).await["items"].clone();
            holds(items == json!([]), || items.to_string())
        };
        eventually("the answer is gone", emptied).await;
    }

    async fn an_answer_to_an_answer_stands_under_it(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = town.own_post("Wat vinden jullie van het plein?").await;
        let question = town.resident.answers(&post, REDACTIE, "Komt er een bank?").await;
        let asks = town.asks_for_a_place(&question).await;
        // Whom the wijk verified, answers at once: also what still waits itself.
        let said = town.partner.answers(&question.id, &town.resident.id(), "Ja, in mei").await;
        town.thread_comes_to_say(&post, &said.words).await;

        town.approves(&asks).await;
        let page = town.thread_comes_to_say(&post, &question.words).await;
        let text = page.text();
        assert!(text.find(&question.words) < text.find(&said.words), "{text}");
        // Nobody knows what this answers.
        let lost = town.resident.answers("http://a.test/nergens", REDACTIE, "Zomaar iets").await;
        town.everything_is_handled().await;
        assert!(!town.asking_for_a_place().await.iter().any(|s| s["post"] == lost.id.as_str()));
        assert!(town.partner.told("Announce", &said.id).is_empty());
    }

    async fn what_an_answer_answers_is_read_where_it_lives(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = town.own_post("Waar is de sleutel van het buurthuis?").await;
        let (resident, follower) = (town.resident.id(), town.follower.id());
        let first = town.resident.answers_unheard(&post, REDACTIE, "Bij de buren");
        let second = town.follower.answers_unheard(&first.id, &resident, "Welke buren?");
        let third = town.resident.answers_unheard(&second.id, &follower, "Die van acht");
        let said = town.partner.answers(&third.id, &resident, "Ik haal hem op").await;

        town.thread_comes_to_say(&post, &said.words).await;
        let mut asking = Vec::new();
        for unheard in [&first, &second, &third] {
            asking.push(town.asks_for_a_place(unheard).await);
        }
        for asks in &asking {
            assert_eq!(asks["why"], "reply");
            town.approves(asks).await;
        }
        let page = town.thread_comes_to_say(&post, &third.words).await.text();
        let places = [&first, &second, &third, &said].map(|note| page.find(&note.words));
        assert!(places.is_sorted() && places[0].is_some(), "{places:?} {page}");
        assert!(!town.wijk_page().await.says(&second.words));
    }

    async fn the_way_up_from_an_answer_ends(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = town.own_post("Wie heeft er een ladder?").await;
        let (resident, partner) = (town.resident.id(), town.partner.id());
        let mut above = post.clone();
        for step in 1..=4 {
            above = town.resident.answers_unheard(&above, REDACTIE, &format!("Stap {step}")).id;
        }
        let too_deep = town.partner.answers(&above, &resident, "Vijf diep").await;

        let hidden = town.resident.answer(&post, REDACTIE, "Onder ons").followers_only();
        town.resident.publishes(&hidden);
        let under_it = town.partner.answers(&hidden.id, &resident, "Onder iets dat niet openbaar is").await;

        let mut one = town.resident.answer("", &partner, "Rond");
        let other = town.partner.answer(&one.id, &resident, "En rond");
        one.in_reply_to = Some(other.id.clone());
        town.resident.publishes(&one);
        town.partner.posts(&other).await;

        let page = format!("http://{}/jaarverslag", town.resident.host);
        let nowhere = town.resident.answers_unheard(&page, &partner, "Over iets anders");
        let about_it = town.partner.answers(&nowhere.id, &resident, "Dat gaat ons niet aan").await;

        town.everything_is_handled().await;
        let page = town.thread_comes_to_say(&post, "ladder").await;
        let asking = town.asking_for_a_place().await;
        for note in [&too_deep, &under_it, &other, &about_it, &hidden, &nowhere] {
            assert!(!page.says(&note.words), "{}", note.words);
            assert!(!asking.iter().any(|asks| asks["post"] == note.id.as_str()), "{asking:?}");
        }
    }

    async fn an_answer_waits_for_a_server_on_the_way(db: TestDatabase) {
        let town = Town::new(db).await;
        let post = town.own_post("Is de speeltuin open?").await;
        let between = town.resident.answer(&post, REDACTIE, "Tot wanneer?");
        town.foreign.shows(&between.id, Answer::status(503));
        let said = town.partner.answers(&between.id, &town.resident.id(), "Tot zes uur").await;
        // Whoever names the wijk has a place without that.
        let mut named = town.follower.note("En in het weekend?");
        named.in_reply_to = Some(between.id.clone());
        town.follower.posts(&named).await;
        town.asks_for_a_place(&named).await;
        assert!(!town.thread_comes_to_say(&post, "open").await.says(&said.words));

        town.resident.publishes(&between);
        town.thread_comes_to_say(&post, &said.words).await;
    }

    async fn a_post_that_is_answered_before_it_comes_is_offered(db: TestDatabase) {
        let town = Town::new(db).await;
        let news = town.partner.note("Vanavond loop ik door de Oleanderstraat");
        town.partner.publishes(&news);
        let answer = town.resident.answers(&news.id, &town.partner.id(), "Tot straks").await;
        town.page_comes_to_say(&news.words).await;
        assert_eq!(town.asks_for_a_place(&answer).await["why"], "reply");
    }
}
