//! What other servers send, in exactly their shape (`specimens/`), read by our own types: by the guard as an outline,
//! as a post or an actor as it comes from its origin, and acted on by the real inbox.

use activitypub_federation::traits::Object;
use likejewijk::doors::federation::failure::Failure;
use likejewijk::doors::federation::inbox;
use likejewijk::doors::federation::objects::actor::{ActorJson, RemoteActor};
use likejewijk::doors::federation::objects::note::{NoteJson, RemotePost};
use likejewijk::doors::federation::shape::Outline;
use likejewijk::foundation::error::Error;
use likejewijk::foundation::ids::ArrivalId;
use likejewijk::foundation::keys::VerifyingKey;
use likejewijk::neighbourhood::actors::{Actor, ActorKind, keys, store as actors_store};
use likejewijk::neighbourhood::arrivals::Arrival;
use likejewijk::neighbourhood::follows::{self, State};
use likejewijk::neighbourhood::posts::Visibility::{self, Private, Public, Quiet};
use likejewijk::neighbourhood::posts::store as posts_store;
use likejewijk::neighbourhood::submissions::{arrive, store as submissions};
use serde_json::{Value, json};

use super::house::{House, NOW};

const WIJK: &str = "https://wijk.example/wijken/bloemhof";

fn bytes(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/federation/specimens");
    std::fs::read(format!("{folder}/{name}.json")).unwrap()
}

pub(super) fn specimen(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap()
}

