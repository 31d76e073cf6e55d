//! The gotchas of FEDERATION-PROFILE §11, each by its number. Those that are facts about others and leave us nothing to
//! do have no test (FEDERATION.md names them):
//!
//! | number | whose fact |
//! |---|---|
//! | 4 | Mastodon fetches a boosted post itself, and says nothing when it cannot |
//! | 5 | Mastodon hides a boost of what is among the newest 80 posts of a home feed |
//! | 6, 7 | who hides boosts, or reads lists without them, sees nothing of a wijk: for the page "zo doe je mee" |
//! | 9 | Misskey knows no Update of a Note |
//! | 24 | Mastodon acts only on what somebody there follows: `tests/peers` lets somebody follow first |

mod forms;

use std::time::Duration;

use activitypub_federation::traits::Object as _;
use likejewijk::doors::federation::objects::note::{NoteJson, RemotePost};
use likejewijk::foundation::database::Connection;
use likejewijk::neighbourhood::partners::{self, Kind, NewPartner};
use likejewijk::neighbourhood::posts::receive::{Community, Received};
use likejewijk::neighbourhood::posts::{ObjectType, Visibility};
use likejewijk::neighbourhood::submissions::{arrive, decide, store as submissions, withdraw};
use likejewijk::neighbourhood::{accounts::Moderator, actors::Actor, wijken::Wijk};
use serde_json::{Value, json};

use super::house::{House, NOW, saying, uri};
use crate::harness::{Activity, Answer, Letter, Town, each_database};

const OURS: &str = "https://wijk.example";
const ACTIVITYSTREAMS: &str = "https://www.w3.org/ns/activitystreams";

#[tokio::test]
async fn g01_lemmy_makes_no_private_community_of_a_wijk() {
    let house = House::open().await;
    house.wijk().await;
    let wijk = house.get("/wijken/bloemhof").await.json();
    assert_eq!(wijk["manuallyApprovesFollowers"], false);
    assert_eq!(wijk["discoverable"], true);
    assert_eq!(wijk["postingRestrictedToMods"], false);
}

/// Nor by an Application; who reports speaks as a Service.
#[tokio::test]
async fn g03_nothing_is_written_by_a_group() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    let note = house.get(path(post.uri.as_str())).await.json();
    let writers = [
        note["attributedTo"].as_str().unwrap(),
        "https://wijk.example/partners/bloemhof_redactie",
        "https://wijk.example/actors/moderatie",
    ];
    for writer in writers {
        let kind = house.get(path(writer)).await.json()["type"].clone();
        assert!(
            ["Person", "Service", "Organization"].contains(&kind.as_str().unwrap()),
            "{writer}: {kind}"
        );
    }
}

/// Its author's clock may be a little ahead of ours.
#[tokio::test]
async fn g08_no_announce_is_older_than_its_object() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = partner(&house, &wijk).await;
    for ahead in [0, 1, 299] {
        let uri = format!("https://politie.example/statuses/{ahead}");
        let published_at = NOW.plus(Duration::from_secs(ahead));
        receive(&house, &officer, Received { published_at, ..offered(&wijk, &uri) }).await;
        let announce = house.said().await["announce"].clone();
        assert_eq!(announce["object"], uri.as_str());
        assert!(
            announce["published"].as_str().unwrap() >= published_at.rfc3339().as_str(),
            "{ahead}: {announce}"
        );
    }
}

#[tokio::test]
async fn g10_an_undo_embeds_the_whole_announce() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = partner(&house, &wijk).await;
    let uri = "https://politie.example/statuses/1";
    receive(&house, &officer, offered(&wijk, uri)).await;
    let announce = house.said().await["announce"].clone();
    house.write(move |c| withdraw::deleted(c, &officer, &self::uri(uri), None, NOW)).await;
    let undo = house.said().await["undo_announce"].clone();
    for field in ["id", "type", "actor", "object"] {
        assert_eq!(undo["object"][field], announce[field], "{field}");
    }
}

