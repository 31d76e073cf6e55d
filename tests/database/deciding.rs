//! Offering and deciding: who is first wins, repeating changes nothing, and what was approved is what is shown.

use likejewijk::foundation::clock::Time;
use likejewijk::foundation::error::Error;
use likejewijk::foundation::paging::Span;
use likejewijk::neighbourhood::moderation;
use likejewijk::neighbourhood::posts::store as posts_store;
use likejewijk::neighbourhood::submissions::{Why, decide, withdraw};
use likejewijk::neighbourhood::timelines;
use likejewijk::neighbourhood::wijken::Wijk;

use super::rooms::{NOW, Rooms, edited, later, mention, moderator};
use super::saying::words;
use crate::harness::each_database;

/// The texts on the wijk's page, newest first.
async fn shown(rooms: &Rooms, wijk: &Wijk) -> Vec<String> {
    let id = wijk.id();
    let page = rooms.write(move |c| Ok(timelines::of_wijk(c, id, Span::First, 20)?.items)).await;
    page.into_iter().map(|shown| shown.version.content.to_plain()).collect()
}

async fn approve_first(rooms: &Rooms, wijk: &Wijk, now: Time) {
    let (id, by) = (rooms.waiting(wijk).await[0].submission.id, moderator(wijk));
    rooms.write(move |c| decide::approve(c, id, None, &by, now)).await;
}

