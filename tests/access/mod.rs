//! Who may what: every route of the program has a row in `table.rs`, and each row is asked of the
//! real server by a visitor and by every kind of account.

mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::sync::Mutex;

use self::table::{Door, Row, TABLE};
use crate::harness::{
    ACTIVITY_JSON, Activity, Answer, HOST, HTML, Note, Request, Town, Visitor, WIJK, dump,
    each_database, eventually, picture,
};

const PASSWORD: &str = "een lange zin als wachtwoord";
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/// With the place of what they are answered in a row: who edits for the wijk and who edits for a partner may the same.
const EVERYBODY: [(&str, usize); 7] = [
    ("nobody", 0),
    ("noseat", 1),
    ("editor1", 2),
    ("partner1", 2),
    ("moderator1", 3),
    ("elsewhere1", 4),
    ("administrator", 5),
];

#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<_> =
        TABLE.iter().map(|row| (row.door, row.method.to_owned(), row.route.to_owned())).collect();
    let mut routes = BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in [sources(&src.join("doors")), sources(&src.join("server.rs"))].concat() {
        let is_servers = file.starts_with(src.join("doors/federation"));
        let door = if is_servers { Door::Servers } else { Door::People };
        let text = std::fs::read_to_string(&file).unwrap();
        let hidden =
            [".nest(", ".route_service(", ".nest_service(", "get_service(", "on(MethodFilter"];
        assert!(!hidden.iter().any(|h| text.contains(h)), "{}: read these", file.display());
        routes.extend(routes_in(&text).into_iter().map(|(m, route)| (door, m, route)));
    }
    assert!(routes.len() > 30, "too few were found: {routes:?}");
    let without: Vec<_> = routes.difference(&rows).collect();
    assert!(without.is_empty(), "give these a row in tests/access/table.rs: {without:#?}");
    let gone: Vec<_> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "there is no such route: {gone:#?}");
}

fn sources(at: &Path) -> Vec<PathBuf> {
    if at.is_file() {
        return vec![at.to_owned()];
    }
    let inside = std::fs::read_dir(at).unwrap().flat_map(|entry| sources(&entry.unwrap().path()));
    inside.collect()
}

/// Method and path of each `.route("…", get(…).post(…))`.
fn routes_in(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for rest in text.split(".route(").skip(1) {
        let Some((path, handlers)) = rest.trim().strip_prefix('"').and_then(|r| r.split_once('"'))
        else {
            panic!("a route whose path is not written out: {rest:.80}");
        };
        let mut depth = 1;
        let end = handlers.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let words = handlers[..end.unwrap()].split(|c: char| !c.is_alphabetic() && c != '(');
        let methods = ["get(", "post(", "put(", "patch(", "delete(", "head(", "any("];
        let before = found.len();
        let methods =
            words.filter_map(|w| methods.into_iter().find(|method| w.starts_with(method)));
        found.extend(methods.map(|m| (m.trim_end_matches('(').to_uppercase(), path.to_owned())));
        assert!(found.len() > before, "{path} has no method");
    }
    found
}

each_database! {
    async fn everybody_may_what_the_table_says(db: TestDatabase) {
        let town = Town::new(db).await;
        let mut world = World::of(&town).await;
        let mut differing = Vec::new();
        for row in &TABLE {
            for (number, (who, place)) in EVERYBODY.into_iter().enumerate() {
                let (answer, expected) = (world.ask(row, number).await, row.answers[place]);
                if answer != expected {
                    let (method, path) = (row.method, row.path);
                    differing.push(format!("{method} {path}, {who}: {answer}, not {expected}"));
                }
            }
        }
        assert!(differing.is_empty(), "{differing:#?}");
        assert!(!world.town.queue().await.is_empty(), "something waits to the end");
    }

    /// A8: no form does anything when another site sends it in somebody's name, nor without its token.
    async fn a08_every_form_from_elsewhere(db: TestDatabase) {
        let town = Town::new(db).await;
        let mut world = World::of(&town).await;
        let before = decided_or_signed_in(&town);
        for row in TABLE.iter().filter(|row| row.door == Door::People && row.method != "GET") {
            for (number, (who, _)) in EVERYBODY.into_iter().enumerate() {
                for forged in world.forged(row, number).await {
                    let answer = world.visitors[number].asks(forged.clone()).await;
                    // Who is nobody is asked who he is, before anything is read.
                    let is_asked = who == "nobody"
                        && answer.header("location").is_some_and(|to| to.starts_with("/aanmelden"));
                    assert!(answer.status == 403 || is_asked, "{}, {who}: {forged:?}", row.path);
                }
            }
        }
        assert_eq!(decided_or_signed_in(&town), before);
    }

    /// C3, for every page there is.
    async fn c03_every_page_says_what_a_browser_may(db: TestDatabase) {
        let town = Town::new(db).await;
        let mut world = World::of(&town).await;
        let of_administrator = EVERYBODY.len() - 1;
        for row in TABLE.iter().filter(|row| row.door == Door::People && row.method == "GET") {
            let (path, _) = world.filled(row.path).await;
            for number in [0, of_administrator] {
                let answer = world.visitors[number].opens(&path).await;
                let kind = answer.header("content-type").unwrap_or_default();
                if kind.starts_with("text/html") {
                    assert_eq!(answer.header("content-security-policy"), Some(POLICY), "{path}");
                }
                assert!(kind.is_empty() || answer.header("x-content-type-options") == Some("nosniff")
                    || kind.starts_with("text/plain"), "{path}: {:?}", answer.headers);
            }
        }
    }
}

