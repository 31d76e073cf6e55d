//! M: only who did it can undo it, only who wrote it can delete it.

use super::Case;
use crate::harness::{ACTIVITY_JSON, Activity, Object, WIJK, each_database};

each_database! {
    async fn m10_an_approved_post_that_becomes_another(db: TestDatabase) {
        let case = Case::new(db).await;
        let note = case.town.approved(&case.honest, "Kom naar het buurtfeest").await;

        let edited = case.honest.edits(&note, "Koop mijn zonnebrillen").await;

        let submission = case.town.waiting(&edited).await;
        assert_eq!(submission["why"], "edit", "{submission}");
        case.town.everything_is_handled().await;
        let page = case.town.wijk_page().await;
        assert!(!page.says(&edited.words), "{}", page.text());
        for told in case.town.foreign.posted() {
            let body = String::from_utf8_lossy(&told.body).into_owned();
            assert!(!body.contains(&edited.words), "told to {}: {body}", told.url());
        }
        assert_eq!(case.town.follower.told("Announce", &note.id).len(), 1);
        case.closes().await;
    }

    async fn m13_a_delete_by_another(db: TestDatabase) {
        let case = Case::new(db).await;
        let note = case.town.approved(&case.honest, "Dit blijft staan").await;
        case.town.page_comes_to_say(&note.words).await;

        let forged = Activity::delete(&case.hostile.id(), &note.id);
        for id in [format!("{}#delete", case.hostile.id()), forged.id.clone()] {
            case.hostile.sends(&Activity { id, ..forged.clone() }).await;
        }
        let by_honest_in_name = Activity::delete(&case.honest.id(), &note.id);
        case.hostile.sends(&by_honest_in_name).await;

        case.town.everything_is_handled().await;
        let page = case.town.wijk_page().await;
        assert!(page.says(&note.words), "{}", page.text());
        assert!(case.town.follower.told("Undo", &note.id).is_empty());

        case.honest.deletes(&note).await;

        case.town.page_stops_saying(&note.words).await;
        case.town.taken_back(&note).await;
        case.closes().await;
    }

    async fn m16_an_undo_of_what_another_did(db: TestDatabase) {
        let case = Case::new(db).await;
        let follower = case.town.follower.id();
        let follow = Activity::follow(&follower, WIJK);
        let note = case.town.approved(&case.honest, "Nog steeds gevolgd").await;
        let announce = case.town.announced(&note).await;
        let ours = Activity {
            id: announce.field("/id"),
            actor: WIJK.to_owned(),
            ..Activity::announce(WIJK, Object::Id(note.id.clone()))
        };
        let like = Activity::like(&case.honest.id(), &note.id);
        // Nor does it end what hostile did itself.
        case.town.accepts(&case.hostile, &case.hostile.follows().await).await;

        for theirs in [&follow, &ours, &like] {
            let undo = theirs.undone_by(&case.hostile.id());
            case.hostile.sends(&undo).await;
            let mut by_id = undo.json();
            by_id["object"] = theirs.id.clone().into();
            by_id["id"] = format!("{}/by-id", undo.id).into();
            case.hostile.sends(&by_id).await;
            // In the name of who did it, but signed by hostile.
            case.hostile.sends(&theirs.undone_by(&theirs.actor)).await;
        }

        case.town.everything_is_handled().await;
        assert_eq!(case.town.wijk().await["followers"], 2);
        let path = ours.id.strip_prefix("http://wijk.test").expect("an id of ours");
        assert_eq!(case.town.server.get(path, ACTIVITY_JSON).await.status, 200);
        case.town.still_hears(&case.town.partner).await;
        case.closes().await;
    }
}
