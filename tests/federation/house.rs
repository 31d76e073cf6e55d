//! A house without neighbours: the real rooms over a fresh SQLite, and the door to other servers
//! without a network behind it. Its clock stands still.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use likejewijk::doors::federation::context::Federation;
use likejewijk::doors::federation::{outbox, routes};
use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::{Clock, Time};
use likejewijk::foundation::config::Config;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::database::schema::{activities, deliveries, outgoing};
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::Result;
use likejewijk::foundation::ids::ActorId;
use likejewijk::foundation::text::SafeHtml;
use likejewijk::neighbourhood::actors::{Actor, ActorKind, keys::NewKey, store as actors_store};
use likejewijk::neighbourhood::follows;
use likejewijk::neighbourhood::instances::{self, Software};
use likejewijk::neighbourhood::outgoing::store as words;
use likejewijk::neighbourhood::partners::{self, Kind, NewPartner};
use likejewijk::neighbourhood::posts::{self, Post, Shown};
use likejewijk::neighbourhood::submissions::arrive;
use likejewijk::neighbourhood::wijken::{self, NewWijk, Wijk};
use likejewijk::server;
use serde_json::Value;
use tower::ServiceExt;

use crate::harness::TestDatabase;
use likejewijk::foundation::uri::Uri;

/// 2026-11-24T09:00:00Z
pub(super) const NOW: Time = Time::from_millis(1_795_510_800_000);

pub(super) struct House {
    pub(super) app: App,
    pub(super) federation: Federation,
    _database: TestDatabase,
}

