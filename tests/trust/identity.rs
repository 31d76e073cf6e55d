//! I: nobody speaks for another.

use serde_json::{Value, json};

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, Answer, HANDLE, Letter, Note, Object, WIJK, each_database,
};

const LD_JSON: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

each_database! {
    async fn i01_an_activity_id_on_another_host(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let note = case.hostile.note("de id woont elders");
        case.hostile.publishes(&note);
        let id = format!("{}/activity", case.honest.note("").id);
        let create = Activity { id, ..Activity::create(&note) };
        let v = case.hostile.letter(&create).sealed();
        case.answered(401, "an id on b.test", &v).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn i02_an_inline_object_of_another_host(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let theirs = case.honest.note("honest zou dit zeggen");
        let create = Activity {
            id: format!("{}/statuses/1/activity", case.hostile.id()),
            actor: case.hostile.id(),
            ..Activity::create(&theirs)
        };
        let v = case.hostile.letter(&create).sealed();
        case.answered([202, 400, 401], "an object on b.test", &v).await;
        case.has_no_effect(&theirs);
        case.closes().await;
    }

    async fn i03_attributed_to_another(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let mut note = case.hostile.note("dit schreef honest niet");
        let create = Activity::create(&note);
        note.attributed_to = json!(case.honest.id());
        case.hostile.publishes(&note);
        let create = Activity { object: Object::Note(Box::new(note.clone())), ..create };
        let v = case.hostile.letter(&create).sealed();
        case.answered([202, 400, 401], "attributed to honest", &v).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn i04_attributed_to_a_list(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let authors = [case.hostile.id(), case.honest.id()];
        let both = attributed_to(&case, "van ons samen", &authors).await;
        case.has_no_effect(&both);
        let alone = attributed_to(&case, "van mij alleen", &authors[..1]).await;
        case.town.waiting(&alone).await;
        case.closes().await;
    }

    async fn i05_an_announce_with_an_inline_note(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let forged = case.honest.note("dit zei honest nooit");
        let announce =
            Activity::announce(&case.hostile.id(), Object::Note(Box::new(forged.clone())));
        case.hostile.says(&announce).await;
        case.has_no_effect(&forged);

        let real = case.honest.note("dit zei honest echt");
        case.honest.publishes(&real);
        let altered = real.edited("dit maakte hostile ervan");
        let announce =
            Activity::announce(&case.hostile.id(), Object::Note(Box::new(altered.clone())));
        case.hostile.says(&announce).await;
        case.town.everything_is_handled().await;
        let queue = Value::from(case.town.queue().await).to_string();
        assert!(!queue.contains(&altered.words), "{queue}");
        case.town.assert_not_public(&altered).await;
        case.closes().await;
    }

    async fn i06_an_origin_that_redirects(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let moved = case.honest.note("verhuisd naar a");
        let copy = format!("{}/copy", case.hostile.id());
        case.town.foreign.shows(&moved.id, Answer::redirect(&copy));
        case.town.foreign.shows(&copy, Answer::activity(&moved.at_its_origin()));
        case.honest.says(&Activity::create(&moved)).await;
        case.has_no_effect(&moved);

        let finally = case.honest.note("verhuisd binnen b");
        case.honest.publishes(&finally);
        let before = Note { id: format!("{}/oud", case.honest.id()), ..finally.clone() };
        case.town.foreign.shows(&before.id, Answer::redirect(&finally.id));
        case.honest.says(&Activity::create(&before)).await;
        case.town.waiting(&finally).await;
        case.closes().await;
    }

    async fn i07_an_actor_served_as_something_else(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let wrong =
            ["text/plain", "application/json", "image/png", "text/html", "application/ld+json"];
        for (number, content_type) in wrong.into_iter().enumerate() {
            let (note, v) = from_media(&case, number, content_type);
            case.answered(401, content_type, &v.sealed()).await;
            case.has_no_effect(&note);
        }
        let right = [ACTIVITY_JSON, "application/activity+json; charset=utf-8", LD_JSON];
        for (number, content_type) in right.into_iter().enumerate() {
            let (note, v) = from_media(&case, wrong.len() + number, content_type);
            case.answered(202, content_type, &v.sealed()).await;
            case.town.waiting(&note).await;
        }
        case.closes().await;
    }

    async fn i08_a_create_that_widens_anothers_post(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let private = case.honest.note("alleen voor wie mij volgt").followers_only();
        case.honest.posts(&private).await;
        let widened = Activity {
            id: format!("{}/statuses/2/activity", case.hostile.id()),
            actor: case.hostile.id(),
            object: Object::Id(private.id.clone()),
            ..Activity::create(&case.hostile.note(""))
        };
        let v = case.hostile.letter(&widened).sealed();
        case.answered([202, 400, 401], "a Create of honest's private post", &v).await;
        case.has_no_effect(&private);

        // Neither does a copy of it that says so, inline, in hostile's name or in an Update.
        let public = case.town.approved(&case.honest, "Bekend en openbaar").await;
        let mut copy = public.edited("Bekend, en nu heel anders");
        copy.to.push(case.hostile.id());
        for kind in ["Create", "Update"] {
            let forged = json!({ "id": format!("{}#{kind}", case.hostile.id()), "type": kind, "actor": case.hostile.id(),
                "to": [crate::harness::PUBLIC], "object": copy });
            let v = case.hostile.letter(&forged).sealed();
            case.answered([202, 400, 401], "honest's post by hostile", &v).await;
        }
        case.town.everything_is_handled().await;
        let page = case.town.wijk_page().await;
        assert!(page.says(&public.words) && !page.says("heel anders"), "{}", page.text());
        case.closes().await;
    }

    async fn i09_an_answer_to_a_follow_nobody_sent(db: TestDatabase) {
        let case = Case::new(db).await;
        let partners = ["partner", "list", "--wijk", "bloemhof"];
        let state = async || {
            let following = case.town.server.get("/wijken/bloemhof/following", ACTIVITY_JSON).await;
            (case.town.server.list(&partners).await, case.town.wijk().await, following.json())
        };
        let before = state().await;

        for asked in [&case.hostile, &case.honest] {
            let follow = Activity::follow(WIJK, &asked.id());
            for answer in ["Accept", "Reject"] {
                case.hostile.says(&Activity::answer(answer, &case.hostile.id(), &follow)).await;
            }
        }

        case.town.everything_is_handled().await;
        assert_eq!(state().await, before);
        case.closes().await;
    }

    async fn i10_one_actor_under_many_spellings(db: TestDatabase) {
        let case = Case::new(db).await;
        let canonical = case.honest.id();
        let spellings = [
            "http://B.TEST/users/honest",
            "http://b.test./users/honest",
            "http://B.TEST./users/honest",
            "http://b.test:80/users/honest",
            "http://user@b.test/users/honest",
            "http://xn--b-0ga.test/users/honest",
            "http://b.test/users/honest?x=1",
            "http://b.test//users/honest",
            "http://b.test/users/%68onest",
            "http://b.test/users/x/../honest",
            "http://b.test/users/honest/",
            "HTTP://b.test/users/honest",
        ];
        for alias in ["http://b.test/users/honest?x=1", "http://b.test//users/honest", "http://b.test/users/honest/",
            "http://b.test/users/%68onest"] {
            case.town.foreign.shows(alias, Answer::activity(&case.honest.document()));
        }
        for spelling in spellings {
            let note = case.honest.note(&format!("gespeld als {spelling}"));
            case.honest.publishes(&note);
            let create = Activity { actor: spelling.to_owned(), ..Activity::create(&note) };
            let key_id = format!("{spelling}#main-key");
            let v = Letter { key_id, ..case.honest.letter(&create) };
            case.answered([202, 400, 401, 503], spelling, &v.sealed()).await;
        }
        case.town.everything_is_handled().await;
        for submission in case.town.queue().await {
            let author = submission["author"].as_str().unwrap_or_default();
            assert!(author == canonical, "a second honest: {submission}");
            assert_eq!(submission["handle"], "@honest@b.test", "{submission}");
        }
        case.closes().await;
    }

    async fn i11_an_actor_who_poses_as_ours(db: TestDatabase) {
        let case = Case::new(db).await;
        let posing = case.town.foreign.person("a.test", "redactie");
        let mut document = posing.document();
        document["url"] = json!(WIJK);
        document["name"] = json!("Redactie van Bloemhof");
        case.town.foreign.shows(&posing.id(), Answer::activity(&document));

        let note = posing.writes("Namens de wijk deel ik mee").await;

        let submission = case.town.waiting(&note).await;
        assert_eq!(submission["handle"], "@redactie@a.test", "{submission}");
        case.town.approves(&submission).await;
        case.town.page_comes_to_say(&note.words).await;
        let page = case.town.wijk_page().await;
        let article = page.article(&note.words).expect("an article");
        assert!(article.contains("a.test"), "{article}");
        assert!(!article.to_lowercase().contains("partner"), "{article}");
        case.closes().await;
    }

    async fn i12_json_ld_that_says_two_things(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for key in ["@graph", "@included", "@reverse"] {
            let note = case.hostile.note(&format!("onder {key}"));
            case.hostile.publishes(&note);
            let mut create = Activity::create(&note).json();
            create[key] = json!([{ "id": case.honest.id(), "type": "Person" }]);
            let v = case.hostile.letter(&create).sealed();
            case.answered(400, key, &v).await;
            case.has_no_effect(&note);
        }

        let note = case.honest.note("met een handtekening in het document");
        let mut create = Activity::create(&note).json();
        let signature = case.honest.key.sign(&create.to_string());
        create["signature"] = json!({
            "type": "RsaSignature2017", "creator": case.honest.key_id(),
            "created": note.published, "signatureValue": signature });
        let v = case.hostile.letter(&create).sealed();
        case.answered([202, 400, 401], "signed inside by honest, outside by hostile", &v).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn i13_an_activity_forwarded_by_another_server(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let invented = case.honest.note("verzonnen onderweg");
        let v = case.other.letter(&Activity::create(&invented)).sealed();
        case.answered(202, "honest's Create, signed by c.test", &v).await;
        case.has_no_effect(&invented);

        let real = case.honest.note("zoals honest het schreef");
        case.honest.publishes(&real);
        let altered = real.edited("zoals c.test het doorgaf");
        let v = case.other.letter(&Activity::create(&altered)).sealed();
        case.answered(202, "honest's Create with other words, signed by c.test", &v).await;
        case.town.everything_is_handled().await;
        let queue = Value::from(case.town.queue().await).to_string();
        assert!(!queue.contains(&altered.words), "{queue}");
        for note in [&invented, &real] {
            let fetches = case.town.foreign.fetches_of(&note.id).len();
            assert!(fetches <= 1, "{fetches} fetches of {}", note.id);
        }
        case.closes().await;
    }

    async fn i13_what_a_forwarder_may_not_bring_about(db: TestDatabase) {
        let case = Case::new(db).await;
        let shown = case.town.approved(&case.honest, "Dit staat er nog bij honest").await;
        case.town.page_comes_to_say(&shown.words).await;
        let follower = case.town.follower.id();
        let honest = case.honest.id();
        let their_follow = Activity::follow(&follower, WIJK);
        let mut renamed = case.honest.document();
        renamed["name"] = json!("Anders genoemd");
        let renaming = json!({ "id": format!("{honest}#updates/1"), "type": "Update", "actor": honest, "object": renamed });
        // Each in honest's or the follower's name, signed by another.
        for activity in [
            Activity::follow(&honest, WIJK).json(),
            their_follow.undone_by(&follower).json(),
            Activity::delete(&honest, &shown.id).json(),
            Activity { object: Object::Id(honest.clone()), ..Activity::delete(&honest, &honest) }.json(),
            Activity::update(&shown.edited("Dit zei honest nooit")).json(),
            renaming,
        ] {
            let v = case.hostile.letter(&activity).sealed();
            case.answered(202, "a hint", &v).await;
        }
        case.town.everything_is_handled().await;
        let page = case.town.wijk_page().await;
        assert!(page.says(&shown.words) && !page.says("Anders genoemd"), "{}", page.text());
        assert_eq!(case.town.wijk().await["followers"], 1);
        assert!(case.town.follower.told("Undo", &shown.id).is_empty());
        assert!(case.honest.told("Accept", &honest).is_empty());
        assert!(!Value::from(case.town.queue().await).to_string().contains("nooit"));
        case.closes().await;
    }

    async fn i14_an_actor_of_our_own(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for key_id in [format!("{WIJK}#main-key"), case.honest.key_id()] {
            let note = case.honest.note("uit naam van de wijk zelf");
            case.honest.publishes(&note);
            let create = Activity { actor: WIJK.to_owned(), ..Activity::create(&note) };
            let ours = Activity { id: format!("{WIJK}/activity"), ..create.clone() };
            for activity in [create, ours] {
                let v = Letter { key_id: key_id.clone(), ..case.honest.letter(&activity) };
                case.answered(401, &key_id, &v.sealed()).await;
            }
            case.has_no_effect(&note);
        }
        case.closes().await;
    }

    async fn i15_an_object_of_our_own(db: TestDatabase) {
        let case = Case::new(db).await;
        let words = "Dit schreef de redactie";
        let post = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", words];
        let written = case.town.server.json(&post).await;
        let ours = written["id"].as_str().expect("an id");
        case.town.page_comes_to_say(words).await;

        for victim in [ours, WIJK] {
            let delete = Activity::delete(&case.hostile.id(), victim);
            let id = format!("{}#delete", case.hostile.id());
            case.hostile.sends(&Activity { id, ..delete }).await;
            let mut forged = case.hostile.note("Dit schreef de redactie niet");
            forged.id = victim.to_owned();
            let update = Activity::update(&forged);
            let id = format!("{}#update", case.hostile.id());
            case.hostile.sends(&Activity { id, ..update }).await;
        }

        case.town.everything_is_handled().await;
        let page = case.town.wijk_page().await;
        assert!(page.says(words), "{}", page.text());
        assert!(!page.says("redactie niet"), "{}", page.text());
        let path = ours.strip_prefix("http://wijk.test").expect("an id of ours");
        assert_eq!(case.town.server.get(path, ACTIVITY_JSON).await.status, 200);
        assert_eq!(case.town.wijk_actor().await.status, 200);
        case.closes().await;
    }
}

/// A post by hostile that names these authors.
async fn attributed_to(case: &Case, words: &str, authors: &[String]) -> Note {
    let mut note = case.hostile.note(words);
    let create = Activity::create(&note);
    note.attributed_to = json!(authors);
    case.hostile.publishes(&note);
    let create = Activity { object: Object::Note(Box::new(note.clone())), ..create };
    let v = case.hostile.letter(&create).sealed();
    case.answered([202, 400, 401], words, &v).await;
    note
}

/// V by an actor whose document is an uploaded file, served as this.
fn from_media(case: &Case, number: usize, content_type: &str) -> (Note, Letter) {
    let name = format!("upload{number}");
    let actor = format!("http://a.test/media/{name}");
    let document = case.hostile.document().to_string().replace(&case.hostile.id(), &actor);
    let document = document.replace("\"hostile\"", &format!("\"{name}\""));
    case.town.foreign.names(&format!("{name}@a.test"), &actor);
    case.town.foreign.shows(&actor, Answer::document(content_type, document));
    let note = Note::mention(&actor, WIJK, HANDLE, &format!("bijlage {number} als {content_type}"));
    case.town.foreign.shows(&note.id, Answer::activity(&note.at_its_origin()));
    let letter = case.hostile.letter(&Activity::create(&note));
    (note, Letter { key_id: format!("{actor}#main-key"), ..letter })
}
