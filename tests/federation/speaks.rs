//! Everything we say to other servers, word for word, as it leaves: over the real rooms, through the real routes.
//! A change here is a change of the protocol: look at FEDERATION.md before accepting it.

use std::path::Path;

use likejewijk::foundation::error::Error;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::actors::keys::NewKey;
use likejewijk::neighbourhood::actors::store as actors_store;
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::instances::{self, Software};
use likejewijk::neighbourhood::partners::{self, Kind, NewPartner, PassOn};
use likejewijk::neighbourhood::posts::receive::{Community, Received};
use likejewijk::neighbourhood::posts::{ObjectType, Visibility};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};
use likejewijk::neighbourhood::{follows, rotation, wijken};
use serde_json::Value;

use super::house::{House, NOW, Page, saying, uri};
use super::tidy::tidy;

pub(super) fn keep(name: &str, json: Value) {
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, tidy(json)));
}

/// An AS2 document, with the headers that peers insist on.
pub(super) fn keep_page(name: &str, page: &Page) {
    assert_eq!(
        (page.status, page.headers["content-type"].as_str()),
        (200, "application/activity+json")
    );
    assert_eq!(page.headers["vary"], "Accept");
    keep(name, page.json());
}

#[tokio::test]
async fn our_actors() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.playground(&wijk).await;
    keep_page("actor_wijk", &house.get("/wijken/bloemhof").await);
    keep_page("actor_partner", &house.get("/partners/speeltuin").await);
    keep_page("actor_redactie", &house.get("/partners/bloemhof_redactie").await);
    keep_page("actor_instance", &house.get("/actor").await);
    keep_page("actor_moderation", &house.get("/actors/moderatie").await);
    assert_eq!(house.get("/").await.json(), house.get("/actor").await.json());
    assert_eq!(house.get("/wijken/nergens").await.status, 404);
}

#[tokio::test]
async fn how_others_find_us() {
    let house = House::open().await;
    house.wijk().await;
    let page = house.get("/.well-known/webfinger?resource=acct:bloemhof@wijk.example").await;
    assert_eq!(page.headers["content-type"], "application/jrd+json");
    assert_eq!(page.headers["access-control-allow-origin"], "*");
    keep("webfinger", page.json());
    for same in [
        "acct%3ABloemhof%40WIJK.example",
        "https://wijk.example/wijken/bloemhof",
        "https://wijk.example/@bloemhof",
    ] {
        let other = house.get(&format!("/.well-known/webfinger?resource={same}")).await;
        assert_eq!(other.json(), page.json(), "{same}");
    }
    for instance in
        ["acct:wijk.example@wijk.example", "acct:relay@wijk.example", "https://wijk.example/"]
    {
        let page = house.get(&format!("/.well-known/webfinger?resource={instance}")).await;
        assert_eq!(page.json()["links"][1]["href"], "https://wijk.example/actor", "{instance}");
    }
    for (name, path) in [
        ("nodeinfo_links", "/.well-known/nodeinfo"),
        ("nodeinfo_20", "/nodeinfo/2.0"),
        ("nodeinfo_21", "/nodeinfo/2.1"),
    ] {
        let page = house.get(path).await;
        assert_eq!(page.headers["content-type"], "application/json");
        let mut json = page.json();
        if let Some(version) = json.pointer_mut("/software/version") {
            assert_eq!(*version, env!("CARGO_PKG_VERSION"));
            *version = "[version]".into();
        }
        keep(name, json);
    }
    let host_meta = house.get("/.well-known/host-meta").await;
    assert!(host_meta.headers["content-type"].starts_with("application/xrd+xml"));
    assert!(host_meta.body.contains(
        "<Link rel=\"lrdd\" template=\"https://wijk.example/.well-known/webfinger?resource={uri}\"/>"
    ));
}