each_database! {
    /// GoToSocial gives nothing to who does not sign, and at a key's own address only a stub.
    async fn g11_every_get_is_signed_and_a_key_may_be_a_stub(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let school = town.foreign.person("b.test", "school");
        let key_id = format!("{}/main-key", school.id());
        let mut document = school.document();
        document["publicKey"]["id"] = json!(key_id);
        town.foreign.shows(&school.id(), Answer::activity(&document));
        let stub = json!({ "@context": ["https://w3id.org/security/v1", ACTIVITYSTREAMS], "id": school.id(),
            "type": "Person", "preferredUsername": "school", "publicKey": document["publicKey"] });
        town.foreign.shows(&key_id, Answer::activity(&stub));
        let note = school.note("Vrijdag is er open dag");
        school.publishes(&note);
        let letter = Letter { key_id: key_id.clone(), ..school.letter(&Activity::create(&note)) };
        assert_eq!(town.server.send(&letter.sealed()).await.status, 202);
        town.waiting(&note).await;
        for there in [key_id, school.id(), note.id.clone()] {
            let asked = town.foreign.fetches_of(&there);
            assert!(!asked.is_empty(), "{there} was not asked for");
            for get in asked {
                assert_eq!(get.key_id().as_deref(), Some("http://wijk.test/actor#main-key"), "{there}");
                assert!(get.header("user-agent").is_some_and(|name| name.starts_with("likejewijk/")));
            }
        }
    }

    /// Whoever announced it hears that, also where nobody follows the wijk: Lemmy clears what is pending by it.
    async fn g20_an_author_hears_that_he_is_passed_on(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.approved(&town.resident, "Wie heeft mijn fiets gezien?").await;
        let told = town.announced_to(&town.resident, &note).await;
        assert_eq!(told.host, town.resident.host);
    }

    /// Mobilizon follows no Person, and follows with its instance's own actor.
    async fn g22_an_application_follows_the_wijk(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let relay = town.foreign.person("a.test", "relay");
        let mut document = relay.document();
        document["type"] = json!("Application");
        town.foreign.shows(&relay.id(), Answer::activity(&document));
        let follow = relay.follows().await;
        town.accepts(&relay, &follow).await;
        let note = town.partner.writes("Zaterdag is er markt").await;
        town.announced_to(&relay, &note).await;
    }

    /// The answer comes before anything is done, however long that takes; what is sent again meanwhile counts once.
    async fn g27_an_inbox_answers_before_it_acts(db: TestDatabase) {
        let town = Town::new(db).await;
        let note = town.partner.note("De bron is traag");
        let slow = Answer::activity(&note.at_its_origin()).after(Duration::from_secs(3));
        town.foreign.shows(&note.id, slow);
        let begun = std::time::Instant::now();
        for _ in 0..3 {
            town.partner.says(&Activity::create(&note)).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        town.announced(&note).await;
        town.everything_is_handled().await;
        assert_eq!(town.follower.told("Announce", &note.id).len(), 1);
    }
}

#[tokio::test]
async fn g12_g14_every_document_says_what_it_is() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    let said = house.said().await;
    let create = said["create_post"]["id"].as_str().unwrap().to_owned();
    let boost = said["announce"]["id"].as_str().unwrap().to_owned();
    for document in [
        "/",
        "/actor",
        "/actor/outbox",
        "/actors/moderatie",
        "/wijken/bloemhof",
        "/wijken/bloemhof/outbox",
        "/wijken/bloemhof/outbox?page=true",
        "/wijken/bloemhof/followers",
        "/wijken/bloemhof/following",
        "/wijken/bloemhof/featured",
        "/wijken/bloemhof/moderators",
        "/partners/speeltuin",
        "/partners/speeltuin/outbox",
        "/partners/speeltuin/followers",
        path(post.uri.as_str()),
        path(&create),
        path(&boost),
    ] {
        let page = house.get(document).await;
        assert_eq!(
            (page.status, page.headers["content-type"].as_str()),
            (200, "application/activity+json"),
            "{document}"
        );
        has_context(document, &page.json());
    }
    for (word, activity) in &said {
        has_context(word, activity);
    }
}

