//! Words on their way out: those about one object in order, a large one in slices, each inbox once, and an Undo to
//! whoever may have heard what it undoes.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use likejewijk::doors::federation::outbox;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::database::schema::{actors, deliveries, follows as rows, outgoing};
use likejewijk::foundation::ids::{AnnouncementId, FollowId, PostId, WijkId};
use likejewijk::neighbourhood::follows;
use likejewijk::neighbourhood::outgoing::{Word, store};
use likejewijk::neighbourhood::submissions::withdraw;

use super::rooms::{NOW, Rooms, later, mention, person, uri};
use crate::harness::each_database;

/// Every word said so far, with its state.
pub(super) async fn words(rooms: &Rooms) -> Vec<(String, String)> {
    let all = rooms.write(|c| {
        let all = outgoing::table.order(outgoing::seq).select((outgoing::word, outgoing::state));
        Ok(all.load::<(String, String)>(c)?)
    });
    all.await
}

/// Expands one slice of each word that may be; answers how many.
async fn expand(rooms: &Rooms, now: Time) -> usize {
    let links = rooms.links.clone();
    rooms
        .write(move |c| {
            let held = store::claim(c, 64, now)?;
            outbox::expand(c, &links, &held, now)?;
            Ok(held.len())
        })
        .await
}

async fn expand_all(rooms: &Rooms) {
    while expand(rooms, NOW).await > 0 {}
}

/// By word, the inboxes it is to be delivered to.
async fn heard(rooms: &Rooms) -> BTreeMap<String, Vec<String>> {
    let all = rooms.write(|c| {
        let named: Vec<(i64, String)> =
            outgoing::table.select((outgoing::seq, outgoing::word)).load(c)?;
        let named: BTreeMap<i64, String> = named.into_iter().collect();
        let all = deliveries::table.order((deliveries::seq, deliveries::inbox));
        let all: Vec<(i64, String)> = all.select((deliveries::seq, deliveries::inbox)).load(c)?;
        Ok(all.into_iter().map(|(seq, inbox)| (named[&seq].clone(), inbox)).collect::<Vec<_>>())
    });
    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (word, inbox) in all.await {
        heard.entry(word).or_default().push(inbox);
    }
    heard
}

/// 1,200 followers, four to a server.
async fn many_followers(rooms: &Rooms, wijk: WijkId, servers: u32) {
    rooms
        .write(move |c| {
            for number in 0..1200_u32 {
                let follower =
                    person(&format!("s{}.example", number % servers), &format!("p{number}"));
                diesel::insert_into(actors::table).values(follower.clone()).execute(c)?;
                diesel::insert_into(rows::table)
                    .values((
                        rows::id.eq(FollowId::next(NOW)),
                        rows::follower_id.eq(follower.id),
                        rows::target_id.eq(wijk.0),
                        rows::uri.eq(uri("https://social.example/1")),
                        rows::state.eq(follows::State::Accepted),
                        rows::inbox.eq(follower.delivery_inbox()),
                        rows::since.eq(NOW),
                    ))
                    .execute(c)?;
            }
            Ok(())
        })
        .await;
}

each_database! {
    async fn words_about_one_object_are_expanded_in_order(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (one, other) = (PostId(1), PostId(2));
        let announcement = AnnouncementId(1);
        rooms
            .write(move |c| {
                store::say(c, &Word::Announce { announcement, post: one }, NOW)?;
                store::say(c, &Word::UndoAnnounce { announcement, post: one, deletion: None }, NOW)?;
                store::say(c, &Word::CreatePost { post: other }, NOW)
            })
            .await;
        let names = |held: &[store::Pending]| held.iter().map(|p| p.word.name()).collect::<Vec<_>>();
        let held = rooms.write(|c| store::claim(c, 64, NOW)).await;
        assert_eq!(names(&held), ["announce", "create_post"]);
        assert!(rooms.write(|c| store::claim(c, 64, NOW)).await.is_empty(), "they are held");
        let first = held[0].seq;
        rooms.write(move |c| store::park(c, first)).await;
        assert_eq!(names(&rooms.write(|c| store::claim(c, 64, NOW)).await), ["undo_announce"]);
        // A worker that died: its leases run out, or are freed at the start.
        rooms.leases_run_out().await;
        assert_eq!(rooms.write(|c| store::claim(c, 64, later(3600))).await.len(), 2);
        rooms.write(store::free_leases).await;
        assert_eq!(rooms.write(|c| store::claim(c, 64, later(3601))).await.len(), 2);
    }

    async fn a_large_announcement_reaches_each_inbox_once(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        many_followers(&rooms, wijk.id(), 300).await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        rooms.arrives(&officer, &mention(&officer, &wijk, "Nieuws"), NOW).await;
        let mut slices = 0;
        while expand(&rooms, NOW).await > 0 {
            slices += 1;
        }
        assert_eq!(slices, 1, "1,200 follows are 300 inboxes, one slice");
        let announced = &heard(&rooms).await["announce"];
        assert_eq!(announced.len(), 301, "300 servers and the author's");
        assert!(announced.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(announced.contains(&"https://politie.example/inbox".to_owned()));
    }

    /// What was delivered is no row any more; the next slice must not begin anew.
    async fn what_was_delivered_is_not_delivered_again_by_the_next_slice(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        many_followers(&rooms, wijk.id(), 1200).await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        rooms.arrives(&officer, &mention(&officer, &wijk, "Nieuws"), NOW).await;
        let mut delivered = 0;
        while expand(&rooms, NOW).await > 0 {
            delivered += rooms.write(|c| Ok(diesel::delete(deliveries::table).execute(c)?)).await;
        }
        assert_eq!(delivered, 1201, "three slices, and nobody twice");
    }

    async fn whoever_left_since_hears_the_undo(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let before = rooms.person("before.example", "a").await;
        let during = rooms.person("during.example", "b").await;
        let after = rooms.person("after.example", "c").await;
        let target = wijk.actor.id;
        let (left, stays, town) = (before.clone(), during.clone(), wijk.clone());
        rooms
            .write(move |c| {
                follows::ask(c, &left, &town, &uri("https://before.example/1"), NOW)?;
                follows::ask(c, &stays, &town, &uri("https://during.example/1"), NOW)?;
                follows::undo(c, left.id, target, later(1))
            })
            .await;
        let officer = rooms.person("politie.example", "wijkagent").await;
        rooms.partner(&wijk, &officer, None).await;
        let told = mention(&officer, &wijk, "Nieuws");
        rooms.arrives(&officer, &told, later(10)).await;
        expand_all(&rooms).await;
        rooms
            .write(move |c| {
                follows::undo(c, during.id, target, later(20))?;
                follows::ask(c, &after, &wijk, &uri("https://after.example/1"), later(30))?;
                withdraw::deleted(c, &officer, &told.uri, None, later(40))
            })
            .await;
        expand_all(&rooms).await;
        let heard = heard(&rooms).await;
        assert_eq!(heard["announce"], ["https://during.example/inbox", "https://politie.example/inbox"]);
        assert_eq!(
            heard["undo_announce"],
            ["https://after.example/inbox", "https://during.example/inbox", "https://politie.example/inbox"]
        );
        // Who followed is not kept, and the inbox not for ever.
        let swept = rooms.write(|c| follows::sweep(c, later(40 + 180 * 86_400))).await;
        assert_eq!(swept, 2);
    }
}
