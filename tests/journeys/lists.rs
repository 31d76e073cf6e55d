//! Lists that are longer than a page: whatever stands in them is reached by links, there and back, and by servers from
//! page to page.

use std::collections::BTreeSet;
use std::time::Duration;

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::{Clock, HERE, Time};
use likejewijk::foundation::config::Config;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::ids::ActorId;
use likejewijk::foundation::text::SafeHtml;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::keys::NewKey;
use likejewijk::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::partners::{self, Kind as PartnerKind, NewPartner};
use likejewijk::neighbourhood::posts::event::{Event, EventStatus, Place};
use likejewijk::neighbourhood::posts::receive::{Community, Received};
use likejewijk::neighbourhood::posts::{
    Kind, ObjectType, Post, Shown, Visibility, store as posts_store,
};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};
use likejewijk::neighbourhood::wijken::{self, NewWijk, Wijk};
use likejewijk::server::{self, Role, Running};
use serde_json::Value;

use crate::harness::{ACTIVITY_JSON, HTML, Request, Response, TestDatabase, each_database};

/// 2026-11-24T09:00:00Z
pub(super) const NOW: Time = Time::from_millis(1_795_510_800_000);
pub(super) const SITE: &str = "https://wijk.example";
/// More than any list here has pages.
const MANY_PAGES: usize = 30;

/// Two wijken and a playground that both verified.
pub(super) struct Street {
    pub(super) app: App,
    pub(super) running: Running,
    wijken: [Wijk; 2],
    playground: Actor,
    _database: TestDatabase,
}

impl Street {
    pub(super) async fn open(database: TestDatabase) -> Street {
        let set = [
            ("LIKEJEWIJK_URL", SITE.to_owned()),
            ("LIKEJEWIJK_DATA", database.data().display().to_string()),
            ("LIKEJEWIJK_DATABASE_URL", database.url()),
        ];
        let set = set.map(|(key, value)| (key.to_owned(), value));
        let app = App::open(Config::load(None, set).unwrap(), Clock::stopped_at(NOW)).unwrap();
        let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let running = server::start(app.clone(), Role::Web, listener).await.unwrap();
        let wijken = [wijk(&app, "bloemhof").await, wijk(&app, "lombardijen").await];
        let playground = playground(&app, &wijken).await;
        Street { app, running, wijken, playground, _database: database }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> T {
        self.app.database.write(work).await.unwrap()
    }

    /// The playground writes for the first wijk.
    pub(super) async fn writes(&self, kind: Kind, many: Vec<Shown>) -> Vec<String> {
        let (links, wijk, author) =
            (self.app.links.clone(), self.wijken[0].clone(), self.playground.clone());
        self.write(move |c| {
            let write = |shown| arrive::written_here(c, &links, &wijk, &author, kind, shown, NOW);
            let posts: Vec<Post> = many.iter().map(write).collect::<Result<_>>()?;
            Ok(posts.iter().map(|post| post.uri.to_string()).collect())
        })
        .await
    }

    async fn partner_elsewhere(&self) -> Actor {
        let (actor, wijken) = (somebody("politie.example", "wijkagent"), self.wijken.clone());
        let new =
            NewPartner { kind: PartnerKind::Politie, name: "Wijkagent".to_owned(), until: None };
        self.write(move |c| {
            let actor = actors_store::keep(c, &actor)?;
            for wijk in &wijken {
                partners::add(c, wijk, &actor, &new, NOW)?;
            }
            Ok(actor)
        })
        .await
    }

    async fn arrive(&self, author: &Actor, many: Vec<Received>) {
        let author = author.clone();
        self.write(move |c| many.iter().try_for_each(|one| arrive::received(c, &author, one, NOW)))
            .await;
    }

    async fn get(&self, path: &str, accept: &str) -> Response {
        let path = path.strip_prefix(SITE).unwrap_or(path);
        let request = Request::get("wijk.example", path, accept);
        let answer = request.send(self.running.address).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    }

    /// The pages of a list as one reads on, each with the address it was reached by.
    async fn pages(&self, path: &str, rel: &str) -> Vec<(String, String)> {
        let mut pages = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            assert!(pages.len() < MANY_PAGES, "there is no end to {path}");
            let page = self.get(path.split('#').next().unwrap(), HTML).await.text();
            next = way(&page, rel);
            pages.push((path, page));
        }
        pages
    }

