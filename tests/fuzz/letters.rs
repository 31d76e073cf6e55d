//! The inbox: whatever is signed and sent, the guard answers in its own words, whoever acts on it survives, and nobody
//! gets what he may not have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::chance::Chance;
use super::mutation::Mutator;
use super::specimens::Specimens;
use crate::harness::{
    Activity, Answer, HOST, Key, Letter, PUBLIC, Request, Town, WIJK, each_database, holds, person,
    within,
};

/// On SQLite; PostgreSQL, where a letter takes longer, gets every tenth.
const LETTERS: usize = 10_000;
const AT_ONCE: usize = 12;
/// What the guard may say; 503 only where a key cannot be had.
const ANSWERS: [u16; 11] = [202, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431];

each_database! {
    async fn ten_thousand_letters_nobody_wrote(db: TestDatabase) {
        let (letters, seed) = (if db.url().starts_with("postgres") { LETTERS / 10 } else { LETTERS }, super::seed());
        let town = Town::new(db).await;
        let desk = Arc::new(WritingDesk::of(&town, seed));
        desk.everybody_is_known(&town).await;

        let mut sending = JoinSet::new();
        let mut sent = Vec::new();
        for number in 0..letters {
            if sending.len() >= AT_ONCE {
                sent.push(sending.join_next().await.expect("one of them").expect("it was answered"));
            }
            let (desk, server) = (Arc::clone(&desk), town.server.whereabouts().clone());
            sending.spawn(async move { desk.send(number, &server).await });
        }
        sent.extend(sending.join_all().await);

        let mut counted = BTreeMap::new();
        for letter in &sent {
            *counted.entry(letter.status).or_insert(0) += 1;
        }
        eprintln!("seed {seed}: {counted:?}");
        assert!(counted[&202] > letters / 4 && counted[&400] > letters / 50, "one-sided: {counted:?}");
        nothing_came_of_it(&town, &sent, seed).await;
    }
}

/// Who writes, and what becomes of each letter.
struct WritingDesk {
    seed: u64,
    town: Places,
    specimens: Specimens,
    /// Ids that a letter may be made to name.
    ids: Vec<String>,
}

struct Places {
    foreign: crate::harness::Foreign,
    /// Signs what others are said to have written.
    other: crate::harness::Neighbour,
}

struct Sent {
    number: usize,
    status: u16,
    /// The words of a post that its origin gives to nobody.
    private: Option<String>,
}

impl WritingDesk {
    fn of(town: &Town, seed: u64) -> WritingDesk {
        let other = town.foreign.person("c.test", "other");
        let canary = town.canary.port();
        let mut ids: Vec<String> =
            [WIJK, PUBLIC, "as:Public", "http://wijk.test/actor", "http://wijk.test/inbox"]
                .map(str::to_owned)
                .to_vec();
        ids.extend([
            town.partner.id(),
            town.follower.id(),
            other.id(),
            format!("{WIJK}/followers"),
        ]);
        ids.extend([
            format!("http://127.0.0.1:{canary}/x"),
            format!("http://localhost:{canary}/x"),
        ]);
        let odd = [
            "",
            "x",
            "http://",
            "http://a.test:99999/",
            "http://[::1]/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://user:pw@a.test/",
            "HTTP://A.TEST./users/x",
            "http://a.test/\u{0}",
            "http://a.test/%00",
            "urn:x:y",
            "//a.test/x",
            "http://xn--a/",
            "http://a.test/#",
            "did:key:z6Mk",
            "http://a..test/",
            "http://a.test/../../x?y#z",
        ];
        ids.extend(odd.map(str::to_owned));
        let town = Places { foreign: town.foreign.clone(), other };
        WritingDesk { seed, town, specimens: Specimens::read(), ids }
    }

    /// Every sender's key is held, so that none of the letters waits for one.
    async fn everybody_is_known(&self, town: &Town) {
        for (_, activity) in &self.specimens.activities {
            let actor = text(activity, "/actor");
            let document = person(&actor, &format!("{actor}#main-key"), &KEY.public_pem());
            self.town.foreign.shows(&actor, Answer::activity(&document));
            let like = Activity::like(&actor, &format!("{WIJK}/nothing"));
            let letter = letter_by(&actor, "/inbox", serde_json::to_vec(&like).expect("JSON"));
            assert_eq!(town.server.send(&letter.sealed()).await.status, 202, "{actor}");
        }
        town.still_hears(&self.town.other).await;
    }

