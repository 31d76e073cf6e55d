//! P, and the plain refusals of the guard: what cannot be read is refused before it is believed.

use serde_json::json;

use super::Case;
use crate::harness::{Activity, Letter, each_database, sha256};

each_database! {
    async fn p19_json_deeper_than_any_activity(db: TestDatabase) {
        let case = Case::new(db).await;
        for depth in [200_000, 40] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let mut activity = Activity::create(&case.honest.note("diep")).json().to_string();
            activity.insert_str(1, &format!("\"attachment\":{deep},"));
            let v = bearing(&case, activity);
            case.answered(400, &format!("{depth} deep"), &v.sealed()).await;
        }
        case.closes().await;
    }

    async fn p20_a_key_twice(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for key in ["id", "actor", "object", "type"] {
            let note = case.honest.note(&format!("twee keer {key}"));
            case.honest.publishes(&note);
            let activity = Activity::create(&note);
            let mut twice = activity.json().to_string();
            twice.insert_str(1, &format!("\"{key}\":{},", activity.json()[key]));
            case.answered(400, key, &bearing(&case, twice).sealed()).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn t32_what_is_no_activity(db: TestDatabase) {
        let case = Case::new(db).await;
        let activity = Activity::create(&case.honest.note("kapot")).json();
        let without = |key: &str| {
            let mut activity = activity.clone();
            activity.as_object_mut().expect("an object").remove(key);
            activity
        };
        let broken = [
            without("id"),
            without("actor"),
            without("type"),
            json!([activity]),
            json!("Create"),
            json!({ "id": 1, "type": "Create", "actor": case.honest.id() }),
        ];
        for body in broken {
            case.answered(400, &body.to_string(), &case.honest.letter(&body).sealed()).await;
        }
        let mut addressed = activity.clone();
        addressed["cc"] = json!(vec![case.honest.id(); 101]);
        case.answered(400, "101 in cc", &case.honest.letter(&addressed).sealed()).await;
        case.closes().await;
    }

    async fn r15_too_much_or_of_another_kind(db: TestDatabase) {
        let case = Case::new(db).await;
        let create = Activity::create(&case.honest.note("te veel"));
        let mut big = create.json();
        big["summary"] = json!("x".repeat(1 << 20));
        case.answered(413, "more than 1 MiB", &case.honest.letter(&big).sealed()).await;

        for content_type in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
            let v = case.honest.letter(&create).set("content-type", content_type);
            case.answered(415, content_type, &v.sealed()).await;
        }
        let v = case.honest.letter_to("/wijken/nergenshuizen/inbox", &create);
        case.answered(404, "the inbox of no wijk", &v.sealed()).await;
        case.closes().await;
    }
}

/// V with this body, as it stands.
fn bearing(case: &Case, body: String) -> Letter {
    let v = case.honest.letter(&json!(null));
    let v = v.set("digest", format!("SHA-256={}", sha256(body.as_bytes())));
    Letter { body: body.into_bytes(), ..v }
}
