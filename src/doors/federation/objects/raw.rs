//! What an author sent, byte for byte. It is embedded in what we send to others, so it is kept only where it says what
//! the post's origin says, and nothing besides that a moderator would not have seen.

use std::collections::HashSet;

use serde_json::Value;

use super::note::{NoteJson, RemotePost};
use crate::foundation::clock::Time;
use crate::foundation::config::Limits;
use crate::foundation::text::SafeHtml;
use crate::neighbourhood::posts::{Raw, RawKind};

/// Longer ones are not passed on in this form.
const LONGEST: usize = 65_536;

/// A Create or Update whose inline object is `post`.
#[must_use]
pub fn raw_of(
    kind: &str,
    body: &[u8],
    inline: &Value,
    post: &RemotePost,
    limits: &Limits,
    now: Time,
) -> Option<Raw> {
    let json: NoteJson = serde_json::from_value(inline.clone()).ok()?;
    let sent = RemotePost::read(&json, limits, now).ok()?;
    let is_same = sent.author == post.author
        && sent.received.uri == post.received.uri
        && sent.received.in_reply_to == post.received.in_reply_to
        && sent.received.visibility.is_public()
        && sent.received.shown == post.received.shown;
    let hides = inline.get("content").and_then(Value::as_str).is_some_and(hides_pictures)
        || source_of(inline).is_some_and(|source| says_more(source, &post.received.shown.content));
    if !is_same || hides {
        return None;
    }
    raw(kind, body)
}

/// Any activity, as it came.
#[must_use]
pub fn raw(kind: &str, body: &[u8]) -> Option<Raw> {
    let kind: RawKind = kind.parse().ok()?;
    let json = std::str::from_utf8(body).ok().filter(|json| json.len() <= LONGEST)?;
    let outer: Value = serde_json::from_str(json).ok()?;
    let names_in_secret = |value: &Value| value.get("bto").or_else(|| value.get("bcc")).is_some();
    if names_in_secret(&outer) || names_in_secret(&outer["object"]) {
        return None;
    }
    let is_signed = outer.get("signature").is_some_and(Value::is_object);
    Some(Raw { kind, json: json.to_owned(), is_signed })
}

/// Communities show pictures inside a text; we, and so our moderators, do not.
fn hides_pictures(content: &str) -> bool {
    content.to_ascii_lowercase().contains("<img")
}

fn source_of(inline: &Value) -> Option<&str> {
    inline.get("source")?.get("content")?.as_str()
}

/// Lemmy shows the Markdown `source` and not the `content`: it must not say a word that the content does not.
fn says_more(source: &str, content: &SafeHtml) -> bool {
    let shown: HashSet<String> = words(content.as_str()).collect();
    words(source).any(|word| !shown.contains(&word))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_may_say_less_but_nothing_else() {
        let content = SafeHtml::from_foreign(
            "<p>Koffie <strong>zaterdag</strong>, zie <a href=\"https://a.test/x\">de agenda</a></p>",
            1000,
        );
        assert!(!says_more("Koffie **zaterdag**, zie [de agenda](https://a.test/x)", &content));
        assert!(!says_more("", &content));
        assert!(says_more("Koffie zaterdag, en stem op mij", &content));
        assert!(says_more("Koffie ![](https://evil.test/1.png)", &content));
    }

    #[test]
    fn blind_addressees_are_nobodys_business() {
        assert!(raw("Create", br#"{"object":{"bto":["https://a.test/u"]}}"#).is_none());
        assert!(raw("Create", br#"{"bcc":[],"object":{}}"#).is_none());
        assert!(raw("Announce", b"{}").is_none());
        let signed = raw("Delete", br#"{"signature":{"type":"RsaSignature2017"}}"#).unwrap();
        assert!(signed.is_signed && signed.kind == RawKind::Delete);
    }
}
