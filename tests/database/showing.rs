//! What a wijk shows: each change of it increases its number, and blocks hide whatever they name.

use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::error::Error;
use likejewijk::foundation::paging::Span;
use likejewijk::neighbourhood::blocks::{self, Blocked, Blocklist};
use likejewijk::neighbourhood::epochs::Epochs;
use likejewijk::neighbourhood::submissions::{decide, withdraw};
use likejewijk::neighbourhood::wijken::{self, Edit};
use likejewijk::neighbourhood::{follows, partners, timelines};

use super::rooms::{NOW, Rooms, edited, later, mention, moderator, uri};
use crate::harness::each_database;

/// Whether the wijk's number went up since the last look, and the server's.
struct Watch(Epochs);

impl Watch {
    async fn begin(rooms: &Rooms) -> Watch {
        Watch(rooms.write(Epochs::read).await)
    }

    async fn changed(
        &mut self,
        rooms: &Rooms,
        wijk: likejewijk::foundation::ids::WijkId,
    ) -> (bool, bool) {
        let now = rooms.write(Epochs::read).await;
        let changed = (now.wijk(wijk) > self.0.wijk(wijk), now.server() > self.0.server());
        self.0 = now;
        changed
    }
}

each_database! {
    async fn each_change_to_what_a_wijk_shows_increases_its_number(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let mut watch = Watch::begin(&rooms).await;
        let wijk = rooms.wijk().await;
        let id = wijk.id();
        assert_eq!(watch.changed(&rooms, id).await, (false, true), "a wijk is added");
        let officer = rooms.person("politie.example", "wijkagent").await;
        let resident = rooms.person("social.example", "resident1").await;
        let partner = rooms.partner(&wijk, &officer, Some(later(1000))).await.row.id;
        assert!(watch.changed(&rooms, id).await.0, "a partner is added");
        rooms.write(move |c| partners::freeze(c, partner, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "frozen");
        rooms.write(move |c| partners::unfreeze(c, partner, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "unfrozen");
        rooms.write(move |c| partners::renew(c, partner, None, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "renewed");

        let told = mention(&officer, &wijk, "Nieuws");
        rooms.arrives(&officer, &told, NOW).await;
        assert!(watch.changed(&rooms, id).await.0, "passed on");
        rooms.arrives(&officer, &edited(&told, "Nieuws, beter"), NOW).await;
        assert!(watch.changed(&rooms, id).await.0, "a new version");
        let asked = mention(&resident, &wijk, "Vraag");
        rooms.arrives(&resident, &asked, NOW).await;
        assert_eq!(watch.changed(&rooms, id).await, (false, false), "who waits is not shown");
        let (waiting, by) = (rooms.waiting(&wijk).await[0].submission.id, moderator(&wijk));
        rooms.write(move |c| decide::approve(c, waiting, None, &by, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "approved");
        let post = rooms.post(&asked.uri).await;
        rooms.write(move |c| withdraw::by_moderator(c, &post, &by, "toch niet", NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "taken back");
        let (author, uri) = (officer.clone(), told.uri.clone());
        rooms.write(move |c| withdraw::deleted(c, &author, &uri, None, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "deleted by its author");

        let (follower, town) = (resident.clone(), wijk.clone());
        rooms.write(move |c| follows::ask(c, &follower, &town, &self::uri("https://social.example/1"), NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "a follower more");
        rooms.write(move |c| follows::undo(c, resident.id, wijk.actor.id, NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "a follower less");
        let domain = || Blocked::Domain(Domain::parse("spam.example").unwrap());
        rooms.write(move |c| blocks::add(c, "spam.example", &domain(), Some(id), None, NOW)).await;
        assert_eq!(watch.changed(&rooms, id).await, (true, false), "a block of the wijk");
        rooms.write(move |c| blocks::add(c, "spam.example", &domain(), None, None, NOW)).await;
        assert!(watch.changed(&rooms, id).await.1, "a block of the server");
        rooms.write(|c| blocks::remove(c, "spam.example", None)).await;
        assert!(watch.changed(&rooms, id).await.1, "and its end");
        rooms.write(move |c| partners::revoke(c, partner, "weg", NOW)).await;
        assert!(watch.changed(&rooms, id).await.0, "revoked");
        let edit = Edit { name: Some("Bloemhof-Zuid".to_owned()), ..Edit::default() };
        rooms.write(move |c| wijken::edit(c, "bloemhof", &edit, NOW)).await;
        assert_eq!(watch.changed(&rooms, id).await, (true, true), "renamed");
        rooms.write(|c| wijken::close(c, "bloemhof", NOW)).await;
        assert_eq!(watch.changed(&rooms, id).await, (true, true), "closed");
    }

    async fn a_block_hides_what_it_names_and_nothing_beside_it(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let (here, there) = (rooms.wijk().await, rooms.wijk_called("beverwaard").await);
        let officer = rooms.person("x.politie.example", "wijkagent").await;
        for wijk in [&here, &there] {
            rooms.partner(wijk, &officer, None).await;
        }
        let mut told = mention(&officer, &here, "Nieuws");
        told.addressed.push(there.actor.uri.clone());
        rooms.arrives(&officer, &told, NOW).await;
        let post = rooms.post(&told.uri).await.id;
        let shown = |wijk| {
            let database = rooms.database.clone();
            async move { database.read(move |c| Ok(timelines::of_wijk(c, wijk, Span::First, 20)?.items.len())).await.unwrap() }
        };
        assert_eq!((shown(here.id()).await, shown(there.id()).await), (1, 1));

        let (wijk, actor) = (here.id(), Blocked::Actor(officer.uri.clone()));
        rooms.write(move |c| blocks::add(c, "him", &actor, Some(wijk), None, NOW)).await;
        assert_eq!((shown(here.id()).await, shown(there.id()).await), (0, 1));
        rooms.arrives(&officer, &mention(&officer, &here, "Nog iets"), NOW).await;
        assert!(rooms.waiting(&here).await.is_empty(), "what a wijk does not hear does not wait there");
        rooms.write(move |c| blocks::remove(c, "him", Some(wijk))).await;

        let above = || Blocked::Domain(Domain::parse("politie.example").unwrap());
        rooms.write(move |c| blocks::add(c, "politie.example", &above(), None, None, NOW)).await;
        assert_eq!((shown(here.id()).await, shown(there.id()).await), (0, 0));
        let page = rooms.database.read(move |c| timelines::post(c, post)).await;
        assert!(matches!(page, Err(Error::NotFound | Error::Gone)));
        let blocklist = rooms.write(Blocklist::read).await;
        assert!(blocklist.refuses_domain(&officer.domain));
        assert!(!blocklist.refuses_domain(&Domain::parse("mypolitie.example").unwrap()));
        let twice = rooms.database.write(move |c| blocks::add(c, "again", &above(), None, None, NOW)).await;
        assert!(matches!(twice, Err(Error::Conflict(_))));
    }
}
