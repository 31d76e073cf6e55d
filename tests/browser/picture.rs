//! The picture of the README, of a real page with real posts of other servers:
//! `cargo nextest run --run-ignored only readme`.

use serde_json::{Value, json};

use super::run;
use crate::harness::{
    Activity, Answer, Foreign, Neighbour, Note, Server, TestDatabase, Whereabouts, eventually,
    holds,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/images/wijk.png");

struct Bloemhof {
    server: Server,
    foreign: Foreign,
}

impl Bloemhof {
    async fn new() -> Bloemhof {
        let whereabouts = Whereabouts::default();
        let foreign = Foreign::start(whereabouts.clone()).await;
        let mut server = Server::prepare(TestDatabase::sqlite(), whereabouts, &foreign.lab_hosts());
        let named = ["--name", "Bloemhof", "--municipality", "Rotterdam"];
        server.does(&[&["wijk", "add", "bloemhof"], &named[..]].concat()).await;
        let look = [
            "--colour",
            "canal",
            "--summary",
            "Wat er speelt tussen de Putsebocht en het Lange Hilleplein: nieuws, tips en iets te doen.",
        ];
        server.does(&[&["wijk", "edit", "bloemhof"], &look[..]].concat()).await;
        server.start().await;
        Bloemhof { server, foreign }
    }

    /// Somebody whose own server calls them so.
    fn person(&self, host: &str, name: &str, shown: &str) -> Neighbour {
        let person = self.foreign.person(host, name);
        let mut document = person.document();
        document["name"] = json!(shown);
        self.foreign.shows(&person.id(), Answer::activity(&document));
        person
    }

    async fn partner(&self, host: &str, name: &str, kind: &str, shown: &str) -> Neighbour {
        let partner = self.person(host, name, shown);
        let wijk = ["--wijk", "bloemhof", "--kind", kind, "--name", shown];
        self.server.does(&[&["partner", "add", &partner.handle()], &wijk[..]].concat()).await;
        partner
    }

    async fn shows(&self, words: &str) {
        let shows = async || {
            let page = self.server.get("/wijken/bloemhof", "text/html").await.text();
            holds(page.contains(words), || page)
        };
        eventually(&format!("the page says {words:?}"), shows).await;
    }

    async fn writes(&self, who: &Neighbour, words: &str, picture: Option<&str>) -> Note {
        let mut note = who.note(words);
        if let Some(alt) = picture {
            note.attachment = vec![json!({ "type": "Document", "mediaType": "image/jpeg",
                "url": format!("http://{}/media/1.jpg", who.host), "name": alt })];
        }
        who.publishes(&note);
        who.says(&Activity::create(&note)).await;
        note
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes docs/images/wijk.png"]
async fn of_the_readme() {
    let bloemhof = Bloemhof::new().await;
    for number in 1..=12 {
        bloemhof.foreign.person("mastodon.example", &format!("volger{number}")).follows().await;
    }
    let agent =
        bloemhof.partner("politie.example", "wijkagent", "politie", "Wijkagent Bloemhof").await;
    let speeltuin = bloemhof
        .partner("speeltuinen.example", "bloemhof", "vrijwilligers", "Speeltuin Bloemhof")
        .await;
    let buurvrouw = bloemhof.person("mastodon.example", "buurvrouw", "Buurvrouw van nummer 12");

    let words = "Onze bakfiets is weer terug! Een oplettende buur zag hem staan bij de tram. Dank je wel, wijk!";
    let note = bloemhof.writes(&buurvrouw, words, None).await;
    let waits = async || {
        let queue = bloemhof.server.list(&["queue", "list", "--wijk", "bloemhof"]).await;
        let of_note = |s: &&Value| s["post"] == note.id.as_str();
        let id = queue.iter().find(of_note).and_then(|s| s["id"].as_str()).map(str::to_owned);
        id.ok_or(format!("{queue:?}"))
    };
    let submission = eventually("it waits", waits).await;
    bloemhof.server.does(&["queue", "approve", &submission]).await;
    bloemhof.shows("bakfiets").await;
    let words = "Woensdag om 14 uur bouwen we hutten op de speeltuin. Neem een hamer mee als je er een hebt; limonade is er al.";
    bloemhof
        .writes(
            &speeltuin,
            words,
            Some("Kinderen timmeren aan een hut van pallets, op het gras van de speeltuin"),
        )
        .await;
    bloemhof.shows("hutten").await;
    let redactie = [
        "post",
        "--wijk",
        "bloemhof",
        "--as",
        "bloemhof_redactie",
        "--title",
        "Zaterdag: samen het plein schoon",
    ];
    let words = "Om 10 uur beginnen we bij de Huiskamer. Prikkers en handschoenen liggen klaar, de koffie ook. Kom je een uurtje helpen?";
    bloemhof.server.does(&[&redactie[..], &[words]].concat()).await;
    let words = "Er gaan weer mensen langs de deur die zeggen dat ze van de bank zijn. De bank komt nooit je pas ophalen. Twijfel je? Doe niet open en bel ons.";
    bloemhof.writes(&agent, words, None).await;
    bloemhof.shows("langs de deur").await;
    let counted = async || {
        let page = bloemhof.server.get("/wijken/bloemhof", "text/html").await.text();
        holds(page.contains("12 volgers"), || page)
    };
    eventually("all follow", counted).await;

    std::fs::create_dir_all(std::path::Path::new(FILE).parent().unwrap()).unwrap();
    let silent = async |question| panic!("{question}");
    run("picture.mjs", &bloemhof.server, &[("PICTURE", FILE)], silent).await;

    let size = std::fs::metadata(FILE).unwrap().len();
    assert!(size < 250_000, "{size} bytes");
}
