//! The outline of an activity as it came: read strictly, so that nobody behind the guard reads it differently.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::foundation::uri::Uri;

/// Deeper JSON is refused (TRUST.md §4).
const DEEPEST: usize = 32;
/// More addressees of one kind are refused.
const MOST_ADDRESSED: usize = 100;
/// Top-level keys by which JSON-LD can be made to say something else than it seems to (GHSA-9rfg).
const RESTRUCTURING: [&str; 3] = ["@graph", "@reverse", "@included"];

/// The parts the guard decides by.
#[derive(Debug)]
pub struct Outline {
    pub id: Uri,
    pub actor: Uri,
    pub kind: String,
    pub object_id: Option<Uri>,
    inner_kind: Option<String>,
    inner_object_id: Option<Uri>,
}

impl Outline {
    /// # Errors
    /// What is wrong with it, for a 400.
    pub fn read(body: &[u8]) -> Result<Self, &'static str> {
        if depth(body) > DEEPEST {
            return Err("the JSON is nested too deep");
        }
        let outer: Outer =
            serde_json::from_slice(body).map_err(|_| "the activity cannot be read")?;
        let uri = |text: Option<String>| Uri::parse(&text?).ok();
        let object = outer.object.unwrap_or_default();
        let about = object.object.and_then(|about| about.id);
        Ok(Self {
            id: uri(outer.id).ok_or("the activity has no id")?,
            actor: uri(outer.actor).ok_or("the activity has no actor")?,
            kind: outer.kind.ok_or("the activity has no type")?,
            object_id: uri(object.id),
            inner_kind: object.kind,
            inner_object_id: uri(about),
        })
    }

    /// What must be acted on in order: one object, or one pair of follower and followed.
    #[must_use]
    pub fn lane(&self) -> String {
        // What names no single object (several votes at once) follows its sender's own.
        let object = self.object_id.as_ref().map_or_else(|| self.actor.to_string(), one_spelling);
        let lane = match (self.kind.as_str(), self.inner_kind.as_deref()) {
            ("Follow", _) => format!("{} follows {object}", self.actor),
            ("Undo", Some("Follow")) => {
                format!(
                    "{} follows {}",
                    self.actor,
                    self.inner_object_id.as_ref().map(one_spelling).unwrap_or_default()
                )
            }
            // About as many things as it likes; its own id keeps it apart.
            ("Flag", _) => self.id.to_string(),
            // As the reaction itself: they must not overtake each other.
            ("Undo", Some("Like" | "EmojiReact" | "Dislike" | "Announce" | "Block")) => {
                self.inner_object_id.as_ref().map_or(object, one_spelling)
            }
            _ => object,
        };
        lane.chars().take(4000).collect()
    }
}

/// One object has one lane, however it is spelled.
fn one_spelling(id: &Uri) -> String {
    id.url().map_or_else(
        |_| id.to_string(),
        |mut url| {
            url.set_fragment(None);
            url.into()
        },
    )
}

#[derive(Default)]
struct Outer {
    id: Option<String>,
    actor: Option<String>,
    kind: Option<String>,
    object: Option<Inner>,
}

/// An object as far as the guard looks into it, which is not far: most of an arrival is the post inside, and that is
/// fetched from its origin anyway. Its id as [`id_of`](super::values::id_of) reads it.
#[derive(Default)]
struct Inner {
    id: Option<String>,
    kind: Option<String>,
    object: Option<Box<Self>>,
}

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(InnerVisitor)
    }
}

struct InnerVisitor;

