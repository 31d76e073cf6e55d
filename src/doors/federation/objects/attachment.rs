//! What hangs on a post: pictures, and whatever else other servers attach.

use serde_json::{Map, Value, json};
use url::Url;

use crate::doors::federation::values::{Many, page_address};
use crate::foundation::config::Limits;
use crate::foundation::links::Links;
use crate::foundation::text::plain_line;
use crate::neighbourhood::media::{Copy, Pictures};
use crate::neighbourhood::posts::{Attachment, Focus, Version};

/// What may hang on a post. Another post does not: whoever wrote that did not offer it (TRUST.md M3).
const KINDS: [&str; 5] = ["Image", "Document", "Video", "Audio", "Link"];

/// More are not shown by Mastodon (FEDERATION-PROFILE §4.2), so more are not given.
pub const MOST_OWN: usize = 4;

/// `image` of an Article or Event (WordPress, Mobilizon), then `attachment`; what stands in both is one.
#[must_use]
pub fn read(image: &Many<Value>, attachment: &Many<Value>, limits: &Limits) -> Vec<Attachment> {
    let mut read: Vec<Attachment> = Vec::new();
    for value in image.0.iter().chain(&attachment.0) {
        let Some(found) = one(value, limits) else { continue };
        if read.len() < limits.attachments && read.iter().all(|known| known.url != found.url) {
            read.push(found);
        }
    }
    read
}

fn one(value: &Value, limits: &Limits) -> Option<Attachment> {
    let Value::Object(json) = value else {
        return Some(Attachment {
            url: page_address(value)?.to_string(),
            media_type: String::new(),
            alt: String::new(),
            focus: None,
        });
    };
    let kind = json.get("type").and_then(Value::as_str).filter(|kind| KINDS.contains(kind))?;
    let (url, linked_type) = address(json.get("url").or_else(|| json.get("href"))?)?;
    let media_type = match text(json, "mediaType").or(linked_type) {
        Some(media_type) => plain_line(media_type, 100),
        // A page somewhere; Mastodon and Lemmy show a preview of it.
        None if kind == "Link" => "text/html".to_owned(),
        None if kind == "Video" || kind == "Audio" => format!("{}/*", kind.to_lowercase()),
        None => String::new(),
    };
    // Alt text is read where Mastodon and GoToSocial read it: `summary`, then `name`.
    let alt = text(json, "summary").or_else(|| text(json, "name")).unwrap_or_default();
    Some(Attachment {
        url: url.to_string(),
        media_type,
        alt: plain_line(alt, limits.alt_text_characters),
        focus: json.get("focalPoint").and_then(focus),
    })
}

fn text<'a>(json: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    json.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A string, a Link, or several Links: of those the first picture, which says so.
fn address(value: &Value) -> Option<(Url, Option<&str>)> {
    let is_picture = |value: &&Value| media_type(value).is_some_and(|it| it.starts_with("image/"));
    let chosen = match value {
        Value::Array(values) => values.iter().find(is_picture).or(values.first())?,
        one => one,
    };
    Some((page_address(chosen)?, media_type(chosen)))
}

