//! Changes to JSON that a careless or an evil server might make: of its shape, of its values, of its bytes.

use serde_json::{Map, Value, json};

use super::chance::Chance;

/// What stands for a token that no `Value` can hold, until the JSON is text.
const RAW: &str = "§raw§";

/// Tokens that readers of JSON disagree about, or should not survive.
const TOKENS: [&str; 16] = [
    r#""\ud800""#,
    r#""\udfff\ud800""#,
    r#""\u0000""#,
    r#""http://mastodon.example/\u0000""#,
    "1e400",
    "-1e400",
    "-0",
    "1E-999",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "0.1e1",
    r#"{"id":"http://a.test/1","id":"http://b.test/1"}"#,
    r#"{"type":"Note","type":"Tombstone"}"#,
    "\"\\u002f\\u002fa.test\"",
    "[[],[[]],{}]",
    "\u{feff}\"\"",
];

const KINDS: [&str; 42] = [
    "Create",
    "Update",
    "Delete",
    "Undo",
    "Follow",
    "Accept",
    "Reject",
    "Announce",
    "Like",
    "Dislike",
    "EmojiReact",
    "Block",
    "Flag",
    "Add",
    "Remove",
    "Move",
    "Join",
    "Leave",
    "Lock",
    "Invite",
    "Offer",
    "TentativeAccept",
    "Read",
    "View",
    "QuoteRequest",
    "Note",
    "Page",
    "Article",
    "Event",
    "Question",
    "Image",
    "Video",
    "Tombstone",
    "Person",
    "Group",
    "Service",
    "Collection",
    "OrderedCollection",
    "Link",
    "Mention",
    "",
    "as:Create",
];

const KEYS: [&str; 40] = [
    "@graph",
    "@reverse",
    "@included",
    "@id",
    "@type",
    "@context",
    "signature",
    "proof",
    "id",
    "type",
    "actor",
    "object",
    "to",
    "cc",
    "bto",
    "bcc",
    "audience",
    "attributedTo",
    "target",
    "origin",
    "result",
    "instrument",
    "content",
    "contentMap",
    "name",
    "nameMap",
    "summary",
    "published",
    "updated",
    "startTime",
    "endTime",
    "tag",
    "attachment",
    "url",
    "inReplyTo",
    "replies",
    "oneOf",
    "mediaType",
    "sensitive",
    "icon",
];

const TIMES: [&str; 9] = [
    "+999999-01-01T00:00:00Z",
    "-9999-01-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59.999999999Z",
    "0000-00-00T00:00:00Z",
    "2026-11-24T09:00:00+99:99",
    "2026-11-24",
    "PT99999999999999H",
    "",
];

pub(super) struct Mutator<'a> {
    pub(super) chance: &'a mut Chance,
    /// Ids of others, and of places nobody may go to.
    pub(super) ids: &'a [String],
}