#[tokio::test]
async fn who_asks_to_follow_is_answered() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let resident = house.stranger("social.example", "resident1").await;
    let spammer = house.stranger("spam.example", "spammer").await;
    house
        .write(move |c| {
            follows::ask(c, &resident, &wijk, &uri("https://social.example/4b1e"), NOW)?;
            blocks::add(c, "spam", &Blocked::Actor(spammer.uri.clone()), None, None, NOW)?;
            follows::ask(c, &spammer, &wijk, &uri("https://spam.example/77"), NOW)
        })
        .await;
    let said = house.said().await;
    keep("accept", said["accept_follow"].clone());
    keep("reject", said["reject_follow"].clone());
    // Who follows is between the two: nobody else reads it, whoever has the address.
    let id = said["accept_follow"]["id"].as_str().unwrap();
    let path = id.strip_prefix("https://wijk.example").unwrap();
    assert_eq!(house.get(path).await.status, 404);
}

#[tokio::test]
async fn a_post_of_ours_from_its_beginning_to_its_end() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let text = "Wegens onderhoud is de speeltuin zaterdag dicht.";
    let post = house.post(&author, &wijk, "Speeltuin zaterdag dicht", text).await;

    let path = post.uri.as_str().strip_prefix("https://wijk.example").unwrap().to_owned();
    keep_page("note", &house.get(&path).await);
    let said = house.said().await;
    keep("create", said["create_post"].clone());
    let id = said["create_post"]["id"].as_str().unwrap();
    let create = house.get(id.strip_prefix("https://wijk.example").unwrap()).await;
    assert_eq!(create.json(), said["create_post"]);
    let boost = &said["announce"];
    let boost_path = boost["id"].as_str().unwrap().strip_prefix("https://wijk.example").unwrap();
    assert_eq!(house.get(boost_path).await.json(), *boost, "an announcement is found under its id");
    keep_page("outbox_of_partner", &house.get("/partners/speeltuin/outbox").await);

    let uri = post.uri.clone();
    house.write(move |c| withdraw::deleted(c, &author, &uri, None, NOW)).await;
    let said = house.said().await;
    keep("delete", said["delete_post"].clone());
    for gone in [path.as_str(), boost_path] {
        let page = house.get(gone).await;
        assert_eq!(page.status, 410);
        assert_eq!(page.json()["type"], "Tombstone");
        if gone == path {
            keep("tombstone", page.json());
        }
    }
}

/// By an officer on another server, who is a partner.
#[tokio::test]
async fn the_wijk_passes_a_post_on_and_takes_it_back() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = house.stranger("politie.example", "wijkagent_bloemhof").await;
    let received = Received {
        uri: uri("https://politie.example/users/wijkagent_bloemhof/statuses/1123"),
        object_type: ObjectType::Note,
        visibility: Visibility::Public,
        url: "https://politie.example/@wijkagent_bloemhof/1123".to_owned(),
        in_reply_to: None,
        published_at: NOW,
        shown: saying("Vanavond spreekuur in het wijkgebouw."),
        tally: None,
        addressed: vec![wijk.actor.uri.clone()],
        community: Community::Among(Vec::new()),
        announceable_by: None,
        raw: None,
    };
    let (bloemhof, by, offered) = (wijk.clone(), officer.clone(), received.clone());
    house
        .write(move |c| {
            let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until: None };
            partners::add(c, &bloemhof, &by, &new, NOW)?;
            arrive::received(c, &by, &offered, NOW)
        })
        .await;
    keep("announce", house.said().await["announce"].clone());
    keep_page("outbox", &house.get("/wijken/bloemhof/outbox").await);
    keep_page("outbox_page", &house.get("/wijken/bloemhof/outbox?page=true").await);
    keep_page("following", &house.get("/wijken/bloemhof/following").await);

    house.write(move |c| withdraw::deleted(c, &officer, &received.uri, None, NOW)).await;
    keep("undo_announce", house.said().await["undo_announce"].clone());
    assert_eq!(house.get("/wijken/bloemhof/outbox").await.json()["totalItems"], 0);
}