fn media_type(link: &Value) -> Option<&str> {
    link.get("mediaType").and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Mastodon's `focalPoint`: right and up from the middle, each between −1 and 1.
fn focus(value: &Value) -> Option<Focus> {
    let [x, y] = value.as_array()?.as_slice() else { return None };
    let hundredths = |value: &Value| {
        let part = value.as_f64().filter(|part| (-1.0..=1.0).contains(part))?;
        (-100..=100).find(|it| f64::from(*it) >= (part * 100.0).round())
    };
    Some(Focus { x: hundredths(x)?, y: hundredths(y)? })
}

/// The pictures of a version written here. Always a list: GoToSocial's one is a single object, and not everybody reads
/// both. `mediaType` always: Gancio crashes without.
#[must_use]
pub fn given(version: &Version, pictures: &Pictures, links: &Links) -> Value {
    let attachments = version.shown().attachments;
    let images = attachments.iter().enumerate().filter_map(|(position, attachment)| {
        let copy = pictures.at(version.id, position)?.copy()?;
        Some(image(attachment, copy, links))
    });
    images.take(MOST_OWN).collect()
}

fn image(attachment: &Attachment, copy: Copy<'_>, links: &Links) -> Value {
    let mut image = json!({
        "type": "Image",
        "mediaType": copy.large.format().media_type(),
        "url": links.media(copy.large),
        "name": attachment.alt,
        "width": copy.width,
        "height": copy.height,
        "blurhash": copy.blurhash,
    });
    if let (Some(Focus { x, y }), Some(object)) = (attachment.focus, image.as_object_mut()) {
        let point = json!([f64::from(x) / 100.0, f64::from(y) / 100.0]);
        object.insert("focalPoint".to_owned(), point);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_json(image: Value, attachment: Value) -> Vec<Attachment> {
        let many = |value| serde_json::from_value(value).unwrap();
        read(&many(image), &many(attachment), &Limits::default())
    }

    fn attached(attachment: Value) -> Vec<Attachment> {
        read_json(Value::Null, attachment)
    }

    #[test]
    fn an_address_is_a_string_a_link_or_one_of_several_links() {
        let link = |media_type: &str, href: &str| json!({"type": "Link", "mediaType": media_type, "href": href});
        let several = json!([
            link("video/mp4", "https://a.test/1.mp4"),
            link("image/png", "https://a.test/1.png")
        ]);
        for (url, expected, media_type) in [
            (json!("https://a.test/1.png"), "https://a.test/1.png", ""),
            (link("image/webp", "https://a.test/1.webp"), "https://a.test/1.webp", "image/webp"),
            (several, "https://a.test/1.png", "image/png"),
        ] {
            let read = attached(json!({"type": "Document", "url": url}));
            assert_eq!((read[0].url.as_str(), read[0].media_type.as_str()), (expected, media_type));
        }
        let wrong = [
            json!("javascript:alert(1)"),
            json!(7),
            json!([]),
            json!({"href": "file:///etc/passwd"}),
        ];
        for url in wrong {
            assert!(attached(json!({"type": "Image", "url": url})).is_empty(), "{url}");
        }
    }

    #[test]
    fn what_stands_in_image_and_attachment_is_one_and_six_are_enough() {
        let image = json!({"type": "Image", "url": "https://a.test/0.jpg", "name": "vooraan"});
        let mut attachment = vec![image.clone()];
        for number in 1..10 {
            attachment
                .push(json!({"type": "Image", "url": format!("https://a.test/{number}.jpg")}));
        }
        let read = read_json(image, json!(attachment));
        let urls: Vec<&str> = read.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(
            (urls.len(), urls[0], urls[5]),
            (6, "https://a.test/0.jpg", "https://a.test/5.jpg")
        );
        assert_eq!(read[0].alt, "vooraan");
        assert_eq!(
            read_json(json!("https://a.test/kop.jpg"), Value::Null)[0].url,
            "https://a.test/kop.jpg"
        );
    }

    #[test]
    fn alt_text_is_read_where_others_read_it() {
        let read = attached(json!([
            {"type": "Image", "url": "https://a.test/1", "summary": "eerst", "name": "dan"},
            {"type": "Image", "url": "https://a.test/2", "summary": null, "name": "<b>dan</b>"},
        ]));
        assert_eq!((read[0].alt.as_str(), read[1].alt.as_str()), ("eerst", "<b>dan</b>"));
    }

    #[test]
    fn what_is_no_picture_is_told_from_one() {
        let of =
            |kind: &str| attached(json!({"type": kind, "url": "https://a.test/1"}))[0].is_picture();
        assert!(of("Image") && of("Document") && !of("Video") && !of("Audio") && !of("Link"));
    }

    #[test]
    fn a_focal_point_lies_within_its_picture() {
        let of = |point: Value| {
            attached(json!({"type": "Image", "url": "https://a.test/1", "focalPoint": point}))[0]
                .focus
        };
        assert_eq!(of(json!([0.1, -0.3])), Some(Focus { x: 10, y: -30 }));
        assert_eq!(of(json!([-1, 1])), Some(Focus { x: -100, y: 100 }));
        for wrong in [json!([2, 0]), json!([0]), json!("0,0"), json!([0, null])] {
            assert_eq!(of(wrong.clone()), None, "{wrong}");
        }
    }
}
