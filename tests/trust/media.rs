//! P and M: pictures. What a stranger's file may do to us (nothing), what of it stays (nothing but what is to be seen),
//! who may see it, and when.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Answer, HOST, HTML, Neighbour, Note, Request, Response, Said, Town, Visitor,
    each_database, eventually, holds, picture,
};

const PASSWORD: &str = "een lange zin als wachtwoord";
const URL: &str = "http://b.test/media/1.jpg";
const BLUE: [u8; 3] = [20, 20, 200];
const GREEN: [u8; 3] = [20, 200, 20];

fn shown_at(url: &str, media_type: &str) -> Value {
    json!({"type": "Document", "mediaType": media_type, "url": url, "name": "Een bank"})
}

/// A post with what is found at `url`.
async fn posts(author: &Neighbour, words: &str, url: &str, media_type: &str) -> Note {
    let note = Note { attachment: vec![shown_at(url, media_type)], ..author.note(words) };
    author.posts(&note).await;
    note
}

fn source(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("src=\"/media/")?;
    Some(format!("/media/{}", rest.split('"').next()?))
}

/// Where the page's picture of this post is, once it shows one.
async fn picture_of(town: &Town, words: &str) -> String {
    let shows = async || {
        let page = town.wijk_page().await;
        let article = page.article(words).unwrap_or_default();
        source(article).ok_or_else(|| article.to_owned())
    };
    eventually(&format!("{words:?} shows its picture"), shows).await
}

/// Whatever was asked for before a partner's new picture is settled when that one is shown: one of a host at a time.
async fn later_pictures_are_shown(town: &Town) {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let (url, words) =
        (format!("http://b.test/media/later{number}.jpg"), format!("Foto nummer {number}."));
    town.foreign.shows(&url, Answer::document("image/jpeg", picture::jpeg(40, 30, BLUE)));
    posts(&town.partner, &words, &url, "image/jpeg").await;
    picture_of(town, &words).await;
}

async fn is_a_link(town: &Town, words: &str, url: &str) {
    let page = town.wijk_page().await;
    let article = page.article(words).expect("the post");
    assert!(source(article).is_none() && article.contains(url), "{article}");
}

/// The answer to a HEAD, which has no body.
async fn head(town: &Town, path: &str) -> String {
    let address = town.server.whereabouts().address();
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    answer
}

fn dimensions(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).expect("a picture");
    (picture.width(), picture.height())
}

fn written(town: &Town, name: &str, bytes: &[u8]) -> String {
    let path = town.server.database.folder().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.display().to_string()
}

async fn by_the_redactie(town: &Town, more: &[&str]) -> Said {
    let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "Kijk eens", "--json"];
    town.server.run(&[&post[..], more].concat()).await
}

fn stored(data: &Path) -> usize {
    std::fs::read_dir(data.join("media")).map_or(0, Iterator::count)
}

async fn moderator(town: &Town) -> Mutex<Visitor<'_>> {
    town.server.moderator("moderator1", PASSWORD).await;
    let mut moderator = Visitor::of(town.server.whereabouts());
    moderator.signs_in("/aanmelden", "moderator1", PASSWORD).await;
    Mutex::new(moderator)
}

/// The desk, once it shows a picture, and where that is.
async fn on_the_desk(moderator: &Mutex<Visitor<'_>>) -> (String, String) {
    let shows = async || {
        let desk = moderator.lock().await.opens("/balie").await.text();
        source(&desk).map(|path| (desk.clone(), path)).ok_or(desk)
    };
    eventually("the desk shows a picture", shows).await
}

async fn look(visitor: &Mutex<Visitor<'_>>, path: &str) -> Response {
    visitor.lock().await.asks(Request::get(HOST, path, "image/avif,image/webp,*/*")).await
}