    /// Reading on, each of these is met once, in this order; and from the end one comes back to the beginning.
    async fn reads(&self, path: &str, wanted: &[String]) -> Vec<(String, String)> {
        let on = self.pages(path, "next").await;
        assert!(on.len() > 1, "{path} fits on one page");
        let met: Vec<String> = on.iter().flat_map(|(_, page)| titles_on(page)).collect();
        assert_eq!(met, wanted, "{path}");
        let back = self.pages(&on.last().unwrap().0, "prev").await;
        let met: Vec<_> = back.iter().rev().flat_map(|(_, page)| titles_on(page)).collect();
        assert_eq!(met, wanted, "{path} and back");
        on
    }

    /// The items of a collection, wherever they stand.
    async fn collects(&self, id: &str) -> Vec<String> {
        let whole = self.get(id, ACTIVITY_JSON).await.json();
        assert_eq!(whole["id"], id);
        let mut items = items_of(&whole);
        let mut at = whole["first"].clone();
        let is_a_page_too = at.is_string() && !items.is_empty();
        if is_a_page_too {
            items.clear();
        }
        for _ in 0..MANY_PAGES {
            let page = match &at {
                Value::String(url) => {
                    let page = self.get(url, ACTIVITY_JSON).await.json();
                    assert_eq!((&page["id"], &page["partOf"]), (&at, &Value::from(id)));
                    page
                }
                Value::Null => break,
                embedded => embedded.clone(),
            };
            items.extend(items_of(&page));
            at = page["next"].clone();
        }
        if let Some(total) = whole["totalItems"].as_u64() {
            assert_eq!(usize::try_from(total).unwrap(), items.len(), "{id}: {whole}");
        }
        items
    }
}

async fn wijk(app: &App, slug: &str) -> Wijk {
    let (links, new) =
        (app.links.clone(), NewWijk::prepare(&app.secret, &app.links, slug, slug).unwrap());
    app.database.write(move |c| wijken::add(c, &links, &new, NOW)).await.unwrap()
}

async fn playground(app: &App, wijken: &[Wijk; 2]) -> Actor {
    let (links, wijken) = (app.links.clone(), wijken.clone());
    let uri = Uri::parse(&links.partner("speeltuin")).unwrap();
    let key = NewKey::make(&app.secret, &uri).unwrap();
    let new = NewPartner { kind: PartnerKind::Welzijn, name: "Speeltuin".to_owned(), until: None };
    let make = move |c: &mut Connection| {
        let actor = partners::make_actor(c, &links, "speeltuin", &new, false, &key, NOW)?;
        for wijk in &wijken {
            partners::add(c, wijk, &actor, &new, NOW)?;
        }
        Ok(actor)
    };
    app.database.write(make).await.unwrap()
}

fn somebody(host: &str, name: &str) -> Actor {
    let uri = format!("https://{host}/users/{name}");
    Actor {
        id: ActorId::next(NOW),
        kind: ActorKind::Person,
        domain: Domain::parse(host).unwrap(),
        username: name.to_owned(),
        is_local: false,
        name: name.to_owned(),
        summary: String::new(),
        url: uri.clone(),
        inbox: format!("{uri}/inbox"),
        shared_inbox: None,
        claimed_handle: None,
        confirmed_handle: None,
        created_at: NOW,
        fetched_at: NOW,
        gone_at: None,
        uri: Uri::parse(&uri).unwrap(),
    }
}

fn later(seconds: u64) -> Time {
    NOW.plus(Duration::from_secs(seconds))
}

fn titled(number: usize) -> String {
    format!("Stuk {number:03}")
}

fn titles(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(titled).collect()
}

fn saying(number: usize) -> Shown {
    Shown { content: SafeHtml::from_plain("Lees maar. #buren"), ..named(number) }
}

fn named(number: usize) -> Shown {
    Shown { title: Some(titled(number)), tags: vec!["buren".to_owned()], ..Shown::default() }
}

/// Two at the same time each, also the last of a page and the first of the next.
pub(super) fn event(number: usize) -> Shown {
    let starts_at = later(3600 * (1 + u64::try_from(number.div_ceil(2)).unwrap()));
    let event = Event {
        starts_at,
        ends_at: None,
        time_zone: Some(HERE.to_owned()),
        status: EventStatus::Confirmed,
        place: Some(Place::parse("Plein")),
        online_url: None,
    };
    Shown { event: Some(event), ..named(number) }
}