/// The tables that a form could change.
fn decided_or_signed_in(town: &Town) -> Vec<Vec<String>> {
    let mut tables = dump(&town.server.database);
    ["submissions", "announcements", "decisions", "accounts", "invitations", "seats"]
        .map(|table| tables.remove(table).expect("that table"))
        .to_vec()
}

/// A wijk with something waiting and something passed on, another wijk, and all who knock.
struct World<'a> {
    town: &'a Town,
    visitors: Vec<Visitor<'a>>,
    /// Looks at the desk for what is on it now.
    looker: Visitor<'a>,
    /// What stands in the places of a path, as far as it stays the same.
    places: [(&'static str, String); 4],
}

impl<'a> World<'a> {
    async fn of(town: &'a Town) -> World<'a> {
        people_come_in(town).await;
        let invited = ["account", "add", "invited1", "--email", "invited1@wijk.test"];
        let invitation = town.server.does(&invited).await;
        let follow = town.resident.follows().await;
        town.accepts(&town.resident, &follow).await;
        // The moderator decides about one, the administrator about another, and one stays.
        for number in 0..6 {
            town.waiting(&town.resident.writes(&format!("Bericht {number}")).await).await;
        }
        let stays = a_picture_waits(town).await;
        for number in 0..3 {
            let note = town.partner.writes(&format!("Nieuws {number}")).await;
            town.announced(&note).await;
            town.resident
                .says(&Activity::flag(&town.resident.id(), &[&note.id], "Klopt niet"))
                .await;
        }
        let write = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "Van ons"];
        // An activity anybody may read: a change of the wijk's own.
        town.server.does(&["wijk", "edit", "bloemhof", "--summary", "Van en voor Bloemhof"]).await;
        let told = async || {
            let told = town.follower.told("Update", WIJK);
            told.first().map(|update| update.field("/id")).ok_or("nothing".to_owned())
        };
        let edited = eventually("the follower hears of the wijk's new words", told).await;
        let post = town.server.json(&write).await["id"].to_string();
        let last = |path: &str| path.trim().rsplit('/').next().unwrap().to_owned();
        let places = [
            ("{post}", last(post.trim_matches('"'))),
            ("{activity}", last(&edited)),
            ("{token}", last(&invitation)),
            ("{picture}", stays),
        ];
        let mut visitors = vec![Visitor::of(town.server.whereabouts())];
        for (name, _) in &EVERYBODY[1..] {
            visitors.push(signed_in(town, name).await);
        }
        World { town, visitors, looker: signed_in(town, "moderator2").await, places }
    }

    /// The status of the answer, and where it leads. Nothing at the desk has changed, unless the
    /// answer leads back to the desk.
    async fn ask(&mut self, row: &Row, number: usize) -> String {
        let (path, versie) = self.filled(row.path).await;
        let visitor = &mut self.visitors[number];
        let answer = match (row.method, row.door) {
            ("GET", Door::People) => visitor.opens(&path).await,
            ("GET", Door::Servers) => visitor.asks(Request::get(HOST, &path, ACTIVITY_JSON)).await,
            (_, Door::People) => {
                visitor.sends(&path, &[row.form, &[("versie", &versie)]].concat()).await
            }
            (method, Door::Servers) => {
                let (method, body) = (method.to_owned(), b"{}".to_vec());
                let letter = Request { method, body, ..Request::get(HOST, &path, "*/*") };
                visitor.asks(letter.with("Content-Type", ACTIVITY_JSON)).await
            }
        };
        let to = answer.header("location").unwrap_or_default();
        let said = format!("{} {to}", answer.status).trim_end().to_owned();
        if row.route.starts_with("/balie/") {
            let is_decided = self.filled(row.path).await.0 != path;
            assert_eq!(is_decided, said.starts_with("303 /balie?"), "{path}: {said}");
        }
        said
    }

    /// The form of a row as another site would send it, and as somebody who has no token would.
    async fn forged(&mut self, row: &Row, number: usize) -> Vec<Request> {
        let (path, versie) = self.filled(row.path).await;
        let stolen = self.visitors[(number + 1) % EVERYBODY.len()].token().await;
        let own = self.visitors[number].token().await;
        let mut forged = Vec::new();
        for (token, origin, site) in [
            (&own, "http://elders.test", "cross-site"),
            (&own, "null", "cross-site"),
            (&own, "http://x.wijk.test", "same-site"),
            (&String::new(), "http://wijk.test", "same-origin"),
            (&stolen, "http://wijk.test", "same-origin"),
        ] {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("csrf", token).append_pair("versie", &versie).extend_pairs(row.form);
            let (method, body) = (row.method.to_owned(), form.finish().into_bytes());
            let request = Request { method, body, ..Request::get(HOST, &path, HTML) };
            let request = request.with("Content-Type", "application/x-www-form-urlencoded");
            forged.push(request.with("Origin", origin).with("Sec-Fetch-Site", site));
        }
        forged
    }

    /// The path with what is there now in its places, and the version of the submission in it.
    async fn filled(&mut self, path: &str) -> (String, String) {
        let mut filled = path.to_owned();
        for (place, value) in &self.places {
            filled = filled.replace(place, value);
        }
        let mut versie = String::new();
        if filled.contains('{') {
            let desk = self.looker.opens("/balie").await.text();
            let waiting = between(&desk, "action=\"/balie/", "/goedkeuren");
            let announced = desk.split("class=\"announced\"").nth(1).unwrap_or_default();
            let reports = desk.split("id=\"reports-title\"").nth(1).unwrap_or_default();
            versie = between(&desk, "name=\"versie\" value=\"", "\"");
            filled = filled
                .replace("{submission}", &waiting)
                .replace("{report}", &between(reports, "action=\"/balie/", "/afhandelen"))
                .replace("{announcement}", &between(announced, "action=\"/balie/", "/terughalen"));
        }
        (filled, versie)
    }
}

/// The last of those that wait, which nobody decides about, has a picture: where it is.
async fn a_picture_waits(town: &Town) -> String {
    let url = "http://a.test/media/1.jpg";
    let jpeg = picture::jpeg(40, 30, [20, 20, 200]);
    town.foreign.shows(url, Answer::document("image/jpeg", jpeg));
    let attachment = json!({"type": "Document", "mediaType": "image/jpeg", "url": url});
    let note = Note { attachment: vec![attachment], ..town.resident.note("Met een foto") };
    town.resident.posts(&note).await;
    let looker = Mutex::new(signed_in(town, "moderator2").await);
    let shown = async || {
        let desk = looker.lock().await.opens("/balie").await.text();
        let name = between(&desk, "src=\"/media/", "\"");
        if name.is_empty() { Err(desk) } else { Ok(name) }
    };
    eventually("the desk shows the picture", shown).await
}

async fn people_come_in(town: &Town) {
    town.server.does(&["wijk", "add", "beverwaard", "--name", "Beverwaard"]).await;
    let partner = ["partner", "new", "speeltuin", "--wijk", "bloemhof", "--kind", "welzijn"];
    town.server.does(&[&partner[..], &["--name", "Speeltuin"]].concat()).await;
    for (name, seat) in [
        ("noseat", None),
        ("editor1", Some(["editor", "--wijk", "bloemhof"])),
        ("partner1", Some(["editor", "--partner", "speeltuin"])),
        ("moderator1", Some(["moderator", "--wijk", "bloemhof"])),
        ("moderator2", Some(["moderator", "--wijk", "bloemhof"])),
        ("elsewhere1", Some(["moderator", "--wijk", "beverwaard"])),
        ("administrator", None),
    ] {
        let email = format!("{name}@wijk.test");
        let mut add = vec!["account", "add", name, "--email", &email, "--password-stdin"];
        add.extend((name == "administrator").then_some("--admin"));
        let said = town.server.run_with_input(&add, &format!("{PASSWORD}\n")).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        if let Some(seat) = seat {
            town.server.does(&[&["role", "grant", name], &seat[..]].concat()).await;
        }
    }
}

async fn signed_in<'a>(town: &'a Town, name: &str) -> Visitor<'a> {
    let mut visitor = Visitor::of(town.server.whereabouts());
    let answer = visitor.signs_in("/aanmelden", name, PASSWORD).await;
    assert_eq!(answer.status, 303, "{name}: {}", answer.text());
    visitor
}

/// What stands first between two texts.
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split(before).nth(1).and_then(|rest| rest.split(after).next());
    rest.unwrap_or_default().to_owned()
}
