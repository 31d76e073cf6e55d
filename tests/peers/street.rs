//! A wijk on the server under test and a neighbour on another, and words to tell what happens between them.

use std::time::Duration;

use serde_json::{Value, json};

use super::peer::Peer;
use crate::harness::{
    ACTIVITY_JSON, HANDLE, HTML, PARTNER, Page, Server, TestDatabase, WIJK, Whereabouts,
    eventually, holds,
};

/// What must happen in seconds, on a machine with other work.
pub(super) const SOON: Duration = Duration::from_secs(15);
/// PRODUCT's promise to who follows.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(2);

/// The wijk on the server under test, and another server.
pub(super) struct Street {
    pub(super) server: Server,
    pub(super) elders: Peer,
}

impl Street {
    pub(super) async fn new(db: TestDatabase) -> Street {
        Self::of(db, Peer::on_fedify("elders.test").await).await
    }

    /// Elsewhere there are bots, of which `@volger@elders.test` follows the wijk.
    pub(super) async fn among_bots(db: TestDatabase) -> Street {
        let street = Self::of(db, Peer::of_bots("elders.test").await).await;
        follows(&street.elders, "volger").await;
        street
    }

    async fn of(db: TestDatabase, elders: Peer) -> Street {
        let server = Self::opened(db, &[&elders]).await;
        elders.meets(server.whereabouts(), &[]).await;
        Street { server, elders }
    }

    async fn opened(db: TestDatabase, peers: &[&Peer]) -> Server {
        let lab: Vec<_> = peers.iter().map(|peer| peer.lab_host()).collect();
        let mut server = Server::prepare(db, Whereabouts::default(), &lab.join(","));
        server.does(&["wijk", "add", "bloemhof", "--name", "Bloemhof"]).await;
        server.start().await;
        server
    }

    /// With `@volger@ginder.test`, who follows the wijk from yet another server.
    pub(super) async fn beside(db: TestDatabase, ginder: &Peer) -> Street {
        let elders = Peer::on_fedify("elders.test").await;
        let server = Self::opened(db, &[&elders, ginder]).await;
        elders.meets(server.whereabouts(), &[ginder]).await;
        ginder.meets(server.whereabouts(), &[&elders]).await;
        follows(ginder, "volger").await;
        Street { server, elders }
    }

    /// With `@volger@elders.test`, who follows the wijk.
    pub(super) async fn with_a_follower(db: TestDatabase) -> Street {
        let street = Street::new(db).await;
        follows(&street.elders, "volger").await;
        street
    }

    /// `@wijkagent@elders.test`, verified.
    pub(super) async fn partner(&self) {
        self.elders.does("person", &json!({ "name": "wijkagent" })).await;
        let wijk = ["--wijk", "bloemhof", "--kind", "politie", "--name", PARTNER];
        self.server
            .does(&[&["partner", "add", "@wijkagent@elders.test"], &wijk[..]].concat())
            .await;
    }

    /// What somebody there writes to the wijk.
    pub(super) async fn writes(&self, who: &str, words: &str) -> String {
        self.offers(who, &json!({ "text": words })).await
    }

    /// The same, of whatever kind the order says.
    pub(super) async fn offers(&self, who: &str, order: &Value) -> String {
        let mut post = order.clone();
        post["as"] = json!(who);
        post["mention"] = json!([HANDLE]);
        id(&self.elders.does("post", &post).await)
    }

    pub(super) async fn queue(&self) -> Vec<Value> {
        self.server.list(&["queue", "list", "--wijk", "bloemhof"]).await
    }

    pub(super) async fn waiting(&self, post: &str) -> Value {
        let waits = async || {
            let queue = self.queue().await;
            let submission = queue.iter().find(|s| s["post"] == post).cloned();
            submission.ok_or(format!("waiting are {queue:?}"))
        };
        eventually(&format!("{post} waits"), waits).await
    }

    pub(super) async fn approves(&self, post: &str) {
        let submission = id(&self.waiting(post).await);
        self.server.does(&["queue", "approve", &submission]).await;
    }

    /// A resident's post on the follower's timeline.
    pub(super) async fn approved(&self, who: &str, words: &str) -> String {
        self.elders.does("person", &json!({ "name": who })).await;
        let post = self.writes(who, words).await;
        self.approves(&post).await;
        self.timeline(1).await;
        post
    }

    /// The follower's home feed, once so many posts are in it.
    pub(super) async fn timeline(&self, many: usize) -> Vec<Value> {
        self.elders.comes_to("timeline?as=volger", many, SOON).await
    }

    pub(super) async fn page(&self) -> Page {
        Page::of(&self.server.get("/wijken/bloemhof", HTML).await)
    }

    pub(super) async fn page_comes_to(&self, what: &str, look: impl Fn(&Page) -> bool) {
        let looks = async || {
            let page = self.page().await;
            holds(look(&page), || page.text())
        };
        eventually(what, looks).await;
    }

    pub(super) async fn followers(&self) -> Value {
        let path = "/wijken/bloemhof/followers";
        self.server.get(path, ACTIVITY_JSON).await.json()["totalItems"].clone()
    }

    pub(super) async fn arrivals_are_handled(&self) {
        let handled = async || {
            let arrivals = self.server.list(&["arrivals"]).await;
            let done = arrivals[0]["waiting"] == 0 && arrivals[0]["parked"] == 0;
            holds(done, || format!("{arrivals:?}"))
        };
        eventually("everything that arrived is handled", handled).await;
    }

    /// Nothing of what we sent was turned away, and nothing went wrong there.
    pub(super) async fn nothing_was_refused(&self) {
        assert_eq!(self.elders.lists("refused").await, Vec::<Value>::new());
        assert_eq!(self.elders.lists("problems").await, Vec::<Value>::new());
    }
}

pub(super) async fn follows(peer: &Peer, who: &str) {
    peer.does("person", &json!({ "name": who })).await;
    let follow = peer.does("follow", &json!({ "as": who, "handle": HANDLE })).await;
    assert_eq!(follow["target"], WIJK, "{follow}");
    let state = format!("following?as={who}&state=accepted");
    peer.comes_to(&state, 1, ACCEPTED_WITHIN).await;
}

pub(super) fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("an id: {answer}")).to_owned()
}
