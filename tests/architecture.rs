//! The three laws of ARCHITECTURE.md, read from every path in `src/`: arrows point down, rooms know
//! no network, a room never sends. And what stands in one place only, stands there only.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::reading::{Named, Source};

/// What a room must not know by name: whoever waits for a network, and the transports of the ground.
const NETWORK: [&str; 13] = [
    "activitypub_federation",
    "axum",
    "futures",
    "futures_util",
    "http_body_util",
    "hyper",
    "hyper_util",
    "reqwest",
    "reqwest_middleware",
    "tokio",
    "tower",
    "tower_http",
    "async_trait",
];
const TRANSPORTS: [&str; 4] = ["http_client", "mail_transport", "push_transport", "app"];

/// Beside each store.rs and each room of one file: files that have tables to themselves. The list may only become
/// shorter.
const FILES_WITH_TABLES_OF_THEIR_OWN: [&str; 5] = [
    "neighbourhood/accounts/invitations.rs",
    "neighbourhood/accounts/seats.rs",
    "neighbourhood/accounts/sessions.rs",
    "neighbourhood/actors/keys.rs",
    "neighbourhood/outgoing/queue.rs",
];
/// How a statement begins. Deriving a row or a column type is no statement.
const STATEMENTS: [&str; 8] = [
    "diesel::insert_into",
    "diesel::update",
    "diesel::delete",
    "diesel::select",
    "sql_query",
    "Statement::new",
    "on_each!",
    "::table",
];

/// What objects may use of their door beside the objects above them.
const TOOLS_OF_OBJECTS: [&str; 2] = ["values", "failure"];

/// What is declared or made in one file only.
const ONE_OF_EACH: [(&str, &[&str], &str); 8] = [
    ("Domain", &["struct Domain", "enum Domain", "type Domain"], "foundation/domain.rs"),
    ("Uri", &["struct Uri", "enum Uri", "type Uri"], "foundation/uri.rs"),
    ("same_origin", &["fn same_origin"], "foundation/uri.rs"),
    ("may_show", &["fn may_show"], "neighbourhood/blocks.rs"),
    ("HttpClient", &["struct HttpClient"], "foundation/http_client/mod.rs"),
    ("SafeHtml", &["struct SafeHtml", "fn from_foreign"], "foundation/text.rs"),
    ("VerifiedActor", &["VerifiedActor {"], "doors/federation/signer.rs"),
    ("Outline", &["struct Outline"], "doors/federation/shape.rs"),
];

/// How the id of a thing is called, and what it is not made of.
const CALLED: [&str; 2] = ["uri", "_id"];
const OTHER_IDS: [&str; 3] = ["String", "str", "Url"];
/// Where a key stands is no id of a thing: it is fetched there, fragment and all, and compared as a URL is.
const NO_THINGS: [&str; 1] = ["key_id"];

/// What must ask `may_show`: taking in, at the guard and where a post is judged; passing on; the desk and its
/// private letters.
const ASKED_IN: [&str; 5] = [
    "doors/federation/guard.rs",
    "neighbourhood/submissions/arrive.rs",
    "neighbourhood/announcements.rs",
    "neighbourhood/submissions/store.rs",
    "neighbourhood/posts/store.rs",
];
/// And where everything that pages and collections show is read: by each function that reads it.
const SHOWN_BY: (&str, &str) = ("neighbourhood/timelines.rs", "standing!()");

/// Where foreign HTML comes in; what is kept is safe already.
const INGEST: &str = "doors/federation/objects/";

/// The house as its sources describe it.
struct House {
    sources: Vec<Source>,
    rooms: Vec<String>,
    objects: Vec<String>,
}

impl House {
    /// Paths below `src/` and what stands in them.
    fn of(files: impl IntoIterator<Item = (String, String)>) -> House {
        let sources: Vec<Source> =
            files.into_iter().filter_map(|(path, text)| Source::read(&path, &text)).collect();
        let floor = |path: &str| {
            sources
                .iter()
                .find(|source| source.path == path)
                .map(Source::children)
                .unwrap_or_default()
        };
        let (rooms, objects) =
            (floor("neighbourhood/mod.rs"), floor("doors/federation/objects/mod.rs"));
        House { sources, rooms, objects }
    }

    fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for source in &self.sources {
            for named in source.names() {
                if let Some(problem) =
                    self.arrow(source, &named).or_else(|| outside(source, &named))
                {
                    all.push(format!("src/{}:{}: {problem}", source.path, named.line));
                }
            }
            for (line, problem) in words(source) {
                all.push(format!("src/{}:{line}: {problem}", source.path));
            }
        }
        all.extend(self.twins());
        all.extend(self.unasked());
        all.extend(self.circles());
        all.sort();
        all.dedup();
        all
    }

    /// Law 1, and of law 3 what a room must not hold in its hand.
    fn arrow(&self, source: &Source, named: &Named) -> Option<String> {
        if named.is_outside {
            return None;
        }
        let (from, to) = (&source.module, &named.path);
        let storey = |path: &[String]| match path.first().map(String::as_str) {
            Some("foundation") => 0,
            Some("neighbourhood") => 1,
            Some("doors") => 2,
            _ => 3,
        };
        let there = to.join("::");
        if storey(to) > storey(from) && !to.is_empty() {
            return Some(format!("the arrow to {there} points up"));
        }
        let second = |path: &[String]| path.get(1).cloned().unwrap_or_default();
        match (storey(from), storey(to)) {
            (1, 0) if TRANSPORTS.contains(&second(to).as_str()) => {
                Some(format!("a room never sends, and holds no {there}"))
            }
            (1, 1) => self.between_rooms(&second(from), &second(to)),
            (2, 2) => self.between_doors(from, to),
            // Only who opens the doors reaches behind one.
            (3, 2) if is_inbox(to) => Some("only the schedule rings federation::inbox".to_owned()),
            _ => None,
        }
    }

    fn between_rooms(&self, from: &str, to: &str) -> Option<String> {
        let place = |room: &str| self.rooms.iter().position(|known| known == room);
        if from == to || from.is_empty() {
            return None;
        }
        match (place(from), place(to)) {
            (Some(from_place), Some(to_place)) if to_place < from_place => None,
            (Some(_), Some(_)) => {
                Some(format!("the room {from} uses {to}, which is not listed above it"))
            }
            _ => Some(format!("neighbourhood::{to} is no room of neighbourhood/mod.rs")),
        }
    }

    fn between_doors(&self, from: &[String], to: &[String]) -> Option<String> {
        let part = |path: &[String], at: usize| path.get(at).cloned().unwrap_or_default();
        let (door, other) = (part(from, 1), part(to, 1));
        if is_inbox(to) && door != "schedule" {
            return Some("only the schedule rings federation::inbox".to_owned());
        }
        if door != other && !door.is_empty() {
            let is_rung = door == "schedule" && matches!(other.as_str(), "federation" | "letters");
            let is_asked = other == "federation" && part(to, 2) == "lookup";
            return (!is_rung && !is_asked && other != "address")
                .then(|| format!("the door {door} knows the door {other} by {}", to.join("::")));
        }
        if door == "federation" && part(from, 2) == "objects" && from.len() > 3 {
            return self.below_objects(&part(from, 3), to);
        }
        None
    }

    fn below_objects(&self, object: &str, to: &[String]) -> Option<String> {
        let part = |at: usize| to.get(at).map(String::as_str).unwrap_or_default();
        let is_fine = if part(2) == "objects" {
            let place = |name: &str| self.objects.iter().position(|known| known == name);
            part(3) == object || place(part(3)) < place(object)
        } else {
            TOOLS_OF_OBJECTS.contains(&part(2))
        };
        (!is_fine).then(|| format!("the object {object} uses {}", to.join("::")))
    }

    /// One of each in the whole house: `Domain`, `may_show`, the client, the sanitiser, the proof of who signed.
    fn twins(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (name, declared, home) in ONE_OF_EACH {
            for source in self.sources.iter().filter(|source| source.path != home) {
                for line in declared.iter().flat_map(|word| source.lines_with(word)) {
                    all.push(format!(
                        "src/{}:{line}: a second {name}; the one is {home}",
                        source.path
                    ));
                }
            }
        }
        all
    }

    /// `may_show` is asked wherever something comes in, is shown or is passed on.
    fn unasked(&self) -> Vec<String> {
        let mut all = Vec::new();
        for source in &self.sources {
            let is_asked = !source.lines_with("may_show").is_empty();
            if ASKED_IN.contains(&source.path.as_str()) && !is_asked {
                all.push(format!("src/{}:1: does not ask may_show", source.path));
            }
            if source.path == SHOWN_BY.0 {
                let shown = source.functions_with(SHOWN_BY.1);
                let silent = shown.into_iter().filter(|(_, body)| {
                    !["may_show(", "is_heard("].iter().any(|asked| body.contains(asked))
                });
                all.extend(silent.map(|(line, _)| {
                    format!("src/{}:{line}: shows without asking may_show", source.path)
                }));
            }
        }
        all
    }

    /// No circle among what stands side by side in one folder, each taken with all below it.
    fn circles(&self) -> Vec<String> {
        let mut folders: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> =
            BTreeMap::new();
        for source in &self.sources {
            for named in source.names().iter().filter(|named| !named.is_outside) {
                let together =
                    source.module.iter().zip(&named.path).take_while(|(a, b)| a == b).count();
                let (Some(from), Some(to)) =
                    (source.module.get(together), named.path.get(together))
                else {
                    continue;
                };
                let folder = folders.entry(source.module[..together].to_vec()).or_default();
                folder.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        let closed = folders.iter().filter_map(|(folder, arrows)| {
            let circle = arrows.keys().find(|start| reaches(arrows, start, start))?;
            let round: Vec<&str> = arrows
                .keys()
                .filter(|other| reaches(arrows, circle, other) && reaches(arrows, other, circle))
                .map(String::as_str)
                .collect();
            Some(format!("src/{}: a circle of {}", folder.join("/"), round.join(", ")))
        });
        closed.collect()
    }
}

/// What is seen by a word and not by a path.
fn words(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut forbid = |words: &[&str], problem: &str| {
        for word in words {
            let lines = source.lines_with(word);
            found.extend(lines.into_iter().map(|line| (line, format!("{problem}: {word}"))));
        }
    };
    if source.is_below("neighbourhood") {
        forbid(&["async ", ".await", "json!"], "rooms know no network");
        for (line, word) in source.said(&["@context", "w3.org/ns/activitystreams"]) {
            found.push((line, format!("rooms speak no JSON-LD: {word}")));
        }
    }
    let mut forbid = |words: &[&str], problem: &str| {
        for word in words {
            let lines = source.lines_with(word);
            found.extend(lines.into_iter().map(|line| (line, format!("{problem}: {word}"))));
        }
    };
    let is_ingest = source.path.starts_with(INGEST) || source.path == "foundation/text.rs";
    // The demo's other server reads what ours sends as any other would.
    if !is_ingest && !source.is_below("demo") {
        forbid(&["from_foreign"], "foreign HTML is made safe where it comes in");
    }
    if !may_ask_the_database(source) {
        forbid(&STATEMENTS, "a statement belongs in a store.rs or a room of one file");
    }
    if source.is_below("doors") || !source.module.first().is_some_and(|storey| is_storey(storey)) {
        forbid(&["diesel::", "schema::"], "only rooms and the ground know diesel");
    }
    if source.is_below("neighbourhood") || source.path.starts_with("doors/federation/") {
        found.extend(other_ids(source));
    }
    found
}

/// The id of an actor, an object or an activity is a `Uri`, whoever holds it.
fn other_ids(source: &Source) -> Vec<(usize, String)> {
    let is_id = |name: &str| CALLED.iter().any(|end| name.ends_with(end));
    let is_other = |kind: &str| {
        kind.split(|c: char| !c.is_alphanumeric()).any(|word| OTHER_IDS.contains(&word))
    };
    let declared = source.declared().into_iter();
    let others = declared
        .filter(|(_, name, kind)| is_id(name) && !NO_THINGS.contains(name) && is_other(kind));
    others.map(|(line, name, kind)| (line, format!("an id is a Uri, not {name}: {kind}"))).collect()
}

fn may_ask_the_database(source: &Source) -> bool {
    let path = source.path.as_str();
    let is_one_file =
        source.module.len() == 2 && source.is_below("neighbourhood") && !path.ends_with("/mod.rs");
    path.starts_with("foundation/database/")
        || is_one_file
        || (source.is_below("neighbourhood") && path.ends_with("/store.rs"))
        || FILES_WITH_TABLES_OF_THEIR_OWN.contains(&path)
}

fn is_storey(name: &str) -> bool {
    matches!(name, "foundation" | "neighbourhood" | "doors")
}

fn is_inbox(path: &[String]) -> bool {
    path.len() >= 3 && path[1] == "federation" && path[2] == "inbox"
}

fn reaches(arrows: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(here) = next.pop() {
        for there in arrows.get(here).into_iter().flatten() {
            if there == to {
                return true;
            }
            if seen.insert(there.as_str()) {
                next.push(there);
            }
        }
    }
    false
}

/// Law 2 for other crates; and the crates that have one home.
fn outside(source: &Source, named: &Named) -> Option<String> {
    if !named.is_outside {
        return None;
    }
    let krate = named.path[0].as_str();
    let written = named.path.join("::");
    if source.is_below("neighbourhood") && NETWORK.contains(&krate) {
        return Some(format!("rooms know no network: {written}"));
    }
    let is_in = |home: &str| {
        source.path == format!("{home}.rs") || source.path.starts_with(&format!("{home}/"))
    };
    if krate == "ammonia" && !is_in("foundation/text") {
        return Some(format!("a second sanitiser; the one is foundation/text.rs: {written}"));
    }
    if dials(&named.path) && !is_in("foundation/http_client") {
        return Some(format!(
            "a second outgoing client; the one is foundation/http_client: {written}"
        ));
    }
    None
}

/// Whatever opens a connection to somebody else.
fn dials(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        ["reqwest", "Client" | "ClientBuilder" | "get" | "blocking", ..]
            | ["hyper" | "hyper_util", "client", ..]
            | [
                "tokio" | "std",
                "net",
                "TcpStream" | "UdpSocket" | "ToSocketAddrs" | "lookup_host",
                ..
            ]
    )
}

