//! Pictures: wanted once, fetched by turns, approved as they were seen, forgotten with their posts.

use likejewijk::foundation::clock::Time;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::Error;
use likejewijk::foundation::file_storage::FileName;
use likejewijk::foundation::ids::VersionId;
use likejewijk::foundation::images::Stored;
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::media::fetch::{self, Wanted};
use likejewijk::neighbourhood::media::{self, Picture, Pictures, State};
use likejewijk::neighbourhood::posts::Attachment;
use likejewijk::neighbourhood::posts::receive::Received;
use likejewijk::neighbourhood::submissions::{decide, store as submissions, withdraw};

use super::rooms::{NOW, Rooms, edited, later, mention, moderator};
use crate::harness::each_database;

fn with_pictures(received: Received, urls: &[&str]) -> Received {
    let attachment = |url: &&str| Attachment {
        url: (*url).to_owned(),
        media_type: "image/jpeg".to_owned(),
        alt: "Een bank".to_owned(),
        focus: None,
    };
    let mut received = received;
    received.shown.attachments = urls.iter().map(attachment).collect();
    received
}

fn stored(letter: char) -> Stored {
    let name: FileName = format!("{}.jpg", letter.to_string().repeat(22)).parse().unwrap();
    Stored {
        large: name.clone(),
        card: name,
        width: 40,
        height: 30,
        bytes: 1000,
        blurhash: "UBL_:rOpGG".to_owned(),
    }
}

async fn claims(rooms: &Rooms, now: Time) -> Vec<Wanted> {
    rooms.write(move |c| fetch::claim(c, 10, now)).await
}

async fn comes(rooms: &Rooms, wanted: &Wanted, letter: char) {
    let wanted = wanted.clone();
    rooms.write(move |c| fetch::arrived(c, &wanted, &stored(letter))).await;
}

async fn picture(rooms: &Rooms, version: VersionId) -> Picture {
    let pictures = rooms.write(move |c| Pictures::of(c, &[version])).await;
    pictures.at(version, 0).unwrap().clone()
}

