//! F: where the server connects, and where never. The canary must hear nothing.

use serde_json::json;

use super::Case;
use crate::harness::{Activity, Answer, HANDLE, Letter, Note, WIJK, each_database};

each_database! {
    async fn f02_literal_hosts(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let port = case.town.canary.port();
        let hosts = ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "localhost"];
        for host in hosts {
            for scheme in ["http", "https"] {
                let actor = format!("{scheme}://{host}:{port}/users/hostile");
                let (note, v) = from(&case, &actor);
                case.answered([400, 401], &actor, &v.sealed()).await;
                case.has_no_effect(&note);
            }
        }
        case.closes().await;
    }

    async fn f04_other_ports(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let ports = [22, 25, 6379, 7999, case.town.canary.port()];
        for port in ports {
            let actor = format!("http://a.test:{port}/users/hostile");
            let (note, v) = from(&case, &actor);
            case.answered([400, 401], &actor, &v.sealed()).await;
            case.has_no_effect(&note);

            let note = Note {
                id: format!("http://a.test:{port}/notes/1"),
                ..case.hostile.note(&format!("een bericht op poort {port}"))
            };
            let id = format!("{}/{port}", case.hostile.id());
            let create = Activity { id, ..Activity::create(&note) };
            let v = case.hostile.letter(&create).sealed();
            case.answered([202, 400, 401], "an object there", &v).await;
            case.has_no_effect(&note);
            inbox_on(&case, port).await;
        }
        case.closes().await;
    }

    async fn f05_redirects(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let canary = case.town.canary.port();
        let foreign = case.town.foreign.clone();
        foreign.shows("http://a.test/hop1", Answer::redirect("http://a.test/hop2"));
        foreign.shows("http://a.test/hop2", Answer::redirect("http://a.test/hop3"));
        foreign.shows("http://a.test/hop3", Answer::activity(&case.hostile.document()));
        let targets = [
            format!("http://127.0.0.1:{canary}/users/hostile"),
            format!("http://a.test:{canary}/users/hostile"),
            "file:///etc/passwd".to_owned(),
            format!("gopher://127.0.0.1:{canary}/1"),
            "http://a.test/hop1".to_owned(),
            "http://a.test/users/loop".to_owned(),
        ];
        for (number, target) in targets.iter().enumerate() {
            let actor = format!("http://a.test/users/moved{number}");
            foreign.shows(&actor, Answer::redirect(target));
            foreign.shows("http://a.test/users/loop", Answer::redirect("http://a.test/users/loop"));
            let (note, v) = from(&case, &actor);
            case.answered([400, 401, 503], target, &v.sealed()).await;
            case.has_no_effect(&note);

            let note = case.honest.note(&format!("verwezen naar {number}"));
            foreign.shows(&note.id, Answer::redirect(target));
            case.honest.says(&Activity::create(&note)).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn f06_a_redirect_to_plain_http_outside_the_lab(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let target = format!("http://localhost:{}/users/hostile", case.town.canary.port());
        let actor = "http://a.test/users/downgraded";
        case.town.foreign.shows(actor, Answer::redirect(&target));
        let (note, v) = from(&case, actor);
        case.answered([400, 401, 503], &target, &v.sealed()).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn f08_an_actor_that_drips_or_never_ends(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let document = case.hostile.document().to_string();
        let big = format!("{document}{}", " ".repeat(1 << 20));
        let answers = [
            Answer::document("application/activity+json", document).dripping(),
            Answer::document("application/activity+json", big),
        ];
        for (number, answer) in answers.into_iter().enumerate() {
            let actor = format!("http://a.test/users/slow{number}");
            case.town.foreign.shows(&actor, answer);
            let (note, v) = from(&case, &actor);
            case.answered([401, 503], &actor, &v.sealed()).await;
            case.has_no_effect(&note);
        }
        case.closes().await;
    }
}

/// V by an actor of this id, signed with hostile's key.
fn from(case: &Case, actor: &str) -> (Note, Letter) {
    let note = Note::mention(actor, WIJK, HANDLE, &format!("ik ben {actor}"));
    let letter = case.hostile.letter(&Activity::create(&note));
    (note, Letter { key_id: format!("{actor}#main-key"), ..letter })
}

/// A follower whose inboxes are on this port: nothing is ever delivered there.
async fn inbox_on(case: &Case, port: u16) {
    let follower = case.town.foreign.person("a.test", &format!("poort{port}"));
    let mut document = follower.document();
    document["inbox"] = json!(format!("http://a.test:{port}/inbox"));
    document["endpoints"] = json!({ "sharedInbox": format!("http://a.test:{port}/inbox") });
    document["icon"] = json!({ "type": "Image", "url": format!("http://a.test:{port}/i.png") });
    case.town.foreign.shows(&follower.id(), Answer::activity(&document));
    let v = follower.letter(&Activity::follow(&follower.id(), WIJK)).sealed();
    case.answered([202, 400, 401], "a Follow by who lives there", &v).await;
}
