//! M: who is blocked is not heard, not shown and not told, by whatever way it comes.

use serde_json::{Value, json};

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, HTML, Neighbour, Note, Object, Page, Town, Visitor, WIJK,
    each_database, eventually, holds,
};

each_database! {
    async fn m01_a_blocked_actor_writes(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let (honest, partner) = (case.honest.clone(), case.town.partner.clone());
        for who in [&honest, &partner] {
            case.town.server.does(&["block", "add", &who.id()]).await;
        }
        for who in [&honest, &partner] {
            let note = note_once_blocked(&case.town, who).await;
            case.has_no_effect(&note);
            let follow = Activity::follow(&who.id(), WIJK);
            assert_eq!(who.sends(&follow).await.status, 202);
            let edited = who.edits(&note, &format!("anders gezegd door {}", who.name)).await;
            case.has_no_effect(&edited);
        }
        handled_without(&case.town, &partner, &case.other).await;
        for note in [honest.note("nog een keer"), partner.note("nog een keer")] {
            case.town.assert_no_trace_of(&note).await;
        }
        assert!(honest.inbox().iter().all(|told| told.field("/type") != "Accept"));
        for who in [&honest, &partner] {
            case.town.server.does(&["block", "remove", &who.id()]).await;
        }
        heard_again(&case.town, &honest).await;
        case.closes().await;
    }

    async fn m02_what_a_blocked_actor_wrote_comes_by_anothers_announce(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.town.server.does(&["block", "add", &case.honest.id()]).await;
        note_once_blocked(&case.town, &case.honest).await;
        let note = case.honest.note("doorgegeven door c");
        case.honest.publishes(&note);
        for object in [Object::Id(note.id.clone()), Object::Note(Box::new(note.clone()))] {
            case.other.says(&Activity::announce(&case.other.id(), object)).await;
        }
        let create = Activity::create(&note);
        case.other.says(&Activity::announce(&case.other.id(), Object::Activity(Box::new(create)))).await;
        // By another server, as a hint where to look.
        case.answered(202, "forwarded", &case.other.letter(&Activity::create(&note)).sealed()).await;
        case.has_no_effect(&note);
        // What is acted on after the block would be offered as anybody's.
        case.town.everything_is_handled().await;
        case.town.server.does(&["block", "remove", &case.honest.id()]).await;
        heard_again(&case.town, &case.honest).await;
        case.closes().await;
    }

    async fn m03_what_a_blocked_actor_wrote_hangs_on_anothers_post(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.town.server.does(&["block", "add", "b.test"]).await;
        case.town.server.does(&["block", "add", "b.test", "--wijk", "bloemhof"]).await;
        refused_from_now_on(&case.honest).await;
        let theirs = case.honest.note("aan een ander bericht gehangen");
        case.honest.publishes(&theirs);
        let mut carrier = case.other.note("een bericht met van alles eraan");
        carrier.in_reply_to = Some(theirs.id.clone());
        carrier.attachment = vec![json!(theirs), json!({ "type": "Link", "href": theirs.id })];
        carrier.tag.push(json!({ "type": "Link", "mediaType": ACTIVITY_JSON, "href": theirs.id,
            "name": format!("RE: {}", theirs.id), "rel": "https://misskey-hub.net/ns#_misskey_quote" }));
        carrier.replies = json!({ "type": "Collection", "items": [theirs] });
        carrier.likes = json!({ "type": "Collection", "items": [theirs.id] });
        case.other.posts(&carrier).await;
        for kind in ["Add", "Create", "Update"] {
            let activity = json!({ "@context": "https://www.w3.org/ns/activitystreams",
                "id": format!("{}#{kind}/1", case.other.id()), "type": kind, "actor": case.other.id(),
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "object": theirs, "target": format!("{WIJK}/featured") });
            assert!(case.other.sends(&activity).await.status < 500, "{kind}");
        }
        let fetched = case.town.foreign.fetches_of(&theirs.id).len();
        let waits = waiting_reply(&case.town, &carrier).await;
        case.town.approves(&waits).await;
        assert_eq!(fetched, 0, "a blocked server is not asked");
        for (path, accept) in [("/wijken/bloemhof", HTML), ("/wijken/bloemhof/featured", ACTIVITY_JSON)] {
            let shown = case.town.server.get(path, accept).await.text();
            assert!(!shown.contains(&theirs.words) && !shown.contains(&theirs.id), "{path}: {shown}");
        }
        assert_eq!(case.town.foreign.fetches_of(&theirs.id).len(), 0, "nor after the approval");
        case.town.server.does(&["block", "remove", "b.test"]).await;
        case.town.server.does(&["block", "remove", "b.test", "--wijk", "bloemhof"]).await;
        heard_again(&case.town, &case.honest).await;
        case.has_no_effect(&theirs);
        case.closes().await;
    }

    async fn m07_a_blocked_domain_and_all_below_it(db: TestDatabase) {
        let case = Case::new(db).await;
        let (town, foreign) = (&case.town, case.town.foreign.clone());
        let above = foreign.person("kwaad.example", "boven");
        let below = foreign.person("x.kwaad.example", "onder");
        let beside = foreign.person("nietkwaad.example", "ernaast");
        let mut shown = Vec::new();
        for who in [&above, &below, &beside] {
            town.accepts(who, &who.follows().await).await;
            let note = town.approved(who, &format!("Voor het blok, {}", who.name)).await;
            town.page_comes_to_say(&note.words).await;
            shown.push(note);
        }
        let waits = town.waiting(&below.writes("Dit ligt nog op de balie").await).await;
        let page = town.server.get("/wijken/bloemhof", HTML).await.text();
        let links: Vec<_> = shown.iter().map(|note| own_page(&page, note)).collect();

        town.server.does(&["block", "add", "KWAAD.example."]).await;

        for (who, note) in [(&above, &shown[0]), (&below, &shown[1])] {
            refused_from_now_on(who).await;
            town.page_stops_saying(&note.words).await;
        }
        for (link, note) in links.iter().zip(&shown).take(2) {
            let response = town.server.get(link, HTML).await;
            assert!(response.status >= 400 && !response.text().contains(&note.words), "{link}");
        }
        assert!(town.wijk_page().await.says(&shown[2].words), "who only sounds alike stays");
        let outbox = town.server.get("/wijken/bloemhof/outbox", ACTIVITY_JSON).await.json();
        let listed = outbox["orderedItems"].to_string();
        assert!(!listed.contains("kwaad.example/users/boven") && !listed.contains("x.kwaad"), "{listed}");
        assert_eq!(outbox["totalItems"], 1, "{outbox}");

        let told_before = [&above, &below].map(|who| announced(who).len());
        let fetched_before = foreign.fetches_of(&above.id()).len();
        let forwarded = above.note("langs een omweg");
        above.publishes(&forwarded);
        let hint = case.other.letter(&Activity::create(&forwarded)).sealed();
        case.answered(403, "a hint at a blocked server", &hint).await;
        let news = town.partner.writes("Na het blok").await;
        town.announced_to(&beside, &news).await;
        town.everything_is_handled().await;
        assert_eq!([&above, &below].map(|who| announced(who).len()), told_before, "told nothing more");
        assert!(foreign.fetches_of(&forwarded.id).is_empty(), "its objects are not fetched");
        assert_eq!(foreign.fetches_of(&above.id()).len(), fetched_before);

        assert!(!town.queue().await.iter().any(|s| s["id"] == waits["id"]), "it waits no more");
        assert_eq!(town.wijk().await["waiting"], town.queue().await.len());
        let approving = ["queue", "approve", waits["id"].as_str().unwrap_or_default()];
        let said = town.server.run(&approving).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        town.everything_is_handled().await;
        assert!(!town.wijk_page().await.says("ligt nog op de balie"), "{said:?}");
        assert!(town.follower.told("Announce", waits["post"].as_str().unwrap_or_default()).is_empty(),
            "what is not heard is not announced: {said:?}");
        case.closes().await;
    }

    async fn m07_a_domain_blocked_by_one_wijk(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        town.server.does(&["wijk", "add", "beverwaard", "--name", "Beverwaard"]).await;
        town.server.moderator("moderator1", "een lange zin als wachtwoord").await;
        let note = town.approved(&case.honest, "Eerst te lezen").await;
        town.page_comes_to_say(&note.words).await;
        case.honest.posts(&case.honest.note("vertrouwelijk, voor het blok").direct()).await;

        town.server.does(&["block", "add", "b.test", "--wijk", "bloemhof"]).await;
        case.honest.posts(&case.honest.note("vertrouwelijk, na het blok").direct()).await;

        town.page_stops_saying(&note.words).await;
        let unheard = case.honest.note("alleen daar gehoord");
        let also = "http://wijk.test/wijken/beverwaard".to_owned();
        let mut both = unheard.clone();
        both.cc.push(also);
        case.honest.posts(&both).await;
        let waits = async || {
            let queue = town.server.list(&["queue", "list", "--wijk", "beverwaard"]).await;
            holds(queue.iter().any(|s| s["post"] == both.id.as_str()), || format!("{queue:?}"))
        };
        eventually("the other wijk hears it", waits).await;
        let mut moderator = Visitor::of(town.server.whereabouts());
        moderator.signs_in("/aanmelden", "moderator1", "een lange zin als wachtwoord").await;
        let letters = moderator.opens("/balie/prive?wijk=bloemhof").await;
        assert!(letters.status == 200 && !letters.text().contains("vertrouwelijk"), "{}", letters.text());
        assert!(!town.queue().await.iter().any(|s| s["post"] == both.id.as_str()));
        town.server.does(&["block", "remove", "b.test", "--wijk", "bloemhof"]).await;
        case.closes().await;
    }

    async fn m24_what_a_moderator_takes_back(db: TestDatabase) {
        let case = Case::new(db).await;
        let town = &case.town;
        let written = ["post", "--wijk", "bloemhof", "--as", "bloemhof_redactie", "Van de redactie zelf"];
        let ours = town.server.json(&written).await["id"].as_str().unwrap_or_default().to_owned();
        town.page_comes_to_say("Van de redactie zelf").await;
        let note = town.approved(&case.honest, "Elders geschreven").await;
        town.page_comes_to_say(&note.words).await;
        let page = town.server.get("/wijken/bloemhof", HTML).await.text();
        let theirs = own_page(&page, &note);
        let boost = town.announced(&note).await.field("/id").replace("http://wijk.test", "");

        town.withdraws(&note).await;
        let reason = ["--wijk", "bloemhof", "--reason", "Bij nader inzien"];
        town.server.does(&[&["announcement", "withdraw", &ours], &reason[..]].concat()).await;

        for words in [note.words.as_str(), "Van de redactie zelf"] {
            town.page_stops_saying(words).await;
        }
        for accept in [HTML, ACTIVITY_JSON] {
            assert_eq!(town.server.get(&theirs, accept).await.status, 410, "{accept}");
        }
        assert_eq!(town.server.get(&boost, ACTIVITY_JSON).await.status, 410);
        // Servers delete on 410: the redactie's own object is still its author's.
        let object = town.server.get(&ours.replace("http://wijk.test", ""), ACTIVITY_JSON).await;
        assert_eq!(object.status, 200, "{}", object.text());
        let outbox = town.server.get("/wijken/bloemhof/outbox", ACTIVITY_JSON).await.text();
        assert!(!outbox.contains(&note.id) && !outbox.contains(&ours), "{outbox}");
        town.taken_back(&note).await;
        let second = town.withdraws(&note).await;
        assert_eq!(second.code, Some(1), "{second:?}");
        // Nor does an edit or a repeated Create bring it back.
        case.honest.edits(&note, "Elders geschreven, en nu anders").await;
        case.honest.says(&Activity::create(&note)).await;
        town.everything_is_handled().await;
        assert!(!town.wijk_page().await.says("Elders geschreven"));
        case.closes().await;
    }
}

