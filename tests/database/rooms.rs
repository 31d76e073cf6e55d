//! The rooms without a door: a database, a wijk, people elsewhere, and what they write.

use std::sync::atomic::{AtomicU64, Ordering};

use diesel::RunQueryDsl;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::config::Config;
use likejewijk::foundation::database::{Connection, Database};
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::Result;
use likejewijk::foundation::ids::ActorId;
use likejewijk::foundation::links::Links;
use likejewijk::foundation::secret::Secret;
use likejewijk::foundation::text::SafeHtml;
use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use likejewijk::neighbourhood::partners::{self, Kind, NewPartner, Partner};
use likejewijk::neighbourhood::posts::receive::{Community, Received};
use likejewijk::neighbourhood::posts::{ObjectType, Post, Shown, Visibility, store as posts_store};
use likejewijk::neighbourhood::submissions::{Card, arrive, store as submissions};
use likejewijk::neighbourhood::wijken::{self, NewWijk, Wijk};

use crate::harness::TestDatabase;
use likejewijk::foundation::uri::Uri;

/// 2026-11-24T09:00:00Z
pub(super) const NOW: Time = Time::from_millis(1_795_510_800_000);

pub(super) fn later(seconds: u64) -> Time {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

pub(super) struct Rooms {
    pub(super) database: Database,
    pub(super) links: Links,
    secret: Secret,
}

impl Rooms {
    pub(super) fn open(test: &TestDatabase) -> Rooms {
        std::fs::create_dir_all(test.data()).unwrap();
        let url = ("LIKEJEWIJK_URL".to_owned(), "https://wijk.example".to_owned());
        Rooms {
            database: Database::open(&test.url()).unwrap(),
            links: Links::new(&Config::load(None, [url]).unwrap()),
            secret: Secret::open_or_make(&test.data().join("secret")).unwrap(),
        }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T> + Send + 'static,
    ) -> T {
        self.database.write(work).await.unwrap()
    }

    /// Time passes by the clock that leases are judged by: on PostgreSQL its own.
    pub(super) async fn leases_run_out(&self) {
        self.write(|c| {
            for table in ["arrivals", "outgoing", "hosts"] {
                let sql = format!("UPDATE {table} SET leased_until = 1 WHERE leased_until > 0");
                diesel::sql_query(sql).execute(c)?;
            }
            Ok(())
        })
        .await;
    }

    pub(super) async fn wijk(&self) -> Wijk {
        self.wijk_called("bloemhof").await
    }

    pub(super) async fn wijk_called(&self, slug: &str) -> Wijk {
        let links = self.links.clone();
        let new = NewWijk::prepare(&self.secret, &links, slug, "Bloemhof").unwrap();
        self.write(move |c| wijken::add(c, &links, &new, NOW)).await
    }

    /// Somebody on another server.
    pub(super) async fn person(&self, host: &str, name: &str) -> Actor {
        let actor = person(host, name);
        self.write(move |c| actors_store::keep(c, &actor)).await
    }

    pub(super) async fn partner(&self, wijk: &Wijk, actor: &Actor, until: Option<Time>) -> Partner {
        let (wijk, actor) = (wijk.clone(), actor.clone());
        let new = NewPartner { kind: Kind::Politie, name: "Wijkagent".to_owned(), until };
        self.write(move |c| partners::add(c, &wijk, &actor, &new, NOW)).await
    }

    /// What arrives when the origin of a post gives it to us.
    pub(super) async fn arrives(&self, author: &Actor, received: &Received, now: Time) {
        let (author, received) = (author.clone(), received.clone());
        self.write(move |c| arrive::received(c, &author, &received, now)).await;
    }

    pub(super) async fn waiting(&self, wijk: &Wijk) -> Vec<Card> {
        let id = wijk.id();
        self.write(move |c| submissions::waiting(c, id, false)).await
    }

    pub(super) async fn post(&self, uri: &Uri) -> Post {
        let uri = uri.clone();
        self.write(move |c| posts_store::by_uri(c, &uri)).await.unwrap()
    }
}

pub(super) fn moderator(wijk: &Wijk) -> Moderator {
    Moderator::operator(wijk.id())
}

pub(super) fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

pub(super) fn person(host: &str, name: &str) -> Actor {
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
        shared_inbox: Some(format!("https://{host}/inbox")),
        claimed_handle: None,
        confirmed_handle: None,
        created_at: NOW,
        fetched_at: NOW,
        gone_at: None,
        uri: self::uri(&uri),
    }
}

/// A public post that mentions the wijk; each has an id of its own.
pub(super) fn mention(author: &Actor, wijk: &Wijk, text: &str) -> Received {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let uri = format!("{}/statuses/{}", author.uri, NEXT.fetch_add(1, Ordering::Relaxed));
    Received {
        uri: self::uri(&uri),
        url: uri,
        object_type: ObjectType::Note,
        visibility: Visibility::Public,
        in_reply_to: None,
        published_at: NOW,
        shown: saying(text),
        tally: None,
        addressed: vec![wijk.actor.uri.clone()],
        community: Community::Among(Vec::new()),
        announceable_by: None,
        raw: None,
    }
}

pub(super) fn saying(text: &str) -> Shown {
    Shown { content: SafeHtml::from_plain(text), ..Shown::default() }
}

/// The same post, saying something else.
pub(super) fn edited(received: &Received, text: &str) -> Received {
    Received { shown: saying(text), ..received.clone() }
}
