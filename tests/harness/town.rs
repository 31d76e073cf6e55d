//! The town of the tests: a wijk on the server under test, and around it a partner, a follower and
//! a resident, each on a server of his own.

use serde_json::Value;

use super::canary::Canary;
use super::database::TestDatabase;
use super::eventually::{eventually, holds};
use super::foreign::Foreign;
use super::http::{HTML, Response};
use super::mastodon::{Activity, Note};
use super::neighbour::Neighbour;
use super::page::Page;
use super::received::Received;
use super::server::{Said, Server, Whereabouts};

/// The name under which the wijk knows its partner.
pub(crate) const PARTNER: &str = "Politie Bloemhof";

pub(crate) struct Town {
    pub(crate) server: Server,
    pub(crate) foreign: Foreign,
    /// `@wijkagent@b.test`, verified.
    pub(crate) partner: Neighbour,
    /// `@follower@c.test`, who follows the wijk.
    pub(crate) follower: Neighbour,
    /// `@resident1@a.test`, of whom the wijk has not heard.
    pub(crate) resident: Neighbour,
    pub(crate) canary: Canary,
}

impl Town {
    pub(crate) async fn new(db: TestDatabase) -> Town {
        Town::with(db, &[]).await
    }

    /// With other settings than the harness's own.
    pub(crate) async fn with(db: TestDatabase, settings: &[(&str, &str)]) -> Town {
        let town = Town::before_opening(db, settings).await;
        let follow = town.follower.follows().await;
        town.accepts(&town.follower, &follow).await;
        town
    }

    /// Nobody follows the wijk yet.
    pub(crate) async fn without_followers(db: TestDatabase) -> Town {
        Town::before_opening(db, &[]).await
    }

    async fn before_opening(db: TestDatabase, settings: &[(&str, &str)]) -> Town {
        let whereabouts = Whereabouts::default();
        let foreign = Foreign::start(whereabouts.clone()).await;
        let partner = foreign.person("b.test", "wijkagent");
        let follower = foreign.person("c.test", "follower");
        let resident = foreign.person("a.test", "resident1");
        let mut server = Server::prepare(db, whereabouts, &foreign.lab_hosts());
        for (key, value) in settings {
            server.set(key, *value);
        }
        server.does(&["wijk", "add", "bloemhof", "--name", "Bloemhof"]).await;
        let wijk = ["--wijk", "bloemhof", "--kind", "politie", "--name", PARTNER];
        server.does(&[&["partner", "add", &partner.handle()], &wijk[..]].concat()).await;
        server.start().await;
        Town { server, foreign, partner, follower, resident, canary: Canary::start().await }
    }

    /// Waits until an Accept of this Follow reached who asked.
    pub(crate) async fn accepts(&self, who: &Neighbour, follow: &Activity) -> Received {
        let accepted = async || {
            let told = who.told("Accept", &follow.id);
            told.first().cloned().ok_or(format!("{} got {}", who.handle(), seen(&who.inbox())))
        };
        eventually("the Follow is accepted", accepted).await
    }

    /// `queue list`.
    pub(crate) async fn queue(&self) -> Vec<Value> {
        self.server.list(&["queue", "list", "--wijk", "bloemhof"]).await
    }

    /// The submission of a post, once it waits.
    pub(crate) async fn waiting(&self, note: &Note) -> Value {
        let waits = async || {
            let queue = self.queue().await;
            let submission = queue.iter().find(|s| s["post"] == note.id.as_str()).cloned();
            submission.ok_or(format!("waiting are {queue:?}"))
        };
        eventually(&format!("{} ({}) waits", note.id, note.words), waits).await
    }

    pub(crate) async fn approves(&self, submission: &Value) -> Value {
        self.server.json(&["queue", "approve", id(submission)]).await
    }

    pub(crate) async fn refuses(&self, submission: &Value) -> Value {
        let reason = ["--reason", "Hoort hier niet"];
        self.server.json(&[&["queue", "refuse", id(submission)], &reason[..]].concat()).await
    }

    pub(crate) async fn withdraws(&self, note: &Note) -> Said {
        let wijk = ["--wijk", "bloemhof", "--reason", "Bij nader inzien", "--json"];
        self.server.run(&[&["announcement", "withdraw", &note.id], &wijk[..]].concat()).await
    }

    /// A resident's post that was approved and reached the follower.
    pub(crate) async fn approved(&self, author: &Neighbour, words: &str) -> Note {
        let note = author.writes(words).await;
        self.approves(&self.waiting(&note).await).await;
        self.announced(&note).await;
        note
    }

    /// Waits until the follower's server got the announcement of a post.
    pub(crate) async fn announced(&self, note: &Note) -> Received {
        self.announced_to(&self.follower, note).await
    }

    pub(crate) async fn announced_to(&self, who: &Neighbour, note: &Note) -> Received {
        let came = async || {
            let told = who.told("Announce", &note.id);
            told.first().cloned().ok_or(format!("{} got {}", who.handle(), seen(&who.inbox())))
        };
        eventually(&format!("{} ({}) is announced", note.id, note.words), came).await
    }