fn files_below(folder: &Path, found: &mut Vec<(String, String)>, src: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found, src);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_house_keeps_its_laws() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files, &src);
    let house = House::of(files);
    assert!(house.rooms.len() > 10 && house.sources.len() > 50, "the house was not read");

    let complaints = house.complaints();
    assert!(complaints.is_empty(), "the house breaks its laws:\n{}", complaints.join("\n"));
}

/// A house of three rooms and three doors that keeps every law, and what is put in its place.
fn small_house(instead: &[(&str, &str)]) -> Vec<String> {
    let kept = [
        ("lib.rs", "pub mod foundation; pub mod neighbourhood; pub mod doors; pub mod server;"),
        ("server.rs", "use crate::doors::federation; fn start() { federation::routes(); }"),
        ("foundation/mod.rs", "pub mod clock; pub mod text;"),
        ("foundation/clock.rs", "pub struct Time(i64);"),
        ("foundation/text.rs", "use ammonia::Builder; /* crate::doors::web */ fn x() {}"),
        (
            "neighbourhood/mod.rs",
            "//! In floor order.\npub mod actors;\npub mod follows;\npub mod posts;",
        ),
        ("neighbourhood/actors/mod.rs", "pub mod store; use crate::foundation::clock::Time;"),
        (
            "neighbourhood/actors/store.rs",
            "use super::Actor; fn a() { diesel::update(x).execute(c); }",
        ),
        (
            "neighbourhood/follows.rs",
            "use super::actors::{Actor, store as s}; fn f() { diesel::delete(x); }",
        ),
        ("neighbourhood/posts/mod.rs", "use diesel::prelude::*; const S: &str = \"crate::doors\";"),
        ("doors/mod.rs", "pub mod federation; pub mod schedule; pub mod web;"),
        (
            "doors/federation/mod.rs",
            "pub mod inbox; pub mod objects; pub mod lookup; pub mod values;",
        ),
        ("doors/federation/inbox.rs", "use super::objects::note;"),
        ("doors/federation/values.rs", ""),
        ("doors/federation/lookup.rs", "use super::objects::actor;"),
        ("doors/federation/objects/mod.rs", "pub mod actor;\npub mod note;"),
        ("doors/federation/objects/actor.rs", "use super::super::values;"),
        ("doors/federation/objects/note.rs", "use super::actor::ActorJson;"),
        (
            "doors/schedule/mod.rs",
            "use crate::doors::federation::inbox; use crate::neighbourhood::posts;",
        ),
        ("doors/web/mod.rs", "use crate::doors::federation::lookup;"),
    ];
    let mut files: BTreeMap<&str, &str> = kept.into_iter().collect();
    files.extend(instead.iter().copied());
    House::of(files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned()))).complaints()
}

