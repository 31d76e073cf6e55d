//! F: where the server connects, and where never. The canary must hear nothing.

use std::time::Instant;

use serde_json::json;
use tokio::task::JoinSet;

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, Answer, HANDLE, HTML, Letter, Note, Request, Response, WIJK,
    each_database,
};

/// Addresses are told apart, and budgets count.
const COUNTED: [(&str, &str); 2] = [("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")];

each_database! {
    /// What a name leads to is judged by `foundation/http_client/{addresses,resolver}.rs`, address by address; here
    /// names that lead inside on any machine, on the port of https and on the canary's.
    async fn f01_names_that_lead_inside(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let port = case.town.canary.port();
        let this_machine = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let names = ["localhost", "localhost.", "LOCALHOST", "ip6-localhost", this_machine.trim()];
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            for there in [format!("https://{name}"), format!("https://{name}:{port}"), format!("http://{name}:{port}")] {
                let actor = format!("{there}/users/hostile");
                let (note, v) = from(&case, &actor);
                let answer = case.answered([400, 401, 503], &actor, &v.sealed()).await;
                // 503 only for a name that this machine may not know.
                let is_known = !["ip6-localhost", "localhost."].contains(&name);
                assert!(answer.status != 503 || !is_known, "{actor}: {}", answer.status);
                case.has_no_effect(&note);
            }
        }
        case.closes().await;
    }

    async fn f07_what_is_not_signed_makes_us_fetch_nothing(db: TestDatabase) {
        let case = Case::with(db, &COUNTED).await;
        let mut keys = Vec::new();
        for number in 0..50 {
            let (key, v) = stranger(&case, "a.test", number);
            let old = v.clone().dated(-90);
            let request = match number % 5 {
                0 => v.sealed().without("signature"),
                1 => v.sealed().with_body(b"{}".to_vec()),
                2 => v.unsigned("digest").sealed(),
                3 => old.sealed(),
                _ => v.sealed().edit("signature", |s| s.replace("headers=", "kopjes=")),
            };
            let answer = from_address(&case, request, &format!("198.51.100.{number}")).await;
            assert!([400, 401].contains(&answer.status), "{number}: {}", answer.status);
            keys.push(key);
        }
        let fetched = keys.iter().filter(|key| !case.town.foreign.fetches_of(key).is_empty());
        assert_eq!(fetched.count(), 0);
        case.closes().await;
    }

    async fn f07_one_address_makes_us_fetch_ten_strangers_keys_a_minute(db: TestDatabase) {
        let case = Case::with(db, &COUNTED).await;
        let begun = Instant::now();
        let (mut keys, mut statuses) = (Vec::new(), Vec::new());
        for number in 0..40 {
            let (key, v) = stranger(&case, &format!("h{number}.many.test"), number);
            let answer = from_address(&case, v.sealed(), "198.51.100.7").await;
            assert!(answer.status != 503 || answer.header("retry-after").is_some());
            statuses.push(answer.status);
            keys.push(key);
        }
        let credit = 10 + usize::try_from(begun.elapsed().as_secs() / 6).expect("soon");
        let fetched = keys.iter().filter(|key| !case.town.foreign.fetches_of(key).is_empty()).count();
        assert!((10..=credit).contains(&fetched), "{fetched} of 40 were fetched: {statuses:?}");
        assert!(statuses[10..].iter().filter(|status| **status == 503).count() >= 30 - (credit - 10), "{statuses:?}");

        // One key asked for again and again, where there is none.
        let (missing, v) = stranger(&case, "a.test", 99);
        case.town.foreign.shows(&missing, Answer::status(404));
        for turn in 0..10 {
            let answer = from_address(&case, v.sealed(), &format!("198.51.101.{turn}")).await;
            assert!([401, 503].contains(&answer.status), "{}", answer.status);
        }
        assert_eq!(case.town.foreign.fetches_of(&missing).len(), 1, "nobody looks twice within ten minutes");
        case.closes().await;
    }

    async fn f07_a_victim_is_asked_for_120_keys_a_minute(db: TestDatabase) {
        let case = Case::with(db, &COUNTED).await;
        let begun = Instant::now();
        let mut sending = JoinSet::new();
        let mut keys = Vec::new();
        for number in 0..180 {
            // b.test is known: who comes from a hundred addresses is bounded by the host he names.
            let (key, v) = stranger(&case, "b.test", number);
            keys.push(key);
            let request = v.sealed().with("X-Forwarded-For", format!("198.51.{number}.7"));
            let server = case.town.server.whereabouts().clone();
            sending.spawn(async move { server.send(&request).await });
        }
        let answers = sending.join_all().await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
        assert!(refused.iter().all(|answer| answer.header("retry-after").is_some()));
        assert!(answers.iter().all(|answer| [202, 503].contains(&answer.status)));
        let credit = 120 + usize::try_from(begun.elapsed().as_millis() / 500).expect("soon");
        let fetched = keys.iter().filter(|key| !case.town.foreign.fetches_of(key).is_empty()).count();
        // The honest one's own key was the first of them.
        assert!((110..=credit).contains(&fetched), "{fetched} of 180 were fetched");
        case.closes().await;
    }

    async fn f08_what_is_larger_than_it_looks(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let before = case.town.server.resident();
        let document = case.hostile.document().to_string().into_bytes();
        let zeros = vec![b' '; 64 * 1024];
        // A gzip member whose blocks go on for ever: ten bytes of it are a megabyte.
        let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0x4a; 4096]].concat();
        let answers = [
            Answer::document(ACTIVITY_JSON, zeros.clone()).endless(),
            Answer::document(ACTIVITY_JSON, document.clone()).endless(),
            Answer::document(ACTIVITY_JSON, bomb.clone()).with("content-encoding", "gzip").endless(),
            Answer::document(ACTIVITY_JSON, bomb).with("content-encoding", "deflate, gzip"),
            Answer::document(ACTIVITY_JSON, document).with("content-encoding", "br"),
        ];
        let begun = Instant::now();
        let mut sending = JoinSet::new();
        for (number, answer) in answers.into_iter().cycle().take(20).enumerate() {
            let actor = format!("http://a.test/users/groot{number}");
            case.town.foreign.shows(&actor, answer);
            let (note, v) = from(&case, &actor);
            let server = case.town.server.whereabouts().clone();
            sending.spawn(async move { server.send(&v.sealed()).await.status });
            case.has_no_effect(&note);
        }
        let statuses = sending.join_all().await;
        assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        let rise = case.town.server.resident().saturating_sub(before);
        assert!(rise <= 10 << 20, "it takes {rise} bytes more");
        case.closes().await;
    }

    async fn f02_literal_hosts(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let port = case.town.canary.port();
        let hosts = ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "localhost"];
        for host in hosts {
            for scheme in ["http", "https"] {
                let actor = format!("{scheme}://{host}:{port}/users/hostile");
                let (note, v) = from(&case, &actor);
                case.answered([400, 401], &actor, &v.sealed()).await;
                case.has_no_effect(&note);
            }
        }
        case.closes().await;
    }

    async fn f04_other_ports(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let ports = [22, 25, 6379, 7999, case.town.canary.port()];
        for port in ports {
            let actor = format!("http://a.test:{port}/users/hostile");
            let (note, v) = from(&case, &actor);
            case.answered([400, 401], &actor, &v.sealed()).await;
            case.has_no_effect(&note);

            let note = Note {
                id: format!("http://a.test:{port}/notes/1"),
                ..case.hostile.note(&format!("een bericht op poort {port}"))
            };
            let id = format!("{}/{port}", case.hostile.id());
            let create = Activity { id, ..Activity::create(&note) };
            let v = case.hostile.letter(&create).sealed();
            case.answered([202, 400, 401], "an object there", &v).await;
            case.has_no_effect(&note);
            inbox_on(&case, port).await;
        }
        case.closes().await;
    }

    async fn f05_redirects(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let canary = case.town.canary.port();
        let foreign = case.town.foreign.clone();
        foreign.shows("http://a.test/hop1", Answer::redirect("http://a.test/hop2"));
        foreign.shows("http://a.test/hop2", Answer::redirect("http://a.test/hop3"));
        foreign.shows("http://a.test/hop3", Answer::activity(&case.hostile.document()));
        let targets = [
            format!("http://127.0.0.1:{canary}/users/hostile"),
            format!("http://a.test:{canary}/users/hostile"),
            "file:///etc/passwd".to_owned(),
            format!("gopher://127.0.0.1:{canary}/1"),
            "http://a.test/hop1".to_owned(),
            "http://a.test/users/loop".to_owned(),
        ];
        for (number, target) in targets.iter().enumerate() {
            let actor = format!("http://a.test/users/moved{number}");
            foreign.shows(&actor, Answer::redirect(target));
            foreign.shows("http://a.test/users/loop", Answer::redirect("http://a.test/users/loop"));
            let (note, v) = from(&case, &actor);
            case.answered([400, 401, 503], target, &v.sealed()).await;
            case.has_no_effect(&note);

            let note = case.honest.note(&format!("verwezen naar {number}"));
            foreign.shows(&note.id, Answer::redirect(target));
            case.honest.says(&Activity::create(&note)).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn f06_a_redirect_to_plain_http_outside_the_lab(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let target = format!("http://localhost:{}/users/hostile", case.town.canary.port());
        let actor = "http://a.test/users/downgraded";
        case.town.foreign.shows(actor, Answer::redirect(&target));
        let (note, v) = from(&case, actor);
        case.answered([400, 401, 503], &target, &v.sealed()).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    /// T21: who wants to follow names a server, and who works the command line names actors.
    async fn f12_what_a_visitor_or_the_operator_names(db: TestDatabase) {
        let case = Case::new(db).await;
        let port = case.town.canary.port();
        let hosts = ["127.0.0.1", "[::1]", "localhost", "0x7f.1", "2130706433", "a.test", "x.a.test"];
        for host in hosts {
            for named in [format!("{host}:{port}"), format!("@x@{host}:{port}"), format!("http://{host}:{port}/users/x")] {
                let asked: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
                let answer = case.town.server.get(&format!("/wijken/bloemhof/volgen?server={asked}"), HTML).await;
                assert!(answer.status < 500, "{named}: {}", answer.text());
                let wijk = ["--wijk", "bloemhof", "--kind", "politie", "--name", "Politie"];
                let said = case.town.server.run(&[&["partner", "add", &named], &wijk[..]].concat()).await;
                assert_ne!(said.code, Some(0), "{named}: {said:?}");
            }
        }
        for template in [format!("http://127.0.0.1:{port}/{{uri}}"), "//kwaad.test/{uri}".to_owned(), "javascript:alert(1)//{uri}".to_owned()] {
            let links = json!([{ "rel": "http://ostatus.org/schema/1.0/subscribe", "template": template }]);
            let found = json!({ "subject": "acct:volger@a.test", "links": links }).to_string();
            case.town.foreign.shows("http://a.test/.well-known/webfinger?resource=acct%3Avolger%40a.test",
                Answer::document("application/jrd+json", found));
            let page = case.town.server.get("/wijken/bloemhof/volgen?server=%40volger%40a.test", HTML).await.text();
            assert!(page.contains("http://a.test/authorize_interaction?uri="), "{template}: {page}");
            assert!(!page.contains("kwaad.test") && !page.contains("javascript:") && !page.contains("127.0.0.1"), "{page}");
        }
        case.closes().await;
    }

    async fn f08_an_actor_that_drips_or_never_ends(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let document = case.hostile.document().to_string();
        let big = format!("{document}{}", " ".repeat(1 << 20));
        let answers = [
            Answer::document("application/activity+json", document).dripping(),
            Answer::document("application/activity+json", big),
        ];
        for (number, answer) in answers.into_iter().enumerate() {
            let actor = format!("http://a.test/users/slow{number}");
            case.town.foreign.shows(&actor, answer);
            let (note, v) = from(&case, &actor);
            case.answered([401, 503], &actor, &v.sealed()).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }
}

/// V by an actor of this id, signed with hostile's key.
fn from(case: &Case, actor: &str) -> (Note, Letter) {
    let note = Note::mention(actor, WIJK, HANDLE, &format!("ik ben {actor}"));
    let letter = case.hostile.letter(&Activity::create(&note));
    (note, Letter { key_id: format!("{actor}#main-key"), ..letter })
}

/// Somebody never heard of at a host, and his V.
fn stranger(case: &Case, host: &str, number: usize) -> (String, Letter) {
    let who = case.town.foreign.person(host, &format!("vreemd{number}"));
    (who.id(), who.letter(&Activity::create(&who.note("wie ben ik"))))
}

/// As the proxy in front of the server passes it on.
async fn from_address(case: &Case, request: Request, address: &str) -> Response {
    case.town.server.send(&request.with("X-Forwarded-For", address)).await
}

/// A follower whose inboxes are on this port: nothing is ever delivered there.
async fn inbox_on(case: &Case, port: u16) {
    let follower = case.town.foreign.person("a.test", &format!("poort{port}"));
    let mut document = follower.document();
    document["inbox"] = json!(format!("http://a.test:{port}/inbox"));
    document["endpoints"] = json!({ "sharedInbox": format!("http://a.test:{port}/inbox") });
    document["icon"] = json!({ "type": "Image", "url": format!("http://a.test:{port}/i.png") });
    case.town.foreign.shows(&follower.id(), Answer::activity(&document));
    let v = follower.letter(&Activity::follow(&follower.id(), WIJK)).sealed();
    case.answered([202, 400, 401], "a Follow by who lives there", &v).await;
}
