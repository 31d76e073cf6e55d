//! Likes, dislikes, emoji and shares as every peer sends them, and how each takes them back.

use likejewijk::foundation::ids::PostId;
use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::actors::{Actor, ActorKind, store as actors_store};
use likejewijk::neighbourhood::posts::Post;
use likejewijk::neighbourhood::reactions::{self, Totals};
use likejewijk::neighbourhood::submissions::{arrive, decide, store as submissions};
use likejewijk::neighbourhood::wijken;
use serde_json::{Value, json};

use super::house::{House, NOW, stranger, uri};
use super::speaks::{keep, keep_page};
use super::understands::{act, known, post as read_post, specimen};

const POST: &str = "https://wijk.example/berichten/56";

/// A partner's post that the wijk passed on.
async fn shown(house: &House) -> Post {
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    house.post(&author, &wijk, "Speeltuin open", "Vanaf negen uur.").await
}

/// A specimen, about this post.
fn about(post: &Post, name: &str) -> Value {
    serde_json::from_str(&specimen(name).to_string().replace(POST, post.uri.as_str())).unwrap()
}

async fn totals(house: &House, post: PostId) -> (i64, i64) {
    let Totals { likes, shares } = house.write(move |c| reactions::totals(c, post)).await;
    (likes, shares)
}

async fn acted(house: &House, activity: &Value) {
    known(house, activity["actor"].as_str().unwrap()).await;
    act(house, activity).await.unwrap();
}

#[tokio::test]
async fn every_reaction_counts_once_and_can_be_taken_back() {
    let house = House::open().await;
    let post = shown(&house).await;
    for (name, undo, expected) in [
        ("mastodon/like", Some("mastodon/undo_like"), (1, 0)),
        ("mastodon/like", Some("mastodon/undo_by_id"), (1, 0)),
        ("mastodon/announce", Some("mastodon/undo_announce"), (0, 1)),
        ("gotosocial/like", Some("gotosocial/undo_like"), (1, 0)),
        ("misskey/like", Some("misskey/undo_like"), (1, 0)),
        ("pleroma/emoji_react", None, (1, 0)),
        ("lemmy/like", None, (1, 0)),
        ("lemmy/dislike", Some("lemmy/undo_dislike"), (0, 0)),
        ("mbin/like", None, (1, 0)),
        ("piefed/like", None, (1, 0)),
        ("pixelfed/announce", None, (0, 1)),
        ("friendica/like", Some("friendica/undo_like"), (1, 0)),
    ] {
        let reaction = about(&post, name);
        acted(&house, &reaction).await;
        assert_eq!(totals(&house, post.id).await, expected, "{name}");
        let mut again = reaction.clone();
        again["id"] = format!("{}/again", reaction["id"].as_str().unwrap()).into();
        acted(&house, &again).await;
        assert_eq!(totals(&house, post.id).await, expected, "{name}, said twice");
        acted(&house, &reaction).await;

        let undo = undo.map_or_else(|| undone(&reaction), |undo| about(&post, undo));
        acted(&house, &undo).await;
        assert_eq!(totals(&house, post.id).await, (0, 0), "{name} was taken back");
    }
}

/// The id of a group.
async fn group(house: &House, uri: &Value) -> String {
    let uri = uri.as_str().unwrap().to_owned();
    let url = url::Url::parse(&uri).unwrap();
    let group = stranger(url.host_str().unwrap(), "groep", NOW);
    let group = Actor { kind: ActorKind::Group, uri: self::uri(&uri), ..group };
    house.write(move |c| actors_store::keep(c, &group)).await;
    uri
}

/// With what is inside left nearly empty.
fn undone(reaction: &Value) -> Value {
    let id = format!("{}/undo", reaction["id"].as_str().unwrap());
    let inner = json!({"type": reaction["type"], "object": reaction["object"]});
    json!({"id": id, "type": "Undo", "actor": reaction["actor"], "object": inner})
}

#[tokio::test]
async fn what_is_in_an_announce_is_believed_in_nothing() {
    let house = House::open().await;
    let post = shown(&house).await;
    for name in ["lemmy/announce_like", "mobilizon/announce_by_group"] {
        let mut announce = about(&post, name);
        announce["actor"] = group(&house, &announce["actor"]).await.into();
        act(&house, &announce).await.unwrap();
        assert_eq!(totals(&house, post.id).await, (0, 0), "{name}");
    }
    let mut inline = about(&post, "mastodon/announce");
    inline["object"] = json!({"id": "https://social.example/elders", "type": "Note",
        "content": "Niet geschreven", "attributedTo": post.uri});
    acted(&house, &inline).await;
    assert_eq!(totals(&house, post.id).await, (0, 0));
}

#[tokio::test]
async fn what_others_think_is_told_as_numbers() {
    let house = House::open().await;
    let post = shown(&house).await;
    for name in ["mastodon/like", "mastodon/announce", "gotosocial/like", "lemmy/dislike"] {
        acted(&house, &about(&post, name)).await;
    }
    let path = post.uri.as_str().strip_prefix("https://wijk.example").unwrap();
    keep_page("likes", &house.get(&format!("{path}/likes")).await);
    keep_page("shares", &house.get(&format!("{path}/shares")).await);
    let note = house.get(path).await.json();
    assert_eq!(
        (&note["likes"]["totalItems"], &note["shares"]["totalItems"]),
        (&json!(2), &json!(1))
    );
    keep("note_with_responses", note);
    assert_eq!(house.get("/berichten/1234/likes").await.status, 404);
}

#[tokio::test]
async fn a_conversation_is_told_as_its_posts() {
    let house = House::open().await;
    let post = shown(&house).await;
    let resident = known(&house, "https://social.example/users/resident1").await;
    let mut received =
        read_post(&house, &specimen("mastodon/create_note")["object"]).await.unwrap().received;
    received.in_reply_to = Some(post.uri.clone());
    received.addressed = Vec::new();
    house.write(move |c| arrive::received(c, &resident, &received, NOW)).await;
    let path = post.uri.as_str().strip_prefix("https://wijk.example").unwrap();
    let page = format!("{path}/replies?page=1");
    assert_eq!(house.get(&page).await.json()["items"], json!([]), "it waits");
    house
        .write(|c| {
            let wijk = wijken::open(c, "bloemhof")?.id();
            let [card] = submissions::waiting(c, wijk, true)?.try_into().expect("one waits");
            decide::approve(c, card.submission.id, None, &Moderator::operator(wijk), NOW)
        })
        .await;
    keep_page("replies", &house.get(&format!("{path}/replies")).await);
    keep_page("replies_page", &house.get(&page).await);
    let conversation = format!("/gesprekken/{}", post.thread_id);
    keep_page("conversation", &house.get(&conversation).await);
    assert_eq!(house.get("/gesprekken/1234").await.status, 404);
}