/// Nobody is sent on from an id of ours: it is found where it says it is.
#[tokio::test]
async fn g13_no_id_of_ours_leads_elsewhere() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    house.said().await;
    let mut ids = vec![
        "https://wijk.example/wijken/bloemhof".to_owned(),
        "https://wijk.example/actor".to_owned(),
    ];
    let mut seen = Vec::new();
    while let Some(id) = ids.pop() {
        if seen.contains(&id) {
            continue;
        }
        let page = house.get(path(&id)).await;
        assert_eq!(page.status, 200, "{id}: {}", page.body);
        let json = page.json();
        assert_eq!(json["id"], id.as_str(), "{id} calls itself otherwise");
        for key in [
            "outbox",
            "followers",
            "following",
            "featured",
            "attributedTo",
            "first",
            "next",
            "partOf",
            "actor",
            "object",
        ] {
            ids.extend(json[key].as_str().filter(|id| id.starts_with(OURS)).map(str::to_owned));
        }
        for item in json["orderedItems"].as_array().into_iter().flatten() {
            let id = item["id"].as_str().or(item.as_str());
            ids.extend(id.filter(|id| id.starts_with(OURS)).map(str::to_owned));
        }
        seen.push(id);
    }
    assert!(seen.len() > 9, "too little was followed: {seen:?}");
}

/// Mastodon never mends a handle that became another kind of actor.
#[tokio::test]
async fn g15_all_actors_share_one_name_space() {
    use likejewijk::neighbourhood::{actors::keys::NewKey, wijken};
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.playground(&wijk).await;
    for reserved in ["moderatie", "relay", "actor", "bloemhof_redactie"] {
        assert!(wijken::parse_name(reserved, 30).is_err(), "{reserved}");
    }
    for taken in ["bloemhof", "bloemhof_redactie", "speeltuin"] {
        let links = house.app.links.clone();
        let key = NewKey::make(&house.app.secret, &uri(&links.partner(taken))).unwrap();
        let new = NewPartner { kind: Kind::Welzijn, name: "Ander".to_owned(), until: None };
        let made = house.app.database.write(move |c| {
            partners::make_actor(c, &links, taken, &new, false, &key, NOW).map(drop)
        });
        assert!(made.await.is_err(), "a partner called {taken}");
    }
    for taken in ["bloemhof", "speeltuin"] {
        let links = house.app.links.clone();
        let new = wijken::NewWijk::prepare(&house.app.secret, &links, taken, "Ander").unwrap();
        let made =
            house.app.database.write(move |c| wijken::add(c, &links, &new, NOW).map(drop)).await;
        assert!(made.is_err(), "a wijk called {taken}");
    }
}

/// Who follows the author hears of it from there, and who follows the wijk from us.
#[tokio::test]
async fn g17_a_delete_by_its_author_is_told_as_an_undo() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = partner(&house, &wijk).await;
    let uri = "https://politie.example/statuses/1";
    receive(&house, &officer, offered(&wijk, uri)).await;
    house.said().await;
    house.write(move |c| withdraw::deleted(c, &officer, &self::uri(uri), None, NOW)).await;
    assert!(house.said().await.contains_key("undo_announce"));
}

#[tokio::test]
async fn g18_a_reply_is_never_boosted() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = partner(&house, &wijk).await;
    let resident = house.stranger("social.example", "resident1").await;
    let above = "https://politie.example/statuses/1";
    for (author, uri) in [
        (&officer, "https://politie.example/statuses/2"),
        (&resident, "https://social.example/statuses/3"),
    ] {
        let reply = Received { in_reply_to: Some(self::uri(above)), ..offered(&wijk, uri) };
        receive(&house, author, reply).await;
    }
    let id = wijk.id();
    let decided = house.write(move |c| {
        let waiting = submissions::waiting(c, id, true)?;
        for card in &waiting {
            decide::approve(c, card.submission.id, None, &Moderator::operator(id), NOW)?;
        }
        Ok(waiting.len())
    });
    assert_eq!(decided.await, 1, "the resident's reply asks, the partner's is in");
    assert!(!house.said().await.contains_key("announce"));
}