each_database! {
    async fn p08_a_picture_of_40000_pixels_a_side(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        later_pictures_are_shown(town).await;
        let before = town.server.resident();
        town.foreign.shows(URL, Answer::document("image/png", picture::bomb()));
        posts(&town.partner, "Veel te groot", URL, "image/png").await;
        later_pictures_are_shown(town).await;

        is_a_link(town, "Veel te groot", URL).await;
        assert_eq!(town.foreign.fetches_of(URL).len(), 1, "it is not asked for again");
        let more = town.server.resident().saturating_sub(before);
        assert!(more < 20_000_000, "{more} bytes more");

        let file = written(town, "groot.png", &picture::bomb());
        let said = by_the_redactie(town, &["--image", &file, "--alt", "Groot"]).await;
        said.assert_refused();
        assert!(said.stderr.contains("40000 × 40000"), "{said:?}");
        case.closes().await;
    }

    async fn p10_what_a_telephone_adds_stays_behind(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        let sent = picture::from_a_telephone(&picture::jpeg(1200, 600, BLUE));
        assert!(picture::TRACES.iter().all(|trace| picture::contains(&sent, trace)));
        town.foreign.shows(URL, Answer::document("image/jpeg", sent.clone()));
        posts(&town.partner, "De bank is stuk", URL, "image/jpeg").await;
        let remote = picture_of(town, "De bank is stuk").await;
        let file = written(town, "IMG_0001.HEIC", &sent);
        let said = by_the_redactie(town, &["--image", &file, "--alt", "Een bank"]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        let own = picture_of(town, "Kijk eens").await;

        for path in [remote, own] {
            let card = town.server.get(&path, "*/*").await;
            assert_eq!((card.status, dimensions(&card.body)), (200, (480, 960)), "it is turned");
            let pixels = image::load_from_memory(&card.body).unwrap().to_rgb8();
            assert!(pixels.get_pixel(240, 100).0[0] > 150, "red is at the top");
            assert!(pixels.get_pixel(240, 860).0[2] > 150, "blue is at the bottom");
        }
        let files = std::fs::read_dir(town.server.database.data().join("media")).unwrap();
        for file in files.map(|file| file.unwrap().path()) {
            let bytes = std::fs::read(&file).unwrap();
            for trace in picture::TRACES {
                assert!(!picture::contains(&bytes, trace), "{trace:?} in {}", file.display());
            }
            assert!(!picture::contains(&bytes, &[0xff, 0xe1]), "a segment of an application");
        }
        case.closes().await;
    }

    async fn p11_p14_what_is_called_a_picture_and_is_none(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        let html = "<!doctype html><script>alert(1)</script>";
        let object = case.hostile.document().to_string();
        for (number, (content_type, content)) in [
            ("image/png", svg),
            ("image/svg+xml", svg),
            ("image/jpeg", html),
            ("image/gif", "GIF89a/*\0\x01\0\0\0*/=1;alert(1)"),
            (ACTIVITY_JSON, &object),
        ].into_iter().enumerate() {
            let (url, words) = (format!("http://b.test/media/{number}"), format!("Geen foto {number}"));
            town.foreign.shows(&url, Answer::document(content_type, content));
            posts(&town.partner, &words, &url, "image/png").await;
            let file = written(town, "foto.jpg", content.as_bytes());
            by_the_redactie(town, &["--image", &file, "--alt", "Foto"]).await.assert_refused();
        }
        later_pictures_are_shown(town).await;

        for number in 0..5 {
            is_a_link(town, &format!("Geen foto {number}"), &format!("http://b.test/media/{number}")).await;
        }
        assert_eq!(stored(&town.server.database.data()), 1, "only the later one");
        case.closes().await;
    }

    async fn p14_p16_what_is_given_under_media(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        town.foreign.shows(URL, Answer::document("text/html", picture::jpeg(1200, 600, BLUE)));
        posts(&town.partner, "De bank is stuk", URL, "image/jpeg").await;
        let path = picture_of(town, "De bank is stuk").await;

        for accept in ["image/*", HTML, ACTIVITY_JSON, "application/ld+json", "*/*"] {
            let given = town.server.get(&path, accept).await;
            assert_eq!(given.status, 200, "{accept}");
            for (name, value) in [
                ("content-type", "image/jpeg"),
                ("x-content-type-options", "nosniff"),
                ("content-security-policy", "default-src 'none'; sandbox"),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("content-length", &given.body.len().to_string()),
            ] {
                assert_eq!(given.header(name), Some(value), "{accept}");
            }
            assert_eq!(given.header("set-cookie"), None);
        }
        let length = town.server.get(&path, "*/*").await.body.len();
        let head = head(town, &path).await.to_lowercase();
        assert!(head.starts_with("http/1.1 200") && head.ends_with("\r\n\r\n"), "{head:?}");
        assert!(head.contains(&format!("content-length: {length}\r\n")), "{head}");

        let name = path.trim_start_matches("/media/").trim_end_matches(".jpg");
        for wrong in [
            "/media/../../etc/passwd".to_owned(),
            "/media/..%2f..%2fetc%2fpasswd".to_owned(),
            "/media/%252e%252e%252f%252e%252e%252fetc%252fpasswd".to_owned(),
            "/media/..%2f..%2flikejewijk.db".to_owned(),
            "/media/%ff%fe".to_owned(),
            "/media/".to_owned(),
            "/media".to_owned(),
            format!("/media/{name}"),
            format!("/media/{name}.png"),
            format!("/media/{name}.jpg%00.html"),
            format!("/media/{}.jpg", name.chars().rev().collect::<String>()),
        ] {
            for accept in ["image/*", HTML, ACTIVITY_JSON] {
                assert_eq!(town.server.get(&wrong, accept).await.status, 404, "{wrong}, {accept}");
            }
        }
        case.closes().await;
    }

    async fn m11_other_bytes_at_the_same_address_change_nothing(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        let answer = |colour| Answer::document("image/jpeg", picture::jpeg(40, 30, colour));
        town.foreign.shows(URL, answer(BLUE));
        let words = "De bank is stuk";
        let note = posts(&case.honest, words, URL, "image/jpeg").await;
        let submission = town.waiting(&note).await;
        let moderator = moderator(town).await;
        let (desk, waiting) = on_the_desk(&moderator).await;
        assert!(desk.contains("name=\"beelden\" value=\"1\""), "{desk}");
        assert_eq!(town.server.get(&waiting, "image/*").await.status, 404, "it is nobody's yet");
        let seen = look(&moderator, &waiting).await;
        assert_eq!((seen.status, seen.header("cache-control")), (200, Some("private, no-store")));

        town.approves(&submission).await;
        let approved = picture_of(town, words).await;
        assert_eq!(approved, waiting);
        let bytes = town.server.get(&approved, "image/*").await.body;
        assert_eq!(bytes, seen.body);

        town.foreign.shows(URL, answer(GREEN));
        let mut edited = case.honest.edits(&note, "De bank is nog stuk").await;
        edited.attachment = vec![shown_at(URL, "image/jpeg")];
        case.honest.changes(&edited).await;
        let again = town.waiting(&edited).await;
        town.approves(&again).await;
        town.page_comes_to_say("De bank is nog stuk").await;
        assert_eq!(picture_of(town, "De bank is nog stuk").await, approved);
        assert_eq!(town.server.get(&approved, "image/*").await.body, bytes);
        assert_eq!(town.foreign.fetches_of(URL).len(), 1, "it is not fetched again");
        case.closes().await;
    }

    async fn m11_what_came_after_the_approval_nobody_saw(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        town.foreign.shows(URL, Answer::status(503));
        let note = posts(&case.honest, "De bank is stuk", URL, "image/jpeg").await;
        let asked = async || {
            holds(!town.foreign.fetches_of(URL).is_empty(), || "not asked for yet".to_owned())
        };
        let submission = town.waiting(&note).await;
        eventually("the picture was asked for", asked).await;
        town.approves(&submission).await;
        town.foreign.shows(URL, Answer::document("image/jpeg", picture::jpeg(40, 30, BLUE)));
        let fetched = town.foreign.fetches_of(URL).len();
        later_pictures_are_shown(town).await;

        is_a_link(town, "De bank is stuk", URL).await;
        assert!(town.foreign.fetches_of(URL).len() <= fetched + 1, "nobody asks for it any more");
        case.closes().await;
    }

    async fn m11_a_picture_of_a_refused_post_is_for_nobody(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        town.foreign.shows(URL, Answer::document("image/jpeg", picture::jpeg(40, 30, BLUE)));
        let shown = posts(&town.partner, "Deze werd teruggenomen", URL, "image/jpeg").await;
        let public = picture_of(town, "Deze werd teruggenomen").await;
        assert_eq!(town.server.get(&public, "image/*").await.status, 200);
        assert_eq!(town.withdraws(&shown).await.code, Some(0));
        assert_eq!(town.server.get(&public, "image/*").await.status, 404, "taken back at once");

        let url = "http://b.test/media/2.jpg";
        town.foreign.shows(url, Answer::document("image/jpeg", picture::jpeg(50, 30, BLUE)));
        let note = posts(&case.honest, "Deze werd geweigerd", url, "image/jpeg").await;
        let submission = town.waiting(&note).await;
        let moderator = moderator(town).await;
        let (_, waiting) = on_the_desk(&moderator).await;
        assert_eq!(look(&moderator, &waiting).await.status, 200);
        town.refuses(&submission).await;
        assert_eq!(look(&moderator, &waiting).await.status, 404);
        case.closes().await;
    }

    async fn m03_a_post_that_hangs_on_another_is_not_shown(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        let other = case.other.note("Dit zei ik hier niet");
        case.other.publishes(&other);
        let attached = json!({"type": "Note", "id": other.id, "url": other.url, "name": other.words,
            "content": other.content, "attributedTo": case.other.id()});
        let note = Note { attachment: vec![attached], ..town.partner.note("Kijk wat daar staat") };
        town.partner.posts(&note).await;
        town.page_comes_to_say("Kijk wat daar staat").await;

        let page = town.server.get("/wijken/bloemhof", HTML).await.text();
        assert!(!page.contains(&other.words) && !page.contains(&other.url), "{page}");
        case.closes().await;
    }
}