#[test]
fn a_house_that_keeps_the_laws_is_not_complained_of() {
    assert_eq!(small_house(&[]), Vec::<String>::new());
    let only_in_tests =
        "use super::actors;\n#[cfg(test)]\nmod tests { use tokio::net; async fn x() {} }";
    assert_eq!(small_house(&[("neighbourhood/follows.rs", only_in_tests)]), Vec::<String>::new());
}

/// Each breach alone, where it stands, and what is said of it.
#[test]
fn every_breach_of_a_law_is_reported() {
    let breaches = [
        ("foundation/clock.rs", "\nuse crate::neighbourhood::posts::Post;", "points up"),
        ("foundation/clock.rs", "fn x() {}\nfn y() { crate::doors::web::z(); }", "points up"),
        (
            "neighbourhood/posts/mod.rs",
            "\nuse crate::{doors::web, foundation::clock};",
            "points up",
        ),
        ("doors/web/mod.rs", "\nuse crate::server::start;", "points up"),
        ("neighbourhood/actors/mod.rs", "\nuse super::{follows::ask};", "not listed above"),
        ("neighbourhood/follows.rs", "\nuse crate::neighbourhood::cellar;", "is no room"),
        (
            "neighbourhood/posts/mod.rs",
            "\nuse crate::foundation::http_client::HttpClient;",
            "never sends",
        ),
        ("neighbourhood/posts/mod.rs", "\nuse crate::foundation::app::App;", "never sends"),
        ("neighbourhood/posts/mod.rs", "\nasync fn approve() {}", "no network: async"),
        ("neighbourhood/posts/mod.rs", "\nfn x() { y.await }", "no network: .await"),
        ("neighbourhood/posts/mod.rs", "\nuse axum::Router;", "no network: axum"),
        ("neighbourhood/posts/mod.rs", "\nfn x() { tokio::spawn(y); }", "no network: tokio"),
        ("neighbourhood/posts/mod.rs", "\nfn x() { json!({}) }", "no network: json!"),
        ("neighbourhood/posts/mod.rs", "\nconst X: &str = \"@context\";", "no JSON-LD"),
        ("neighbourhood/posts/mod.rs", "\nfn x() { diesel::update(y); }", "store.rs"),
        ("neighbourhood/posts/publish.rs", "\nfn x() { posts::table.load(c); }", "store.rs"),
        ("doors/web/mod.rs", "\nuse diesel::prelude::*;", "know diesel"),
        ("doors/web/mod.rs", "\nuse crate::doors::federation::objects;", "the door web knows"),
        (
            "doors/federation/lookup.rs",
            "\nuse crate::doors::web::layout;",
            "the door federation knows",
        ),
        ("doors/web/mod.rs", "\nuse crate::doors::schedule;", "the door web knows"),
        ("doors/federation/lookup.rs", "\nuse super::inbox::act;", "only the schedule rings"),
        ("server.rs", "\nuse crate::doors::federation::inbox;", "only the schedule rings"),
        (
            "doors/federation/objects/actor.rs",
            "\nuse super::note::NoteJson;",
            "the object actor uses",
        ),
        (
            "doors/federation/objects/note.rs",
            "\nuse crate::doors::federation::lookup;",
            "the object note uses",
        ),
        ("doors/web/mod.rs", "\nuse ammonia::clean;", "second sanitiser"),
        ("doors/web/mod.rs", "\nfn x() { reqwest::Client::new(); }", "second outgoing client"),
        ("server.rs", "\nuse tokio::net::{TcpListener, TcpStream};", "second outgoing client"),
        ("doors/web/mod.rs", "\npub struct Domain(String);", "a second Domain"),
        ("doors/web/mod.rs", "\npub struct Uri(String);", "a second Uri"),
        ("neighbourhood/posts/mod.rs", "\nstruct X { uri: String }", "an id is a Uri"),
        ("neighbourhood/posts/mod.rs", "\nfn x(c: C, author_uri: &'a str) {}", "an id is a Uri"),
        ("doors/federation/lookup.rs", "\nstruct X { object_id: Option<Url> }", "an id is a Uri"),
        ("doors/web/mod.rs", "\nfn same_origin() {}", "a second same_origin"),
        ("doors/web/mod.rs", "\nfn may_show() {}", "a second may_show"),
        ("doors/web/mod.rs", "\nstruct HttpClient;", "a second HttpClient"),
        ("doors/web/mod.rs", "\nfn from_foreign() {}", "a second SafeHtml"),
        ("doors/web/mod.rs", "\nfn x() { VerifiedActor { uri } }", "a second VerifiedActor"),
        (
            "doors/web/mod.rs",
            "\nfn x() { SafeHtml::from_foreign(y, 1); }",
            "safe where it comes in",
        ),
        ("doors/web/mod.rs", "\nuse tokio::net::lookup_host;", "second outgoing client"),
        (
            "neighbourhood/timelines.rs",
            "\nfn x() { standing!().load(c) }",
            "without asking may_show",
        ),
    ];
    for (file, text, said) in breaches {
        let complaints = small_house(&[(file, text)]);
        assert!(
            complaints
                .iter()
                .any(|all| all.starts_with(&format!("src/{file}:2: ")) && all.contains(said)),
            "{file}: {text}\nshould be «{said}» and is {complaints:#?}"
        );
    }
}

