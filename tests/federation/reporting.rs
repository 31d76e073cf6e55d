//! Reports as every peer sends them, and the two forms in which we send one.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use likejewijk::doors::federation::values::PUBLIC;
use likejewijk::foundation::database::schema::actors;
use likejewijk::foundation::error::Error;
use likejewijk::foundation::ids::WijkId;
use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::actors::ActorKind;
use likejewijk::neighbourhood::instances::{self, Kind};
use likejewijk::neighbourhood::posts::store as posts_store;
use likejewijk::neighbourhood::reports::addressee::{Addressee, addressee};
use likejewijk::neighbourhood::reports::handle::{self, Ending, UNREAD};
use likejewijk::neighbourhood::reports::{Report, Why, store};
use likejewijk::neighbourhood::submissions::arrive;
use serde_json::{Value, json};

use super::house::{House, NOW, uri};
use super::understands::{act, known, post as read_post, specimen};

const POST: &str = "https://wijk.example/berichten/56";
const CLOSE: Ending = Ending { takes_back: false, passes_on: false };

async fn open(house: &House, wijk: Option<WijkId>) -> Vec<Report> {
    house.write(move |c| store::open(c, wijk, 100)).await
}

async fn end(house: &House, report: &Report, ending: Ending, by: Moderator) -> Result<(), Error> {
    let id = report.id;
    let write = move |c: &mut _| handle::end(c, id, ending, "Gezien, dank je", &by, NOW);
    house.app.database.write(write).await
}

#[tokio::test]
async fn every_report_reaches_the_moderators_of_the_wijk() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Feest", "Op het Afrikaanderplein.").await;
    for name in ["mastodon/flag", "mastodon/flag_of_reply", "gotosocial/flag", "misskey/flag"]
        .into_iter()
        .chain(["lemmy/flag", "mbin/flag", "mobilizon/flag"])
    {
        let flag = specimen(name).to_string().replace(POST, post.uri.as_str());
        let flag: Value = serde_json::from_str(&flag).unwrap();
        act(&house, &flag).await.unwrap();
        act(&house, &flag).await.unwrap();
        let open = open(&house, Some(wijk.id())).await;
        let [report] = open.as_slice() else { panic!("{name}: {open:?}") };
        let host = url::Url::parse(flag["actor"].as_str().unwrap()).unwrap();
        assert_eq!(report.subject, post.uri, "{name}");
        assert_eq!((report.post_id, report.actor_id), (Some(post.id), Some(author.id)), "{name}");
        assert_eq!(report.host.as_ref().unwrap().as_str(), host.host_str().unwrap(), "{name}");
        assert!(report.words.contains("klopt niet") || report.words.contains("Scheldt"), "{name}");
        assert_eq!(report.times, 2, "{name}");
        assert!(!report.reporter.as_ref().unwrap().contains("example"), "{name}: only a hash");

        end(&house, report, CLOSE, Moderator::operator(wijk.id())).await.unwrap();
        let id = report.id;
        let closed = house.write(move |c| store::find(c, id)).await;
        assert_eq!(closed.reporter, None, "{name}: forgotten");
        let again = end(&house, report, CLOSE, Moderator::operator(wijk.id())).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{name}");
    }
    assert!(house.said().await.keys().all(|word| word != "report"), "nobody ticked it");
}

#[tokio::test]
async fn what_nobody_can_place_is_the_administrators() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let mut flag = specimen("mastodon/flag");
    flag["object"] = "https://elders.example/users/iemand".into();
    act(&house, &flag).await.unwrap();
    assert!(open(&house, Some(wijk.id())).await.is_empty());
    assert_eq!(open(&house, None).await.len(), 1);
    flag["object"] = serde_json::json!([]);
    act(&house, &flag).await.unwrap();
    assert_eq!(open(&house, None).await.len(), 1, "about nothing");
}

/// Misskey names what it saw by its page: an event and a poll have pages of their own.
#[tokio::test]
async fn a_report_names_a_post_by_any_page_it_has_here() {
    let house = House::open().await;
    let author = known(&house, "https://social.example/users/resident1").await;
    house.wijk().await;
    let mut event = specimen("mastodon/create_note")["object"].clone();
    event["type"] = "Event".into();
    event["startTime"] = "2026-12-26T14:00:00+01:00".into();
    let received = read_post(&house, &event).await.unwrap().received;
    let uri = received.uri.clone();
    let id = house
        .write(move |c| {
            arrive::received(c, &author, &received, NOW)?;
            Ok(posts_store::by_uri(c, &uri)?.unwrap().id)
        })
        .await;
    let mut flag = specimen("misskey/flag");
    flag["content"] = format!("https://wijk.example/agenda/{id} klopt niet").into();
    act(&house, &flag).await.unwrap();
    let [report] = open(&house, None).await.try_into().unwrap();
    assert_eq!(report.post_id, Some(id), "{report:?}");
}