each_database! {
    async fn of_two_moderators_one_decides(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        for round in 0..8 {
            rooms.arrives(&author, &mention(&author, &wijk, &format!("Ronde {round}")), NOW).await;
            let (id, by) = (rooms.waiting(&wijk).await[0].submission.id, moderator(&wijk));
            let approve = rooms.database.write(move |c| decide::approve(c, id, None, &by, NOW));
            let other = rooms.database.write(move |c| {
                if round % 2 == 0 {
                    decide::approve(c, id, None, &by, NOW)
                } else {
                    decide::refuse(c, id, None, &by, "dubbel", NOW)
                }
            });
            let (one, other) = tokio::join!(approve, other);
            let lost = [&one, &other].iter().filter(|outcome| matches!(outcome, Err(Error::Conflict(_)))).count();
            assert_eq!((lost, usize::from(one.is_ok()) + usize::from(other.is_ok())), (1, 1), "{one:?} {other:?}");
        }
        let id = wijk.id();
        let decisions = rooms.write(move |c| moderation::of_wijk(c, id, 100)).await;
        assert_eq!(decisions.len(), 8, "one word in the log for each");
        let announced = words(&rooms).await.iter().filter(|(word, _)| word == "announce").count();
        assert_eq!(announced, shown(&rooms, &wijk).await.len());
    }

    async fn what_is_offered_again_changes_nothing(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let stranger = rooms.person("social.example", "resident1").await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        let (asked, told) = (mention(&stranger, &wijk, "Vraag"), mention(&officer, &wijk, "Nieuws"));
        for again in 0..3 {
            rooms.arrives(&stranger, &asked, later(again)).await;
            rooms.arrives(&officer, &told, later(again)).await;
        }
        let waiting = rooms.waiting(&wijk).await;
        assert_eq!((waiting.len(), waiting[0].submission.why), (1, Why::Stranger));
        assert_eq!(shown(&rooms, &wijk).await, ["Nieuws"]);
        assert_eq!(words(&rooms).await.iter().filter(|(word, _)| word == "announce").count(), 1);
    }

    async fn one_post_offered_at_once_waits_once(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let asked = mention(&author, &wijk, "Vraag");
        let offer = || {
            let (author, asked) = (author.clone(), asked.clone());
            rooms.database.write(move |c| {
                likejewijk::neighbourhood::submissions::arrive::received(c, &author, &asked, NOW)
            })
        };
        let _ = tokio::join!(offer(), offer(), offer(), offer());
        assert_eq!(rooms.waiting(&wijk).await.len(), 1);
    }

    async fn an_edit_of_an_approved_post_is_shown_when_it_is_approved(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let first = mention(&author, &wijk, "De bank is stuk");
        rooms.arrives(&author, &first, NOW).await;
        approve_first(&rooms, &wijk, NOW).await;

        rooms.arrives(&author, &edited(&first, "Koop mijn banken"), later(1)).await;
        assert_eq!(shown(&rooms, &wijk).await, ["De bank is stuk"]);
        let waiting = rooms.waiting(&wijk).await;
        assert_eq!((waiting.len(), waiting[0].submission.why), (1, Why::Edit));

        // Edited again while it waits: what a moderator saw is not what stands there now.
        let (id, by) = (waiting[0].submission.id, moderator(&wijk));
        let seen = decide::Seen { version: waiting[0].version.id, pictures: 0 };
        rooms.arrives(&author, &edited(&first, "De bank is heel"), later(2)).await;
        let outcome = rooms.database.write(move |c| decide::approve(c, id, Some(seen), &by, later(3)));
        assert!(matches!(outcome.await, Err(Error::Conflict(_))));
        approve_first(&rooms, &wijk, later(4)).await;
        assert_eq!(shown(&rooms, &wijk).await, ["De bank is heel"]);
        assert_eq!(words(&rooms).await.iter().filter(|(word, _)| word == "announce").count(), 1);
    }

    async fn an_edit_does_not_bring_back_what_was_taken_back(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let stranger = rooms.person("social.example", "resident1").await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        let (asked, told) = (mention(&stranger, &wijk, "Vraag"), mention(&officer, &wijk, "Nieuws"));
        rooms.arrives(&stranger, &asked, NOW).await;
        approve_first(&rooms, &wijk, NOW).await;
        rooms.arrives(&officer, &told, NOW).await;
        for received in [&asked, &told] {
            let (post, by) = (rooms.post(&received.uri).await, moderator(&wijk));
            rooms.write(move |c| withdraw::by_moderator(c, &post, &by, "niet hier", later(1))).await;
        }
        rooms.arrives(&stranger, &edited(&asked, "Vraag, anders"), later(2)).await;
        rooms.arrives(&officer, &edited(&told, "Nieuws, anders"), later(2)).await;
        assert_eq!(shown(&rooms, &wijk).await, Vec::<String>::new());
        assert!(rooms.waiting(&wijk).await.is_empty());
    }

    /// The mention is edited away, and the text with it: what waits must not be the words of before.
    async fn what_its_author_changed_does_not_wait_with_its_old_words(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let first = mention(&author, &wijk, "Ik heet Jan en woon op 3");
        rooms.arrives(&author, &first, NOW).await;
        let mut second = edited(&first, "Weg");
        second.addressed.clear();
        rooms.arrives(&author, &second, later(1)).await;
        let old = rooms.waiting(&wijk).await;
        let old = old.iter().filter(|card| card.version.content.to_plain().contains("Jan")).count();
        assert_eq!(old, 0);
    }

    async fn a_partner_whose_time_is_over_is_none(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        let partner = rooms.partner(&wijk, &officer, Some(later(10))).await;
        assert_eq!((partner.state(later(10)), partner.state(later(11))), ("verified", "expired"));
        rooms.arrives(&officer, &mention(&officer, &wijk, "Op tijd"), later(10)).await;
        rooms.arrives(&officer, &mention(&officer, &wijk, "Te laat"), later(11)).await;
        assert_eq!(shown(&rooms, &wijk).await, ["Op tijd"]);
        assert_eq!(rooms.waiting(&wijk).await[0].submission.why, Why::Partner);
    }

    async fn what_was_deleted_stays_deleted_for_six_hours(test: TestDatabase) {
        const SIX_HOURS: u64 = 6 * 3600;
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let other = rooms.person("social.example", "resident2").await;
        let late = mention(&author, &wijk, "Te laat");
        let (by, uri) = (author.clone(), late.uri.clone());
        rooms.write(move |c| withdraw::deleted(c, &by, &uri, None, NOW)).await;

        rooms.arrives(&author, &late, later(SIX_HOURS - 1)).await;
        assert!(rooms.waiting(&wijk).await.is_empty(), "the Create comes behind its Delete");
        // Who says that another's post is gone keeps nothing out.
        let theirs = mention(&author, &wijk, "Er nog");
        let uri = theirs.uri.clone();
        rooms.write(move |c| withdraw::deleted(c, &other, &uri, None, NOW)).await;
        rooms.arrives(&author, &theirs, later(1)).await;
        assert_eq!(rooms.waiting(&wijk).await.len(), 1);
        // Gancio gives an id out again.
        rooms.arrives(&author, &late, later(SIX_HOURS)).await;
        assert_eq!(rooms.waiting(&wijk).await.len(), 2);
    }

    async fn nobody_writes_over_anothers_post(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let author = rooms.person("social.example", "resident1").await;
        let other = rooms.person("social.example", "resident2").await;
        let mine = mention(&author, &wijk, "Van mij");
        rooms.arrives(&author, &mine, NOW).await;
        let (by, forged) = (other.clone(), edited(&mine, "Van een ander"));
        let outcome = rooms.database.write(move |c| {
            likejewijk::neighbourhood::submissions::arrive::received(c, &by, &forged, later(1))
        });
        assert!(matches!(outcome.await, Err(Error::Invalid { .. })));
        let uri = mine.uri.clone();
        rooms.write(move |c| withdraw::deleted(c, &other, &uri, None, later(2))).await;
        let post = rooms.post(&mine.uri).await;
        assert_eq!((post.author_id, post.gone_at), (author.id, None));
        let version = rooms.write(move |c| posts_store::version(c, post.newest_version)).await;
        assert_eq!(version.content.to_plain(), "Van mij");
    }
}