fn outline(name: &str) -> Outline {
    Outline::read(&bytes(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// As its origin gives it: what stands in `object`.
pub(super) async fn post(house: &House, json: &Value) -> Result<RemotePost, Failure> {
    let json: NoteJson = serde_json::from_value(json.clone()).unwrap();
    RemotePost::from_json(json, &house.federation.data()).await
}

async fn actor(house: &House, json: &Value) -> Result<Actor, Failure> {
    let json: ActorJson =
        serde_json::from_value(json.clone()).map_err(|e| Error::invalid("actor", e.to_string()))?;
    Ok(RemoteActor::from_json(json, &house.federation.data()).await?.0)
}

/// The inbox acts on a body as if it had come through the guard.
pub(super) async fn act(house: &House, body: &Value) -> Result<(), Failure> {
    let outline = Outline::read(body.to_string().as_bytes()).unwrap();
    let arrival = Arrival {
        id: ArrivalId::next(NOW),
        body: Some(body.to_string().into_bytes()),
        actor_uri: outline.actor.clone(),
        is_forwarded: false,
        lane: outline.lane(),
        tries: 0,
    };
    inbox::act(&arrival, &house.federation.data()).await
}

#[test]
fn the_guard_reads_every_activity() {
    let follows = |who: &str| format!("{who} follows {WIJK}");
    let note = "https://social.example/users/resident1/statuses/115000000000000001";
    let resident = "https://social.example/users/resident1";
    for (name, kind, actor, lane) in [
        ("mastodon/follow", "Follow", resident, follows(resident)),
        ("mastodon/undo_follow", "Undo", resident, follows(resident)),
        ("mastodon/create_note", "Create", resident, note.to_owned()),
        ("mastodon/create_note_direct_to_group", "Create", resident, note.to_owned()),
        ("mastodon/update_note", "Update", resident, note.to_owned()),
        ("mastodon/delete_note", "Delete", resident, note.to_owned()),
        ("mastodon/delete_actor", "Delete", resident, resident.to_owned()),
        (
            "gotosocial/create_note",
            "Create",
            "https://gts.example/users/school",
            "https://gts.example/users/school/statuses/01KATZ5B3V8T4Q1M9X6R2W7Y0D".to_owned(),
        ),
        (
            "gotosocial/undo",
            "Undo",
            "https://gts.example/users/school",
            follows("https://gts.example/users/school"),
        ),
        (
            "lemmy/follow",
            "Follow",
            "https://lemmy.example/u/resident2",
            follows("https://lemmy.example/u/resident2"),
        ),
        (
            "lemmy/create_page",
            "Create",
            "https://lemmy.example/u/resident2",
            "https://lemmy.example/post/77".to_owned(),
        ),
        (
            "misskey/follow",
            "Follow",
            "https://misskey.example/users/9resident3",
            follows("https://misskey.example/users/9resident3"),
        ),
        (
            "misskey/create_note",
            "Create",
            "https://misskey.example/users/9resident3",
            "https://misskey.example/notes/a1b2c3d4e5".to_owned(),
        ),
        (
            "gancio/follow",
            "Follow",
            "https://gancio.example/federation/u/relay",
            follows("https://gancio.example/federation/u/relay"),
        ),
        (
            "gancio/undo_follow",
            "Undo",
            "https://gancio.example/federation/u/relay",
            follows("https://gancio.example/federation/u/relay"),
        ),
        (
            "fedify/create_note",
            "Create",
            "https://fedify.example/users/buurtwinkel",
            "https://fedify.example/posts/5".to_owned(),
        ),
        (
            "pixelfed/create_note",
            "Create",
            "https://pixelfed.example/users/fotoclub",
            "https://pixelfed.example/p/fotoclub/612".to_owned(),
        ),
    ] {
        let read = outline(name);
        assert_eq!((read.kind.as_str(), read.actor.as_str()), (kind, actor), "{name}");
        assert_eq!(read.lane(), lane, "{name}");
        assert!(read.id.same_origin(&read.actor), "{name}");
    }
}

/// Name, author, who may see it, its title, how it begins, pictures with their alt texts, language.
type Shape = (
    &'static str,
    &'static str,
    Visibility,
    Option<&'static str>,
    &'static str,
    &'static [(&'static str, &'static str)],
    Option<&'static str>,
);

const BANK: [(&str, &str); 1] = [(
    "https://files.social.example/media_attachments/files/115/original/bank.jpg",
    "Een bank met een gebroken leuning",
)];
const SCHOOL: [(&str, &str); 1] =
    [("https://gts.example/fileserver/01K/attachment/original/01K.png", "De school met vlaggen")];
const LINK: [(&str, &str); 1] = [("https://krant.example/fietsen", "")];
const LEAVES: [(&str, &str); 2] = [
    ("https://pixelfed.example/storage/m/1.jpg", ""),
    ("https://pixelfed.example/storage/m/2.jpg", "Bladeren op de stoep"),
];

const POSTS: [Shape; 8] = [
    (
        "mastodon/create_note",
        "https://social.example/users/resident1",
        Public,
        None,
        "@bloemhof De bank op het plein is stuk.",
        &BANK,
        Some("nl"),
    ),
    (
        "mastodon/create_note_direct_to_group",
        "https://social.example/users/resident1",
        Private,
        None,
        "@bloemhof Ik durf dit niet openbaar te zeggen.",
        &[],
        Some("nl"),
    ),
    (
        "mastodon/update_note",
        "https://social.example/users/resident1",
        Public,
        None,
        "@bloemhof De bank op het plein is weer heel.",
        &[],
        Some("nl"),
    ),
    (
        "gotosocial/create_note",
        "https://gts.example/users/school",
        Public,
        None,
        "@bloemhof Vrijdag is er open dag.",
        &SCHOOL,
        Some("nl"),
    ),
    (
        "lemmy/create_page",
        "https://lemmy.example/u/resident2",
        Public,
        Some("Wie heeft mijn fiets gezien?"),
        "Een rode fiets, sinds gisteren weg.",
        &LINK,
        None,
    ),
    (
        "misskey/create_note",
        "https://misskey.example/users/9resident3",
        Quiet,
        None,
        "@bloemhof@wijk.example Poes gevonden bij de kerk",
        &[],
        None,
    ),
    (
        "fedify/create_note",
        "https://fedify.example/users/buurtwinkel",
        Public,
        None,
        "Vers brood, @bloemhof!",
        &[],
        None,
    ),
    (
        "pixelfed/create_note",
        "https://pixelfed.example/users/fotoclub",
        Public,
        None,
        "Herfst in de wijk @bloemhof@wijk.example",
        &LEAVES,
        None,
    ),
];

#[tokio::test]
async fn every_post_is_read_as_its_author_meant_it() {
    let house = House::open().await;
    for (name, author, visibility, title, text, pictures, language) in POSTS {
        let read = post(&house, &specimen(name)["object"]).await.unwrap();
        let shown = &read.received.shown;
        assert_eq!(
            (read.author.as_str(), read.received.visibility),
            (author, visibility),
            "{name}"
        );
        assert_eq!(
            (shown.title.as_deref(), shown.content.to_plain().as_str()),
            (title, text),
            "{name}"
        );
        let attached = shown.attachments.iter().map(|one| (one.url.as_str(), one.alt.as_str()));
        assert_eq!(attached.collect::<Vec<_>>(), pictures, "{name}");
        assert_eq!(shown.language.as_deref(), language, "{name}");
        assert!(read.received.addressed.iter().any(|uri| *uri == WIJK), "{name} names the wijk");
        assert!(read.received.published_at < NOW && read.received.in_reply_to.is_none(), "{name}");
    }
}

#[tokio::test]
async fn an_answer_to_what_has_no_address_is_no_post_of_its_own() {
    let house = House::open().await;
    let mut note = specimen("mastodon/create_note")["object"].clone();
    note["inReplyTo"] = json!("tag:gs.example,2017:noticeId=1:objectType=note");
    assert!(post(&house, &note).await.is_err());
    for none in [Value::Null, json!("")] {
        note["inReplyTo"] = none;
        assert!(post(&house, &note).await.is_ok());
    }
}

/// A quote is a link to where the quoted post was written; the line about it in the text goes.
#[tokio::test]
async fn a_quote_is_read_as_a_link() {
    let house = House::open().await;
    let note = &specimen("mastodon/create_note_with_quote")["object"];
    let shown = post(&house, note).await.unwrap().received.shown;
    assert_eq!(shown.quoted(), Some("https://krant.example/users/nieuws/statuses/99"));
    assert_eq!(shown.content.to_plain(), "@bloemhof Goed stuk over ons plein.");
    for (from, to) in [("quoteUri", "quoteUrl"), ("_misskey_quote", "_misskey_quote")] {
        let mut other = note.clone();
        let quoted = other[from].clone();
        for name in ["quote", "quoteUri", "quoteUrl", "_misskey_quote"] {
            other.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(post(&house, &other).await.unwrap().received.shown.quoted(), None);
        other[to] = quoted;
        let shown = post(&house, &other).await.unwrap().received.shown;
        assert!(shown.quoted().is_some(), "{to}");
    }
}

/// Kind, name, where it is delivered to, and the keys it signs with: in SPKI or PKCS#1, one or more, as Multikeys.
type Face = (&'static str, ActorKind, &'static str, &'static str, &'static [&'static str]);

const FACES: [Face; 14] = [
    (
        "mastodon/actor",
        ActorKind::Person,
        "@resident1@social.example",
        "https://social.example/inbox",
        &["https://social.example/users/resident1#main-key"],
    ),
    (
        "gotosocial/actor",
        ActorKind::Person,
        "@school@gts.example",
        "https://gts.example/users/school/inbox",
        &["https://gts.example/users/school/main-key"],
    ),
    (
        "lemmy/actor_person",
        ActorKind::Person,
        "@resident2@lemmy.example",
        "https://lemmy.example/inbox",
        &["https://lemmy.example/u/resident2#main-key"],
    ),
    (
        "misskey/actor",
        ActorKind::Person,
        "@resident3@misskey.example",
        "https://misskey.example/inbox",
        &[
            "https://misskey.example/users/9resident3#ed25519-key",
            "https://misskey.example/users/9resident3#main-key",
        ],
    ),
    (
        "fedify/actor",
        ActorKind::Service,
        "@buurtwinkel@fedify.example",
        "https://fedify.example/inbox",
        &[
            "https://fedify.example/users/buurtwinkel#main-key",
            "https://fedify.example/users/buurtwinkel#multikey-1",
            "https://fedify.example/users/buurtwinkel#multikey-2",
        ],
    ),
    (
        "mobilizon/actor_group_pkcs1",
        ActorKind::Group,
        "@bewonersgroep@mobilizon.example",
        "https://mobilizon.example/inbox",
        &["https://mobilizon.example/@bewonersgroep#main-key"],
    ),
    (
        "mobilizon/actor_instance",
        ActorKind::Application,
        "@relay@mobilizon.example",
        "https://mobilizon.example/inbox",
        &["https://mobilizon.example/relay#main-key"],
    ),
    (
        "nodebb/actor",
        ActorKind::Person,
        "@tuinclub@nodebb.example",
        "https://nodebb.example/inbox",
        &["https://nodebb.example/uid/12#key"],
    ),
    (
        "piefed/actor",
        ActorKind::Person,
        "@resident4@piefed.example",
        "https://piefed.example/inbox",
        &["https://piefed.example/u/resident4#main-key"],
    ),
    (
        "pixelfed/actor",
        ActorKind::Person,
        "@fotoclub@pixelfed.example",
        "https://pixelfed.example/f/inbox",
        &["https://pixelfed.example/users/fotoclub#main-key"],
    ),
    (
        "wordpress/actor",
        ActorKind::Person,
        "@wijkkrant@krant.example",
        "https://krant.example/wp-json/activitypub/1.0/inbox",
        &["https://krant.example/?author=2#main-key"],
    ),
    (
        "friendica/actor",
        ActorKind::Person,
        "@buren@friendica.example",
        "https://friendica.example/inbox",
        &["https://friendica.example/profile/buren#main-key"],
    ),
    (
        "gancio/actor",
        ActorKind::Application,
        "@relay@gancio.example",
        "https://gancio.example/federation/u/relay/inbox",
        &["https://gancio.example/federation/u/relay#main-key"],
    ),
    (
        "fedify/actor_multikey_only",
        ActorKind::Person,
        "@bakker@fedify.example",
        "https://fedify.example/users/bakker/inbox",
        &["https://fedify.example/users/bakker#ed25519"],
    ),
];

#[tokio::test]
async fn every_actor_is_read() {
    let house = House::open().await;
    for (name, kind, handle, inbox, key_ids) in FACES {
        let read = actor(&house, &specimen(name)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((read.kind, read.handle().as_str()), (kind, handle), "{name}");
        assert_eq!(read.delivery_inbox(), inbox, "{name}");
        let keys = house.write(move |c| keys::of(c, read.id)).await;
        assert_eq!(keys.iter().map(|key| key.key_id.as_str()).collect::<Vec<_>>(), key_ids);
        assert!(keys.iter().all(|key| VerifyingKey::read(&key.public_key).is_ok()), "{name}");
    }
    // The stub at GoToSocial's key address is no actor; it leads to one.
    assert!(actor(&house, &specimen("gotosocial/main_key_stub")).await.is_err());
    let gts = "https://gts.example/users/school";
    assert_eq!(specimen("gotosocial/main_key_stub")["publicKey"]["owner"], gts);
}

/// Without a key that is its own, or without an inbox, nobody can be heard or answered.
#[tokio::test]
async fn an_actor_without_inbox_or_key_of_its_own_is_refused() {
    let house = House::open().await;
    let whole = specimen("mastodon/actor");
    let id = whole["id"].clone();
    let with = |pointer: &str, value: Value| {
        let mut json = whole.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        json
    };
    let mut nothing = whole.clone();
    nothing.as_object_mut().unwrap().remove("inbox");
    let refused = [
        nothing,
        with("/inbox", json!("https://elsewhere.example/inbox")),
        with("/publicKey/owner", json!("https://social.example/users/another")),
        with("/publicKey/id", json!("https://elsewhere.example/users/resident1#main-key")),
        with("/publicKey/publicKeyPem", json!("-----BEGIN PUBLIC KEY-----")),
        with("/publicKey", json!([])),
        with("/publicKey", json!(format!("{}#main-key", id.as_str().unwrap()))),
        with("/publicKey", json!("https://elsewhere.example/key")),
    ];
    for json in refused {
        assert!(actor(&house, &json).await.is_err(), "{}", json["publicKey"]);
    }
    let mut lean = whole.clone();
    lean.as_object_mut().unwrap().remove("endpoints");
    let read = actor(&house, &lean).await.unwrap();
    assert_eq!(read.delivery_inbox(), "https://social.example/users/resident1/inbox");
}

/// Of several keys each is kept under its id, and what a later document does not name is forgotten.
#[tokio::test]
async fn a_document_says_which_keys_count_now() {
    let house = House::open().await;
    let mut json = specimen("misskey/actor");
    json["publicKey"] = json!([json["publicKey"], json["additionalPublicKeys"][0]]);
    json.as_object_mut().unwrap().remove("additionalPublicKeys");
    let read = actor(&house, &json).await.unwrap();
    assert_eq!(house.write(move |c| keys::of(c, read.id)).await.len(), 2);

    let mut rotated = json["publicKey"][0].clone();
    rotated["id"] = json!("https://misskey.example/users/9resident3#key-2");
    json["publicKey"] = rotated;
    actor(&house, &json).await.unwrap();
    let named = |id: &'static str| house.write(move |c| keys::named(c, id));
    let (owner, _) = named("https://misskey.example/users/9resident3#key-2").await.unwrap();
    assert_eq!(owner.id, read.id);
    assert!(named("https://misskey.example/users/9resident3#main-key").await.is_none());
    assert!(named("https://misskey.example/users/9resident3#ed25519-key").await.is_none());
}

/// Whatever each sends about following, the same comes of it.
#[tokio::test]
async fn every_follow_is_accepted_and_every_undo_ends_it() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let gts_follow = &specimen("gotosocial/undo")["object"];
    let pairs = [
        ("mastodon", specimen("mastodon/follow"), specimen("mastodon/undo_follow")),
        ("gotosocial", gts_follow.clone(), specimen("gotosocial/undo")),
        ("lemmy", specimen("lemmy/follow"), undone(&specimen("lemmy/follow"))),
        ("misskey", specimen("misskey/follow"), undone(&specimen("misskey/follow"))),
        ("gancio", specimen("gancio/follow"), specimen("gancio/undo_follow")),
        ("mobilizon", specimen("mobilizon/follow"), undone(&specimen("mobilizon/follow"))),
    ];
    for (who, follow, undo) in pairs {
        known(&house, follow["actor"].as_str().unwrap()).await;
        act(&house, &follow).await.unwrap();
        let said = house.said().await;
        assert_eq!(said["accept_follow"]["object"]["id"], follow["id"], "{who} is answered");
        assert_eq!(said["accept_follow"]["object"]["actor"], follow["actor"], "{who}");
        let followed = wijk.actor.id;
        assert_eq!(house.write(move |c| follows::count(c, followed)).await, 1, "{who}");
        act(&house, &undo).await.unwrap();
        assert_eq!(house.write(move |c| follows::count(c, followed)).await, 0, "{who}");
    }
}

fn undone(follow: &Value) -> Value {
    let id = format!("{}/undo", follow["id"].as_str().unwrap());
    json!({"id": id, "type": "Undo", "actor": follow["actor"], "object": follow})
}

/// Whatever each answers to a Follow of ours, by its id or with the whole Follow inside.
#[tokio::test]
async fn every_answer_to_a_follow_of_ours_is_understood() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    for (name, state) in [
        ("mastodon/accept_follow", State::Accepted),
        ("misskey/accept_follow", State::Accepted),
        ("lemmy/accept_follow", State::Accepted),
        ("gotosocial/reject_follow", State::Refused),
    ] {
        let answer = specimen(name);
        let target = known(&house, answer["actor"].as_str().unwrap()).await;
        let (links, follower, asked) =
            (house.app.links.clone(), wijk.actor.clone(), target.clone());
        house.write(move |c| follows::begin(c, &links, &follower, &asked, NOW)).await;
        let follow = house.said().await["follow"]["id"].as_str().unwrap().to_owned();
        let answer = answer.to_string().replace("https://wijk.example/activiteiten/42", &follow);
        act(&house, &serde_json::from_str(&answer).unwrap()).await.unwrap();
        let (follower, target) = (wijk.actor.id, target.id);
        let now = house.write(move |c| follows::state(c, follower, target)).await;
        assert_eq!(now, Some(state), "{name}");
    }
}

/// An actor that was fetched a moment ago, so that nobody goes to the network.
pub(super) async fn known(house: &House, uri: &str) -> Actor {
    let url = url::Url::parse(uri).unwrap();
    let mut actor = super::house::stranger(url.host_str().unwrap(), "x", NOW);
    actor.uri = super::house::uri(uri);
    house.write(move |c| actors_store::keep(c, &actor)).await
}

/// Delete as a Tombstone, and of the actor by its bare id.
#[tokio::test]
async fn mastodons_deletes_take_away_what_they_name() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = known(&house, "https://social.example/users/resident1").await;
    let received =
        post(&house, &specimen("mastodon/create_note")["object"]).await.unwrap().received;
    let (by, offered) = (author.clone(), received.clone());
    house.write(move |c| arrive::received(c, &by, &offered, NOW)).await;
    let id = wijk.id();
    assert_eq!(house.write(move |c| submissions::count_waiting(c, id)).await, 1);

    act(&house, &specimen("mastodon/delete_note")).await.unwrap();
    assert_eq!(house.write(move |c| submissions::count_waiting(c, id)).await, 0);
    let uri = received.uri.clone();
    let gone = house.write(move |c| posts_store::by_uri(c, &uri)).await.unwrap();
    assert!(gone.gone_at.is_some());

    act(&house, &specimen("mastodon/delete_actor")).await.unwrap();
    let gone = house.write(move |c| actors_store::find(c, author.id)).await;
    assert!(gone.gone_at.is_some());
}

/// A person on Mastodon ticks "this is an automated account": `Person` becomes `Service`. Its key and its posts must
/// go on being taken.
#[tokio::test]
async fn a_person_that_becomes_a_service_is_still_read() {
    let house = House::open().await;
    let mut json = specimen("mastodon/actor");
    actor(&house, &json).await.unwrap();
    json["type"] = "Service".into();
    json["name"] = "Nu een robot".into();
    let again = actor(&house, &json).await.map_err(|failure| failure.to_string());
    assert_eq!(again.map(|actor| actor.name), Ok("Nu een robot".to_owned()));
}

/// What does not fit is refused at the door, for good: not kept for another try, and no fault of the database.
#[tokio::test]
async fn what_is_too_long_is_refused_and_not_tried_again() {
    let house = House::open().await;
    let long = "a".repeat(3000);
    let mut document = specimen("mastodon/actor");
    document["inbox"] = format!("https://social.example/{long}").into();
    let refused = actor(&house, &document).await.unwrap_err();
    assert!(matches!(refused, Failure::Ours(Error::Invalid { .. })), "inbox: {refused}");

    let mut document = specimen("mastodon/actor");
    document["summary"] = "&".repeat(20_000).into();
    let read = actor(&house, &document).await.map(|actor| actor.summary.is_empty());
    assert_eq!(read.map_err(|failure| failure.to_string()), Ok(false), "a long summary is cut");

    let mut follow = specimen("mastodon/follow");
    follow["id"] = format!("https://social.example/{long}").into();
    assert!(Outline::read(follow.to_string().as_bytes()).is_err(), "an id too long to keep");
}

/// Mobilizon follows a server by its own actor; a closed wijk takes no new followers.
#[tokio::test]
async fn a_closed_wijk_accepts_nobody() {
    let house = House::open().await;
    house.wijk().await;
    house.write(|c| likejewijk::neighbourhood::wijken::close(c, "bloemhof", NOW)).await;
    known(&house, "https://social.example/users/resident1").await;
    let _ = act(&house, &specimen("mastodon/follow")).await;
    assert!(!house.said().await.contains_key("accept_follow"));
}