each_database! {
    async fn what_was_kept_of_an_address_is_what_an_edit_shows(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        let urls = ["https://files.example/1.jpg"];
        let first = with_pictures(mention(&officer, &wijk, "De bank is stuk"), &urls);
        rooms.arrives(&officer, &first, NOW).await;
        rooms.arrives(&officer, &first, NOW).await;
        let wanted = claims(&rooms, NOW).await;
        assert_eq!(wanted.len(), 1, "wanted once, however often it arrives");
        comes(&rooms, &wanted[0], 'a').await;

        let second = with_pictures(edited(&first, "De bank is nog stuk"), &urls);
        rooms.arrives(&officer, &second, later(1)).await;

        assert!(claims(&rooms, later(1)).await.is_empty());
        let newest = rooms.post(&first.uri).await.newest_version;
        assert_ne!(newest, wanted[0].version);
        assert_eq!(picture(&rooms, newest).await.large, Some(stored('a').large));
    }

    async fn one_of_a_host_is_fetched_at_a_time_and_none_of_a_blocked_one(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let urls = [
            "https://files.example/1.jpg",
            "https://files.example/2.jpg",
            "https://other.example/1.jpg",
            "https://x.bad.example/1.jpg",
            "https://127.0.0.1/1.jpg",
        ];
        let note = with_pictures(mention(&author, &wijk, "Veel foto's"), &urls);
        rooms.arrives(&author, &note, NOW).await;
        let bad = Blocked::Domain(Domain::parse("bad.example").unwrap());
        rooms.write(move |c| blocks::add(c, "bad.example", &bad, None, None, NOW)).await;

        let wanted = claims(&rooms, NOW).await;
        let claimed: Vec<&str> = wanted.iter().map(|wanted| wanted.url.as_str()).collect();
        assert_eq!(claimed, [urls[0], urls[2]]);
        assert!(claims(&rooms, NOW).await.is_empty(), "these are being fetched");
        comes(&rooms, &wanted[0], 'a').await;
        let next = claims(&rooms, NOW).await;
        assert_eq!((next.len(), next[0].url.as_str()), (1, urls[1]));
        // A process died over the other one.
        let again = claims(&rooms, later(600)).await;
        assert!(again.iter().any(|wanted| wanted.url == urls[2]), "{again:?}");
    }

    async fn what_does_not_come_is_asked_for_less_and_less_and_then_no_more(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let urls = ["https://files.example/1.jpg"];
        rooms.arrives(&author, &with_pictures(mention(&author, &wijk, "Foto"), &urls), NOW).await;
        let (mut now, mut waits) = (NOW, Vec::new());
        let mut version = VersionId(0);
        while let Some(wanted) = claims(&rooms, now).await.pop() {
            version = wanted.version;
            rooms.write(move |c| fetch::failed(c, &wanted, 1.0, now)).await;
            let next = picture(&rooms, version).await.not_before;
            waits.push(next.since(now).as_secs());
            now = next.plus(std::time::Duration::from_secs(1));
            assert!(waits.len() < 20);
        }
        assert_eq!(waits[..5], [30, 120, 480, 1920, 7680]);
        assert_eq!((waits.len(), picture(&rooms, version).await.state), (6, State::Refused));
    }

    async fn a_flood_of_pictures_of_one_host_is_left_as_links(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let mut last = None;
        for number in 0..101 {
            let urls: Vec<String> =
                (0..5).map(|n| format!("https://files.example/{number}/{n}.jpg")).collect();
            let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
            let note = with_pictures(mention(&author, &wijk, "Foto's"), &urls);
            rooms.arrives(&author, &note, NOW).await;
            last = Some(note);
        }
        let newest = rooms.post(&last.unwrap().uri).await.newest_version;
        assert_eq!(picture(&rooms, newest).await.state, State::Refused);
        let urls = ["https://files.example/next_day.jpg"];
        let note = with_pictures(mention(&author, &wijk, "Morgen"), &urls);
        rooms.arrives(&author, &note, later(90_000)).await;
        let newest = rooms.post(&note.uri).await.newest_version;
        assert_eq!(picture(&rooms, newest).await.state, State::Wanted);
    }

    async fn m11_what_a_moderator_was_shown_is_what_is_approved(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let urls = ["https://files.example/1.jpg", "https://other.example/2.jpg"];
        let note = with_pictures(mention(&author, &wijk, "De bank is stuk"), &urls);
        rooms.arrives(&author, &note, NOW).await;
        let wanted = claims(&rooms, NOW).await;
        let card = rooms.waiting(&wijk).await.remove(0);
        let (id, version) = (card.submission.id, card.version.id);
        let by = moderator(&wijk);
        let approve = |pictures| {
            let seen = decide::Seen { version, pictures };
            rooms.database.write(move |c| decide::approve(c, id, Some(seen), &by, NOW))
        };

        comes(&rooms, &wanted[0], 'a').await;
        assert!(matches!(approve(0).await, Err(Error::Conflict(_))), "one came since");
        approve(1).await.unwrap();

        let late = wanted[1].clone();
        let arrived = rooms.database.write(move |c| fetch::arrived(c, &late, &stored('b')));
        assert!(matches!(arrived.await, Err(Error::Conflict(_))), "nobody saw the second");
        let pictures = rooms.write(move |c| Pictures::of(c, &[version])).await;
        let states = [0, 1].map(|position| pictures.at(version, position).unwrap().state);
        assert_eq!(states, [State::Kept, State::Unseen]);
    }

    async fn who_may_have_a_picture_follows_its_post(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (wijk, elsewhere) = (rooms.wijk().await, rooms.wijk_called("beverwaard").await);
        let author = rooms.person("social.example", "resident1").await;
        let urls = ["https://files.example/1.jpg"];
        let note = with_pictures(mention(&author, &wijk, "De bank is stuk"), &urls);
        rooms.arrives(&author, &note, NOW).await;
        let wanted = claims(&rooms, NOW).await.remove(0);
        comes(&rooms, &wanted, 'a').await;
        let name = stored('a').large;
        let is_public = || {
            let name = name.clone();
            rooms.write(move |c| media::is_public(c, &name))
        };
        let lies_in = |wijk: &likejewijk::neighbourhood::wijken::Wijk| {
            let (ids, version) = ([wijk.id()], wanted.version);
            rooms.write(move |c| submissions::is_waiting_in(c, &ids, &[version]))
        };
        assert!(!is_public().await && lies_in(&wijk).await && !lies_in(&elsewhere).await);

        let (id, by) = (rooms.waiting(&wijk).await[0].submission.id, moderator(&wijk));
        rooms.write(move |c| decide::approve(c, id, None, &by, NOW)).await;
        assert!(is_public().await && !lies_in(&wijk).await);
        let block = Blocked::Actor(author.uri.clone());
        rooms.write(move |c| blocks::add(c, "resident1", &block, None, None, NOW)).await;
        assert!(!is_public().await, "its author is not heard");
        rooms.write(|c| blocks::remove(c, "resident1", None)).await;
        assert!(is_public().await);
        let post = rooms.post(&note.uri).await;
        rooms.write(move |c| withdraw::by_moderator(c, &post, &by, "toch niet", NOW)).await;
        assert!(!is_public().await);
    }

    async fn pictures_are_forgotten_with_their_posts_and_after_thirty_days(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        let resident = rooms.person("social.example", "resident1").await;
        let a_picture = |url| move |note| with_pictures(note, &[url]);
        let shown = a_picture("https://a.example/1.jpg")(mention(&officer, &wijk, "Nieuws"));
        let gone = a_picture("https://b.example/1.jpg")(mention(&officer, &wijk, "Oud nieuws"));
        let waits = a_picture("https://c.example/1.jpg")(mention(&resident, &wijk, "Vraag"));
        for (author, note) in [(&officer, &shown), (&officer, &gone), (&resident, &waits)] {
            rooms.arrives(author, note, NOW).await;
        }
        for (wanted, letter) in claims(&rooms, NOW).await.iter().zip("abc".chars()) {
            comes(&rooms, wanted, letter).await;
        }
        let (author, uri) = (officer.clone(), gone.uri.clone());
        rooms.write(move |c| withdraw::deleted(c, &author, &uri, None, NOW)).await;
        let names = || "abcd".chars().map(|letter| stored(letter).large).collect::<Vec<_>>();
        let loose = || rooms.write(move |c| media::store::unknown(c, names()));
        let forget = |since| rooms.write(move |c| submissions::forget_pictures(c, since));

        assert_eq!(loose().await, [stored('d').large], "no row ever named it");
        assert_eq!(forget(NOW).await, 1);
        assert_eq!(loose().await, [stored('b').large, stored('d').large], "the deleted one");
        assert_eq!(forget(later(1)).await, 1);
        assert_eq!(loose().await, ['b', 'c', 'd'].map(|letter| stored(letter).large));
        assert_eq!(forget(later(1)).await, 0, "what is shown stays");

        let (id, by) = (rooms.waiting(&wijk).await[0].submission.id, moderator(&wijk));
        rooms.write(move |c| decide::approve(c, id, None, &by, NOW)).await;
        rooms.arrives(&resident, &waits, later(2)).await;
        assert!(claims(&rooms, later(2)).await.is_empty(), "nobody saw it, so nobody wants it");
    }
}
