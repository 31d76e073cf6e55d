//! A: signing in, and what a session may.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Case;
use crate::harness::{
    HOST, HTML, Request, Response, TestDatabase, Town, Visitor, dump, each_database,
};

const PASSWORD: &str = "een lange zin als wachtwoord";
const OTHER: &str = "een heel andere lange zin";
const SESSION: &str = "likejewijk";

each_database! {
    async fn a01_thirty_wrong_passwords_from_one_address(db: TestDatabase) {
        let town = Town::with(db, &[("RATE_LIMITS", "on")]).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let mut visitor = Visitor::of(town.server.whereabouts());
        let mut statuses = Vec::new();
        for turn in 0..30 {
            // Of many names: the address counts, not the account alone.
            let answer = visitor.signs_in("/aanmelden", &format!("naam{}", turn % 7), "mis").await;
            if answer.status == 429 {
                let wait = answer.header("retry-after").and_then(|after| after.parse::<u64>().ok());
                assert!(wait.is_some_and(|wait| (1..=300).contains(&wait)), "{wait:?}");
            }
            statuses.push(answer.status);
        }
        assert_eq!(statuses[..10], [422; 10], "{statuses:?}");
        assert_eq!(statuses[10..], [429; 20], "{statuses:?}");
        let answer = visitor.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        assert_eq!(answer.status, 429, "the right one does not help now");
        assert_eq!(town.server.get("/wijken/bloemhof", HTML).await.status, 200, "reading goes on");
    }

    async fn a01_thirty_wrong_passwords_for_one_account(db: TestDatabase) {
        let settings = [("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")];
        let town = Town::with(db, &settings).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let mut statuses = Vec::new();
        for turn in 0..12 {
            // From everywhere, by every spelling of its two names.
            let name = ["moderator1", "Moderator1 ", "MODERATOR1@wijk.test", " moderator1@WIJK.test"];
            let answer = wrong_password_from(&town, &format!("198.51.{turn}.7"), name[turn % 4]).await;
            statuses.push(answer.status);
        }
        assert_eq!(statuses, [[422; 10].as_slice(), &[429; 2]].concat());
        // Who only says to come from elsewhere comes from where the proxy saw him last.
        let told = wrong_password_from(&town, "203.0.113.9, 198.51.0.7", "iemand anders").await;
        assert_eq!(told.status, 422);
    }

    async fn a05_a_known_name_and_an_unknown_one(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        town.server.moderator("moderator1", PASSWORD).await;
        town.server.moderator("weg1", PASSWORD).await;
        town.server.does(&["account", "disable", "weg1"]).await;
        town.server.does(&["account", "add", "nieuw1", "--email", "nieuw1@wijk.test"]).await;
        let names = ["moderator1", "moderator1@wijk.test", "weg1", "nieuw1", "niemand1",
            "niemand@wijk.test", "", "' OR 1=1 --", "\u{0}", "éé"];
        let mut answers = BTreeSet::new();
        for name in names {
            let mut visitor = Visitor::of(town.server.whereabouts());
            let answer = visitor.signs_in("/aanmelden", name, "een verkeerd wachtwoord").await;
            assert!(visitor.keeps(SESSION).is_none(), "{name:?} is in");
            answers.insert(told_apart(&answer));
        }
        assert_eq!(answers.len(), 1, "{answers:#?}");
        let mut visitor = Visitor::of(town.server.whereabouts());
        let shut_out = visitor.signs_in("/aanmelden", "weg1", PASSWORD).await;
        assert!(answers.contains(&told_apart(&shut_out)), "the right password of who is disabled");
    }

    async fn a07_the_session_is_new_at_every_sign_in(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let mut visitor = Visitor::of(town.server.whereabouts());
        let chosen = "door-een-ander-gekozen-0123456789abcdef";
        visitor.brings(SESSION, chosen);
        assert_ne!(visitor.opens("/balie").await.status, 200, "nobody is signed in by it");

        let answer = visitor.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        assert_eq!(answer.status, 303);
        let set = answer.headers.iter().find(|(name, value)| {
            name.eq_ignore_ascii_case("set-cookie") && value.starts_with("likejewijk=")
        });
        let set = set.expect("a session").1.clone();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
        let first = visitor.keeps(SESSION).expect("a session").to_owned();
        assert_ne!(first, chosen);
        assert_eq!(visitor.opens("/balie").await.status, 200);

        visitor.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        let second = visitor.keeps(SESSION).expect("a session").to_owned();
        assert_ne!(second, first);
        for over in [chosen, &first] {
            let mut thief = Visitor::of(town.server.whereabouts());
            thief.brings(SESSION, over);
            assert_ne!(thief.opens("/balie").await.status, 200, "{over} still opens the desk");
        }
        visitor.sends("/afmelden", &[]).await;
        let mut thief = Visitor::of(town.server.whereabouts());
        thief.brings(SESSION, &second);
        assert_ne!(thief.opens("/balie").await.status, 200, "signed out is out");
    }

    async fn a08_a_form_sent_from_another_site(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let of_another = token_of(&town).await;
        for (what, origin, site, token) in [
            ("another site", Some("http://elders.test"), Some("cross-site"), of_another.as_str()),
            ("a sandboxed frame", Some("null"), Some("cross-site"), &of_another),
            ("below us", Some("http://x.wijk.test"), Some("same-site"), &of_another),
            ("with only Origin", Some("http://wijk.test.elders.test"), None, &of_another),
            ("with only Sec-Fetch-Site", None, Some("cross-site"), &of_another),
            ("without a token", Some("http://wijk.test"), Some("same-origin"), ""),
            ("with somebody's token", Some("http://wijk.test"), Some("same-origin"), &of_another),
        ] {
            let body = format!("csrf={token}&username=moderator1&password={}", PASSWORD.replace(' ', "+"));
            let mut form = Request { method: "POST".to_owned(), body: body.into_bytes(),
                ..Request::get(HOST, "/aanmelden", HTML) }
                .with("Content-Type", "application/x-www-form-urlencoded");
            for (name, value) in [("Origin", origin), ("Sec-Fetch-Site", site)] {
                form = value.into_iter().fold(form, |form, value| form.with(name, value));
            }
            let answer = town.server.send(&form).await;
            assert_eq!(answer.status, 403, "{what}: {}", answer.text());
            assert!(answer.header("set-cookie").is_none_or(|set| !set.starts_with("likejewijk=")));
        }
    }

    async fn a09_a_moderator_who_follows_every_link_changes_nothing(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        town.server.moderator("moderator1", PASSWORD).await;
        town.approved(&case.honest, "Al doorgegeven").await;
        for words in ["Dit wacht", "Dit ook"] {
            town.waiting(&case.honest.writes(words).await).await;
        }
        town.announced(&town.partner.writes("Nieuws").await).await;
        let mut moderator = Visitor::of(town.server.whereabouts());
        moderator.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        town.everything_is_handled().await;
        let before = what_counts(&town.server.database);

        let (mut seen, mut next) = (BTreeSet::new(), vec!["/balie".to_owned(), "/".to_owned()]);
        while let Some(path) = next.pop() {
            if seen.len() > 400 || !seen.insert(path.clone()) {
                continue;
            }
            let answer = moderator.opens(&path).await;
            assert!(answer.status < 500, "{path}: {}", answer.text());
            next.extend(answer.header("location").and_then(path_of));
            next.extend(links_on(&answer.text()));
        }
        for action in actions_on(&moderator.opens("/balie").await.text()) {
            let answer = moderator.opens(&action).await;
            assert!([404, 405].contains(&answer.status) || action == "/aanmelden", "GET {action}: {}", answer.status);
        }

        assert!(seen.len() > 10, "too little was followed: {seen:?}");
        assert!(seen.iter().any(|path| path.starts_with("/berichten/")), "{seen:?}");
        assert_eq!(moderator.opens("/balie").await.status, 200, "still signed in");
        let after = what_counts(&town.server.database);
        for (table, rows) in &before {
            assert_eq!(rows, &after[table], "the table {table}");
        }
        case.closes().await;
    }

    async fn a10_what_ends_a_session_ends_it_within_five_seconds(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        for name in ["vergeten1", "weg1", "zetel1"] {
            town.server.moderator(name, PASSWORD).await;
        }
        let mut visitors = Vec::new();
        for name in ["vergeten1", "weg1", "zetel1"] {
            let mut visitor = Visitor::of(town.server.whereabouts());
            visitor.signs_in("/aanmelden", name, PASSWORD).await;
            assert_eq!(visitor.opens("/balie").await.status, 200, "{name}");
            visitors.push(visitor);
        }
        let begun = Instant::now();
        let invitation = town.server.does(&["account", "invite", "vergeten1"]).await;
        let path = path_of(invitation.trim()).expect("a link of ours");
        let mut elsewhere = Visitor::of(town.server.whereabouts());
        elsewhere.opens(&path).await;
        let answer = elsewhere.sends(&path, &[("password", OTHER)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        town.server.does(&["account", "disable", "weg1"]).await;
        town.server.does(&["role", "revoke", "zetel1", "moderator", "--wijk", "bloemhof"]).await;

        for (visitor, name) in visitors.iter_mut().zip(["vergeten1", "weg1", "zetel1"]) {
            let status = visitor.opens("/balie").await.status;
            assert!([303, 403].contains(&status), "{name} still has the desk: {status}");
            let post = visitor.sends("/balie/1/goedkeuren", &[("versie", "1")]).await.status;
            assert!([303, 403, 404].contains(&post), "{name}: {post}");
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(elsewhere.opens("/balie").await.status, 200, "the new password's own session");
        let again = elsewhere.opens(&path).await;
        assert!([404, 410].contains(&again.status), "an invitation opens once: {}", again.status);
        let mut old = Visitor::of(town.server.whereabouts());
        assert_eq!(old.signs_in("/aanmelden", "vergeten1", PASSWORD).await.status, 422);
        assert_eq!(old.signs_in("/aanmelden", "weg1", PASSWORD).await.status, 422);
        assert_eq!(old.signs_in("/aanmelden", "vergeten1", OTHER).await.status, 303);
    }

    async fn a16_next_leads_nowhere_else(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let tries = ["//evil.test", "/\\evil.test", "https:evil.test", "%2f%2fevil.test",
            "http://evil.test/", "javascript:alert(1)", "/%09/evil.test", "%5C%5Cevil.test",
            "///evil.test", "/%2fevil.test", "/%5cevil.test", "%09//evil.test", "%20//evil.test",
            "/.//evil.test", "/..//evil.test", "/balie/..//evil.test", "http:/%5cevil.test",
            "https:///evil.test", "//evil.test%2f@wijk.test", "http://wijk.test@evil.test",
            "http://wijk.test.evil.test", "http://evil.test%23wijk.test", "/%0d%0aLocation:%20//evil.test",
            "data:text/html,x", "%EF%BC%8F%EF%BC%8Fevil.test", "%00//evil.test", "@evil.test", ".evil.test",
            "/balie%0d%0aSet-Cookie:%20x=y", "//%E2%81%84evil.test"];
        for next in tries {
            let mut visitor = Visitor::of(town.server.whereabouts());
            let path = format!("/aanmelden?next={next}");

            let answer = visitor.signs_in(&path, "moderator1", PASSWORD).await;

            leads_home(next, &answer);
            assert!(visitor.keeps("x").is_none(), "{next}");
            let mut visitor = Visitor::of(town.server.whereabouts());
            let decoded = url::form_urlencoded::parse(format!("next={next}").as_bytes())
                .next().map(|(_, value)| value.into_owned()).unwrap_or_default();
            let fields = [("username", "moderator1"), ("password", PASSWORD), ("next", &decoded)];
            leads_home(next, &visitor.sends("/aanmelden", &fields).await);
        }
    }

    async fn a_moderator_comes_to_the_desk(db: TestDatabase) {
        let town = Town::new(db).await;
        town.server.moderator("moderator1", PASSWORD).await;
        let note = town.resident.writes("Dit ligt op de balie").await;
        town.waiting(&note).await;

        let mut stranger = Visitor::of(town.server.whereabouts());
        let closed = stranger.opens("/balie").await;
        assert!(!closed.text().contains(&note.words) && closed.status != 200, "{}", closed.text());

        let mut moderator = Visitor::of(town.server.whereabouts());
        let refused = moderator.signs_in("/aanmelden", "moderator1", "iets anders").await;
        assert!(!(300..400).contains(&refused.status), "a wrong password: {}", refused.status);
        moderator.signs_in("/aanmelden", "moderator1", PASSWORD).await;
        let desk = moderator.opens("/balie").await;
        assert!(desk.status < 400, "{} {}", desk.status, desk.text());
    }
}

async fn wrong_password_from(town: &Town, address: &str, name: &str) -> Response {
    let mut visitor = Visitor::of(town.server.whereabouts());
    let page = visitor.opens("/aanmelden").await.text();
    let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", token.expect("a token"));
    form.append_pair("username", name).append_pair("password", "een verkeerd wachtwoord");
    let request = Request {
        method: "POST".to_owned(),
        body: form.finish().into_bytes(),
        ..Request::get(HOST, "/aanmelden", HTML)
    };
    let request = request
        .with("Content-Type", "application/x-www-form-urlencoded")
        .with("X-Forwarded-For", address);
    visitor.asks(request).await
}

/// All of an answer by which two could be told apart; tokens are drawn anew each time.
fn told_apart(answer: &Response) -> (u16, String, Vec<String>) {
    let csrf = "name=\"csrf\" value=\"";
    let text = answer.text();
    let body = match text.split_once(csrf) {
        Some((before, rest)) => {
            let after = rest.split_once('"').map_or("", |(_, after)| after);
            format!("{before}{after}")
        }
        None => text,
    };
    let is_drawn =
        |name: &str| ["date", "x-request-id", "set-cookie"].contains(&name.to_lowercase().as_str());
    let headers = answer.headers.iter().filter(|(name, _)| !is_drawn(name));
    (answer.status, body, headers.map(|(name, value)| format!("{name}: {value}")).collect())
}

/// A token that the server showed to somebody else.
async fn token_of(town: &Town) -> String {
    let page = town.server.get("/aanmelden", HTML).await.text();
    let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.expect("a token").to_owned()
}

/// The tables, without the server's own heartbeat and without who was seen when.
fn what_counts(database: &TestDatabase) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut tables = dump(database);
    tables.retain(|table, _| !["settings", "sessions", "hosts"].contains(&table.as_str()));
    tables
}

fn path_of(link: &str) -> Option<String> {
    let path = link.strip_prefix("http://wijk.test").unwrap_or(link);
    path.starts_with('/').then(|| path.split('#').next().unwrap_or_default().to_owned())
}

fn links_on(html: &str) -> Vec<String> {
    attributes(html, "href=\"").iter().filter_map(|link| path_of(link)).collect()
}

/// Where the forms of a page lead.
fn actions_on(html: &str) -> Vec<String> {
    attributes(html, "action=\"").iter().filter_map(|link| path_of(link)).collect()
}

fn attributes(html: &str, begins: &str) -> Vec<String> {
    let values = html.split(begins).skip(1).filter_map(|rest| rest.split('"').next());
    values.map(|value| value.replace("&amp;", "&").replace("&#38;", "&")).collect()
}

fn leads_home(next: &str, answer: &Response) {
    let status = answer.status;
    assert!((300..400).contains(&status), "{next}: {status} {}", answer.text());
    let to = answer.header("location").unwrap_or_default();
    let base = url::Url::parse("http://wijk.test/aanmelden").expect("a URL");
    let arrives = base.join(to).unwrap_or_else(|e| panic!("{next} → {to}: {e}"));
    assert_eq!(arrives.host_str(), Some(HOST), "{next} → {to}");
    assert!(to.starts_with('/') || to.starts_with("http://wijk.test/"), "{next} → {to}");
}