impl Mutator<'_> {
    /// A change somewhere.
    pub(super) fn change(&mut self, json: &mut Value) {
        let mut places = Vec::new();
        places_in(json, "", &mut places);
        let place = self.chance.one_of(&places).clone();
        match self.chance.below(14) {
            0 | 1 => remove(json, &place),
            2 => self.give_key(json, &place),
            3 => rename(json, &place, self.chance.word(&KEYS)),
            _ => {
                let strings = strings_in(json);
                if let Some(value) = json.pointer_mut(&place) {
                    self.replace(value, &strings);
                }
            }
        }
    }

    fn replace(&mut self, value: &mut Value, strings: &[String]) {
        let old = value.take();
        *value = match self.chance.below(15) {
            0 => json!([old]),
            1 => json!([old.clone(), old]),
            2 => json!({ "id": old }),
            3 => json!({ "type": self.chance.word(&KINDS), "href": old, "name": "x" }),
            4 => match old {
                Value::Array(many) => many.into_iter().next().unwrap_or_default(),
                Value::Object(fields) => {
                    fields.into_iter().next().map(|(_, v)| v).unwrap_or_default()
                }
                other => json!([[other]]),
            },
            5 => Value::String(self.chance.one_of(strings).clone()),
            6 | 7 => Value::String(self.chance.one_of(self.ids).clone()),
            8 => Value::String(format!("{RAW}{}{RAW}", self.chance.below(TOKENS.len()))),
            9 => Value::String(self.chance.word(&KINDS).to_owned()),
            10 => Value::String(self.chance.word(&TIMES).to_owned()),
            11 => self.deep(),
            12 => self.text(&old),
            _ => self.anything(),
        };
    }

    fn anything(&mut self) -> Value {
        let many = json!([null, true, false, 0, -1, 1.5, u64::MAX, i64::MIN, "", [], {}, [null], [[]], { "": "" },
            { "@value": "x" }, { "@id": "http://a.test/1" }, ["http://a.test/1", 7, null, {}]]);
        self.chance.one_of(many.as_array().expect("an array")).clone()
    }

    fn deep(&mut self) -> Value {
        let depth = *self.chance.one_of(&[3, 20, 31, 40, 100]);
        (0..depth).fold(Value::Null, |inner, turn| {
            if turn % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) }
        })
    }

    /// Text that is too much for somebody.
    fn text(&mut self, old: &Value) -> Value {
        let old = old.as_str().unwrap_or("tekst");
        Value::String(match self.chance.below(9) {
            0 => "é".repeat(70_000),
            1 => format!("{old}{}", "x".repeat(2_100)),
            2 => format!("{old}\u{0}\u{1}\u{7f}\u{85}\r\n\t"),
            3 => format!("\u{202e}{old}\u{2066}\u{feff}"),
            4 => "<b>".repeat(5_000),
            5 => format!("{old}\" onload=\"alert(1)\"><script>alert(1)</script>"),
            6 => format!("{}{old}", " ".repeat(500)),
            7 => "\u{1f469}\u{200d}\u{1f467}".repeat(300),
            _ => old.chars().rev().collect(),
        })
    }

    fn give_key(&mut self, json: &mut Value, place: &str) {
        let value = if self.chance.one_in(2) {
            self.anything()
        } else {
            Value::String(self.chance.one_of(self.ids).clone())
        };
        let key = self.chance.word(&KEYS);
        match json.pointer_mut(place) {
            Some(Value::Object(fields)) => drop(fields.insert(key.to_owned(), value)),
            Some(Value::Array(many)) => {
                many.extend(std::iter::repeat_n(value, 1 + self.chance.below(150)));
            }
            _ => drop(json.as_object_mut().map(|fields| fields.insert(key.to_owned(), value))),
        }
    }

    /// As bytes; now and then no JSON any more, or not in UTF-8.
    pub(super) fn bytes(&mut self, json: &Value) -> Vec<u8> {
        let mut text = json.to_string();
        for (number, token) in TOKENS.iter().enumerate() {
            text = text.replace(&format!("\"{RAW}{number}{RAW}\""), token);
        }
        let mut bytes = text.clone().into_bytes();
        if !self.chance.one_in(12) {
            return bytes;
        }
        let at = self.chance.below(bytes.len());
        match self.chance.below(10) {
            0 => bytes.truncate(at),
            1 => bytes[at] = self.chance.next().to_le_bytes()[0],
            2 => bytes.insert(at, 0xff),
            3 => bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            4 => bytes = [b"\xef\xbb\xbf", &bytes[..]].concat(),
            5 => {
                bytes = text
                    .replacen('{', &format!("{{\"id\":\"{}\",", self.chance.one_of(self.ids)), 1)
                    .into_bytes();
            }
            6 => bytes.extend(b"}"),
            7 => bytes.insert(at, 0),
            8 => bytes = bytes.repeat(2),
            _ => bytes.splice(at..at, b"/*x*/".iter().copied()).for_each(drop),
        }
        bytes
    }
}

/// A pointer to every value but the whole.
fn places_in(json: &Value, here: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match json {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(many) => {
            many.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    if !here.is_empty() || inner.is_empty() {
        found.push(here.to_owned());
    }
    for (step, value) in inner {
        places_in(value, &format!("{here}/{step}"), found);
    }
}

fn strings_in(json: &Value) -> Vec<String> {
    let mut places = Vec::new();
    places_in(json, "", &mut places);
    let strings = places.iter().filter_map(|place| json.pointer(place)?.as_str());
    let mut strings: Vec<String> = strings.map(str::to_owned).collect();
    strings.push(String::new());
    strings
}

fn remove(json: &mut Value, place: &str) {
    let (above, last) = place.rsplit_once('/').unwrap_or_default();
    match json.pointer_mut(above) {
        Some(Value::Object(fields)) => {
            fields.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(many)) => drop(last.parse().ok().map(|at: usize| many.remove(at))),
        _ => {}
    }
}

fn rename(json: &mut Value, place: &str, to: &str) {
    let (above, last) = place.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(fields)) = json.pointer_mut(above) {
        let renamed: Map<String, Value> = std::mem::take(fields)
            .into_iter()
            .map(|(key, value)| (if key == last { to.to_owned() } else { key }, value))
            .collect();
        *fields = renamed;
    }
}