#[tokio::test]
async fn the_collections_of_a_wijk() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let resident = house.stranger("social.example", "resident1").await;
    house
        .write(move |c| follows::ask(c, &resident, &wijk, &uri("https://social.example/4b1e"), NOW))
        .await;
    for name in ["followers", "featured", "moderators"] {
        let page = house.get(&format!("/wijken/bloemhof/{name}")).await;
        assert!(!page.body.contains("resident1"), "who follows a wijk is told to nobody");
        keep_page(name, &page);
    }
}

#[tokio::test]
async fn a_wijk_changes_and_closes() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let actor = house.get("/wijken/bloemhof").await.json();
    let update = house.said().await["update_wijk"].clone();
    assert_eq!(update["object"], actor, "an Update carries the whole actor");
    keep("update_wijk", update);

    house.write(|c| wijken::close(c, "bloemhof", NOW)).await;
    keep("delete_wijk", house.said().await["delete_wijk"].clone());
    for gone in ["/wijken/bloemhof", "/wijken/bloemhof/outbox", "/wijken/bloemhof/followers"] {
        assert_eq!(house.get(gone).await.status, 410, "{gone}");
    }
    let webfinger = house.get("/.well-known/webfinger?resource=acct:bloemhof@wijk.example").await;
    assert_eq!(webfinger.status, 410);
    let open = house.write(move |c| Ok(wijken::open(c, wijk.slug()).err())).await;
    assert!(matches!(open, Some(Error::Gone)));
}

/// Two pages, joined by `next`, newest first.
#[tokio::test]
async fn a_long_outbox_has_pages() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let mut posts = Vec::new();
    for number in 0..25 {
        posts.push(house.post(&author, &wijk, "Nieuws", &format!("Bericht {number}")).await.uri);
    }
    let objects = |page: &Value| -> Vec<String> {
        let items = page["orderedItems"].as_array().unwrap();
        // What was written here stands whole in it.
        let id = |item: &Value| item["object"]["object"]["id"].as_str().unwrap().to_owned();
        items.iter().map(id).collect()
    };
    let outbox = house.get("/wijken/bloemhof/outbox").await.json();
    let first = house.get("/wijken/bloemhof/outbox?page=true").await.json();
    let next = first["next"].as_str().unwrap().strip_prefix("https://wijk.example").unwrap();
    let second = house.get(next).await.json();
    assert_eq!((&outbox["totalItems"], objects(&outbox)), (&25.into(), objects(&first)));
    assert_eq!(second["next"], Value::Null);
    posts.reverse();
    let told = [objects(&first), objects(&second)].concat();
    assert!(told.iter().eq(posts.iter().map(Uri::as_str)), "{told:?}");
}

/// Servers of the wijk's followers hold a copy too: they fetched it when the wijk passed it on.
#[tokio::test]
async fn whoever_heard_of_a_post_of_ours_hears_that_it_is_gone() {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
    use likejewijk::foundation::database::schema::{deliveries, outgoing};
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let resident = house.stranger("social.example", "resident1").await;
    house
        .write(move |c| follows::ask(c, &resident, &wijk, &uri("https://social.example/1"), NOW))
        .await;
    let wijk = house.write(|c| wijken::find(c, "bloemhof")).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    house.said().await;

    house.write(move |c| withdraw::deleted(c, &author, &post.uri, None, NOW)).await;
    house.said().await;
    let heard = house.write(|c| {
        let delete = outgoing::table.filter(outgoing::word.eq("delete_post")).select(outgoing::seq);
        let heard = deliveries::table.filter(deliveries::seq.eq_any(delete));
        Ok(heard.select(deliveries::inbox).load::<String>(c)?)
    });
    assert_eq!(heard.await, ["https://social.example/inbox"], "where its Delete goes");
}

