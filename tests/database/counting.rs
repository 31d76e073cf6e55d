//! What the hot paths cost in round trips to the database: each BEGIN, COMMIT and statement is one, and a statement that
//! is prepared for this once is another. Written for PostgreSQL, where they are what the time goes to.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use likejewijk::doors::federation::outbox;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::Result;
use likejewijk::foundation::ids::{ActivityId, ActorId, PostId};
use likejewijk::foundation::secret::sha256;
use likejewijk::neighbourhood::arrivals::{self, NewArrival};
use likejewijk::neighbourhood::outgoing::queue::{self, Note, Turn};
use likejewijk::neighbourhood::outgoing::store::{self, Addressed, Made, NewActivity};
use likejewijk::neighbourhood::outgoing::{Outcome, Patience, Word};
use likejewijk::neighbourhood::submissions::arrive;
use likejewijk::neighbourhood::{actors::store as actors_store, follows};

use super::rooms::{NOW, Rooms, mention, uri};
use crate::harness::{TestDatabase, each_database};

/// As many as are done at once.
const MANY: usize = 64;

/// A connection of its own that knows what it was asked.
struct Counted {
    conn: Connection,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    trips: Vec<String>,
    kept: HashSet<String>,
}

impl Counted {
    fn open(test: &TestDatabase) -> Counted {
        let url = test.url();
        let mut conn = match url.strip_prefix("sqlite:") {
            Some(path) => Connection::Sqlite(SqliteConnection::establish(path).unwrap()),
            None => Connection::Postgres(PgConnection::establish(&url).unwrap()),
        };
        let book: Arc<Mutex<Book>> = Arc::default();
        let noted = Arc::clone(&book);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            let mut book = noted.lock().unwrap();
            match event {
                InstrumentationEvent::StartQuery { query, .. } => {
                    let asked = query.to_string();
                    let sql = asked.split(" -- binds").next().unwrap_or_default();
                    book.trips.push(sql.to_owned());
                }
                InstrumentationEvent::CacheQuery { sql, .. } => {
                    book.kept.insert(sql.to_owned());
                }
                _ => {}
            }
        });
        Counted { conn, book }
    }

    /// The second time, when what can be kept is: what it answers, and the trips it took.
    fn trips<T>(&mut self, mut work: impl FnMut(&mut Connection) -> Result<T>) -> usize {
        self.conn.transaction(|conn| work(conn)).unwrap();
        self.book.lock().unwrap().trips.clear();
        self.conn.transaction(|conn| work(conn)).unwrap();
        let book = self.book.lock().unwrap();
        let anew = book.trips.iter().filter(|sql| !is_control(sql) && !book.kept.contains(*sql));
        let anew: Vec<&String> = anew.collect();
        eprintln!("{} trips, prepared anew: {anew:#?}\n{:#?}", book.trips.len(), book.trips);
        book.trips.len() + anew.len()
    }
}

fn is_control(sql: &str) -> bool {
    ["BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"].iter().any(|word| sql.starts_with(word))
}

fn host(number: usize) -> Domain {
    Domain::parse(&format!("h{number}.example")).unwrap()
}

fn arrival(number: usize, is_follow: bool) -> NewArrival {
    let uri = format!("https://h{number}.example/{number}/{is_follow}");
    NewArrival {
        body_hash: sha256(uri.as_bytes()),
        body: uri.clone().into_bytes(),
        actor_uri: self::uri(&uri),
        domain: host(number),
        is_forwarded: false,
        lane: uri.clone(),
        is_answered_again: is_follow,
        received_at: NOW,
        activity_uri: self::uri(&uri),
    }
}

/// At most so many; the number is the promise, and an improvement makes it smaller.
fn at_most(most: usize, trips: usize, what: &str) {
    assert!(trips <= most, "{what}: {trips} round trips, not {most}");
}