    async fn send(&self, number: usize, server: &crate::harness::Whereabouts) -> Sent {
        let mut chance = Chance::of(self.seed, number);
        let written = self.written(number, &mut chance);
        let answer = written.request.send_within(Duration::from_secs(40), server.address()).await;
        let told = || format!("seed {}, letter {number}: {}", self.seed, told(&written.request));
        let answer = answer.unwrap_or_else(|e| panic!("no answer: {e}; {}", told()));
        let is_later = answer.status == 503
            && answer.header("retry-after").is_some()
            && written.may_lack_a_key;
        assert!(
            ANSWERS.contains(&answer.status) || is_later,
            "answered {}; {}",
            answer.status,
            told()
        );
        if chance.one_in(20) {
            let again = written.request.send(server.address()).await;
            assert!(
                again.is_ok_and(|again| again.status == answer.status || again.status == 503),
                "{}",
                told()
            );
        }
        Sent { number, status: answer.status, private: written.private }
    }

    fn written(&self, number: usize, chance: &mut Chance) -> Written {
        if chance.one_in(12) {
            return self.by_somebody_odd(number, chance);
        }
        let (_, specimen) = chance.one_of(&self.specimens.activities);
        let mut activity = made_new(specimen, number, chance);
        let actor = text(specimen, "/actor");
        let mut mutator = Mutator { chance, ids: &self.ids };
        for _ in 0..mutator.chance.below(5) {
            mutator.change(&mut activity);
        }
        let private = self.is_found_at_its_origin(&activity, &actor, number, mutator.chance);
        let body = mutator.bytes(&activity);
        let path = *chance.one_of(&[
            "/inbox",
            "/inbox",
            "/inbox",
            "/wijken/bloemhof/inbox",
            "/wijken/x/inbox",
            "/inbox?a=b",
        ]);
        let letter = if chance.one_in(10) {
            self.town.other.letter_to(path, &Value::Null)
        } else {
            letter_by(&actor, path, Vec::new())
        };
        let request = with_body(letter, body).sealed();
        let is_spoilt = chance.one_in(6);
        let request = if is_spoilt { spoilt(request, chance) } else { request };
        Written { request, private, may_lack_a_key: is_spoilt }
    }

    /// A new actor, whose document nobody wrote either.
    fn by_somebody_odd(&self, number: usize, chance: &mut Chance) -> Written {
        let specimen = chance.one_of(&self.specimens.actors);
        let (old, id) = (text(specimen, "/id"), format!("http://odd{number}.many.test/users/odd"));
        let key_id = text(specimen, "/publicKey/id").replace(&old, &id);
        let mut document: Value =
            serde_json::from_str(&specimen.to_string().replace(&old, &id)).expect("JSON");
        document["publicKey"]["publicKeyPem"] = json!(KEY.public_pem());
        let mut mutator = Mutator { chance, ids: &self.ids };
        for _ in 0..mutator.chance.below(4) {
            mutator.change(&mut document);
        }
        let answer = Answer::document("application/activity+json", mutator.bytes(&document));
        self.town.foreign.shows(&id, answer.clone());
        self.town.foreign.shows(key_id.split('#').next().unwrap_or_default(), answer);
        let kind = *chance.one_of(&["Follow", "Like", "Update"]);
        let activity =
            json!({ "id": format!("{id}#{number}"), "type": kind, "actor": id, "object": WIJK });
        let letter = Letter { key_id, ..letter_by(&id, "/inbox", Vec::new()) };
        let request = with_body(letter, activity.to_string().into_bytes()).sealed();
        Written { request, private: None, may_lack_a_key: true }
    }

    /// The post of a letter is found where it lives, if it lives with who wrote the letter; else nobody has it.
    fn is_found_at_its_origin(
        &self,
        activity: &Value,
        actor: &str,
        number: usize,
        chance: &mut Chance,
    ) -> Option<String> {
        let object = &activity["object"];
        let id = object["id"].as_str().filter(|id| host(id) == host(actor))?;
        let answer = match chance.below(12) {
            0 => Answer::status(*chance.one_of(&[404, 410, 403, 401, 204])),
            1 => Answer::redirect(chance.word(&[
                "http://a.test/x",
                "http://a.test:99999/",
                "http://127.0.0.1:9/",
                "file:///etc/passwd",
                "//",
                "",
                "http://c.test/users/other",
            ])),
            2 => Answer::document("text/html", object.to_string()),
            _ => Answer::document("application/activity+json", object.to_string()),
        };
        self.town.foreign.shows(id, answer);
        // By the loosest reading of whom it is for.
        let is_public =
            ["to", "cc", "type"].iter().any(|key| object[key].to_string().contains("Public"))
                || object.to_string().matches("Public").count() > 0;
        (!is_public).then(|| words(number))
    }
}

struct Written {
    request: Request,
    private: Option<String>,
    may_lack_a_key: bool,
}

/// All senders of specimens share one key.
const KEY: Key = Key::SHARED;

fn letter_by(actor: &str, path: &str, body: Vec<u8>) -> Letter {
    Letter::new(KEY, format!("{actor}#main-key"), HOST, path, body)
}

fn with_body(letter: Letter, body: Vec<u8>) -> Letter {
    let digest = format!("SHA-256={}", crate::harness::sha256(&body));
    Letter { body, ..letter.set("digest", digest) }
}