#[tokio::test]
async fn a_deleted_post_is_not_read_from_its_create() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Dicht", "De speeltuin is dicht.").await;
    let create = house.said().await["create_post"]["id"].as_str().unwrap().to_owned();
    let path = create.strip_prefix("https://wijk.example").unwrap();
    assert_eq!(house.get(path).await.status, 200);

    house.write(move |c| withdraw::deleted(c, &author, &post.uri, None, NOW)).await;
    let page = house.get(path).await;
    assert!(!page.body.contains("De speeltuin is dicht."), "{} {}", page.status, page.body);
}

#[tokio::test]
async fn a_blocked_partner_is_in_no_collection() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = house.stranger("politie.example", "wijkagent").await;
    let id = wijk.id();
    house
        .write(move |c| {
            let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until: None };
            partners::add(c, &wijk, &officer, &new, NOW)?;
            blocks::add(c, "x", &Blocked::Actor(officer.uri.clone()), Some(id), None, NOW)
        })
        .await;
    let following = house.get("/wijken/bloemhof/following").await.json();
    assert_eq!(following["totalItems"], 0, "{following}");
}

#[tokio::test]
async fn a_post_of_ours_in_the_form_of_communities() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let resident = house.stranger("lemmy.example", "resident2").await;
    let (domain, followed, id) = (resident.domain.clone(), wijk.clone(), wijk.id());
    house
        .write(move |c| {
            follows::ask(
                c,
                &resident,
                &followed,
                &uri("https://lemmy.example/activities/follow/1"),
                NOW,
            )?;
            let lemmy = Software { name: "lemmy".to_owned(), version: "1.0.0-beta.1".to_owned() };
            instances::learn(c, &domain, &lemmy, NOW)
        })
        .await;
    let text = "Wegens onderhoud is de speeltuin zaterdag dicht.";
    let post = house.post(&author, &wijk, "Speeltuin zaterdag dicht", text).await;
    let said = house.said().await;
    keep("announce_embedded", said["announce to communities"].clone());
    assert_eq!(said["announce to communities"]["id"], said["announce"]["id"]);
    keep("outbox_with_our_own", house.get("/wijken/bloemhof/outbox").await.json());
    house
        .write(move |c| {
            let moderator = Moderator::operator(id);
            withdraw::by_moderator(c, &post, &moderator, "Bij nader inzien", NOW)
        })
        .await;
    let said = house.said().await;
    keep("announce_removal", said["undo_announce to communities"].clone());
    assert_eq!(said["undo_announce"]["type"], "Undo");
}

/// A reply is shown in its thread and listed in no outbox.
#[tokio::test]
async fn the_outbox_counts_what_it_lists() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = house.stranger("politie.example", "wijkagent").await;
    house
        .write(move |c| {
            let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until: None };
            partners::add(c, &wijk, &officer, &new, NOW)?;
            let reply = Received {
                uri: uri("https://politie.example/1"),
                object_type: ObjectType::Note,
                visibility: Visibility::Public,
                url: "https://politie.example/1".to_owned(),
                in_reply_to: Some(uri("https://social.example/2")),
                published_at: NOW,
                shown: saying("Dank voor de melding."),
                tally: None,
                addressed: vec![wijk.actor.uri.clone()],
                community: Community::Among(Vec::new()),
                announceable_by: None,
                raw: None,
            };
            arrive::received(c, &officer, &reply, NOW)
        })
        .await;
    assert!(!house.said().await.contains_key("announce"), "a reply is never boosted");
    let outbox = house.get("/wijken/bloemhof/outbox").await.json();
    assert_eq!(
        (&outbox["totalItems"], &outbox["orderedItems"]),
        (&0.into(), &serde_json::json!([]))
    );
}