    /// Waits until the follower's server was told that the announcement is undone.
    pub(crate) async fn taken_back(&self, note: &Note) -> Received {
        let undone = async || {
            let told = self.follower.told("Undo", &note.id);
            told.first()
                .cloned()
                .ok_or(format!("the follower got {}", seen(&self.follower.inbox())))
        };
        eventually(&format!("the announcement of {} is undone", note.id), undone).await
    }

    pub(crate) async fn wijk_page(&self) -> Page {
        let response = self.server.get("/wijken/bloemhof", HTML).await;
        assert_eq!(response.status, 200, "the wijk's page: {}", response.text());
        Page::of(&response)
    }

    pub(crate) async fn page_comes_to_say(&self, words: &str) {
        let says = async || {
            let page = self.wijk_page().await;
            holds(page.says(words), || page.text())
        };
        eventually(&format!("the wijk's page says {words:?}"), says).await;
    }

    pub(crate) async fn page_stops_saying(&self, words: &str) {
        let silent = async || {
            let page = self.wijk_page().await;
            holds(!page.says(words), || page.text())
        };
        eventually(&format!("the wijk's page no longer says {words:?}"), silent).await;
    }

    /// The row of `wijk list`.
    pub(crate) async fn wijk(&self) -> Value {
        let wijken = self.server.list(&["wijk", "list"]).await;
        wijken.into_iter().find(|w| w["slug"] == "bloemhof").expect("the wijk is listed")
    }

    /// Waits until everything that arrived was acted on and everything that had to leave has left.
    /// The partner's word, sent after it all, must have come through from end to end.
    pub(crate) async fn everything_is_handled(&self) {
        self.arrivals_are_handled().await;
        let last_word = self.partner.writes("Tot zover het nieuws van vandaag").await;
        self.announced(&last_word).await;
        self.arrivals_are_handled().await;
        let delivered = async || {
            let hosts = self.server.list(&["deliveries"]).await;
            // A host with a port is one no lab name stands for: nothing can be delivered there.
            let waits = |row: &Value| row["waiting"] != 0 && !row["host"].to_string().contains(':');
            holds(!hosts.iter().any(waits), || format!("{hosts:?}"))
        };
        eventually("everything is delivered", delivered).await;
    }

    pub(crate) async fn arrivals_are_handled(&self) {
        let handled = async || {
            let arrivals = self.server.list(&["arrivals"]).await;
            holds(arrivals[0]["waiting"] == 0, || format!("{arrivals:?}"))
        };
        eventually("everything that arrived is handled", handled).await;
    }

    /// TRUST.md's "no effect": not waiting, not shown, not in the outbox, told to nobody.
    /// To be asked after `everything_is_handled`.
    pub(crate) async fn assert_no_trace_of(&self, note: &Note) {
        let queue = self.queue().await;
        let named = |value: &Value| {
            let text = value.to_string();
            text.contains(&note.id) || text.contains(&note.words)
        };
        assert!(!queue.iter().any(named), "it waits: {queue:?}");
        self.assert_not_public(note).await;
    }

    /// Not on any public page, feed or collection, and announced to nobody.
    pub(crate) async fn assert_not_public(&self, note: &Note) {
        for (path, accept) in PUBLIC_PLACES {
            let shown = self.server.get(path, accept).await.text();
            assert!(
                !shown.contains(&note.words) && !shown.contains(&note.id),
                "{path} shows {:?}: {shown}",
                note.words
            );
        }
        let told = self.foreign.posted();
        let told: Vec<_> = told.into_iter().filter(|r| says(r, note)).collect();
        assert!(told.is_empty(), "others were told of {:?}: {}", note.words, seen(&told));
    }

    /// TRUST.md's V again: the server lives, and who was honest is not locked out.
    pub(crate) async fn still_hears(&self, who: &Neighbour) {
        let note = who.writes(&format!("{} is er nog", who.name)).await;
        if who.id() == self.partner.id() {
            self.announced(&note).await;
        } else {
            self.waiting(&note).await;
        }
    }

    /// The answer to a server that asks for the wijk.
    pub(crate) async fn wijk_actor(&self) -> Response {
        self.server.get("/wijken/bloemhof", super::http::ACTIVITY_JSON).await
    }
}

/// Where what is public can be read.
const PUBLIC_PLACES: [(&str, &str); 8] = [
    ("/wijken/bloemhof", HTML),
    ("/", HTML),
    ("/wijken/bloemhof/outbox", super::http::ACTIVITY_JSON),
    ("/wijken/bloemhof/outbox?page=true", super::http::ACTIVITY_JSON),
    ("/wijken/bloemhof/featured", super::http::ACTIVITY_JSON),
    ("/wijken/bloemhof/feed.atom", "application/atom+xml"),
    ("/wijken/bloemhof/feed.json", "application/json"),
    ("/wijken/bloemhof/agenda.ics", "text/calendar"),
];

/// The requests, in few words: for what a failing test says.
pub(crate) fn seen(requests: &[Received]) -> String {
    let line = |r: &Received| {
        let object = [r.field("/object"), r.field("/object/id")].concat();
        format!("\n  {} {}: {} {} {object}", r.method, r.url(), r.field("/type"), r.field("/id"))
    };
    if requests.is_empty() { "nothing".to_owned() } else { requests.iter().map(line).collect() }
}

fn says(request: &Received, note: &Note) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    body.contains(&note.id) || body.contains(&note.words)
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_else(|| panic!("an id is a string: {row}"))
}