/// What a moderator passes on about a post of `author`, whose server is told as a `kind`.
pub(super) async fn passed_on(author: &str, post: &str, kind: Kind) -> Value {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let by = known(&house, author).await;
    house.write(move |c| instances::give(c, &by.domain, Some(kind))).await;
    let report = reported(&house, &specimen(post)).await;
    let ending = Ending { passes_on: true, ..CLOSE };
    end(&house, &report, ending, Moderator::operator(wijk.id())).await.unwrap();
    let flag = house.said().await["report"].clone();
    assert!(!flag.to_string().contains("mbin.example"), "who reported stays here: {flag}");
    flag
}

/// A report about the post that this Create brings: nobody passed it on, and its author speaks for no wijk.
async fn reported(house: &House, create: &Value) -> Report {
    let author = known(house, create["actor"].as_str().unwrap()).await;
    let received = read_post(house, &create["object"]).await.unwrap().received;
    let mut flag = specimen("mbin/flag");
    flag["object"] = received.uri.as_str().into();
    house.write(move |c| arrive::received(c, &author, &received, NOW)).await;
    act(house, &flag).await.unwrap();
    let [report] = open(house, None).await.try_into().unwrap();
    assert_eq!(report.why, Why::Other);
    report
}

const WIJK: &str = "https://wijk.example/wijken/bloemhof";
const FIETS: &str = "https://lemmy.example/c/fietsen";

/// To whom a report about that post of Lemmy's is addressed.
async fn told(version: &str, change: impl Fn(&mut Value)) -> Option<Addressee> {
    let house = House::open().await;
    house.wijk().await;
    let author = known(&house, "https://lemmy.example/u/resident2").await;
    let town = known(&house, "https://dorp.example/c/dorp").await;
    house.runs("lemmy.example", "lemmy", version).await;
    house
        .write(move |c| {
            let kind = actors::kind.eq(ActorKind::Group);
            Ok(diesel::update(actors::table.find(town.id)).set(kind).execute(c)?)
        })
        .await;
    let mut create = specimen("lemmy/create_page");
    change(&mut create["object"]);
    let report = reported(&house, &create).await;
    house.write(move |c| addressee(c, &report, &author)).await
}

fn addressed(audience: Option<&'static str>, to: &[&str], cc: &[&str]) -> impl Fn(&mut Value) {
    let (to, cc) = (json!(to), json!(cc));
    move |post| {
        post["to"] = to.clone();
        post["cc"] = cc.clone();
        match audience {
            Some(audience) => post["audience"] = audience.into(),
            None => drop(post.as_object_mut().unwrap().remove("audience")),
        }
    }
}

/// That a post names the wijk does not put it there: its server drops a report to another community.
#[tokio::test]
async fn a_report_is_addressed_to_the_community_the_post_is_in() {
    let community = |id| Some(Addressee::Community(uri(id)));
    let (old, new) = ("0.19.15", "1.0.0");
    let author = "https://lemmy.example/u/resident2";
    let dorp = "https://dorp.example/c/dorp";
    for (version, change, expected) in [
        (old, addressed(Some(WIJK), &[WIJK, PUBLIC], &[]), community(WIJK)),
        (old, addressed(Some(FIETS), &[FIETS, PUBLIC], &[WIJK]), community(FIETS)),
        (old, addressed(Some(FIETS), &[WIJK, PUBLIC], &[]), community(FIETS)),
        (new, addressed(None, &[author, dorp, PUBLIC], &[WIJK]), community(dorp)),
        (new, addressed(None, &[PUBLIC], &[WIJK, FIETS]), community(WIJK)),
        // Nobody here knows what the first is: a group, or somebody's followers.
        (old, addressed(None, &[FIETS, PUBLIC], &[WIJK]), None),
        (new, addressed(None, &[FIETS, PUBLIC], &[WIJK]), Some(Addressee::Server)),
    ] {
        let mut post = json!({});
        change(&mut post);
        assert_eq!(told(version, change).await, expected, "{version}: {post}");
    }
}

/// Lemmy drops what is about no post in a community of its own or ours: the desk says so, and the report stays.
#[tokio::test]
async fn what_a_server_would_not_read_is_not_sent() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let resident = known(&house, "https://lemmy.example/u/resident2").await;
    house.runs("lemmy.example", "lemmy", "0.19.15").await;
    let mut flag = specimen("mbin/flag");
    flag["object"] = resident.uri.as_str().into();
    act(&house, &flag).await.unwrap();
    let [report] = open(&house, None).await.try_into().unwrap();
    let ending = Ending { passes_on: true, ..CLOSE };
    let ended = end(&house, &report, ending, Moderator::operator(wijk.id())).await;
    assert!(matches!(ended, Err(Error::Invalid { field: UNREAD, .. })), "{ended:?}");
    assert_eq!(open(&house, None).await.len(), 1, "nothing changed");
    end(&house, &report, CLOSE, Moderator::operator(wijk.id())).await.unwrap();
    assert!(!house.said().await.contains_key("report"));
}