/// A post from once the block is known to all of the server.
async fn note_once_blocked(town: &Town, who: &Neighbour) -> Note {
    let note = who.note(&format!("ik ben {}, en geblokkeerd", who.name));
    who.publishes(&note);
    let letter = who.letter(&Activity::create(&note));
    assert_eq!(town.server.send(&letter.sealed()).await.status, 202, "it is dropped, politely");
    note
}

/// Everything is handled where the partner cannot be asked to speak last.
async fn handled_without(town: &Town, partner: &Neighbour, other: &Neighbour) {
    assert_ne!(partner.id(), other.id());
    town.waiting(&other.writes("Tot zover").await).await;
    let handled = async || {
        let arrivals = town.server.list(&["arrivals"]).await;
        holds(arrivals[0]["waiting"] == 0, || format!("{arrivals:?}"))
    };
    eventually("everything that arrived is handled", handled).await;
}

/// Whoever was blocked and is no more, once the server has noticed.
async fn heard_again(town: &Town, who: &Neighbour) {
    let heard = async || {
        let note = who.note("Ben ik er weer?");
        who.publishes(&note);
        // What is kept of blocks may be a moment old.
        let status = who.sends(&Activity::create(&note)).await.status;
        if status != 202 {
            return Err(format!("{} is answered {status}", who.handle()));
        }
        for _ in 0..20 {
            let queue = town.queue().await;
            if queue.iter().any(|s| s["post"] == note.id.as_str()) {
                return Ok(());
            }
        }
        Err(format!("{} is not heard", who.handle()))
    };
    eventually("who is not blocked any more is heard again", heard).await;
}

async fn refused_from_now_on(who: &Neighbour) {
    let refused = async || {
        let note = who.note("na het blok");
        who.publishes(&note);
        let status = who.sends(&Activity::create(&note)).await.status;
        holds(status == 403, || status.to_string())
    };
    eventually(&format!("{} is refused", who.handle()), refused).await;
}

/// The submission of a post that asks for a place in a thread, once it waits.
async fn waiting_reply(town: &Town, note: &Note) -> Value {
    let waits = async || {
        let queue = town.server.list(&["queue", "list", "--wijk", "bloemhof", "--replies"]).await;
        let found = queue.iter().find(|s| s["post"] == note.id.as_str()).cloned();
        found.ok_or(format!("{queue:?}"))
    };
    eventually("the reply waits", waits).await
}

fn announced(who: &Neighbour) -> Vec<String> {
    let told = who.inbox().into_iter().filter(|told| told.field("/type") == "Announce");
    told.map(|told| told.field("/object")).collect()
}

fn own_page(page: &str, note: &Note) -> String {
    let article = page.split("<article").find(|article| article.contains(&note.words));
    let article = article.unwrap_or_else(|| panic!("no article says {:?}", note.words));
    Page::link(article, "/berichten/").expect("a link to the post's page")
}