each_database! {
    async fn arrivals_are_kept_together(test: TestDatabase) {
        let _rooms = Rooms::open(&test);
        let mut counted = Counted::open(&test);
        let mut next = 0;
        let trips = counted.trips(|c| {
            let new: Vec<NewArrival> = (next..next + MANY).map(|number| arrival(number, false)).collect();
            next += MANY;
            let signers: Vec<Domain> = (0..MANY).map(host).collect();
            arrivals::keep(c, &new.iter().collect::<Vec<_>>())?;
            queue::heard_from(c, &signers.iter().collect(), NOW)
        });
        let rows = if is_sqlite(&test) { MANY } else { 2 };
        at_most(rows + 4, trips, "64 arrivals");
    }

    async fn arrivals_are_claimed_together(test: TestDatabase) {
        let _rooms = Rooms::open(&test);
        let trips = Counted::open(&test).trips(|c| arrivals::claim(c, 64, NOW));
        at_most(3, trips, "a claim");
    }

    async fn hosts_are_noted_together(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        send(&rooms, 2).await;
        let mut counted = Counted::open(&test);
        let held = counted.conn.transaction(|c| queue::claim(c, 64, false, NOW)).unwrap();
        let hosts: Vec<Domain> = held.iter().map(|held| held.host.clone()).collect();
        assert_eq!(hosts.len(), MANY);
        let looking = counted.trips(|c| queue::due(c, &hosts.iter().collect::<Vec<_>>(), NOW));
        at_most(if is_sqlite(&test) { MANY + 2 } else { 3 }, looking, "what is due at 64 hosts");

        let mut due = counted.conn.transaction(|c| queue::due(c, &hosts.iter().collect::<Vec<_>>(), NOW)).unwrap();
        let mut turn = |held: &queue::Held| {
            let note = |delivery| Note { delivery, outcome: Outcome::Taken };
            Turn { held: held.clone(), notes: due.remove(&held.host).unwrap().into_iter().map(note).collect() }
        };
        let turns: Vec<Turn> = held.iter().map(&mut turn).collect();
        let noting = counted.trips(|c| queue::note(c, &turns, Patience { scale: 1.0 }, 0.5, NOW));
        at_most(5, noting, "64 turns");
        let lines = rooms.write(queue::by_host).await;
        assert!(lines.is_empty(), "all taken");
    }

    async fn follows_are_answered(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let mut counted = Counted::open(&test);
        let follower = rooms.person("a.example", "anna").await;
        let asking = counted.trips(|c| {
            let follower = actors_store::by_uri(c, &follower.uri)?.unwrap();
            follows::ask(c, &follower, &wijk, &uri("https://a.example/follow"), NOW)
        });
        at_most(9, asking, "a follow");
    }

    async fn answers_to_one_person_are_expanded_together(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (wijk, links) = (rooms.wijk().await.actor.id, rooms.links.clone());
        let mut followers = Vec::new();
        for number in 0..MANY {
            followers.push(rooms.person(&format!("h{number}.example"), "anna").await.id);
        }
        let mut counted = Counted::open(&test);
        let trips = counted.trips(|c| {
            for follower in &followers {
                let uri = uri("https://a.example/follow");
                store::say(c, &Word::RejectFollow { follower: *follower, target: wijk, uri }, NOW)?;
            }
            let held = store::claim(c, 64, NOW)?;
            assert_eq!(held.len(), MANY);
            outbox::expand(c, &links, &held, NOW)
        });
        // Said, both actors and the key they sign with read, the activity, the blocks, the word closed, one delivery.
        at_most(8 * MANY + 6, trips, "64 answers");
    }

    async fn a_post_is_offered(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("a.example", "anna").await;
        let second = "Die om de hoek ook";
        let mut posts = [mention(&author, &wijk, "De lantaarn is kapot"), mention(&author, &wijk, second)];
        posts[1].uri = uri(&format!("{}/2", posts[1].uri));
        let mut posts = posts.iter();
        let trips = Counted::open(&test).trips(|c| {
            arrive::received(c, &author, posts.next().expect("one for each time"), NOW)
        });
        at_most(15, trips, "a post");
    }

    async fn what_many_hear_is_a_slice(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let mut counted = Counted::open(&test);
        let hosts: BTreeSet<Domain> = (0..MANY).map(host).collect();
        let trips = counted.trips(|c| store::wake(c, &hosts, NOW));
        at_most(3, trips, "64 hosts woken");
        drop(rooms);
    }
}

fn is_sqlite(test: &TestDatabase) -> bool {
    test.url().starts_with("sqlite:")
}

/// So many posts for each of the hosts.
async fn send(rooms: &Rooms, posts: i64) {
    for post in 1..=posts {
        let send = move |c: &mut Connection| {
            store::say(c, &Word::CreatePost { post: PostId(post) }, NOW)?;
            let pending = store::claim(c, 1, NOW)?.remove(0);
            let activity = ActivityId::next(NOW);
            let new = NewActivity {
                id: activity,
                signer: ActorId(1),
                post: None,
                is_public: true,
                json: "{}",
            };
            store::keep_activity(c, &new, NOW)?;
            let to = |n: usize| Addressed {
                inbox: format!("https://{}/inbox", host(n)),
                host: host(n),
                activity,
            };
            let made = Made { activity: Some(activity), embedded: None };
            let inboxes: Vec<Addressed> = (0..MANY).map(to).collect();
            store::expanded(c, &pending, made, &inboxes, None, NOW)?;
            store::wake(c, &(0..MANY).map(host).collect(), NOW)
        };
        rooms.write(send).await;
    }
}
