//! Pictures as others attach them and as we do.

use activitypub_federation::traits::Object;
use likejewijk::doors::federation::objects::note::{NoteJson, RemotePost};
use likejewijk::foundation::file_storage::FileName;
use likejewijk::foundation::images::Stored;
use likejewijk::neighbourhood::media::keep as media;
use likejewijk::neighbourhood::posts::store as posts_store;
use likejewijk::neighbourhood::posts::{Attachment, Focus, Kind, Post, Shown, publish};
use serde_json::Value;

use super::house::{House, NOW, saying};
use super::tidy::tidy;

/// Address, alt text, whether it may be a picture, and what of it must be seen.
type Read = (String, String, bool, Option<Focus>);

async fn attached(name: &str) -> Vec<Read> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/federation/specimens");
    let json: Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/{name}.json")).unwrap()).unwrap();
    let json = json.get("object").unwrap_or(&json).clone();
    let house = House::open().await;
    let json: NoteJson = serde_json::from_value(json).unwrap();
    let post = RemotePost::from_json(json, &house.federation.data()).await.unwrap();
    let read = |it: Attachment| (it.url.clone(), it.alt.clone(), it.is_picture(), it.focus);
    post.received.shown.attachments.into_iter().map(read).collect()
}

#[tokio::test]
async fn gotosocial_attaches_a_single_object() {
    let url = "https://gts.example/fileserver/01K/attachment/original/01K.png";
    let expected = (url.to_owned(), "De school met vlaggen".to_owned(), true, None);
    assert_eq!(attached("gotosocial/create_note").await, [expected]);
}

#[tokio::test]
async fn wordpress_says_its_picture_twice_and_more_than_we_use() {
    let attached = attached("wordpress/article_with_pictures").await;
    let name = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let read: Vec<_> =
        attached.iter().map(|(url, _, is_picture, _)| (name(url), *is_picture)).collect();
    let expected = [
        ("opening.jpg", true),
        ("taart.jpg", true),
        ("toespraak.mp3", false),
        ("4.jpg", true),
        ("5.jpg", true),
        ("6.jpg", true),
    ];
    assert_eq!(read, expected.map(|(name, is_picture)| (name.to_owned(), is_picture)));
    assert_eq!(attached[0].1, "De wethouder knipt het lint door");
}

#[tokio::test]
async fn mobilizon_attaches_a_banner_and_a_page() {
    let attached = attached("mobilizon/event_with_banner").await;
    let read: Vec<_> = attached.iter().map(|(_, alt, is, _)| (alt.as_str(), *is)).collect();
    assert_eq!(read, [("Banner", true), ("Website", false)]);
}

fn stored(letter: char) -> Stored {
    let name: FileName = format!("{}.jpg", letter.to_string().repeat(22)).parse().unwrap();
    Stored {
        large: name.clone(),
        card: name,
        width: 1600,
        height: 1200,
        bytes: 300_000,
        blurhash: "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH".to_owned(),
    }
}

/// A post of the playground's with these pictures.
async fn posted(house: &House, pictures: &'static [(char, &'static str)]) -> Post {
    let wijk = house.wijk().await;
    let author = house.playground(&wijk).await;
    let attachments = pictures.iter().map(|(letter, alt)| Attachment {
        focus: (*letter == 'a').then_some(Focus { x: 10, y: -30 }),
        ..Attachment::own(letter.to_string().as_bytes(), "image/jpeg", alt)
    });
    let shown = Shown { attachments: attachments.collect(), ..saying("De glijbaan is weer open.") };
    let links = house.app.links.clone();
    house
        .write(move |c| {
            let (post, version) = publish::publish(c, &links, &author, Kind::News, &shown, NOW)?;
            let stored: Vec<Stored> = pictures.iter().map(|(letter, _)| stored(*letter)).collect();
            let version = posts_store::version(c, version)?;
            media::own(c, &version, &stored, NOW)?;
            Ok(post)
        })
        .await
}

async fn given(house: &House, post: &Post) -> Value {
    let path = post.uri.as_str().strip_prefix("https://wijk.example").unwrap();
    house.get(path).await.json()
}

#[tokio::test]
async fn a_post_of_ours_with_pictures() {
    let house = House::open().await;
    let pictures = &[('a', "Kinderen op een glijbaan"), ('b', "De nieuwe zandbak")];
    let note = given(&house, &posted(&house, pictures).await).await;
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!("note_with_pictures", tidy(note)));
}

/// Mastodon shows four; Gancio asks every attachment for its `mediaType`; Lemmy rejects a post with attachments of
/// types that it does not know.
#[tokio::test]
async fn g21_g25_g26_what_others_can_take() {
    let house = House::open().await;
    let pictures = &[('a', "1"), ('b', "2"), ('c', "3"), ('d', "4"), ('e', "5")];
    let note = given(&house, &posted(&house, pictures).await).await;
    let attachment = note["attachment"].as_array().unwrap();
    assert_eq!(attachment.len(), 4);
    for image in attachment {
        assert_eq!((&image["type"], &image["mediaType"]), (&"Image".into(), &"image/jpeg".into()));
        assert!(image["url"].as_str().unwrap().starts_with("https://wijk.example/media/"));
    }
}
