//! Whom a wijk follows: only who was asked answers, and only what was agreed is passed on.

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use likejewijk::foundation::database::schema::{follows as rows, posts, private_posts};
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::paging::Span;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::Actor;
use likejewijk::neighbourhood::blocks::{self, Blocked};
use likejewijk::neighbourhood::follows::{self, Asked, State};
use likejewijk::neighbourhood::partners::{self, Partner, PassOn};
use likejewijk::neighbourhood::posts::Visibility;
use likejewijk::neighbourhood::posts::receive::Received;
use likejewijk::neighbourhood::timelines;
use likejewijk::neighbourhood::wijken::Wijk;

use super::rooms::{NOW, Rooms, later, mention, uri};
use super::saying::words;
use crate::harness::each_database;

async fn pass_on(rooms: &Rooms, partner: &Partner, which: &str) -> Partner {
    let (links, id, which) = (rooms.links.clone(), partner.row.id, which.parse().unwrap());
    rooms.write(move |c| partners::pass_on(c, &links, id, &which, NOW)).await
}

async fn answered(rooms: &Rooms, by: &Actor, asked: &Asked, state: State) {
    let (by, asked) = (by.clone(), asked.clone());
    rooms.write(move |c| follows::answered(c, &by, &asked, state)).await;
}

async fn follow(rooms: &Rooms, wijk: &Wijk, target: &Actor) -> Option<State> {
    let (wijk, target) = (wijk.actor.id, target.id);
    rooms.write(move |c| follows::state(c, wijk, target)).await
}

/// The last Follow that was said.
async fn asked(rooms: &Rooms, wijk: &Wijk, target: &Actor) -> Asked {
    let (by, of) = (wijk.actor.id, target.id);
    let uri = rooms.write(move |c| {
        let row = rows::table.filter(rows::follower_id.eq(by));
        Ok(row
            .filter(rows::target_id.eq(of))
            .select(rows::uri.assume_not_null())
            .first::<Uri>(c)?)
    });
    Asked { uri: Some(uri.await), pair: Some((wijk.actor.uri.clone(), target.uri.clone())) }
}

async fn accepts(rooms: &Rooms, wijk: &Wijk, partner: &Partner, which: &str) -> Partner {
    let partner = pass_on(rooms, partner, which).await;
    let asked = asked(rooms, wijk, &partner.actor).await;
    answered(rooms, &partner.actor, &asked, State::Accepted).await;
    partner
}

async fn shown(rooms: &Rooms, wijk: &Wijk) -> Vec<String> {
    let id = wijk.id();
    let page = rooms.write(move |c| timelines::of_wijk(c, id, Span::First, 100)).await;
    page.items.into_iter().rev().map(|shown| shown.version.content.to_plain()).collect()
}

/// A post that names nobody.
fn plain(author: &Actor, wijk: &Wijk, text: &str) -> Received {
    Received {
        addressed: vec![uri(&format!("{}/followers", author.uri))],
        ..mention(author, wijk, text)
    }
}