/// What a GET was answered.
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Page {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl House {
    pub(super) async fn open() -> House {
        let database = TestDatabase::sqlite();
        let set = [
            ("LIKEJEWIJK_URL", "https://wijk.example".to_owned()),
            ("LIKEJEWIJK_DATA", database.data().display().to_string()),
            ("LIKEJEWIJK_ADMIN_EMAIL", "beheer@wijk.example".to_owned()),
        ];
        let set = set.map(|(key, value)| (key.to_owned(), value));
        let app = App::open(Config::load(None, set).unwrap(), Clock::stopped_at(NOW)).unwrap();
        server::prepare(&app).await.unwrap();
        let federation = Federation::open(app.clone()).await.unwrap();
        House { app, federation, _database: database }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> T {
        self.app.database.write(work).await.unwrap()
    }

    /// Bloemhof in Rotterdam.
    pub(super) async fn wijk(&self) -> Wijk {
        let links = self.app.links.clone();
        let mut new = NewWijk::prepare(&self.app.secret, &links, "bloemhof", "Bloemhof").unwrap();
        new.municipality = Some("Rotterdam".to_owned());
        let edit = wijken::Edit {
            summary: Some("Nieuws, meldingen en agenda van de wijk Bloemhof.".to_owned()),
            ..wijken::Edit::default()
        };
        self.write(move |c| {
            wijken::add(c, &links, &new, NOW)?;
            wijken::edit(c, "bloemhof", &edit, NOW)
        })
        .await
    }

    /// The playground, a verified partner without a server of its own.
    pub(super) async fn playground(&self, wijk: &Wijk) -> Actor {
        let (links, wijk) = (self.app.links.clone(), wijk.clone());
        let key = NewKey::make(&self.app.secret, &uri(&links.partner("speeltuin"))).unwrap();
        let new = NewPartner { kind: Kind::Welzijn, name: "Speeltuin".to_owned(), until: None };
        self.write(move |c| {
            let actor = partners::make_actor(c, &links, "speeltuin", &new, false, &key, NOW)?;
            partners::add(c, &wijk, &actor, &new, NOW)?;
            Ok(actor)
        })
        .await
    }

    /// Somebody on another server, known here.
    pub(super) async fn stranger(&self, host: &str, name: &str) -> Actor {
        let actor = stranger(host, name, NOW);
        self.write(move |c| actors_store::keep(c, &actor)).await
    }

    /// A post of a local author, offered to the wijk.
    pub(super) async fn post(&self, author: &Actor, wijk: &Wijk, title: &str, text: &str) -> Post {
        let shown = Shown { title: Some(title.to_owned()), ..saying(text) };
        self.write_post(author, wijk, posts::Kind::News, shown).await
    }

    pub(super) async fn write_post(
        &self,
        author: &Actor,
        wijk: &Wijk,
        kind: posts::Kind,
        shown: Shown,
    ) -> Post {
        let (links, author, wijk) = (self.app.links.clone(), author.clone(), wijk.clone());
        self.write(move |c| arrive::written_here(c, &links, &wijk, &author, kind, &shown, NOW))
            .await
    }

    /// Gives every word that waits its forms; answers the activities by the name of their word, those for communities
    /// as `NAME to communities`.
    pub(super) async fn said(&self) -> BTreeMap<String, Value> {
        use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
        let links = self.app.links.clone();
        let rows = self.write(move |c| {
            loop {
                let held = words::claim(c, 64, NOW)?;
                if held.is_empty() {
                    break;
                }
                for pending in held {
                    outbox::expand(c, &links, std::slice::from_ref(&pending), NOW)?;
                }
            }
            let said = outgoing::table.order(outgoing::seq);
            let said = said.select((outgoing::word, outgoing::activity_id, outgoing::embedded_id));
            let said: Vec<(String, Option<i64>, Option<i64>)> = said.load(c)?;
            let mut jsons = Vec::new();
            for (word, activity, embedded) in said {
                for (name, id) in
                    [(word.clone(), activity), (format!("{word} to communities"), embedded)]
                {
                    let Some(id) = id else { continue };
                    let made = activities::table.filter(activities::id.eq(id));
                    jsons.push((name, made.select(activities::json).first::<String>(c)?));
                }
            }
            Ok(jsons)
        });
        let read = |(word, json): (String, String)| (word, serde_json::from_str(&json).unwrap());
        rows.await.into_iter().map(read).collect()
    }

    /// That server's NodeInfo says so.
    pub(super) async fn runs(&self, host: &str, software: &str, version: &str) {
        let host = Domain::parse(host).unwrap();
        let software = Software { name: software.to_owned(), version: version.to_owned() };
        self.write(move |c| {
            instances::meet(c, &host)?;
            instances::learn(c, &host, &software, NOW)
        })
        .await;
    }

    /// Somebody on a server that runs this follows one of ours.
    pub(super) async fn follower(
        &self,
        host: &str,
        (software, version): (&str, &str),
        target: &Actor,
    ) {
        // What was said before is not for them.
        self.said().await;
        let name = format!("follower_of_{}", target.username);
        let (follower, target) = (self.stranger(host, &name).await, target.clone());
        let id = uri(&format!("{}/follow", follower.uri));
        self.write(move |c| {
            if target.kind == ActorKind::Group {
                let wijk = wijken::find(c, &target.username)?;
                follows::ask(c, &follower, &wijk, &id, NOW)
            } else {
                follows::ask_author(c, &follower, &target, &id, NOW)
            }
        })
        .await;
        self.runs(host, software, version).await;
    }

    /// What is on its way to the shared inbox of a server, in order.
    pub(super) async fn told(&self, host: &str) -> Vec<Value> {
        use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl};
        self.said().await;
        let inbox = format!("https://{host}/inbox");
        let jsons = self.write(move |c| {
            let there = deliveries::table.filter(deliveries::inbox.eq(&inbox));
            let made =
                there.inner_join(activities::table.on(activities::id.eq(deliveries::activity_id)));
            Ok(made.order(deliveries::seq).select(activities::json).load::<String>(c)?)
        });
        jsons.await.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
    }

    /// The same in short: `Create Note`, `Announce Update`.
    pub(super) async fn heard(&self, host: &str) -> Vec<String> {
        let told = self.told(host).await;
        let kind = |one: &Value| one["type"].as_str().unwrap_or("id").to_owned();
        told.iter().map(|one| format!("{} {}", kind(one), kind(&one["object"]))).collect()
    }

    /// As another server asks.
    pub(super) async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(header::ACCEPT, "application/activity+json");
        let request = request.body(Body::empty()).unwrap();
        let router = routes::own().merge(routes::shared());
        let router = router.with_state::<()>(self.federation.clone());
        let answer = router.oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        Page {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap(),
        }
    }
}

pub(super) fn saying(text: &str) -> Shown {
    Shown {
        content: SafeHtml::from_plain(text),
        language: Some("nl".to_owned()),
        ..Shown::default()
    }
}

pub(super) fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

/// As Mastodon would describe this person.
pub(super) fn stranger(host: &str, name: &str, now: Time) -> Actor {
    let uri = format!("https://{host}/users/{name}");
    Actor {
        id: ActorId::next(now),
        kind: ActorKind::Person,
        domain: Domain::parse(host).unwrap(),
        username: name.to_owned(),
        is_local: false,
        name: name.to_owned(),
        summary: String::new(),
        url: format!("https://{host}/@{name}"),
        inbox: format!("{uri}/inbox"),
        shared_inbox: Some(format!("https://{host}/inbox")),
        claimed_handle: None,
        confirmed_handle: None,
        created_at: now,
        fetched_at: now,
        gone_at: None,
        uri: self::uri(&uri),
    }
}