/// Of a partner elsewhere; two at the same time each.
fn received(number: usize, to: Option<&str>, addressed: &[&Wijk]) -> Received {
    let uri = format!("https://politie.example/posts/{number:03}");
    Received {
        uri: Uri::parse(&uri).unwrap(),
        url: uri,
        object_type: ObjectType::Note,
        visibility: Visibility::Public,
        in_reply_to: to.map(|to| Uri::parse(to).unwrap()),
        published_at: later(u64::try_from(number / 2).unwrap()),
        shown: saying(number),
        tally: None,
        addressed: addressed.iter().map(|wijk| wijk.actor.uri.clone()).collect(),
        community: Community::Among(Vec::new()),
        announceable_by: None,
        raw: None,
    }
}

/// Where the link of a page with this relation leads.
fn way(page: &str, rel: &str) -> Option<String> {
    let mut links = page.split("<a ").skip(1).filter_map(|rest| rest.split('>').next());
    let link = links.find(|link| link.contains(&format!("rel=\"{rel}\"")))?;
    let target = link.split("href=\"").nth(1)?.split('"').next()?;
    Some(target.replace("&amp;", "&").replace("&#38;", "&"))
}

/// In the order in which they stand there.
fn titles_on(page: &str) -> Vec<String> {
    let main = page.split("<main").nth(1).unwrap();
    main.match_indices("Stuk ").map(|(at, _)| main[at..at + 8].to_owned()).collect()
}

fn items_of(page: &Value) -> Vec<String> {
    let items = page["orderedItems"].as_array().or_else(|| page["items"].as_array());
    let id = |item: &Value| {
        let object = item["object"].as_object().map_or(&item["object"], |object| &object["id"]);
        let inner = item["object"]["object"]["id"].as_str().or_else(|| object.as_str());
        inner.or_else(|| item["id"].as_str()).or_else(|| item.as_str()).unwrap().to_owned()
    };
    items.into_iter().flatten().map(id).collect()
}

