//! L: private content never becomes public.

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, Answer, HOST, HTML, Page, Request, each_database, now,
};

each_database! {
    async fn l1_a_direct_mention(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let (honest, partner) = (case.honest.clone(), case.town.partner.clone());
        for (author, as_mastodon) in [(honest, true), (partner, false)] {
            let mut note = author.note(&format!("onder ons, {}", author.name)).direct();
            if !as_mastodon {
                note.to.truncate(1);
            }
            author.posts(&note).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn l2_for_followers_with_the_wijk_in_copy(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for author in [case.honest.clone(), case.town.partner.clone()] {
            let note = author.note(&format!("voor mijn volgers, {}", author.name)).followers_only();
            author.posts(&note).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn l3_public_by_its_create_only(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for author in [case.honest.clone(), case.town.partner.clone()] {
            let origins = [("anders", None), ("dicht", Some(401)), ("verboden", Some(403))];
            for (what, origin) in origins {
                let note = author.note(&format!("de bron is {what}, {}", author.name));
                author.publishes(&note.clone().followers_only());
                if let Some(status) = origin {
                    case.town.foreign.shows(&note.id, Answer::status(status));
                }
                author.says(&Activity::create(&note)).await;
                case.has_no_effect(&note);
            }
        }
        case.closes().await;
    }

    async fn l4_a_public_post_becomes_private(db: TestDatabase) {
        let case = Case::new(db).await;
        let resident = case.town.approved(&case.honest, "Ik ben van maandag tot vrijdag weg").await;
        let partner = case.town.partner.writes("Dit had niet openbaar gemoeten").await;
        case.town.announced(&partner).await;

        for (author, note) in [(&case.honest, &resident), (&case.town.partner, &partner)] {
            case.town.page_comes_to_say(&note.words).await;
            let now_private = note.edited(&note.words).followers_only();
            author.changes(&now_private).await;

            case.town.page_stops_saying(&note.words).await;
            case.town.taken_back(note).await;
        }
        case.closes().await;
    }

    async fn l6_what_is_private_cannot_be_told_from_what_never_was(db: TestDatabase) {
        let case = Case::new(db).await;
        let note = case.town.partner.writes("Eerst openbaar, dan niet meer").await;
        case.town.page_comes_to_say(&note.words).await;
        let page = case.town.server.get("/wijken/bloemhof", HTML).await.text();
        let was_here = Page::link(&page, "/berichten/").expect("a link to the post's page");
        case.town.partner.changes(&note.edited(&note.words).followers_only()).await;
        case.town.page_stops_saying(&note.words).await;
        let waits = case.town.waiting(&case.honest.writes("dit wacht nog").await).await;
        let refused = case.town.waiting(&case.honest.writes("dit is geweigerd").await).await;
        case.town.refuses(&refused).await;

        let id = was_here.trim_start_matches("/berichten/").split('?').next().unwrap_or_default();
        let never: String = id.chars().rev().collect();
        let submissions = [&waits, &refused].map(|s| s["id"].as_str().unwrap_or_default());
        for accept in [HTML, ACTIVITY_JSON] {
            let absent = bytes(&case, &never, accept, None).await;
            assert_eq!(absent.0, 404, "{}", absent.1);
            for id in [id, submissions[0], submissions[1]] {
                for signer in [None, Some(case.other.key_id())] {
                    assert_eq!(bytes(&case, id, accept, signer).await, absent, "/berichten/{id}");
                }
            }
        }
        case.closes().await;
    }
}

/// Status, headers and body of a post's page; its id and what differs by nature put aside.
async fn bytes(case: &Case, id: &str, accept: &str, signer: Option<String>) -> (u16, String) {
    let mut request = Request::get(HOST, &format!("/berichten/{id}"), accept);
    if let Some(key_id) = signer {
        let date = httpdate::fmt_http_date(now());
        let text = format!("(request-target): get {}\nhost: {HOST}\ndate: {date}", request.path);
        let signature = case.other.key.sign(&text);
        let parameters = "algorithm=\"rsa-sha256\",headers=\"(request-target) host date\"";
        let value = format!("keyId=\"{key_id}\",{parameters},signature=\"{signature}\"");
        request = request.with("Date", date).with("Signature", value);
    }
    let response = case.town.server.send(&request).await;
    let mut headers = response.headers.clone();
    headers.retain(|(name, _)| !["date", "x-request-id"].contains(&name.to_lowercase().as_str()));
    let all = format!("{headers:?}\n{}", response.text()).replace(id, "ID");
    (response.status, all)
}