each_database! {
    async fn only_who_was_asked_accepts_or_refuses(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let actor = rooms.person("gemeente.example", "gemeente").await;
        let other = rooms.person("other.example", "other").await;
        let partner = rooms.partner(&wijk, &actor, None).await;
        pass_on(&rooms, &partner, "all").await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Pending));
        let right = asked(&rooms, &wijk, &actor).await;
        let pair = right.pair.clone().unwrap();

        let wrong = [
            Asked { uri: Some(uri("https://wijk.example/activiteiten/1")), pair: None },
            Asked { uri: Some(uri("https://wijk.example/activiteiten/1")), ..right.clone() },
            Asked { pair: Some((pair.0.clone(), other.uri.clone())), ..right.clone() },
            Asked { pair: Some((other.uri.clone(), pair.1.clone())), ..right.clone() },
            Asked { uri: None, pair: Some((other.uri.clone(), pair.1.clone())) },
            Asked { uri: None, pair: None },
        ];
        for state in [State::Accepted, State::Refused] {
            for wrong in &wrong {
                answered(&rooms, &actor, wrong, state).await;
            }
            answered(&rooms, &other, &right, state).await;
            assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Pending), "{state}");
        }

        let by_id = Asked { pair: None, ..right.clone() };
        answered(&rooms, &actor, &by_id, State::Accepted).await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Accepted));
        answered(&rooms, &actor, &right, State::Refused).await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Refused));
        answered(&rooms, &actor, &right, State::Accepted).await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Refused), "nobody asked again");

        pass_on(&rooms, &partner, "all").await;
        answered(&rooms, &actor, &right, State::Accepted).await;
        let again = follow(&rooms, &wijk, &actor).await;
        assert_eq!(again, Some(State::Pending), "the new Follow has another id");
        let by_pair = Asked { uri: None, ..right };
        answered(&rooms, &actor, &by_pair, State::Accepted).await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, Some(State::Accepted));
    }

    async fn what_was_agreed_goes_through_and_nothing_else(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let actor = rooms.person("gemeente.example", "gemeente").await;
        let partner = rooms.partner(&wijk, &actor, None).await;
        let offer = async |text: &str| {
            let post = |suffix: &str| plain(&actor, &wijk, &format!("{text} {suffix}"));
            let mut tagged = post("met hashtag");
            tagged.shown.tags = vec!["bloemhof".into()];
            let posts = [
                post("openbaar"),
                tagged.clone(),
                Received { visibility: Visibility::Quiet, ..post("stil") },
                Received { visibility: Visibility::Quiet, ..tagged },
                Received { in_reply_to: Some(uri("https://a.example/1")), ..post("antwoord") },
                Received { visibility: Visibility::Private, ..post("voor volgers") },
                mention(&actor, &wijk, &format!("{text} noemt de wijk")),
                Received {
                    visibility: Visibility::Quiet,
                    ..mention(&actor, &wijk, &format!("{text} stil, noemt de wijk"))
                },
            ];
            for (number, mut post) in posts.into_iter().enumerate() {
                post.uri = uri(&format!("{}/{text}/{number}", actor.uri));
                rooms.arrives(&actor, &post, NOW).await;
            }
        };
        offer("nog-niet").await;
        pass_on(&rooms, &partner, "all").await;
        offer("gevraagd").await;
        accepts(&rooms, &wijk, &partner, "all").await;
        offer("alles").await;
        accepts(&rooms, &wijk, &partner, "hashtag:#Bloemhof").await;
        offer("hashtag").await;
        let id = partner.row.id;
        rooms.write(move |c| partners::freeze(c, id, NOW)).await;
        offer("bevroren").await;
        rooms.write(move |c| partners::unfreeze(c, id, NOW)).await;
        pass_on(&rooms, &partner, "mentions").await;
        assert_eq!(follow(&rooms, &wijk, &actor).await, None);
        offer("weer-vermelding").await;

        let mentions = |text: &str| {
            [format!("{text} noemt de wijk"), format!("{text} stil, noemt de wijk")]
        };
        let mut expected: Vec<String> = Vec::new();
        expected.extend(mentions("nog-niet"));
        expected.extend(mentions("gevraagd"));
        expected.extend(["alles openbaar".to_owned(), "alles met hashtag".to_owned()]);
        expected.extend(mentions("alles"));
        expected.push("hashtag met hashtag".to_owned());
        expected.extend(mentions("hashtag"));
        expected.extend(mentions("weer-vermelding"));
        assert_eq!(shown(&rooms, &wijk).await, expected);
        let waiting = rooms.waiting(&wijk).await;
        let waiting: Vec<_> = waiting.iter().map(|card| card.version.content.to_plain()).collect();
        assert_eq!(waiting, mentions("bevroren"), "a frozen partner's wait where they mention it");
    }

    async fn what_reaches_us_for_followers_only_is_kept_nowhere(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let actor = rooms.person("gemeente.example", "gemeente").await;
        let partner = rooms.partner(&wijk, &actor, None).await;
        accepts(&rooms, &wijk, &partner, "all").await;
        let post = plain(&actor, &wijk, "alleen voor volgers");
        let private = Received { visibility: Visibility::Private, ..post };
        rooms.arrives(&actor, &private, NOW).await;
        let kept = rooms.write(|c| {
            let public: i64 = posts::table.count().get_result(c)?;
            Ok(public + private_posts::table.count().get_result::<i64>(c)?)
        });
        assert_eq!(kept.await, 0);
    }

    async fn several_wijken_follow_one_partner_and_each_leaves_for_itself(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (one, other) = (rooms.wijk().await, rooms.wijk_called("beverwaard").await);
        let actor = rooms.person("gemeente.example", "gemeente").await;
        let mut ids = Vec::new();
        for wijk in [&one, &other] {
            let partner = rooms.partner(wijk, &actor, Some(later(60))).await;
            accepts(&rooms, wijk, &partner, "all").await;
            ids.push(partner.row.id);
        }
        rooms.arrives(&actor, &plain(&actor, &one, "voor beide"), NOW).await;
        let id = ids[0];
        rooms.write(move |c| partners::revoke(c, id, "Klaar", NOW)).await;
        rooms.arrives(&actor, &plain(&actor, &one, "voor een"), NOW).await;
        rooms.arrives(&actor, &plain(&actor, &one, "na het einde"), later(61)).await;
        assert_eq!(shown(&rooms, &one).await, ["voor beide"]);
        assert_eq!(shown(&rooms, &other).await, ["voor beide", "voor een"]);
        let undone = words(&rooms).await.into_iter().filter(|(word, _)| word == "undo_follow");
        assert_eq!(undone.count(), 1);
        assert_eq!(follow(&rooms, &one, &actor).await, None);
        assert_eq!(follow(&rooms, &other, &actor).await, Some(State::Accepted));
    }

    async fn a_partner_that_moves_waits_for_a_person_to_confirm(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let wijk = rooms.wijk().await;
        let old = rooms.person("gemeente.example", "gemeente").await;
        let new = rooms.person("rotterdam.example", "gemeente").await;
        let partner = rooms.partner(&wijk, &old, None).await;
        accepts(&rooms, &wijk, &partner, "all").await;
        let (from, to) = (old.clone(), new.clone());
        rooms.write(move |c| partners::moved(c, &from, &to, NOW)).await;
        rooms.write({
            let (from, to) = (old.clone(), new.clone());
            move |c| partners::moved(c, &from, &to, NOW)
        })
        .await;

        let id = wijk.id();
        let list = rooms.write(move |c| partners::list(c, id)).await;
        let mut states: Vec<_> =
            list.iter().map(|one| (one.actor.uri.as_str(), one.state(NOW))).collect();
        states.sort_unstable();
        assert_eq!(states, [(old.uri.as_str(), "frozen"), (new.uri.as_str(), "pending")]);
        for actor in [&old, &new] {
            assert_eq!(follow(&rooms, &wijk, actor).await, None, "{}", actor.uri);
            rooms.arrives(actor, &mention(actor, &wijk, "hallo"), NOW).await;
        }
        assert!(shown(&rooms, &wijk).await.is_empty());
        assert_eq!(rooms.waiting(&wijk).await.len(), 2);

        let pending = list.into_iter().find(|one| one.actor.id == new.id).unwrap();
        let (links, id) = (rooms.links.clone(), pending.row.id);
        let confirmed = rooms.write(move |c| partners::confirm(c, &links, id, NOW)).await;
        assert!(confirmed.is_verified(NOW));
        assert_eq!(confirmed.row.pass_on, PassOn::All);
        assert_eq!(follow(&rooms, &wijk, &new).await, Some(State::Pending));
    }

    /// The Follow of the old account is not the new one's: no answer may say that it was.
    async fn a_follower_that_moves_follows_on_and_is_answered_when_it_asks(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (wijk, other) = (rooms.wijk().await, rooms.wijk_called("beverwaard").await);
        let old = rooms.person("oud.example", "resident1").await;
        let new = rooms.person("nieuw.example", "resident1").await;
        let asks = async |who: &Actor, wijk: &Wijk, id: &'static str| {
            let (who, wijk) = (who.clone(), wijk.clone());
            rooms.write(move |c| follows::ask(c, &who, &wijk, &uri(id), NOW)).await;
        };
        for wijk in [&wijk, &other] {
            asks(&old, wijk, "https://oud.example/follow").await;
        }
        let said = words(&rooms).await.len();
        let (from, to) = (old.clone(), new.clone());
        rooms.write(move |c| follows::moved(c, &from, &to, later(1))).await;
        for wijk in [&wijk, &other] {
            let (wijk, old, new) = (wijk.actor.id, old.id, new.id);
            let follow = rooms.write(move |c| {
                Ok((follows::is_follower(c, old, wijk)?, follows::is_follower(c, new, wijk)?))
            });
            assert_eq!(follow.await, (false, true));
        }
        assert_eq!(words(&rooms).await.len(), said, "nothing is answered");

        asks(&new, &other, "https://nieuw.example/follow").await;
        rooms
            .write(move |c| {
                let what = Blocked::Domain(Domain::parse("nieuw.example")?);
                blocks::add(c, "nieuw.example", &what, None, None, NOW)?;
                follows::show_out(c, &wijk, later(2))?;
                follows::show_out(c, &other, later(2))
            })
            .await;
        let said = words(&rooms).await.split_off(said);
        let said: Vec<_> = said.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(said, ["accept_follow", "reject_follow"], "of what it asked itself");
    }
}

#[test]
fn a_way_to_pass_on_is_written_as_people_write_it() {
    for (written, read) in [
        ("mentions", PassOn::Mentions),
        ("all", PassOn::All),
        ("hashtag:bloemhof", PassOn::Hashtag("hashtag:bloemhof".into())),
        ("hashtag:#Bloemhof", PassOn::Hashtag("hashtag:bloemhof".into())),
        ("hashtag:Oud_Zuid1", PassOn::Hashtag("hashtag:oud_zuid1".into())),
    ] {
        assert_eq!(written.parse::<PassOn>().unwrap(), read, "{written}");
        assert_eq!(read.to_string().parse::<PassOn>().unwrap(), read);
    }
    let long = format!("hashtag:{}", "x".repeat(101));
    for wrong in ["", "All", "hashtag:", "hashtag:#", "hashtag:a b", "hashtag", "#bloemhof", &long]
    {
        assert!(wrong.parse::<PassOn>().is_err(), "{wrong}");
    }
}