each_database! {
    async fn posts_go_on_to_the_last(db: TestDatabase) {
        let street = Street::open(db).await;
        let ids = street.writes(Kind::News, (0..90).map(saying).collect()).await;
        let newest_first: Vec<String> = titles((0..90).rev());
        for list in ["/wijken/bloemhof", "/tags/buren"] {
            street.reads(list, &newest_first).await;
        }
        let author = street.get("/partners/speeltuin", HTML).await.text();
        assert_eq!(titles_on(&author), newest_first[..20]);
        street.reads("/partners/speeltuin?wijk=bloemhof", &newest_first).await;
        let onward = way(&author, "next").unwrap();
        assert!(onward.starts_with("/partners/speeltuin?wijk=bloemhof&voor="), "{onward}");

        let mut ids: Vec<String> = ids.into_iter().rev().collect();
        assert_eq!(street.collects(&format!("{SITE}/partners/speeltuin/outbox")).await, ids);
        assert_eq!(street.collects(&format!("{SITE}/wijken/bloemhof/outbox")).await, ids);

        // What was kept of a page further on is made anew when something goes or comes.
        let second = street.pages("/wijken/bloemhof", "next").await.remove(1).0;
        let gone = Uri::parse(&ids.remove(25)).unwrap();
        street
            .write(move |c| {
                let post = posts_store::by_uri(c, &gone)?.ok_or(Error::NotFound)?;
                withdraw::by_author(c, post.id, None, NOW)
            })
            .await;
        let now = street.get(second.split('#').next().unwrap(), HTML).await.text();
        assert!(!titles_on(&now).contains(&titled(64)), "it was taken back");
    }

    async fn the_agenda_goes_on_to_the_last(db: TestDatabase) {
        let street = Street::open(db).await;
        let ids = street.writes(Kind::Event, (0..130).map(event).collect()).await;
        street.reads("/wijken/bloemhof/agenda", &titles(0..130)).await;
        assert_eq!(street.collects(&format!("{SITE}/wijken/bloemhof/agenda")).await, ids);
        let calendar = street.get("/wijken/bloemhof/agenda.ics", "text/calendar").await.text();
        assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 130);

        // Time passes over the first page: what stood on it is over, and the rest begins there.
        street.app.clock.advance(Duration::from_hours(30));
        let left = titles_on(&street.pages("/wijken/bloemhof/agenda", "next").await[0].1);
        assert!(left[0] > titled(40) && !left.contains(&titled(0)), "{left:?}");
    }

    async fn a_thread_goes_on_to_the_last(db: TestDatabase) {
        let street = Street::open(db).await;
        let officer = street.partner_elsewhere().await;
        let opening = street.writes(Kind::News, vec![named(999)]).await.remove(0);
        let wijk = street.wijken[0].clone();
        let answer = |number: usize, to: &str| received(number, Some(to), &[&wijk]);
        let uri = |number: usize| format!("https://politie.example/posts/{number:03}");
        // Sixty answer the post; sixty more go on from the third of them, each from the one before.
        street.arrive(&officer, (0..60).map(|number| answer(number, &opening)).collect()).await;
        let chain = (60..120).map(|number| {
            answer(number, &uri(if number == 60 { 2 } else { number - 1 }))
        });
        street.arrive(&officer, chain.collect()).await;

        let path = opening.strip_prefix(SITE).unwrap();
        let mut expected: Vec<usize> = (0..60).collect();
        expected.splice(3..3, 60..70);
        let pages = street.pages(path, "next").await;
        let met: Vec<String> = pages.iter().flat_map(|(_, page)| titles_on(page)).filter(|title| *title != titled(999)).collect();
        assert_eq!(met, titles(expected));
        assert!(pages[0].1.contains("Nog 50 antwoorden"), "{}", pages[0].1);

        // By links alone, from the first page: each has its place on some page.
        let mut seen = BTreeSet::new();
        let mut to_read = vec![path.to_owned()];
        let mut read = BTreeSet::new();
        while let Some(path) = to_read.pop() {
            for (path, page) in street.pages(&path, "next").await {
                if !read.insert(path) { continue }
                seen.extend(titles_on(&page));
                let more = page.split("class=\"more\"").skip(1);
                let href = |rest: &str| rest.split("href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
                to_read.extend(more.filter_map(href).filter(|href| !read.contains(href)));
            }
        }
        assert_eq!(seen, titles((0..120).chain([999])).into_iter().collect());

        let id = path.rsplit('/').next().unwrap();
        let answers: Vec<String> = (0..120).map(uri).collect();
        let conversation = street.collects(&format!("{SITE}/gesprekken/{id}")).await;
        assert_eq!(conversation, [vec![opening.clone()], answers.clone()].concat());
        let replies = street.collects(&format!("{SITE}/berichten/{id}/replies")).await;
        assert_eq!(replies, answers[..60]);
    }

    async fn a_post_that_two_wijken_pass_on_stands_once_under_its_hashtag(db: TestDatabase) {
        let street = Street::open(db).await;
        let officer = street.partner_elsewhere().await;
        let [here, there] = street.wijken.clone();
        let both = (0..90).map(|number| received(number, None, &[&here, &there]));
        street.arrive(&officer, both.collect()).await;
        let pages = street.pages("/tags/buren", "next").await;
        let met: Vec<String> = pages.iter().flat_map(|(_, page)| titles_on(page)).collect();
        assert_eq!(met, titles((0..90).rev()));

        // Where the one that passed it on last does not hear its author, it stands where the other did.
        let (wijk, blocked) = (there.id(), Blocked::Actor(officer.uri.clone()));
        street.write(move |c| blocks::add(c, "him", &blocked, Some(wijk), None, NOW)).await;
        let pages = street.pages("/tags/buren", "next").await;
        let met: Vec<String> = pages.iter().flat_map(|(_, page)| titles_on(page)).collect();
        assert_eq!(met, titles((0..90).rev()));
    }

    async fn nobody_is_lost_in_a_list(db: TestDatabase) {
        let street = Street::open(db).await;
        street.writes(Kind::News, (0..3).map(saying).collect()).await;
        let far = street.get("/wijken/bloemhof?voor=1", HTML).await.text();
        let back = way(&far, "prev").unwrap();
        assert_eq!(back.split('#').next(), Some("/wijken/bloemhof"));
        assert!(far.contains("Hier staat niets meer."), "{far}");
        for wrong in ["?voor=x", "?na=0", "?voor=1&na=1"] {
            let request = Request::get("wijk.example", &format!("/wijken/bloemhof{wrong}"), HTML);
            let answer = request.send(street.running.address).await.unwrap();
            assert_eq!(answer.status, 404, "{wrong}");
        }
    }
}