#[test]
fn whoever_does_not_ask_is_reported() {
    for file in ASKED_IN {
        let complaints = small_house(&[(file, "use crate::foundation::clock::Time;")]);
        let said = format!("src/{file}:1: does not ask may_show");
        assert!(complaints.contains(&said), "{complaints:#?}");
    }
    let asks = "fn x() { standing!().load(c).filter(is_heard(y)) }\nfn is_heard() { may_show() }";
    let complaints = small_house(&[("neighbourhood/timelines.rs", asks)]);
    assert!(!complaints.iter().any(|all| all.contains("may_show")), "{complaints:#?}");
}

/// What stands unescaped on a page is `html` that the sanitiser made, and nothing else.
#[test]
fn templates_print_unescaped_only_what_was_made_safe() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend/templates");
    let mut found = 0;
    for template in templates_below(&folder) {
        let text = std::fs::read_to_string(&template).unwrap();
        for (at, _) in text.match_indices("|safe") {
            let before = text[..at].rsplit("{{").next().unwrap_or_default().trim();
            assert!(SAFE.contains(&before), "{}: {before} is printed as it is", template.display());
            found += 1;
        }
        for hidden in [
            "| safe",
            "|escape(\"none\")",
            "autoescape",
            "<style",
            "<script>",
            " style=\"",
            " onclick",
        ] {
            assert!(!text.contains(hidden), "{}: {hidden}", template.display());
        }
    }
    assert!(found > 3, "the templates were not read");
}

/// Fields of views that are filled from a `SafeHtml` and from nothing else.
const SAFE: [&str; 4] = ["post.html", "entry.html", "body.html", "letter.html"];

fn templates_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { templates_below(&path) } else { vec![path] })
        .collect()
}

#[test]
fn a_circle_is_reported() {
    let complaints = small_house(&[
        ("foundation/clock.rs", "use super::text::escape;"),
        ("foundation/text.rs", "use super::clock::Time;"),
    ]);
    assert_eq!(complaints, ["src/foundation: a circle of clock, text"]);
}