impl<'de> Visitor<'de> for InnerVisitor {
    type Value = Inner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or its id")
    }

    fn visit_str<E>(self, id: &str) -> Result<Inner, E> {
        Ok(Inner { id: storable(id), ..Inner::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inner, A::Error> {
        let (mut inner, mut href, mut has_id) = (Inner::default(), None, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => (inner.id, has_id) = (word(&mut map)?, true),
                "href" => href = word(&mut map)?,
                "type" => inner.kind = word(&mut map)?,
                "object" => inner.object = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let id = if has_id { inner.id.take() } else { href };
        Ok(Inner { id: id.as_deref().and_then(storable), ..inner })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut many: A) -> Result<Inner, A::Error> {
        while many.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Inner::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Inner, E> {
        Ok(Inner::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Inner, E> {
        Ok(Inner::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Inner, E> {
        Ok(Inner::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Inner, E> {
        Ok(Inner::default())
    }

    fn visit_unit<E>(self) -> Result<Inner, E> {
        Ok(Inner::default())
    }
}

/// What is a string there.
fn word<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
    Ok(map.next_value::<Value>()?.as_str().map(ToOwned::to_owned))
}

/// U+0000 is text to no database.
fn storable(id: &str) -> Option<String> {
    (!id.contains('\0')).then(|| id.to_owned())
}

impl<'de> Deserialize<'de> for Outer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OuterVisitor)
    }
}

struct OuterVisitor;

impl<'de> Visitor<'de> for OuterVisitor {
    type Value = Outer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an activity")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outer, A::Error> {
        let mut outer = Outer::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => once(&mut outer.id, &mut map)?,
                "actor" => once(&mut outer.actor, &mut map)?,
                "type" => once(&mut outer.kind, &mut map)?,
                "object" => once(&mut outer.object, &mut map)?,
                "to" | "cc" | "bto" | "bcc" | "audience" => {
                    if map
                        .next_value::<Value>()?
                        .as_array()
                        .is_some_and(|many| many.len() > MOST_ADDRESSED)
                    {
                        return Err(A::Error::custom("too many addressees"));
                    }
                }
                key if RESTRUCTURING.contains(&key) => {
                    return Err(A::Error::custom("restructures itself"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(outer)
    }
}

fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    place: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    if place.replace(map.next_value()?).is_some() {
        return Err(A::Error::custom("a key stands twice"));
    }
    Ok(())
}

/// The deepest nesting of arrays and objects, seen without parsing: brackets outside strings.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in body {
        match (in_string, is_escaped, byte) {
            (true, true, _) => is_escaped = false,
            (true, false, b'\\') => is_escaped = true,
            (true, false, b'"') => in_string = false,
            (false, _, b'"') => in_string = true,
            (false, _, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, _, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Outline, &'static str> {
        Outline::read(json.as_bytes())
    }

    const HEAD: &str = r#""id":"https://a.test/1","actor":"https://a.test/u","type":"Follow""#;

    #[test]
    fn follow_and_its_undo_share_a_lane() {
        let follow = read(&format!("{{{HEAD},\"object\":\"https://s.test/w\"}}")).unwrap();
        let undo = r#"{"id":"https://a.test/2","actor":"https://a.test/u","type":"Undo","object":{"type":"Follow","object":{"id":"https://s.test/w"}}}"#;
        assert_eq!(read(undo).unwrap().lane(), follow.lane());
    }

    #[test]
    fn an_object_is_read_as_far_as_its_id() {
        let object_id =
            |object: &str| read(&format!("{{{HEAD},\"object\":{object}}}")).unwrap().object_id;
        let there = Uri::parse("https://s.test/w").ok();
        for named in [
            r#""https://s.test/w""#,
            r#"{"id":"https://s.test/w","href":"https://s.test/x"}"#,
            r#"{"type":"Link","href":"https://s.test/w"}"#,
            r#"{"content":{"id":1},"tag":[{"id":"https://s.test/x"}],"id":"https://s.test/w"}"#,
        ] {
            assert_eq!(object_id(named), there, "{named}");
        }
        for nothing in [
            "null",
            "1",
            "-1",
            "1.5",
            "true",
            "[\"https://s.test/w\"]",
            "{}",
            r#"{"id":7}"#,
            r#""\u0000""#,
        ] {
            assert_eq!(object_id(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_can_be_read_two_ways_is_refused() {
        assert!(read(&format!("{{{HEAD},\"id\":\"https://b.test/1\"}}")).is_err());
        assert!(read(&format!("{{{HEAD},\"object\":1,\"object\":2}}")).is_err());
        for key in RESTRUCTURING {
            assert!(read(&format!("{{{HEAD},\"{key}\":[]}}")).is_err(), "{key}");
        }
        assert!(read(&format!("{{{HEAD},\"signature\":{{}}}}")).is_ok());
    }

    #[test]
    fn depth_and_addressees_are_bounded() {
        let nested = |levels: usize| {
            format!("{{{HEAD},\"x\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
        };
        assert!(read(&nested(31)).is_ok());
        assert!(read(&nested(32)).is_err());
        assert!(Outline::read(&vec![b'['; 200_000]).is_err());
        assert_eq!(depth(br#"{"a":"[[[[\"[[[["}"#), 1);
        let many = vec!["\"x\""; 101].join(",");
        assert!(read(&format!("{{{HEAD},\"to\":[{many}]}}")).is_err());
    }

    #[test]
    fn the_three_that_must_be_there() {
        for missing in ["id", "actor", "type"] {
            let json = format!("{{{HEAD}}}").replace(&format!("\"{missing}\""), "\"other\"");
            assert!(read(&json).is_err(), "{missing}");
        }
        assert!(read("[]").is_err() && read("").is_err() && read("{").is_err());
    }
}