/// Mastodon addresses a direct message to a Group also to its followers: that makes it no more public.
#[tokio::test]
async fn g19_a_direct_message_names_the_followers() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let mut note = specimen("mastodon/create_note_direct_to_group")["object"].clone();
    for to in [
        json!([wijk.actor.uri, format!("{}/followers", wijk.actor.uri)]),
        json!(format!("{}/followers", wijk.actor.uri)),
    ] {
        note["to"] = to;
        let read: NoteJson = serde_json::from_value(note.clone()).unwrap();
        let post = RemotePost::from_json(read, &house.federation.data()).await.unwrap();
        assert_eq!(post.received.visibility, Visibility::Private, "{note}");
    }
}

#[tokio::test]
async fn g28_audience_is_always_sent_and_never_asked_for() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    assert_eq!(
        house.get(path(post.uri.as_str())).await.json()["audience"],
        wijk.actor.uri.as_str()
    );
    assert_eq!(house.said().await["create_post"]["object"]["audience"], wijk.actor.uri.as_str());
    let without = specimen("mastodon/create_note")["object"].clone();
    assert_eq!(without["audience"], Value::Null);
    let read: NoteJson = serde_json::from_value(without).unwrap();
    assert!(RemotePost::from_json(read, &house.federation.data()).await.is_ok());
}

/// Mastodon deletes what is 404 when it looks again: while the database is away nothing is.
#[tokio::test]
async fn g30_what_cannot_be_read_now_is_not_gone() {
    use diesel::RunQueryDsl;
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    let documents = [
        "/wijken/bloemhof",
        "/partners/speeltuin",
        "/wijken/bloemhof/outbox",
        path(post.uri.as_str()),
    ];
    for document in documents {
        assert_eq!(house.get(document).await.status, 200, "{document}");
    }
    for table in ["posts", "wijken", "actors"] {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
        house
            .write(move |c| {
                let Connection::Sqlite(c) = c else { panic!("a house stands on SQLite") };
                Ok(diesel::sql_query(&away).execute(c)?)
            })
            .await;
    }
    for document in documents {
        assert!(house.get(document).await.status >= 500, "{document}");
    }
}

async fn partner(house: &House, wijk: &Wijk) -> Actor {
    let officer = house.stranger("politie.example", "wijkagent").await;
    let (wijk, by) = (wijk.clone(), officer.clone());
    house
        .write(move |c| {
            let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until: None };
            partners::add(c, &wijk, &by, &new, NOW).map(drop)
        })
        .await;
    officer
}

fn offered(wijk: &Wijk, uri: &str) -> Received {
    Received {
        uri: self::uri(uri),
        object_type: ObjectType::Note,
        visibility: Visibility::Public,
        url: uri.to_owned(),
        in_reply_to: None,
        published_at: NOW,
        shown: saying("Vanavond spreekuur in het wijkgebouw."),
        addressed: vec![wijk.actor.uri.clone()],
        community: Community::Among(Vec::new()),
        tally: None,
        announceable_by: None,
        raw: None,
    }
}

async fn receive(house: &House, by: &Actor, received: Received) {
    let by = by.clone();
    house.write(move |c| arrive::received(c, &by, &received, NOW)).await;
}

fn specimen(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/federation/specimens");
    serde_json::from_slice(&std::fs::read(format!("{folder}/{name}.json")).unwrap()).unwrap()
}

fn has_context(what: &str, json: &Value) {
    let context = &json["@context"];
    let first = context.as_str().or(context[0].as_str());
    assert_eq!(first, Some(ACTIVITYSTREAMS), "{what}: {context}");
}

fn path(id: &str) -> &str {
    id.strip_prefix(OURS).unwrap()
}
