//! What is asked of us and politely not done, and what is nobody's to ask.

use likejewijk::neighbourhood::blocks::Blocklist;
use likejewijk::neighbourhood::follows;
use likejewijk::neighbourhood::submissions::{arrive, store as submissions};
use serde_json::{Value, json};

use super::house::{House, NOW, uri};
use super::speaks::keep;
use super::understands::{act, known, post as read_post, specimen};

const POST: &str = "https://wijk.example/berichten/56";

#[tokio::test]
async fn who_signs_up_or_asks_to_quote_is_answered_politely() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let post = house.post(&author, &wijk, "Feest", "Zaterdag om drie uur.").await;
    let about = |name: &str| -> Value {
        serde_json::from_str(&specimen(name).to_string().replace(POST, post.uri.as_str())).unwrap()
    };
    for name in ["mobilizon/join", "mastodon/quote_request"] {
        let activity = about(name);
        known(&house, activity["actor"].as_str().unwrap()).await;
        act(&house, &activity).await.unwrap();
    }
    let said = house.said().await;
    keep("ignore_join", said["ignore_join"].clone());
    keep("reject_quote_request", said["reject_quote"].clone());
    let words = said.len();

    for name in ["mobilizon/leave", "lemmy/lock", "lemmy/add_to_featured"] {
        act(&house, &about(name)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let mut elsewhere = about("mobilizon/join");
    elsewhere["object"] = "https://mobilizon.example/events/1".into();
    act(&house, &elsewhere).await.unwrap();
    let unknown = json!({"id": "https://social.example/x", "type": "Wave", "actor": "https://social.example/users/resident1"});
    act(&house, &unknown).await.unwrap();
    assert_eq!(house.said().await.len(), words, "nothing is answered");
}

#[tokio::test]
async fn who_blocks_a_wijk_follows_no_more_and_is_not_passed_on() {
    let house = House::open().await;
    let wijk = house.wijk().await;
    let id = wijk.id();
    for (name, undo) in [
        ("mastodon/block", specimen("mastodon/undo_block")),
        ("mastodon/block", by_id(&specimen("mastodon/block"))),
        ("gotosocial/block", undone(&specimen("gotosocial/block"))),
        ("misskey/block", undone(&specimen("misskey/block"))),
    ] {
        let block = specimen(name);
        let uri = block["actor"].as_str().unwrap().to_owned();
        let who = known(&house, &uri).await;
        let (follower, target) = (who.clone(), wijk.clone());
        house
            .write(move |c| {
                follows::ask(c, &follower, &target, &self::uri("https://social.example/f"), NOW)
            })
            .await;
        let mut note = specimen("mastodon/create_note")["object"].clone();
        note["id"] = format!("{uri}/statuses/1").into();
        note["attributedTo"] = uri.clone().into();
        note["url"] = note["id"].clone();
        let received = read_post(&house, &note).await.unwrap().received;
        let (by, offered) = (who.clone(), received.clone());
        house.write(move |c| arrive::received(c, &by, &offered, NOW)).await;
        let waiting = house.write(move |c| submissions::count_waiting(c, id)).await;

        act(&house, &block).await.unwrap();
        let target = wijk.actor.id;
        assert_eq!(house.write(move |c| follows::count(c, target)).await, 0, "{name}");
        let may = async |wijk| {
            let list = house.write(Blocklist::read).await;
            list.may_show(&who.uri, &who.domain, wijk)
        };
        assert!(!may(Some(id)).await && may(None).await, "{name}");
        let mut next = received.clone();
        next.uri = self::uri(&format!("{uri}/statuses/2"));
        let (by, offered) = (who.clone(), next);
        house.write(move |c| arrive::received(c, &by, &offered, NOW)).await;
        let still = house.write(move |c| submissions::count_waiting(c, id)).await;
        assert_eq!(still, waiting - 1, "{name}: nothing of them waits");

        let mut forged = undo.clone();
        forged["actor"] = "https://elders.example/users/boos".into();
        known(&house, "https://elders.example/users/boos").await;
        let _ = act(&house, &forged).await;
        assert!(!may(Some(id)).await, "{name}: only who did it takes it back");
        act(&house, &undo).await.unwrap();
        assert!(may(Some(id)).await, "{name}");
        let again = house.write(move |c| submissions::count_waiting(c, id)).await;
        assert_eq!(again, waiting, "{name}: what came meanwhile does not");
    }
}

fn undone(block: &Value) -> Value {
    let id = format!("{}/undo", block["id"].as_str().unwrap());
    json!({"id": id, "type": "Undo", "actor": block["actor"], "object": block})
}

fn by_id(block: &Value) -> Value {
    let mut undo = undone(block);
    undo["object"] = block["id"].clone();
    undo
}