/// A specimen under ids of its own, saying words of its own; now and then under the old ones, as an edit or a replay.
fn made_new(specimen: &Value, number: usize, chance: &mut Chance) -> Value {
    let mut json = specimen.to_string();
    if !chance.one_in(8) {
        for id in [text(specimen, "/id"), text(specimen, "/object/id")] {
            if !id.is_empty() {
                json = json.replace(&format!("\"{id}\""), &format!("\"{id}/{number}\""));
            }
        }
    }
    let mut made: Value = serde_json::from_str(&json).expect("JSON still");
    for key in ["content", "name"] {
        if let Some(Value::String(text)) =
            made["object"].as_object_mut().and_then(|object| object.get_mut(key))
        {
            text.extend([" ", &words(number)]);
        }
    }
    if chance.one_in(3)
        && let Some(object) =
            made["object"].as_object_mut().filter(|object| object.contains_key("to"))
    {
        object.insert("to".to_owned(), json!([WIJK]));
        object.insert("cc".to_owned(), json!([]));
    }
    made
}

fn words(number: usize) -> String {
    format!("geval-{number}-einde")
}

/// A header gone, doubled, cut, or full of what does not belong there.
fn spoilt(mut request: Request, chance: &mut Chance) -> Request {
    let at = chance.below(request.headers.len());
    let (name, value) = request.headers[at].clone();
    let cut = value.char_indices().nth(chance.below(value.len())).map_or(0, |(at, _)| at);
    match chance.below(12) {
        0 => drop(request.headers.remove(at)),
        1 => request.headers.push((name, value)),
        2 => request.headers[at].1.truncate(cut),
        3 => request.headers[at].1.insert_str(
            cut,
            chance.word(&["\"", ",", "=", " ", ";", "\\", "é", "\t", "\u{7f}", "%00"]),
        ),
        4 => request.headers[at].1 = value.repeat(2),
        5 => request.headers[at].1 = "x".repeat(*chance.one_of(&[1, 200, 9_000])),
        6 => request.headers[at].1 = value.to_uppercase(),
        7 => request.headers[at].1 = value.replace(char::is_numeric, "9"),
        8 => request.headers[at].1 = String::new(),
        9 => request.headers.push((
            ["Signature-Input", "Content-Digest", "Authorization", "Content-Encoding"]
                [chance.below(4)]
            .to_owned(),
            value,
        )),
        10 => request.headers[at].0 = name.to_uppercase(),
        _ => request.headers.swap(at, 0),
    }
    request
}

fn told(request: &Request) -> String {
    let body: String = String::from_utf8_lossy(&request.body).chars().take(4_000).collect();
    format!("{} {} {:?}\n{body}", request.method, request.path, request.headers)
}

async fn nothing_came_of_it(town: &Town, sent: &[Sent], seed: u64) {
    let handled = async || {
        let arrivals = town.server.list(&["arrivals"]).await;
        holds(arrivals[0]["waiting"] == 0, || format!("{arrivals:?}"))
    };
    within(Duration::from_mins(2), "everything that arrived is handled", handled).await;
    let arrivals = town.server.list(&["arrivals"]).await;
    assert_eq!(arrivals[0]["parked"], 0, "seed {seed}: {}", town.server.log());
    let log = town.server.log();
    let broken: Vec<_> =
        log.lines().filter(|line| line.contains(" ERROR ") || line.contains("panicked")).collect();
    assert!(broken.is_empty(), "seed {seed}: {broken:#?}");

    let queue = [
        town.queue().await,
        town.server.list(&["queue", "list", "--wijk", "bloemhof", "--replies"]).await,
    ]
    .concat();
    let posts: BTreeSet<&str> =
        queue.iter().filter_map(|waiting| waiting["post"].as_str()).collect();
    assert_eq!(posts.len(), queue.len(), "seed {seed}: a post waits twice");
    for waiting in &queue {
        let (post, author) = (text(waiting, "/post"), text(waiting, "/author"));
        assert_eq!(host(&post), host(&author), "seed {seed}: {waiting}");
    }
    let waits = Value::from(queue).to_string();
    let public = town.wijk_page().await.text();
    for letter in sent {
        if let Some(private) = &letter.private {
            assert!(
                !waits.contains(private) && !public.contains(private),
                "seed {seed}, letter {}: {private}",
                letter.number
            );
        }
    }
    let announced =
        town.follower.inbox().into_iter().filter(|told| told.field("/type") == "Announce");
    assert!(
        announced.clone().all(|told| told.field("/object").starts_with(&town.partner.id())),
        "seed {seed}"
    );
    town.still_hears(&town.resident).await;
    town.still_hears(&town.partner).await;
    town.canary.assert_untouched("ten thousand letters").await;
}

fn text(json: &Value, pointer: &str) -> String {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn host(id: &str) -> &str {
    id.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
}