/// An actor that names a collection has one.
#[tokio::test]
async fn every_collection_an_actor_names_is_there() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.playground(&wijk).await;
    let mut missing = Vec::new();
    for actor in ["/wijken/bloemhof", "/partners/speeltuin", "/actor", "/actors/moderatie"] {
        let json = house.get(actor).await.json();
        for field in ["outbox", "followers", "following", "featured", "attributedTo"] {
            let Some(named) = json[field].as_str() else { continue };
            let path = named.strip_prefix("https://wijk.example").unwrap();
            let status = house.get(path).await.status;
            if status != 200 {
                missing.push(format!("{field} of {actor}: {status}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// FEDERATION.md shows the snapshots themselves: `<!-- snapshot NAME -->`, then the JSON.
#[test]
fn the_examples_of_federation_md_are_the_snapshots() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("FEDERATION.md")).unwrap();
    let mut shown = 0;
    for example in document.split("<!-- snapshot ").skip(1) {
        let (name, rest) = example.split_once(" -->").unwrap();
        let (_, json) = rest.split_once("```json\n").unwrap();
        let (json, _) = json.split_once("\n```").unwrap();
        let file = root.join(format!("tests/federation/snapshots/{name}.snap"));
        let snapshot = std::fs::read_to_string(&file).unwrap();
        let (_, kept) = snapshot.trim_start_matches("---\n").split_once("\n---\n").unwrap();
        assert_eq!(json.trim(), kept.trim(), "{name} in FEDERATION.md is not {}", file.display());
        shown += 1;
    }
    assert!(shown >= 10, "FEDERATION.md shows {shown} snapshots");
}

/// Beyond mentions the wijk follows a partner, until it is left at mentions again.
#[tokio::test]
async fn the_wijk_follows_a_partner() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let officer = house.stranger("politie.example", "wijkagent_bloemhof").await;
    let (links, bloemhof, by) = (house.app.links.clone(), wijk.clone(), officer.clone());
    let partner = house.write(move |c| {
        let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until: None };
        let partner = partners::add(c, &bloemhof, &by, &new, NOW)?;
        partners::pass_on(c, &links, partner.row.id, &PassOn::All, NOW)
    });
    let id = partner.await.row.id;
    let follow = house.said().await["follow"].clone();
    keep("follow", follow.clone());
    let path = follow["id"].as_str().unwrap().strip_prefix("https://wijk.example").unwrap();
    assert_eq!(house.get(path).await.status, 404, "whom a wijk asked to follow is between two");

    let links = house.app.links.clone();
    house.write(move |c| partners::pass_on(c, &links, id, &PassOn::Mentions, NOW)).await;
    let undo = house.said().await["undo_follow"].clone();
    assert_eq!(undo["object"]["id"], follow["id"]);
    keep("undo_follow", undo);
}

#[tokio::test]
async fn every_actor_of_ours_tells_of_its_new_key() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    house.playground(&wijk).await;
    for (name, path) in [
        ("wijk.example", "/actor"),
        ("moderatie", "/actors/moderatie"),
        ("bloemhof_redactie", "/partners/bloemhof_redactie"),
        ("speeltuin", "/partners/speeltuin"),
        ("bloemhof", "/wijken/bloemhof"),
    ] {
        let actor = house.write(move |c| actors_store::local(c, name)).await;
        let key = NewKey::make(&house.app.secret, &actor.uri).unwrap();
        let before = house.get(path).await.json();
        house.write(move |c| rotation::rotate(c, &actor, &key, NOW)).await;
        let after = house.get(path).await.json();
        assert_eq!(before["publicKey"]["id"], after["publicKey"]["id"], "{name}");
        let pem = |json: &Value| json["publicKey"]["publicKeyPem"].clone();
        assert_ne!(pem(&before), pem(&after), "{name}");
        let said = house.said().await;
        assert_eq!(said["update_key"]["object"], after, "{name}");
        if name == "speeltuin" {
            keep("update_key", said["update_key"].clone());
        }
    }
}
